"""Names of devices, precisions and quality levels, for what must not import TensorFlow."""

from __future__ import annotations

DEVICES = ("auto", "npu", "gpu", "cpu")
PRECISIONS = ("float32", "bfloat16", "float16")  # types that features can be computed in
INT8 = "int8"  # convolutions in int8 by LiteRT: inference on CPUs alone
INFERENCE_PRECISIONS = (*PRECISIONS, INT8)
QUALITIES = PLAIN, BALANCED, BEST = ("plain", "balanced", "best")  # pwcnet.inference.quality
DEFAULT_QUALITY = BALANCED  # of predictions; evaluations and submissions take the plain pass
