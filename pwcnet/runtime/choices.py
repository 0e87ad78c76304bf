"""Names of devices and precisions, for what must not import TensorFlow."""

from __future__ import annotations

DEVICES = ("auto", "npu", "gpu", "cpu")
PRECISIONS = ("float32", "bfloat16", "float16")  # types that features can be computed in
