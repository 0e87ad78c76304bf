"""What a frozen graph is made of: nodes, ops, arithmetic, parameters, shapes that are not static."""

from collections import Counter, namedtuple

import numpy as np

from pwcnet.runtime.tensorflow import tf

# Ops that the Ascend chain (ATC, msame) has been seen to take, besides those that every frozen graph has.
ACCEPTED_ON_ASCEND = frozenset(
    """
    Conv2D Conv2DBackpropInput BiasAdd LeakyRelu ConcatV2 Pad Slice StridedSlice Mean Mul Sub Add AddV2 GatherV2 Floor Minimum Maximum Cast Range Reshape Pack
    Unpack SpaceToBatchND BatchToSpaceND ResizeBilinear Placeholder Const Identity""".split()
)

Report = namedtuple("Report", "nodes ops gflop parameter_bytes dynamic unknown")


def report(graph_def):
    """A Report of a frozen GraphDef.

    nodes: how many. ops: Counter by type. gflop: 10^9 operations of its convolutions and matmuls, multiply and add counted apart. parameter_bytes: of constants
    of 1,000 bytes and more. dynamic: names of nodes whose shape is not static, or that compute shapes. unknown: ops not in ACCEPTED_ON_ASCEND.
    """
    with tf.Graph().as_default() as graph:
        copy = tf.GraphDef()
        copy.CopyFrom(graph_def)
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
    return Report(
        len(operations),
        ops,
        flop / 1e9,
        sum(size for size in sizes if size >= 1000),
        dynamic,
        sorted(set(ops) - ACCEPTED_ON_ASCEND),
    )


def _flop(op):
    """Multiplications and additions of a convolution or matmul; 0 for others, and where its shapes are not static."""
    if not all(tensor.shape.is_fully_defined() for tensor in list(op.inputs) + op.outputs):
        return 0
    if op.type == "Conv2D":
        height, width, channels, _ = op.inputs[1].shape.as_list()
        return 2 * int(np.prod(op.outputs[0].shape.as_list())) * height * width * channels
    if op.type == "Conv2DBackpropInput":
        height, width, channels, _ = op.inputs[1].shape.as_list()
        return 2 * int(np.prod(op.inputs[2].shape.as_list())) * height * width * channels
    if op.type in ("BatchMatMul", "BatchMatMulV2", "MatMul"):
        return 2 * int(np.prod(op.outputs[0].shape.as_list())) * op.inputs[0].shape.as_list()[-1]
    return 0
