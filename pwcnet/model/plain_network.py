"""PWC-Net written plainly from its definitions: the tests' oracle and the benchmark's baseline.

One slice for each displacement, sizes from `tf.shape`, one frame after the other: the usual
formulation. Functions are called as those of the other modules of this package.
"""

from __future__ import annotations

from pwcnet.model.config import (
    CONTEXT_LAYERS,
    ESTIMATOR_CHANNELS,
    FLOW_LEVEL,
    LEAKY_SLOPE,
    LEVELS,
    PYRAMID_CHANNELS,
    SEARCH_RANGE,
    TOP_LEVEL,
    WARP_SCALE,
    ModelConfig,
)
from pwcnet.runtime.tensorflow import tf


def cost_volume(c1: tf.Tensor, c2: tf.Tensor, search_range: int = SEARCH_RANGE) -> tf.Tensor:
    """Leaky ReLU of the mean of c1 times each shift of c2: [B, H, W, C] twice -> [B, H, W, 81]."""
    shape = tf.shape(c1)
    margin = [search_range, search_range]
    padded = tf.pad(c2, [[0, 0], margin, margin, [0, 0]])
    costs = []
    for dy in range(2 * search_range + 1):
        for dx in range(2 * search_range + 1):
            shifted = tf.slice(padded, [0, dy, dx, 0], shape)
            costs.append(tf.reduce_mean(c1 * shifted, axis=3, keepdims=True))
    costs = tf.nn.leaky_relu(tf.concat(costs, axis=3), alpha=LEAKY_SLOPE)
    costs.set_shape(c1.shape[:3].concatenate([(2 * search_range + 1) ** 2]))
    return costs


def warp(image: tf.Tensor, displacement: tf.Tensor) -> tf.Tensor:
    """Samples at (y - displacement[0], x - displacement[1]), border repeated; sizes from 2 up."""
    shape = tf.shape(image)
    batch, height, width = shape[0], shape[1], shape[2]
    rows, columns = tf.meshgrid(tf.range(height), tf.range(width), indexing="ij")
    y = tf.cast(rows, tf.float32)[None] - displacement[..., 0]
    x = tf.cast(columns, tf.float32)[None] - displacement[..., 1]
    y0 = tf.clip_by_value(tf.floor(y), 0.0, tf.cast(height - 2, tf.float32))
    x0 = tf.clip_by_value(tf.floor(x), 0.0, tf.cast(width - 2, tf.float32))
    wy = tf.clip_by_value(y - y0, 0.0, 1.0)[..., None]
    wx = tf.clip_by_value(x - x0, 0.0, 1.0)[..., None]
    y0, x0 = tf.cast(y0, tf.int32), tf.cast(x0, tf.int32)
    frame = tf.zeros_like(y0) + tf.range(batch)[:, None, None]

    def at(row: tf.Tensor, column: tf.Tensor) -> tf.Tensor:
        return tf.gather_nd(image, tf.stack([frame, row, column], axis=-1))

    upper = at(y0, x0) * (1 - wx) + at(y0, x0 + 1) * wx
    lower = at(y0 + 1, x0) * (1 - wx) + at(y0 + 1, x0 + 1) * wx
    return upper * (1 - wy) + lower * wy


def conv(
    x: tf.Tensor,
    channels: int,
    name: str,
    stride: int = 1,
    dilation: int = 1,
    linear: bool = False,
) -> tf.Tensor:
    """Applies a 3x3 convolution with bias and leaky ReLU."""
    with tf.variable_scope(name):
        kernel = tf.get_variable("kernel", [3, 3, int(x.shape[-1]), channels], tf.float32)
        bias = tf.get_variable("bias", [channels], tf.float32, tf.zeros_initializer())
        y = (
            tf.nn.atrous_conv2d(x, kernel, dilation, "SAME")
            if dilation > 1
            else tf.nn.conv2d(x, kernel, [1, stride, stride, 1], "SAME")
        )
        y = tf.nn.bias_add(y, bias)
        return y if linear else tf.nn.leaky_relu(y, alpha=LEAKY_SLOPE)


