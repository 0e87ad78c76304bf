"""The feature pyramid (PWC-Net paper, section 3, "Feature pyramid extractor")."""

from __future__ import annotations

from pwcnet.model.config import PYRAMID_CHANNELS
from pwcnet.model.layers import conv
from pwcnet.runtime.tensorflow import tf


def feature_pyramid(frames: tf.Tensor) -> dict[int, tf.Tensor]:
    """Computes six levels of features, each half the size of the one before.

    Args:
        frames: [N, H, W, 3] floating RGB in 0..1, H and W multiples of 64.

    Returns:
        {level: [N, H / 2^level, W / 2^level, PYRAMID_CHANNELS[level - 1]]} of the frames' type, for
        levels 1 to 6.
    """
    features = {}
    with tf.variable_scope("featpyr"):
        x = frames
        for level, channels in enumerate(PYRAMID_CHANNELS, 1):
            x = conv(x, channels, "conv%da" % level, stride=2)
            x = conv(x, channels, "conv%daa" % level)
            x = conv(x, channels, "conv%db" % level)
            features[level] = x
    return features
