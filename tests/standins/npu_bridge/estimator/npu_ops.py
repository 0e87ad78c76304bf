import npu_bridge
import numpy as np
import tensorflow.compat.v1 as tf


def initialize_system(name=None):
    return _noted("initialize_system")


def shutdown_system(name=None):
    return _noted("shutdown_system")


def _noted(what):
    def run():
        npu_bridge.CALLS.append((what,))
        return np.True_

    return tf.py_func(run, [], tf.bool).op
