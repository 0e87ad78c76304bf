"""The context network: dilated convolutions refine a level's flow (PWC-Net paper, section 3)."""

from __future__ import annotations

from pwcnet.model.config import CONTEXT_LAYERS
from pwcnet.model.layers import conv
from pwcnet.model.ops import leaky_relu
from pwcnet.runtime.tensorflow import tf


def context_residual(features: tf.Tensor, level: int, target: str = "host") -> tf.Tensor:
    """Computes what is added to the level's flow.

    Args:
        features: [B, h, w, C] floating, the estimator's.
        level: Of the pyramid; it is part of the variables' names.
        target: One of pwcnet.model.config.TARGETS.

    Returns:
        [B, h, w, 2] float32, pixels of the level.
    """
    with tf.variable_scope("ctxt"):
        x = features
        for index, (channels, dilation) in enumerate(CONTEXT_LAYERS, 1):
            x = conv(
                x,
                channels,
                "dc_conv%d%d" % (level, index),
                dilation=dilation,
                activation=None if index == len(CONTEXT_LAYERS) else leaky_relu,
                target=target,
            )
    return tf.cast(x, tf.float32)
