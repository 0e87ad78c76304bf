"""Dilated convolutions, in the ops that serve a target best (context network; Yu and Koltun 2016, arXiv 1511.07122)."""
import os
import sys

from pwcnet.runtime import TF_RELEASE, tf

# TensorFlow's own CPU kernels have no gradient of a dilated convolution; those of oneDNN, which TensorFlow 2 takes where it has them, do.
HAS_GRADIENT = not TF_RELEASE.startswith("1.") and sys.platform != "darwin" and os.environ.get("TF_ENABLE_ONEDNN_OPTS") != "0"


def dilated_conv(x, kernel, dilation, target="host"):
    """Convolution at stride 1, TensorFlow SAME padding, whose taps lie `dilation` pixels apart.

    x: [B, H, W, C] floating, static shape. kernel: [3, 3, C, D] of the same type. Returns [B, H, W, D]. target: "host", one op, which is faster and keeps no
    copies for the gradient; "ascend", an ordinary convolution of interleaved parts of x, whose ops have been seen to work there.
    """
    if target == "ascend":
        return _interleaved(x, kernel, dilation)
    return _direct(x, kernel, dilation) if HAS_GRADIENT else _direct_with_gradient(x, kernel, dilation)


def _direct(x, kernel, dilation):
    return tf.nn.conv2d(x, kernel, [1, 1, 1, 1], "SAME", dilations=[1, dilation, dilation, 1])


def _interleaved(x, kernel, dilation):
    return tf.nn.atrous_conv2d(x, kernel, dilation, "SAME")


def _direct_with_gradient(x, kernel, dilation):
    """The direct form, with the gradient of the other one."""
    @tf.custom_gradient
    def convolve(x, kernel):
        def gradient(upstream):
            return tf.gradients(_interleaved(x, kernel, dilation), [x, kernel], upstream)
        return _direct(x, kernel, dilation), gradient
    return convolve(x, kernel)
