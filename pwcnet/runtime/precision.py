"""Types that the network's features can be computed in."""
from pwcnet.runtime.tensorflow import TF_RELEASE

PRECISIONS = ("float32", "bfloat16", "float16")


def checked_precision(name):
    """The name. Raises ValueError for an unknown one, and for bfloat16 on TensorFlow 1, which has no convolutions for it."""
    if name not in PRECISIONS:
        raise ValueError("expected a precision of %s, got %r" % (", ".join(PRECISIONS), name))
    if name == "bfloat16" and TF_RELEASE.startswith("1."):
        raise ValueError("expected a precision that TensorFlow %s can compute convolutions in, got bfloat16; use TensorFlow 2, or float32" % TF_RELEASE)
    return name
