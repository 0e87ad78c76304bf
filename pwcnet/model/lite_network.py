"""The network of one pair as LiteRT runs it fastest on a CPU, and as it bears int8.

The numbers are those of pwcnet.model.network. Where that concatenates channels for a convolution,
this adds up convolutions of the parts: int8 then has a scale for each part, and the part with the
flows, which are tens where costs are tenths, can stay in float.
"""

from __future__ import annotations

from typing import Callable, Mapping, NamedTuple

import numpy as np

from pwcnet.model.config import (
    CONTEXT_LAYERS,
    ESTIMATOR_CHANNELS,
    FLOW_LEVEL,
    LEVELS,
    TOP_LEVEL,
    WARP_SCALE,
    ModelConfig,
)
from pwcnet.model.layers import tap_products, tap_sum_kernel
from pwcnet.model.network import frame_features
from pwcnet.model.ops import conv2d, leaky_relu
from pwcnet.model.tiled_cost_volume import costs_and_features
from pwcnet.model.warp import warp
from pwcnet.runtime.tensorflow import tf

FLOAT_SCOPE = "in_float"  # in the names of the convolutions of flows
FLOW_PART = 4  # channels of the part with the upsampled flow and the upsampled features


class Part(NamedTuple):
    """Some channels of what a convolution reads.

    Attributes:
        tensor: [1, h, w, C] float32.
        divisor: [C] float32, by which each channel has been divided; None for 1.
    """

    tensor: tf.Tensor
    divisor: np.ndarray | None = None


def lite_pwc_net(
    pair: tf.Tensor, config: ModelConfig, divisors: Mapping[str, np.ndarray] | None = None
) -> tf.Tensor:
    """Builds the network of one pair; its weights must be supplied as constants.

    Args:
        pair: [1, 2, H, W, 3] float32 RGB in 0..1, static shape, H and W multiples of 64.
        config: The variant.
        divisors: {"conv2_0": [128]}: what the channels of an estimator's or context network's
            layer are divided by; the layers that read them multiply. Powers of two change no
            number of the flow.

    Returns:
        [1, H, W, 2] float32, pixels, channels (u, v).
    """
    _, _, height, width, _ = pair.shape.as_list()
    features = frame_features(tf.reshape(pair, [2, height, width, 3]))
    with tf.variable_scope("pwcnet", reuse=tf.AUTO_REUSE):
        flow: tf.Tensor | None = None
        parts: list[Part] = []
        for level in LEVELS:
            first, second = _frames(features[level])
            flow_part: list[Part] = []
            if flow is not None:
                up_flow, up_feat = _upsample(flow, parts, level + 1)
                second = warp(second, up_flow * (WARP_SCALE / 2**level))
                flow_part = [Part(tf.concat([up_flow, up_feat], axis=-1))]
            parts = [Part(_costs(first, second, level)), *flow_part]
            flow, parts = _estimate_flow(parts, level, config.dense, divisors or {})
            if config.has_context(level):
                flow += _context_residual(parts, level, divisors or {})
    return tf.raw_ops.ResizeBilinear(
        images=tf.multiply(flow, float(2**FLOW_LEVEL)),  # before there are 16 times as many
        size=[height, width],
        align_corners=False,
        half_pixel_centers=False,
    )


