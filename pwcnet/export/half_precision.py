"""A frozen graph as a device with half precision computes it, on any machine: what the reduced precision costs, before a device is at hand."""

from pwcnet.export.frozen_graph import import_frozen, producer
from pwcnet.runtime.tensorflow import tf

# These pass on values that are rounded already.
MOVING = frozenset(
    "Reshape Slice StridedSlice ConcatV2 Pad GatherV2 Pack Unpack Identity SpaceToBatchND BatchToSpaceND ExpandDims Squeeze Transpose".split()
)


def rounded(graph_def, keep=(), dtype=tf.float16):
    """The frozen GraphDef with every float32 value between its nodes rounded to a smaller type: input, weights, and what each node gives.

    keep: names of nodes that stay float32 (pwcnet.export.half_precision.coordinate_ops): between two of them nothing is rounded, nor are the constants they take.
    dtype: float16, or bfloat16. Sums within a convolution or mean stay float32. A value beyond the type's range becomes infinite, as IEEE has it (the Ascend
    910 gives the largest number instead). Returns a GraphDef with the input and output of the one given, slower and of the same size.
    Raises ValueError for names that the graph lacks.
    """
    nodes, keep = {node.name: node for node in graph_def.node}, frozenset(keep)
    absent = sorted(keep - set(nodes))
    if absent:
        raise ValueError(
            "expected names of the graph's nodes to keep, got %s; try pwcnet.export.half_precision.coordinate_ops"
            % ", ".join(absent)
        )
    result, floats, made = tf.GraphDef(), _float_tensors(graph_def), set()
    result.versions.CopyFrom(graph_def.versions)
    for node in graph_def.node:
        copy = tf.NodeDef()
        copy.CopyFrom(node)
        for index, source in enumerate(node.input):
            origin = nodes[producer(source)]
            exact = node.name in keep and (origin.name in keep or origin.op == "Const")
            if exact or source not in floats or (origin.op in MOVING and origin.name not in keep):
                continue
            copy.input[index] = _rounding(result, source, dtype, made)
        result.node.add().CopyFrom(copy)
    return result


def _float_tensors(graph_def):
    """Names of the graph's float32 tensors, as inputs of nodes spell them: "a" and "a:0" are the same."""
    with tf.Graph().as_default() as graph:
        import_frozen(graph_def)
        names = {
            tensor.name
            for operation in graph.get_operations()
            for tensor in operation.outputs
            if tensor.dtype == tf.float32
        }
    return names | {name[:-2] for name in names if name.endswith(":0")}


def _rounding(result, source, dtype, made):
    """The name of a node that gives this float32 tensor rounded; it is added to the result where no earlier one did."""
    name = "rounded/" + source.replace(":", "_")
    if name not in made:
        made.add(name)
        for title, taken, (given, wanted) in (
            (name + "/small", source, (tf.float32, dtype)),
            (name, name + "/small", (dtype, tf.float32)),
        ):
            node = result.node.add(name=title, op="Cast", input=[taken])
            node.attr["SrcT"].type, node.attr["DstT"].type = (
                given.as_datatype_enum,
                wanted.as_datatype_enum,
            )
    return name


# What a coordinate goes through between the up-scaled flow and the gather; features are convolved, gathered or multiplied with features instead.
COORDINATE_OPS = frozenset(
    "Mul Sub Add AddV2 Floor Minimum Maximum Cast StridedSlice Reshape ExpandDims".split()
)


def coordinate_ops(graph_def):
    """Names of a frozen GraphDef's nodes that compute coordinates of the warp in float32, in the graph's order.

    Found from the graph, whatever its names: what leads from a convolution to the indices of a GatherV2, and the fractions that follow from these nodes alone.
    Integer nodes are not among them, nor are constants. Empty for a graph without a warp.
    """
    nodes = {node.name: node for node in graph_def.node}
    found, waiting = (
        set(),
        [producer(node.input[1]) for node in graph_def.node if node.op == "GatherV2"],
    )
    while waiting:
        name = waiting.pop()
        if name not in found and nodes[name].op in COORDINATE_OPS:
            found.add(name)
            waiting += [producer(source) for source in nodes[name].input]
    changed = True
    while changed:  # constants alone lead nowhere: a node has to have a coordinate among its inputs
        follow = {
            node.name
            for node in graph_def.node
            if node.name not in found and _follows(node, nodes, found)
        }
        changed = bool(follow)
        found |= follow
    return [node.name for node in graph_def.node if node.name in found and _takes_float(node)]


def _follows(node, nodes, found):
    """Whether a node computes from coordinates and constants only."""
    sources = {producer(source) for source in node.input}
    return (
        node.op in COORDINATE_OPS
        and bool(sources & found)
        and all(source in found or nodes[source].op == "Const" for source in sources)
    )


def _takes_float(node):
    return (
        node.attr["SrcT"] if node.op == "Cast" else node.attr["T"]
    ).type == tf.float32.as_datatype_enum
