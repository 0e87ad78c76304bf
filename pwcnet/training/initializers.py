"""Weight initialization."""

from __future__ import annotations

import re
from typing import Sequence

import numpy as np

from pwcnet.model.config import WARP_SCALE
from pwcnet.runtime.tensorflow import tf

# Bilinear upsampling by 2 as a transposed convolution, along one axis.
BILINEAR_TAPS = np.array([0.25, 0.75, 0.75, 0.25])
# Flow heads that begin near zero flow, so that early warps do no harm.
HEAD_SCALE = 0.1


def coarse_to_fine(variables: Sequence[tf.Variable]) -> tf.Operation:
    """Returns the op that makes the warp right from the first step.

    The kernels of up_flow{l} upsample bilinearly, with the swap of channels, the sign and the scale
    that the warp undoes (pwcnet.model.network: `y - flow[0] * scale`), so that level l - 1 compares
    what level l has aligned. Random kernels there turn the flow of each level into a wrong warp of
    the next. The kernels of flow{l} and of the context network's last layers are made ten times
    smaller.

    Deviation from the paper, NVlabs and tfoptflow, which all start from random kernels.

    Args:
        variables: The network's variables, in the current graph. The op is to be run after their
            own initializers.

    Raises:
        ValueError: These are not the variables of the network.
    """
    assignments = []
    for variable in variables:
        up_flow = re.search(r"/upsample/up_flow(\d)/kernel$", variable.op.name)
        if up_flow:
            assignments.append(tf.assign(variable, aligned_kernel(int(up_flow.group(1)))))
        elif re.search(r"/predict_flow/flow\d/kernel$|/ctxt/dc_conv\d7/kernel$", variable.op.name):
            assignments.append(tf.assign(variable, HEAD_SCALE * variable))
    if not assignments:
        raise ValueError(
            "expected the variables of PWC-Net, got %d others; build the network first"
            % len(variables)
        )
    return tf.group(*assignments)


def aligned_kernel(level: int) -> np.ndarray:
    """Returns the kernel of up_flow{level} that `coarse_to_fine` assigns.

    Returns:
        [4, 4, 2, 2] float32: height, width, output channels, input channels.
    """
    kernel = np.zeros((4, 4, 2, 2), np.float32)
    scale = -2.0 / (WARP_SCALE / 2 ** (level - 1))  # twice the pixels one level down
    kernel[:, :, 0, 1] = kernel[:, :, 1, 0] = scale * np.outer(BILINEAR_TAPS, BILINEAR_TAPS)
    return kernel
