"""Convolutions with the variables of existing checkpoints: `<scope>/<name>/kernel` and `bias`."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np

from pwcnet.model.ops import conv2d, leaky_relu
from pwcnet.runtime.tensorflow import tf

# Up to so many output channels, an ordinary convolution spends its time on gathering patches rather
# than on arithmetic, and is computed tap by tap instead.
MAX_CHANNELS_BY_TAP = 2


def conv(
    x: tf.Tensor,
    channels: int,
    name: str,
    stride: int = 1,
    dilation: int = 1,
    activation: Callable[[tf.Tensor], tf.Tensor] | None = leaky_relu,
    initializer: Any = None,
    target: str = "host",
) -> tf.Tensor:
    """Applies a 3x3 convolution with bias and TensorFlow's SAME padding.

    At stride 2 and even sizes SAME pads nothing before and one after.

    Args:
        x: [B, H, W, C] floating.
        channels: Of the result.
        name: Of the variables' scope.
        stride: 1 or 2.
        dilation: Distance of the taps in pixels.
        activation: None for a linear layer.
        initializer: Of the kernel; None for He et al. 2015's truncated normal of variance
            2 / fan_in, which is for layers before a leaky ReLU and the whole context network.
        target: One of pwcnet.model.config.TARGETS, in whose operations a dilated convolution is
            written.

    Returns:
        [B, ceil(H / stride), ceil(W / stride), channels] of x's type, in which it is computed. The
        variables are float32.
    """
    with tf.variable_scope(name):
        initializer = initializer or tf.initializers.he_normal()
        kernel = _variable("kernel", [3, 3, int(x.shape[-1]), channels], x.dtype, initializer)
        bias = _variable("bias", [channels], x.dtype, tf.zeros_initializer())
        if channels <= MAX_CHANNELS_BY_TAP and stride == dilation == 1:
            y = _conv_by_tap(x, kernel)
        else:
            y = conv2d(x, kernel, stride, dilation, target)
        y = tf.nn.bias_add(y, bias)
        return activation(y) if activation else y


def deconv(x: tf.Tensor, name: str) -> tf.Tensor:
    """Applies a linear 4x4 transposed convolution with stride 2 to 2 channels, with bias.

    Args:
        x: [B, H, W, C] floating, static shape but for B.
        name: Of the variables' scope.

    Returns:
        [B, 2H, 2W, 2] of x's type, in which it is computed. The variables are float32.
    """
    batch, height, width, channels = x.shape.as_list()
    batch = tf.shape(x)[0] if batch is None else batch
    with tf.variable_scope(name):
        kernel = _variable("kernel", [4, 4, 2, channels], x.dtype, tf.glorot_uniform_initializer())
        bias = _variable("bias", [2], x.dtype, tf.zeros_initializer())
        if channels > MAX_CHANNELS_BY_TAP:
            x = tap_products(x, tf.transpose(kernel, [0, 1, 3, 2]))
            kernel = tap_sum_kernel(4, 2).transpose(0, 1, 3, 2)
        y = tf.nn.conv2d_transpose(
            x, tf.cast(kernel, x.dtype), [batch, 2 * height, 2 * width, 2], [1, 2, 2, 1], "SAME"
        )
        return tf.nn.bias_add(y, bias)


def _variable(name: str, shape: list[int], dtype: Any, initializer: Any) -> tf.Tensor:
    """A float32 variable, or what a custom getter supplies instead, cast to a type."""
    variable = tf.get_variable(name, shape, tf.float32, initializer)
    if tf.get_variable_scope().custom_getter is None and not _is_kept(variable):
        raise ValueError(
            "Eager code and tf.function would give the network random variables that nothing loads "
            "or trains; build it in a tf.Graph, or supply its weights as constants: "
            "with Checkpoint(path).as_constants(): flow, pyramid = pwc_net(pair, config)"
        )
    return tf.cast(variable, dtype)


def _is_kept(variable: tf.Variable) -> bool:
    """Whether a variable belongs to a tf.Graph, whose user can load or train it."""
    if not (tf.executing_eagerly() or tf.get_default_graph().building_function):
        return True
    with tf.init_scope():  # the context around a function: a graph for a branch of tf.cond
        return not tf.executing_eagerly() and any(v is variable for v in tf.trainable_variables())


def _conv_by_tap(x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """The same as a convolution at stride 1, several times faster for few output channels.

    A 1x1 convolution computes each tap's product, a fixed convolution adds them up.
    """
    size, _, _, channels = kernel.shape.as_list()
    products = tap_products(x, kernel)
    return conv2d(products, tf.cast(tap_sum_kernel(size, channels), x.dtype))


def tap_products(x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Each pixel's product with each tap: [B, H, W, C], [k, k, C, D] -> [B, H, W, k * k * D]."""
    size, _, inputs, channels = kernel.shape.as_list()
    taps = tf.reshape(tf.transpose(kernel, [2, 0, 1, 3]), [1, 1, inputs, size * size * channels])
    return conv2d(x, taps)


def tap_sum_kernel(size: int, channels: int) -> np.ndarray:
    """Kernel [k, k, k * k * D, D] float32 that takes each product from its tap's place."""
    taps = np.arange(size * size * channels).reshape(size, size, channels)
    products = np.arange(size * size * channels).reshape(1, 1, -1, 1)
    return (products == taps[:, :, None, :]).astype(np.float32)
