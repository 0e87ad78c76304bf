"""The context network: dilated convolutions that refine a level's flow (PWC-Net paper, section 3, "Context network")."""

from pwcnet.model.config import CONTEXT_LAYERS
from pwcnet.model.layers import conv
from pwcnet.model.ops import leaky_relu
from pwcnet.runtime.tensorflow import tf


def context_residual(features, level, target="host"):
    """What to add to the level's flow.

    features: [B, h, w, C] floating, the estimator's. Returns [B, h, w, 2] float32, pixels of the level. target: a name in pwcnet.model.config.TARGETS.
    """
    with tf.variable_scope("ctxt"):
        x = features
        for index, (channels, dilation) in enumerate(CONTEXT_LAYERS, 1):
            last = index == len(CONTEXT_LAYERS)
            x = conv(
                x,
                channels,
                "dc_conv%d%d" % (level, index),
                dilation=dilation,
                activation=None if last else leaky_relu,
                target=target,
            )
    return tf.cast(x, tf.float32)
