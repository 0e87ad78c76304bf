"""The optical flow estimator of one level (PWC-Net paper, section 3)."""

from __future__ import annotations

from pwcnet.model.config import ESTIMATOR_CHANNELS
from pwcnet.model.layers import conv
from pwcnet.runtime.tensorflow import tf


def estimate_flow(x: tf.Tensor, level: int, dense: bool) -> tuple[tf.Tensor, tf.Tensor]:
    """Applies five convolutions and a linear head.

    Args:
        x: [B, h, w, C] floating: the costs, and below level 6 also the first frame's features, the
            upsampled flow and the upsampled features.
        level: Of the pyramid; it is part of the variables' names.
        dense: Each layer's output is put before its input on the channel axis (DenseNet
            connections); otherwise it replaces it.

    Returns:
        flow: [B, h, w, 2] float32, pixels of the level.
        features: [B, h, w, C + 448] of x's type if dense, else [B, h, w, 32].
    """
    with tf.variable_scope("predict_flow"):
        for index, channels in enumerate(ESTIMATOR_CHANNELS):
            output = conv(x, channels, "conv%d_%d" % (level, index))
            x = tf.concat([output, x], axis=-1) if dense else output
        flow = conv(
            x, 2, "flow%d" % level, activation=None, initializer=tf.glorot_uniform_initializer()
        )
    return tf.cast(flow, tf.float32), x
