"""The optical flow estimator of one level (PWC-Net paper, section 3, "Optical flow estimator")."""

from pwcnet.model.config import ESTIMATOR_CHANNELS
from pwcnet.model.layers import conv
from pwcnet.runtime.tensorflow import tf


def estimate_flow(x, level, dense):
    """Five convolutions and a linear head.

    x: [B, h, w, C] floating: the costs, and below level 6 also the first frame's features, the upsampled flow and features.
    dense: each layer's output is put before its input on the channel axis (DenseNet connections), or replaces it.
    Returns (flow [B, h, w, 2] float32 in the level's pixels, features [B, h, w, C + 448 or 32] of x's type).
    """
    with tf.variable_scope("predict_flow"):
        for index, channels in enumerate(ESTIMATOR_CHANNELS):
            new = conv(x, channels, "conv%d_%d" % (level, index))
            x = tf.concat([new, x], axis=-1) if dense else new
        flow = conv(
            x, 2, "flow%d" % level, activation=None, initializer=tf.glorot_uniform_initializer()
        )
    return tf.cast(flow, tf.float32), x
