"""Emulation of half precision: what it costs on a device, before a device is at hand."""

from __future__ import annotations

from typing import Iterable

from pwcnet.export.frozen_graph import import_frozen
from pwcnet.export.graph_def import producer
from pwcnet.runtime.tensorflow import tf

# Operations that pass on values that are rounded already.
COPYING_OPS = frozenset(
    """
    Reshape Slice StridedSlice ConcatV2 Pad GatherV2 Pack Unpack Identity SpaceToBatchND
    BatchToSpaceND ExpandDims Squeeze Transpose""".split()
)
# What a coordinate goes through between the up-scaled flow and the gather. Features are convolved,
# gathered or multiplied with features instead.
COORDINATE_OPS = frozenset(
    "Mul Sub Add AddV2 Floor Minimum Maximum Cast StridedSlice Reshape ExpandDims".split()
)


def emulate_half_precision(
    graph_def: tf.GraphDef, keep: Iterable[str] = (), dtype: tf.DType = tf.float16
) -> tf.GraphDef:
    """Rounds every float32 value of a frozen graph to a smaller type.

    Input, weights and what each node gives are rounded. Sums within a convolution or mean stay
    float32. A value beyond the type's range becomes infinite, as in IEEE 754 (the Ascend 910 gives
    the largest number instead).

    Args:
        graph_def: The frozen graph.
        keep: Names of nodes that stay float32 (`coordinate_ops`, for example): between two of them
            nothing is rounded, nor are the constants that they take.
        dtype: float16 or bfloat16.

    Returns:
        A GraphDef with the same input and output, slower and of the same size.

    Raises:
        ValueError: The graph lacks a name to keep.
    """
    nodes, kept = {node.name: node for node in graph_def.node}, frozenset(keep)
    absent = sorted(kept - set(nodes))
    if absent:
        raise ValueError("The graph has no nodes %s to keep in float32" % ", ".join(absent))
    result, float_tensors = tf.GraphDef(), _float_tensors(graph_def)
    rounded: set[str] = set()  # names of the nodes that round
    result.versions.CopyFrom(graph_def.versions)
    for node in graph_def.node:
        copy = tf.NodeDef()
        copy.CopyFrom(node)
        for index, source in enumerate(node.input):
            origin = nodes[producer(source)]
            exact = node.name in kept and (origin.name in kept or origin.op == "Const")
            is_copy = origin.op in COPYING_OPS and origin.name not in kept
            if source in float_tensors and not exact and not is_copy:
                copy.input[index] = _rounding(result, source, dtype, rounded)
        result.node.add().CopyFrom(copy)
    return result


def coordinate_ops(graph_def: tf.GraphDef) -> list[str]:
    """Finds the nodes that compute coordinates of the warp in float32.

    They are found from the graph, whatever its names: what leads from a convolution to the indices
    of a GatherV2, and the fractions that follow from these nodes alone. Integer nodes and constants
    are not among them.

    Args:
        graph_def: A frozen graph.

    Returns:
        Names in the graph's order; none for a graph without a warp.
    """
    nodes = {node.name: node for node in graph_def.node}
    coordinates: set[str] = set()
    waiting = [producer(node.input[1]) for node in graph_def.node if node.op == "GatherV2"]
    while waiting:
        name = waiting.pop()
        if name not in coordinates and nodes[name].op in COORDINATE_OPS:
            coordinates.add(name)
            waiting += [producer(source) for source in nodes[name].input]
    following = coordinates
    while following:
        following = {
            node.name
            for node in graph_def.node
            if node.name not in coordinates and _follows(node, nodes, coordinates)
        }
        coordinates |= following
    return [n.name for n in graph_def.node if n.name in coordinates and _takes_float(n)]


def _float_tensors(graph_def: tf.GraphDef) -> set[str]:
    """Names of the float32 tensors as inputs spell them: "a" and "a:0" are the same."""
    with tf.Graph().as_default() as graph:
        import_frozen(graph_def)
        names = {
            tensor.name
            for operation in graph.get_operations()
            for tensor in operation.outputs
            if tensor.dtype == tf.float32
        }
    return names | {name[:-2] for name in names if name.endswith(":0")}


def _rounding(result: tf.GraphDef, source: str, dtype: tf.DType, rounded: set[str]) -> str:
    """The name of a node that rounds a float32 tensor; adds it if no earlier call has."""
    name = "rounded/" + source.replace(":", "_")
    if name not in rounded:
        rounded.add(name)
        _add_cast(result, name + "/small", source, tf.float32, dtype)
        _add_cast(result, name, name + "/small", dtype, tf.float32)
    return name


def _add_cast(
    result: tf.GraphDef, name: str, source: str, from_type: tf.DType, to_type: tf.DType
) -> None:
    node = result.node.add(name=name, op="Cast", input=[source])
    node.attr["SrcT"].type = from_type.as_datatype_enum
    node.attr["DstT"].type = to_type.as_datatype_enum


def _follows(node: tf.NodeDef, nodes: dict[str, tf.NodeDef], coordinates: set[str]) -> bool:
    """Whether a node computes from coordinates, and from nothing else but constants."""
    sources = {producer(source) for source in node.input}
    return (
        node.op in COORDINATE_OPS
        and bool(sources & coordinates)
        and all(source in coordinates or nodes[source].op == "Const" for source in sources)
    )


def _takes_float(node: tf.NodeDef) -> bool:
    attribute = node.attr["SrcT"] if node.op == "Cast" else node.attr["T"]
    return attribute.type == tf.float32.as_datatype_enum
