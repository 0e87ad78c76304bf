"""Operations whose gradients keep little in memory: what a training step stores from its forward pass bounds the crop and the batch.

Same values, other formulas. The gradient of a leaky ReLU looks at its output, whose sign is that of its input, so that the input need not be kept. The gradients
of a convolution and of a matmul make their input again where it is a mere copy: the DenseNet estimators would otherwise keep the same features up to five times,
and the cost volume nine shifts of the second frame's.
"""

import os
import sys

from pwcnet.model.config import LEAKY_SLOPE
from pwcnet.runtime.tensorflow import TF_RELEASE, tf

# TensorFlow's own CPU kernels have no gradient of a dilated convolution; those of oneDNN, which TensorFlow 2 takes where it has them, do, but not in float16.
HAS_DILATED_GRADIENT = (
    not TF_RELEASE.startswith("1.")
    and sys.platform != "darwin"
    and os.environ.get("TF_ENABLE_ONEDNN_OPTS") != "0"
)
OVERRIDES = {
    "Conv2D": "PwcnetConv2D",
    "LeakyRelu": "PwcnetLeakyRelu",
    "BatchMatMulV2": "PwcnetMatMul",
}


def leaky_relu(x):
    """x for x > 0, 0.1 x otherwise; any shape and floating type."""
    with tf.get_default_graph().gradient_override_map(OVERRIDES):
        return tf.nn.leaky_relu(x, alpha=LEAKY_SLOPE)


def conv2d(x, kernel, stride=1, dilation=1, target="host"):
    """Convolution, TensorFlow SAME padding; with `dilation` its taps lie that many pixels apart (context network; Yu and Koltun 2016, arXiv 1511.07122).

    x: [B, H, W, C] floating, static shape. kernel: [h, w, C, D] of the same type. Returns [B, ceil(H / stride), ceil(W / stride), D]. target: "host" dilates in
    one op, which is the faster; "ascend" by an ordinary convolution of interleaved parts of x, whose ops have been seen to work there.
    """
    if dilation > 1 and target == "ascend":
        return _interleaved(x, kernel, dilation)
    with tf.get_default_graph().gradient_override_map(OVERRIDES):
        return tf.nn.conv2d(
            x, kernel, [1, stride, stride, 1], "SAME", dilations=[1, dilation, dilation, 1]
        )


def matmul(a, b):
    """a times b transposed; [..., M, K] and [..., N, K] floating -> [..., M, N]."""
    with tf.get_default_graph().gradient_override_map(OVERRIDES):
        return tf.matmul(a, b, transpose_b=True)


def _interleaved(x, kernel, dilation):
    return tf.nn.atrous_conv2d(x, kernel, dilation, "SAME")


@tf.RegisterGradient(OVERRIDES["LeakyRelu"])
def _leaky_relu_gradient(op, upstream):
    return tf.raw_ops.LeakyReluGrad(
        gradients=upstream, features=op.outputs[0], alpha=op.get_attr("alpha")
    )


@tf.RegisterGradient(OVERRIDES["Conv2D"])
def _conv2d_gradient(op, upstream):
    x, kernel = _made_again(op.inputs[0], upstream), op.inputs[1]
    strides, dilations = op.get_attr("strides"), op.get_attr("dilations")
    if dilations[1] > 1 and not (HAS_DILATED_GRADIENT and x.dtype != tf.float16):
        return tf.gradients(_interleaved(x, kernel, dilations[1]), [x, kernel], upstream)
    return (
        tf.nn.conv2d_backprop_input(
            x.shape.as_list(), kernel, upstream, strides, "SAME", dilations=dilations
        ),
        tf.nn.conv2d_backprop_filter(
            x, kernel.shape.as_list(), upstream, strides, "SAME", dilations=dilations
        ),
    )


@tf.RegisterGradient(OVERRIDES["BatchMatMulV2"])
def _matmul_gradient(op, upstream):
    a, b = (_made_again(each, upstream) for each in op.inputs)
    return tf.matmul(upstream, b), tf.matmul(upstream, a, transpose_a=True)


def _made_again(x, upstream):
    """x, made when its gradient is wanted where it is a slice or a concatenation of channels."""
    parts = _parts(x)
    with tf.control_dependencies([upstream]):  # which is there in the backward pass only
        if x.op.type == "Slice":
            return tf.slice(*x.op.inputs)
        return x if len(parts) == 1 else tf.concat(parts, axis=-1)


def _parts(x):
    """The tensors whose channels x is concatenated from, by concatenations of concatenations too; [x] where it is none."""
    if x.op.type != "ConcatV2" or tf.get_static_value(x.op.inputs[-1]) not in (
        -1,
        x.shape.ndims - 1,
    ):
        return [x]
    return [part for each in x.op.inputs[:-1] for part in _parts(each)]
