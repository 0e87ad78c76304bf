import npu_bridge
import tensorflow.compat.v1 as tf


def set_iteration_per_loop(sess, train_op, iterations_per_loop=1):
    npu_bridge.CALLS.append(("set_iteration_per_loop", train_op.name, iterations_per_loop))
    with sess.graph.as_default():
        return tf.group(train_op)
