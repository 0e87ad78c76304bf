"""PWC-Net optical flow on the TensorFlow 1 graph API, for TensorFlow 1.15 and TensorFlow 2."""

from pwcnet._version import __version__  # noqa: F401
