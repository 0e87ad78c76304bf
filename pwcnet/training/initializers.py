"""Initial values from which training learns sooner than from the published ones alone."""

import re

import numpy as np

from pwcnet.model.config import WARP_SCALE
from pwcnet.runtime.tensorflow import tf

TAPS = np.array([0.25, 0.75, 0.75, 0.25])  # of bilinear upsampling by 2 as a transposed convolution
SMALLER = 0.1  # heads that begin near zero flow, so that early warps do no harm


def coarse_to_fine(variables):
    """The op that makes the warp right from the first step; to be run after the variables' own initializers.

    up_flow{l} upsamples bilinearly, with the swap of channels, the sign and the scale that the warp undoes (network: `y - flow[0] * scale`), so that level l - 1
    compares what level l has aligned; random kernels there turn each level's flow into a wrong warp of the next. The kernels of flow{l} and of the context
    network's last layers are made ten times smaller. variables: the network's, in the current graph. Raises ValueError where there is no network among them.
    """
    assigned = []
    for variable in variables:
        up_flow = re.search(r"/upsample/up_flow(\d)/kernel$", variable.op.name)
        if up_flow:
            assigned.append(tf.assign(variable, aligned_kernel(int(up_flow.group(1)))))
        elif re.search(r"/predict_flow/flow\d/kernel$|/ctxt/dc_conv\d7/kernel$", variable.op.name):
            assigned.append(tf.assign(variable, SMALLER * variable))
    if not assigned:
        raise ValueError(
            "expected the variables of PWC-Net, got %d others; build the network first"
            % len(variables)
        )
    return tf.group(*assigned)


def aligned_kernel(level):
    """The kernel [4, 4, 2, 2] float32 of up_flow{level}; layout height, width, output, input."""
    kernel = np.zeros((4, 4, 2, 2), np.float32)
    scale = -2.0 / (WARP_SCALE / 2 ** (level - 1))  # twice the pixels one level down
    kernel[:, :, 0, 1] = kernel[:, :, 1, 0] = scale * np.outer(TAPS, TAPS)
    return kernel
