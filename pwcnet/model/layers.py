"""Convolution and transposed convolution with the variables that existing checkpoints hold: `<scope>/<name>/kernel` and `<scope>/<name>/bias`."""

import numpy as np

from pwcnet.model.ops import conv2d, leaky_relu
from pwcnet.runtime.tensorflow import tf

FEW = 2  # output channels for which an ordinary convolution spends its time on gathering patches rather than on arithmetic


def he_normal():
    """Truncated normal with variance 2 / fan_in (He et al. 2015): for layers followed by a leaky ReLU, and the whole context network."""
    return tf.initializers.he_normal()


def conv(
    x, channels, name, stride=1, dilation=1, activation=leaky_relu, initializer=None, target="host"
):
    """3x3 convolution with bias, TensorFlow SAME padding (at stride 2 and even sizes: nothing before, one after).

    x: [B, H, W, C]. Returns [B, ceil(H / stride), ceil(W / stride), channels] of x's type, in which it is computed; the variables are float32.
    target: a name in pwcnet.model.config.TARGETS; a dilated convolution is written in its ops.
    """
    with tf.variable_scope(name):
        kernel = _variable(
            "kernel", [3, 3, int(x.shape[-1]), channels], x.dtype, initializer or he_normal()
        )
        bias = _variable("bias", [channels], x.dtype, tf.zeros_initializer())
        if channels <= FEW and stride == dilation == 1:
            y = _conv_to_few(x, kernel)
        else:
            y = conv2d(x, kernel, stride, dilation, target)
        y = tf.nn.bias_add(y, bias)
        return activation(y) if activation else y


def deconv(x, name):
    """4x4 transposed convolution with stride 2 to 2 channels, with bias, linear.

    x: [B, H, W, C] with static shape. Returns [B, 2H, 2W, 2] of x's type, in which it is computed; the variables are float32.
    """
    batch, height, width, channels = x.shape.as_list()
    with tf.variable_scope(name):
        kernel = _variable("kernel", [4, 4, 2, channels], x.dtype, tf.glorot_uniform_initializer())
        bias = _variable("bias", [2], x.dtype, tf.zeros_initializer())
        if channels > FEW:
            x, kernel = (
                _each_tap(x, tf.transpose(kernel, [0, 1, 3, 2])),
                _sum_of_taps(4, 2).transpose(0, 1, 3, 2),
            )
        y = tf.nn.conv2d_transpose(
            x, tf.cast(kernel, x.dtype), [batch, 2 * height, 2 * width, 2], [1, 2, 2, 1], "SAME"
        )
        return tf.nn.bias_add(y, bias)


def _variable(name, shape, dtype, initializer):
    """A float32 variable, or what a custom getter supplies instead, cast to a type."""
    variable = tf.get_variable(name, shape, tf.float32, initializer)
    if tf.get_variable_scope().custom_getter is None and not _is_kept(variable):
        raise ValueError(
            "Eager code and tf.function would give the network random variables that nothing loads "
            "or trains; build it in a tf.Graph, or supply its weights as constants: "
            "with Checkpoint(path).as_constants(): flow, pyramid = pwc_net(pair, config)"
        )
    return tf.cast(variable, dtype)


def _is_kept(variable):
    """Whether a variable belongs to a tf.Graph, whose user can load or train it."""
    if not (tf.executing_eagerly() or tf.get_default_graph().building_function):
        return True
    with tf.init_scope():  # the context around a function: a graph for a branch of tf.cond
        return not tf.executing_eagerly() and any(v is variable for v in tf.trainable_variables())


def _conv_to_few(x, kernel):
    """The same as a convolution with the kernel at stride 1, several times faster: a 1x1 convolution gives each tap's product, a fixed one adds them up."""
    size, _, _, channels = kernel.shape.as_list()
    return conv2d(_each_tap(x, kernel), tf.cast(_sum_of_taps(size, channels), x.dtype))


def _each_tap(x, kernel):
    """[B, H, W, C] and [size, size, C, channels] -> [B, H, W, size * size * channels], a pixel's product with each tap of the kernel."""
    size, _, inputs, channels = kernel.shape.as_list()
    taps = tf.reshape(tf.transpose(kernel, [2, 0, 1, 3]), [1, 1, inputs, size * size * channels])
    return conv2d(x, taps)


def _sum_of_taps(size, channels):
    """The kernel [size, size, size * size * channels, channels] float32 that takes each tap's product from the place it belongs to."""
    taps = np.arange(size * size * channels).reshape(size, size, channels)
    return (np.arange(size * size * channels).reshape(1, 1, -1, 1) == taps[:, :, None, :]).astype(
        np.float32
    )
