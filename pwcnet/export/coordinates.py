"""The nodes of a frozen graph that compute where the warp looks (pwcnet.model.warp): the ones that half precision hurts, 0.125 pixels at a coordinate of 255."""
from pwcnet.runtime.tensorflow import tf

# What a coordinate goes through between the up-scaled flow and the gather; features are convolved, gathered or multiplied with features instead.
COORDINATE_OPS = frozenset("Mul Sub Add AddV2 Floor Minimum Maximum Cast StridedSlice Reshape ExpandDims".split())


def coordinate_ops(graph_def):
    """Names of a frozen GraphDef's nodes that compute coordinates of the warp in float32, in the graph's order.

    Found from the graph, whatever its names: what leads from a convolution to the indices of a GatherV2, and the fractions that follow from these nodes alone.
    Integer nodes are not among them, nor are constants. Empty for a graph without a warp.
    """
    nodes = {node.name: node for node in graph_def.node}
    found, waiting = set(), [producer(node.input[1]) for node in graph_def.node if node.op == "GatherV2"]
    while waiting:
        name = waiting.pop()
        if name not in found and nodes[name].op in COORDINATE_OPS:
            found.add(name)
            waiting += [producer(source) for source in nodes[name].input]
    changed = True
    while changed:                              # constants alone lead nowhere: a node has to have a coordinate among its inputs
        follow = {node.name for node in graph_def.node if node.name not in found and _follows(node, nodes, found)}
        changed = bool(follow)
        found |= follow
    return [node.name for node in graph_def.node if node.name in found and _takes_float(node)]


def producer(source):
    """The name of the node that an input of another one comes from: "a:1" and "^a" come from a."""
    return source.lstrip("^").split(":")[0]


def _follows(node, nodes, found):
    """Whether a node computes from coordinates and constants only."""
    sources = {producer(source) for source in node.input}
    return node.op in COORDINATE_OPS and bool(sources & found) and all(source in found or nodes[source].op == "Const" for source in sources)


def _takes_float(node):
    return (node.attr["SrcT"] if node.op == "Cast" else node.attr["T"]).type == tf.float32.as_datatype_enum
