"""What a frozen graph consists of: nodes, operations, arithmetic, parameters, dynamic shapes."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

import numpy as np

from pwcnet.runtime.tensorflow import tf

# Operations that the Ascend chain (ATC, msame) has been seen to take, besides those that every
# frozen graph has.
ACCEPTED_ON_ASCEND = frozenset(
    """
    Conv2D Conv2DBackpropInput BiasAdd LeakyRelu ConcatV2 Pad Slice StridedSlice Mean Mul Sub Add
    AddV2 GatherV2 Floor Minimum Maximum Cast Range Reshape Pack Unpack SpaceToBatchND
    BatchToSpaceND ResizeBilinear Placeholder Const Identity""".split()
)
MIN_PARAMETER_BYTES = 1000  # smaller constants are sizes and axes rather than parameters


class GraphReport(NamedTuple):
    """What a frozen graph consists of."""

    nodes: int
    ops: Counter[str]  # how many nodes of each operation
    gflop: float  # 10^9 operations of convolutions and matmuls, multiply and add counted apart
    parameter_bytes: int
    dynamic: list[str]  # nodes whose shape is not static, or that compute shapes
    unknown: list[str]  # operations that are not in ACCEPTED_ON_ASCEND


def graph_report(graph_def: tf.GraphDef) -> GraphReport:
    """Describes a frozen GraphDef."""
    with tf.Graph().as_default() as graph:
        copy = tf.GraphDef()
        copy.CopyFrom(graph_def)  # TensorFlow writes default attributes into what it imports
        tf.import_graph_def(copy, name="")
        operations = graph.get_operations()
        ops = Counter(op.type for op in operations)
        dynamic = [
            op.name
            for op in operations
            if op.type == "Shape"
            or not all(tensor.shape.is_fully_defined() for tensor in op.outputs)
        ]
        flop = sum(_flop(op) for op in operations)
    sizes = [node.attr["value"].tensor.ByteSize() for node in graph_def.node if node.op == "Const"]
    return GraphReport(
        nodes=len(operations),
        ops=ops,
        gflop=flop / 1e9,
        parameter_bytes=sum(size for size in sizes if size >= MIN_PARAMETER_BYTES),
        dynamic=dynamic,
        unknown=sorted(set(ops) - ACCEPTED_ON_ASCEND),
    )


def _flop(op: Any) -> int:
    """Multiplications and additions of a convolution or matmul; 0 without static shapes."""
    if not all(tensor.shape.is_fully_defined() for tensor in list(op.inputs) + op.outputs):
        return 0
    if op.type in ("Conv2D", "Conv2DBackpropInput"):
        height, width, channels, _ = op.inputs[1].shape.as_list()
        image = op.outputs[0] if op.type == "Conv2D" else op.inputs[2]
        return 2 * int(np.prod(image.shape.as_list())) * height * width * channels
    if op.type in ("BatchMatMul", "BatchMatMulV2", "MatMul"):
        return 2 * int(np.prod(op.outputs[0].shape.as_list())) * op.inputs[0].shape.as_list()[-1]
    return 0
