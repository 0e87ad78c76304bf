"""Weights of the network: files, where training starts, the large network grown from the small."""

from __future__ import annotations

import io
import os
from typing import Mapping, Sequence

import numpy as np
import torch

from pwcnet.io.atomic import write_bytes
from pwcnet.io.damage import damage_as_value_error
from pwcnet.model.config import ESTIMATOR_CHANNELS, FLOW_LEVEL, TOP_LEVEL, WARP_SCALE, ModelConfig
from pwcnet.weights.files import SHIPPED_NAMES, shipped_weights
from scripts.gpu_training.network import PWCNet
from scripts.gpu_training.variables import from_arrays, parameter, to_arrays

STEP = "global_step"  # as archives of the project call it
# An estimator's second layer reads the first one's channels in the small network, else more.
SECOND_LAYER, FIRST_CHANNELS = "pwcnet/predict_flow/conv2_1/kernel", ESTIMATOR_CHANNELS[0]


def read_arrays(paths: Sequence[str]) -> dict[str, np.ndarray]:
    """{name: array} of .npz archives, which are parts of one; "small" and "large" are shipped.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a file is no archive.
    """
    arrays: dict[str, np.ndarray] = {}
    for path in paths:
        path = shipped_weights(path) if path in SHIPPED_NAMES else path
        if not os.path.isfile(path):
            raise FileNotFoundError("No weights at %s" % path)
        try:
            with damage_as_value_error(), np.load(path, allow_pickle=False) as archive:
                arrays.update({name: archive[name] for name in archive.files})
        except (ValueError, AttributeError) as error:
            raise ValueError("%s is no archive of weights (%s)" % (path, error)) from error
    return arrays


def write_arrays(path: str, arrays: Mapping[str, np.ndarray]) -> None:
    """Writes an archive, completely or not at all; floating numbers as float16."""
    half = {
        name: array.astype(np.float16) if array.dtype == np.float32 else array
        for name, array in arrays.items()
    }
    content = io.BytesIO()
    np.savez_compressed(content, **half)
    write_bytes(path, content.getvalue())


def write_weights(
    network: PWCNet, folder: str, step: int, part_bytes: float = float("inf")
) -> list[str]:
    """Writes weights.npz, or weights-0.npz, weights-1.npz ... of at most `part_bytes` each.

    Returns:
        The paths.
    """
    parts: list[dict[str, np.ndarray]] = [{STEP: np.array(step, np.int64)}]
    size = 0
    for name, array in to_arrays(network.weights).items():
        if size + array.nbytes / 2 > part_bytes:
            parts.append({})
            size = 0
        parts[-1][name] = array
        size += array.nbytes / 2  # float16
    names = ["weights-%d.npz" % index for index in range(len(parts))]
    if part_bytes == float("inf"):
        names = ["weights.npz"]
    paths = [os.path.join(folder, name) for name in names]
    for path, part in zip(paths, parts):
        write_arrays(path, part)
    return paths


def start_network(large: bool, start: Sequence[str]) -> PWCNet:
    """The network that training starts from.

    Args:
        large: the variant.
        start: files of weights. For the large network those of the small one serve too: it is grown
            and computes the same. Without any, the weights are random, coarse to fine.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the files hold no weights of the variant.
    """
    network = PWCNet(ModelConfig.large() if large else ModelConfig.small())
    if not start:
        start_coarse_to_fine(network)
        return network
    arrays = read_arrays(start)
    grows = large and SECOND_LAYER in arrays and arrays[SECOND_LAYER].shape[2] == FIRST_CHANNELS
    source = PWCNet(ModelConfig.small()) if grows else network
    try:
        from_arrays(source.weights, arrays)
    except ValueError as error:
        kind = "large" if large else "small"
        raise ValueError(
            "%s: no weights of the %s network: %s" % (", ".join(start), kind, error)
        ) from error
    if grows:
        grow(network, source)
    return network


@torch.no_grad()
def start_coarse_to_fine(network: PWCNet) -> None:
    """Makes the warp of random weights right from the first step; flow heads start small.

    up_flow{l} upsamples bilinearly with the swap, sign and scale that the warp undoes.
    """
    for level in range(TOP_LEVEL, FLOW_LEVEL, -1):
        upsample_bilinearly(network, level)
    for name, value in network.weights.items():
        head = "__flow" in name or (name.startswith("ctxt") and name.split("__")[1].endswith("7"))
        if name.endswith("kernel") and head:
            value.mul_(0.1)


@torch.no_grad()
def upsample_bilinearly(network: PWCNet, level: int) -> None:
    """Gives up_flow{level} the bilinear kernel, with what the warp below undoes."""
    taps = torch.tensor([0.25, 0.75, 0.75, 0.25])
    kernel = network.weights[parameter("upsample/up_flow%d" % level, "kernel")]  # [in, out, 4, 4]
    kernel.zero_()
    kernel[1, 0] = kernel[0, 1] = -2.0 / (WARP_SCALE / 2 ** (level - 1)) * torch.outer(taps, taps)


@torch.no_grad()
def grow(large: PWCNet, small: PWCNet) -> None:
    """Makes the large network compute what the small one does.

    Its layers are in the first input channels, nothing comes from the others yet; context networks
    that the small one lacks add nothing yet.
    """
    for name, value in large.weights.items():
        if name not in small.weights:  # context networks of levels 3 to 6
            if name.split("__")[1].endswith("7"):
                value.zero_()
            continue
        source = small.weights[name]
        if value.shape == source.shape:
            value.copy_(source)
            continue
        value.zero_()
        if name.startswith("upsample"):  # [in, out, 4, 4]
            value[: source.shape[0]] = source
        else:  # [out, in, 3, 3]
            value[:, : source.shape[1]] = source
