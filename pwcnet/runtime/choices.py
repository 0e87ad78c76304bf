"""Names that options may have, for command lines and checks that do without TensorFlow."""

DEVICES = ("auto", "npu", "gpu", "cpu")
PRECISIONS = (
    "float32",
    "bfloat16",
    "float16",
)  # types that the network's features can be computed in
