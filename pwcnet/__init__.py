"""PWC-Net optical flow on the TensorFlow 1 graph API, for TensorFlow 1.15 and TensorFlow 2."""
__version__ = "0.1.0"