def _frames(features: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    size = [1, *features.shape.as_list()[1:]]
    return tf.slice(features, [0, 0, 0, 0], size), tf.slice(features, [1, 0, 0, 0], size)


def _costs(first: tf.Tensor, second: tf.Tensor, level: int) -> tf.Tensor:
    """The costs, and below the top level the first frame's features behind them."""
    joined = costs_and_features(first, second)
    if level == TOP_LEVEL:
        costs = int(joined.shape[-1]) - int(first.shape[-1])
        return tf.slice(joined, [0, 0, 0, 0], [*joined.shape.as_list()[:3], costs])
    return joined


def _upsample(flow: tf.Tensor, parts: list[Part], level: int) -> tuple[tf.Tensor, tf.Tensor]:
    """The flow and the features of a level for the level below."""
    with tf.variable_scope("upsample"):
        up_flow = _deconv([Part(flow)], "up_flow%d" % level)
        return up_flow, _deconv(parts, "up_feat%d" % level)


def _deconv(parts: list[Part], name: str) -> tf.Tensor:
    """As pwcnet.model.layers.deconv, as a convolution to the four pixels that each one becomes."""
    with tf.variable_scope(name):
        kernel = tf.get_variable("kernel", [4, 4, 2, _channels(parts)])
        bias = tf.get_variable("bias", [2])
        pixels = _sum_over_parts(
            parts,
            four_pixel_kernel(kernel),
            conv2d,
            _is_read(parts, kernel, axis=3),
            tf.tile(bias, [4]),
        )
        return tf.nn.depth_to_space(pixels, 2)


def four_pixel_kernel(kernel: tf.Tensor) -> tf.Tensor:
    """Kernel of the convolution whose channels are the pixels that a transposed one makes.

    Args:
        kernel: [4, 4, D, C], of a transposed convolution with stride 2 and SAME padding.

    Returns:
        [3, 3, C, 4 D]; the last axis has pixels (0, 0), (0, 1), (1, 0), (1, 1).
    """
    kernel = tf.transpose(kernel, [0, 1, 3, 2])
    pixels = [
        tf.transpose(taps, [1, 0, 2, 3])
        for rows in _even_and_odd(kernel)
        for taps in _even_and_odd(tf.transpose(rows, [1, 0, 2, 3]))
    ]
    return tf.concat(pixels, axis=-1)


def _even_and_odd(kernel: tf.Tensor) -> list[tf.Tensor]:
    """On axis 0, from four taps those that three pixels have for pixels 2 i and 2 i + 1."""
    nothing = tf.zeros_like(kernel[0])
    return [
        tf.stack([kernel[3], kernel[1], nothing]),
        tf.stack([nothing, kernel[2], kernel[0]]),
    ]


def _estimate_flow(
    parts: list[Part], level: int, dense: bool, divisors: Mapping[str, np.ndarray]
) -> tuple[tf.Tensor, list[Part]]:
    """As pwcnet.model.estimator.estimate_flow."""
    with tf.variable_scope("predict_flow"):
        for index, channels in enumerate(ESTIMATOR_CHANNELS):
            output = _conv(parts, channels, "conv%d_%d" % (level, index), divisors)
            parts = [output, *parts] if dense else [output]
        return _conv_by_tap(parts, "flow%d" % level), parts


def _context_residual(
    parts: list[Part], level: int, divisors: Mapping[str, np.ndarray]
) -> tf.Tensor:
    """As pwcnet.model.context.context_residual."""
    with tf.variable_scope("ctxt"):
        for index, (channels, dilation) in enumerate(CONTEXT_LAYERS[:-1], 1):
            name = "dc_conv%d%d" % (level, index)
            parts = [_conv(parts, channels, name, divisors, dilation)]
        return _conv_by_tap(parts, "dc_conv%d%d" % (level, len(CONTEXT_LAYERS)))


def _conv(
    parts: list[Part],
    channels: int,
    name: str,
    divisors: Mapping[str, np.ndarray],
    dilation: int = 1,
) -> Part:
    """As pwcnet.model.layers.conv, with its activation, of the concatenated parts."""
    with tf.variable_scope(name):
        kernel = tf.get_variable("kernel", [3, 3, _channels(parts), channels])
        bias = tf.get_variable("bias", [channels])
        is_read, divisor = _is_read(parts, kernel), divisors.get(name)
        if divisor is not None:
            kernel, bias = kernel / divisor, bias / divisor
        y = _sum_over_parts(
            parts,
            kernel,
            lambda part, taps: conv2d(part, taps, dilation=dilation),
            is_read,
            bias,
        )
        return Part(leaky_relu(y), divisor)


def _conv_by_tap(parts: list[Part], name: str) -> tf.Tensor:
    """The same for the two channels of a flow, without activation."""
    with tf.variable_scope(name):
        kernel = tf.get_variable("kernel", [3, 3, _channels(parts), 2])
        bias = tf.get_variable("bias", [2])
        products = _sum_over_parts(parts, kernel, tap_products, _is_read(parts, kernel))
        with tf.name_scope(FLOAT_SCOPE):
            return tf.nn.bias_add(conv2d(products, tap_sum_kernel(3, 2)), bias)


def _sum_over_parts(
    parts: list[Part],
    kernel: tf.Tensor,
    convolve: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
    is_read: list[bool],
    bias: tf.Tensor | None = None,
) -> tf.Tensor:
    """The convolution of the concatenated parts; the bias is added with the first one."""
    total, start = None, 0
    for index, part in enumerate(parts):
        channels = int(part.tensor.shape[-1])
        taps = kernel[:, :, start : start + channels]
        start += channels
        if not is_read[index] and (total is not None or any(is_read)):
            continue
        in_float = channels <= FLOW_PART or not is_read[index]
        with tf.name_scope(FLOAT_SCOPE if in_float else "part%d" % index):
            taps = taps if part.divisor is None else taps * part.divisor[:, np.newaxis]
            y = convolve(part.tensor, taps)
            y = y if bias is None or total is not None else tf.nn.bias_add(y, bias)
        total = y if total is None else total + y
    return total


def _is_read(parts: list[Part], kernel: tf.Tensor, axis: int = 2) -> list[bool]:
    """Which parts have weights other than zero.

    A large network grown from a small one has many parts without. To leave them out saves time; and
    LiteRT's converter keeps one buffer for equal constants, which int8 cannot have: two shapes of
    zeros would share the scales of one.
    """
    values, ends = tf.get_static_value(kernel), np.cumsum([_channels([part]) for part in parts])
    if values is None:
        return [True] * len(parts)
    return [bool(np.any(weights)) for weights in np.split(values, ends[:-1], axis)]


def _channels(parts: list[Part]) -> int:
    return sum(int(part.tensor.shape[-1]) for part in parts)
