"""The network's variables: TensorFlow's names, shapes and layouts; random values.

Weights carry TensorFlow's names ("pwcnet/featpyr/conv1a/kernel") and are stored in TensorFlow's
layouts (convolutions HWIO, transposed convolutions HWOI), so that they become a checkpoint by name.
"""

from __future__ import annotations

import re
from typing import Mapping

import numpy as np
import torch

from pwcnet.model.config import (
    CONTEXT_LAYERS,
    ESTIMATOR_CHANNELS,
    FLOW_LEVEL,
    LEVELS,
    PYRAMID_CHANNELS,
    TOP_LEVEL,
    ModelConfig,
)
from scripts.gpu_training.operations import SIDE

SCOPE = "pwcnet/"
COSTS = SIDE * SIDE  # channels of a cost volume
SUFFIXES = ("a", "aa", "b")  # of a level's convolutions in the pyramid; the first has stride 2
CHANNELS = dict(enumerate(PYRAMID_CHANNELS, 1))


def kernel_shapes(config: ModelConfig) -> dict[str, tuple[int, ...]]:
    """{layer: shape of its kernel in TensorFlow's layout}, in the network's order."""
    shapes: dict[str, tuple[int, ...]] = {}
    channels = 3
    for level in sorted(CHANNELS):
        for suffix in SUFFIXES:
            shapes["featpyr/conv%d%s" % (level, suffix)] = (3, 3, channels, CHANNELS[level])
            channels = CHANNELS[level]
    for level in LEVELS:
        width = COSTS if level == TOP_LEVEL else COSTS + CHANNELS[level] + 4
        for index, out in enumerate(ESTIMATOR_CHANNELS):
            shapes["predict_flow/conv%d_%d" % (level, index)] = (3, 3, width, out)
            width = width + out if config.dense else out
        shapes["predict_flow/flow%d" % level] = (3, 3, width, 2)
        if config.has_context(level):
            channels = width
            for index, (out, _) in enumerate(CONTEXT_LAYERS, 1):
                shapes["ctxt/dc_conv%d%d" % (level, index)] = (3, 3, channels, out)
                channels = out
        if level > FLOW_LEVEL:
            shapes["upsample/up_flow%d" % level] = (4, 4, 2, 2)
            shapes["upsample/up_feat%d" % level] = (4, 4, 2, width)
    return shapes


def parameter(layer: str, part: str) -> str:
    """The name of a layer's kernel or bias in `PWCNet.weights`, which takes no slashes."""
    return layer.replace("/", "__") + "__" + part


def level_of(name: str) -> int:
    """The level of a parameter, by the first digit of its layer's name."""
    return int(re.search(r"\d", name).group())


def initialize(kernel: torch.Tensor, layer: str, shape: tuple) -> None:
    """Fills a kernel as the published initializers do: He's, and Glorot's for flow.

    Args:
        kernel: [C1, C2, h, w], PyTorch's layout.
        layer: its layer.
        shape: of the kernel in TensorFlow's layout.
    """
    if layer.startswith("upsample"):
        fan_in, fan_out = shape[3] * 16, shape[2] * 16
    else:
        fan_in, fan_out = shape[2] * 9, shape[3] * 9
    if layer.startswith("upsample") or "/flow" in layer:
        bound = (6.0 / (fan_in + fan_out)) ** 0.5
        torch.nn.init.uniform_(kernel, -bound, bound)
    else:
        torch.nn.init.trunc_normal_(kernel, std=(2.0 / fan_in) ** 0.5)


def to_arrays(weights: Mapping[str, torch.Tensor]) -> dict[str, np.ndarray]:
    """{TensorFlow's name: float32 array in TensorFlow's layout} of `PWCNet.weights`."""
    arrays = {}
    for name, value in weights.items():
        array = value.detach().float().cpu().numpy()
        if array.ndim == 4:  # convolutions [out, in, h, w], transposed ones [in, out, h, w]
            array = array.transpose(2, 3, 1, 0)
        arrays[SCOPE + name.replace("__", "/")] = array
    return arrays


def from_arrays(weights: Mapping[str, torch.Tensor], arrays: Mapping[str, np.ndarray]) -> None:
    """Gives `PWCNet.weights` the values of `to_arrays`.

    Raises:
        ValueError: a weight is missing, has another shape, or is not finite; it is named.
    """
    for name, value in weights.items():
        stored = SCOPE + name.replace("__", "/")
        array = np.asarray(arrays[stored], np.float32) if stored in arrays else None
        if array is not None and array.ndim == 4:
            array = array.transpose(3, 2, 0, 1)
        if array is None or array.shape != tuple(value.shape):
            raise ValueError("%s is missing, or has another shape" % stored)
        if not np.isfinite(array).all():
            raise ValueError("%s is not finite" % stored)
        with torch.no_grad():
            value.copy_(torch.from_numpy(np.ascontiguousarray(array)))
