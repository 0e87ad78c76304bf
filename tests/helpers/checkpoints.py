"""Checkpoints as other projects write them."""

import os

import numpy as np


def write_checkpoint(folder, weights, step=0):
    """Writes {name: array} and global_step with TensorFlow's own Saver; returns the prefix."""
    from pwcnet.runtime.tensorflow import tf

    os.makedirs(str(folder), exist_ok=True)
    with tf.Graph().as_default(), tf.Session() as session:
        fed = {tf.placeholder(value.dtype, value.shape): value for value in weights.values()}
        for name, placeholder in zip(weights, fed):
            tf.get_variable(name, initializer=placeholder)
        tf.get_variable("global_step", initializer=np.int64(step))
        session.run(tf.global_variables_initializer(), fed)
        return tf.train.Saver().save(
            session, os.path.join(str(folder), "pwcnet.ckpt"), step, write_meta_graph=False
        )
