"""Memory-efficient gradients: inputs are recomputed instead of stored.

What a training step stores from its forward pass bounds the crop and the batch. Values are the
usual ones, by other formulas: the gradient of a leaky ReLU takes the sign from its output, so that
its input need not be stored. The gradients of a convolution and of a matmul recompute their input
where it is a mere copy: the DenseNet estimators would otherwise store the same features up to five
times, and the cost volume nine shifts of the second frame's.
"""

from __future__ import annotations

import functools
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ContextManager, Iterator

from pwcnet.model.config import LEAKY_SLOPE
from pwcnet.runtime.tensorflow import TF_RELEASE, overridden_gradients, tf

_standard_gradients: ContextVar[bool] = ContextVar("standard_gradients", default=False)


@contextmanager
def standard_gradients() -> Iterator[None]:
    """What is built meanwhile has TensorFlow's own gradients, for graphs that outlive the program.

    Another program knows nothing of the gradients here, and TensorFlow refuses to save a function
    that names them. On a CPU without oneDNN such a graph has no gradient: see
    `has_dilated_gradient`.
    """
    token = _standard_gradients.set(True)
    try:
        yield
    finally:
        _standard_gradients.reset(token)


def leaky_relu(x: tf.Tensor) -> tf.Tensor:
    """Returns x where x > 0, 0.1 x elsewhere; any shape and floating type."""
    with _gradients():
        return tf.nn.leaky_relu(x, alpha=LEAKY_SLOPE)


def conv2d(
    x: tf.Tensor, kernel: tf.Tensor, stride: int = 1, dilation: int = 1, target: str = "host"
) -> tf.Tensor:
    """Convolves with TensorFlow's SAME padding.

    Args:
        x: [B, H, W, C] floating, static shape but for B.
        kernel: [h, w, C, D] of the same type.
        stride: On both axes.
        dilation: Distance of the taps in pixels (Yu and Koltun 2016, arXiv 1511.07122).
        target: "host" dilates in one operation, which is faster; "ascend" by an ordinary
            convolution of interleaved parts of x, whose operations have been seen to work there.

    Returns:
        [B, ceil(H / stride), ceil(W / stride), D] of the same type.
    """
    if dilation > 1 and target == "ascend":
        return _interleaved_conv2d(x, kernel, dilation)
    with _gradients():
        return tf.nn.conv2d(
            x, kernel, [1, stride, stride, 1], "SAME", dilations=[1, dilation, dilation, 1]
        )


def matmul(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    """Returns a times b transposed: [..., M, K] and [..., N, K] floating -> [..., M, N]."""
    with _gradients():
        return tf.matmul(a, b, transpose_b=True)


@functools.lru_cache(maxsize=None)
def has_dilated_gradient() -> bool:
    """Returns whether this TensorFlow's CPU kernels have the gradient of a dilated convolution.

    TensorFlow's own do not; oneDNN's do, but not in float16. TensorFlow 2 takes oneDNN's by default
    on processors with AVX512-VNNI, AVX-VNNI or AMX, elsewhere with TF_ENABLE_ONEDNN_OPTS=1. A tiny
    gradient is computed to find out, once in a process.
    """
    if TF_RELEASE.startswith("1."):
        return False
    with tf.Graph().as_default(), tf.device("/device:CPU:0"):
        ones, upstream = tf.ones([3, 3, 1, 1]), tf.ones([1, 4, 4, 1])
        strides, dilations = [1, 1, 1, 1], [1, 2, 2, 1]
        gradients = [
            tf.nn.conv2d_backprop_input(
                [1, 4, 4, 1], ones, upstream, strides, "SAME", dilations=dilations
            ),
            tf.nn.conv2d_backprop_filter(
                upstream, [3, 3, 1, 1], upstream, strides, "SAME", dilations=dilations
            ),
        ]
        with tf.Session(config=tf.ConfigProto(device_count={"GPU": 0})) as session:
            try:
                session.run(gradients)
            except tf.errors.OpError:
                return False
    return True


def _gradients() -> ContextManager:
    """The scope of operations that have the gradients below, unless `standard_gradients` is on."""
    return overridden_gradients({} if _standard_gradients.get() else GRADIENTS)


def _interleaved_conv2d(x: tf.Tensor, kernel: tf.Tensor, dilation: int) -> tf.Tensor:
    return tf.nn.atrous_conv2d(x, kernel, dilation, "SAME")


def _leaky_relu_gradient(op: Any, upstream: tf.Tensor) -> tf.Tensor:
    return tf.raw_ops.LeakyReluGrad(
        gradients=upstream, features=op.outputs[0], alpha=op.get_attr("alpha")
    )


def _conv2d_gradient(op: Any, upstream: tf.Tensor) -> Any:
    x, kernel = _recomputed(op.inputs[0], upstream), op.inputs[1]
    strides, dilations = op.get_attr("strides"), op.get_attr("dilations")
    if dilations[1] > 1 and (x.dtype == tf.float16 or not has_dilated_gradient()):
        y = _interleaved_conv2d(x, kernel, dilations[1])
        return tf.gradients(y, [x, kernel], upstream)
    return (
        tf.nn.conv2d_backprop_input(
            _shape(x), kernel, upstream, strides, "SAME", dilations=dilations
        ),
        tf.nn.conv2d_backprop_filter(
            x, kernel.shape.as_list(), upstream, strides, "SAME", dilations=dilations
        ),
    )


def _matmul_gradient(op: Any, upstream: tf.Tensor) -> Any:
    a, b = (_recomputed(tensor, upstream) for tensor in op.inputs)
    return tf.matmul(upstream, b), tf.matmul(upstream, a, transpose_a=True)


def _shape(x: tf.Tensor) -> Any:
    """The static shape where it is known completely, else the one at run time."""
    return x.shape.as_list() if x.shape.is_fully_defined() else tf.shape(x)


def _recomputed(x: tf.Tensor, upstream: tf.Tensor) -> tf.Tensor:
    """x, computed again in the backward pass where it is a slice or a concatenation of channels."""
    sources = _concatenated(x)
    with tf.control_dependencies([upstream]):  # upstream exists in the backward pass only
        if x.op.type == "Slice":
            return tf.slice(*x.op.inputs)
        return x if len(sources) == 1 else tf.concat(sources, axis=-1)


def _concatenated(x: tf.Tensor) -> list[tf.Tensor]:
    """The tensors that nested concatenations of channels make x from; [x] where it is none."""
    if x.op.type != "ConcatV2" or tf.get_static_value(x.op.inputs[-1]) not in (
        -1,
        x.shape.ndims - 1,
    ):
        return [x]
    return [source for tensor in x.op.inputs[:-1] for source in _concatenated(tensor)]


GRADIENTS = {  # {type of operation: (registered name, gradient)}
    "Conv2D": ("PwcnetConv2D", _conv2d_gradient),
    "LeakyRelu": ("PwcnetLeakyRelu", _leaky_relu_gradient),
    "BatchMatMulV2": ("PwcnetMatMul", _matmul_gradient),
}
for _name, _gradient in GRADIENTS.values():
    tf.RegisterGradient(_name)(_gradient)
