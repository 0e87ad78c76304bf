"""The one import of TensorFlow: the graph API of TensorFlow 1, on TensorFlow 1.15 and on TensorFlow 2.

The library never switches TensorFlow's behaviour for the whole process (no `disable_v2_behavior`): everything happens inside a `tf.Graph`, where both
releases agree. `from pwcnet.runtime import tf` is how every module gets it.
"""
import tensorflow as _tensorflow

tf = _tensorflow.compat.v1

TF_VERSION = tuple(int(part) for part in _tensorflow.__version__.split(".")[:2])