def feature_pyramid(x: tf.Tensor) -> dict[int, tf.Tensor]:
    """Computes {level: features} of one frame."""
    features = {}
    with tf.variable_scope("featpyr"):
        for level, channels in enumerate(PYRAMID_CHANNELS, 1):
            for suffix in ("a", "aa", "b"):
                x = conv(
                    x, channels, "conv%d%s" % (level, suffix), stride=2 if suffix == "a" else 1
                )
            features[level] = x
    return features


def estimate_flow(x: tf.Tensor, level: int, dense: bool) -> tuple[tf.Tensor, tf.Tensor]:
    """Computes a level's (flow, features)."""
    with tf.variable_scope("predict_flow"):
        for index, channels in enumerate(ESTIMATOR_CHANNELS):
            output = conv(x, channels, "conv%d_%d" % (level, index))
            x = tf.concat([output, x], axis=3) if dense else output
        return conv(x, 2, "flow%d" % level, linear=True), x


def context_residual(x: tf.Tensor, level: int) -> tf.Tensor:
    """Computes what the context network adds to a level's flow."""
    with tf.variable_scope("ctxt"):
        for index, (channels, dilation) in enumerate(CONTEXT_LAYERS, 1):
            x = conv(
                x,
                channels,
                "dc_conv%d%d" % (level, index),
                dilation=dilation,
                linear=index == len(CONTEXT_LAYERS),
            )
    return x


def deconv(x: tf.Tensor, name: str) -> tf.Tensor:
    """Applies a 4x4 transposed convolution, stride 2, to 2 channels; its size is dynamic."""
    with tf.variable_scope(name):
        kernel = tf.get_variable(
            "kernel", [4, 4, 2, int(x.shape[-1])], tf.float32, tf.glorot_uniform_initializer()
        )
        bias = tf.get_variable("bias", [2], tf.float32, tf.zeros_initializer())
        shape = tf.shape(x)
        y = tf.nn.conv2d_transpose(
            x, kernel, tf.stack([shape[0], 2 * shape[1], 2 * shape[2], 2]), [1, 2, 2, 1], "SAME"
        )
        y.set_shape([None, None, None, 2])
        return tf.nn.bias_add(y, bias)


def pwc_net(pair: tf.Tensor, config: ModelConfig) -> tuple[tf.Tensor, list[tf.Tensor]]:
    """Builds (flow, pyramid) of a pair, with the variables of pwcnet.model.network.pwc_net.

    Args:
        pair: [B, 2, H, W, 3] float32 RGB in 0..1, multiples of 64.
        config: The variant.
    """
    with tf.variable_scope("pwcnet", reuse=tf.AUTO_REUSE):
        first, second = feature_pyramid(pair[:, 0]), feature_pyramid(pair[:, 1])
        pyramid = []
        up_flow = up_feat = None
        for level in LEVELS:
            if level == TOP_LEVEL:
                x = cost_volume(first[level], second[level])
            else:
                warped = warp(second[level], up_flow * (WARP_SCALE / 2**level))
                x = tf.concat(
                    [cost_volume(first[level], warped), first[level], up_flow, up_feat], axis=3
                )
            flow, x = estimate_flow(x, level, config.dense)
            if config.has_context(level):
                flow += context_residual(x, level)
            pyramid.append(flow)
            if level != FLOW_LEVEL:
                with tf.variable_scope("upsample"):
                    up_flow = deconv(flow, "up_flow%d" % level)
                    up_feat = deconv(x, "up_feat%d" % level)
        scale = 2**FLOW_LEVEL
        flow = tf.image.resize_bilinear(pyramid[-1], tf.shape(pair)[2:4]) * float(scale)
    return flow, pyramid
