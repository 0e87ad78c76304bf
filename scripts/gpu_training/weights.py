"""Weights of the network: files, where training starts, the large network grown from the small."""

from __future__ import annotations

import io
import os
import re
from typing import Mapping, Sequence

import numpy as np
import torch

from pwcnet.io.atomic import write_bytes
from pwcnet.io.damage import damage_as_value_error
from pwcnet.model.config import ESTIMATOR_CHANNELS, FLOW_LEVEL, TOP_LEVEL, WARP_SCALE, ModelConfig
from pwcnet.weights.files import SHIPPED_NAMES, shipped_weights
from pwcnet.weights.growing import grown_weights
from scripts.gpu_training.network import PWCNet
from scripts.gpu_training.variables import SCOPE, from_arrays, kernel_shapes, parameter, to_arrays

STEP = "global_step"  # as archives of the project call it
CONTEXT_ABOVE = re.compile(r"pwcnet/ctxt/dc_conv[3-6]")  # of the large network alone
# An estimator's second layer reads the first one's channels in the small network, else more.
SECOND_LAYER, FIRST_CHANNELS = "pwcnet/predict_flow/conv2_1/kernel", ESTIMATOR_CHANNELS[0]


class MissingWeightsError(FileNotFoundError):
    """There are no such weights to start from."""


def read_arrays(paths: Sequence[str]) -> dict[str, np.ndarray]:
    """{name: array} of .npz archives, which are parts of one; "small" and "large" are shipped.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a file is no archive, or holds what another one does.
    """
    arrays: dict[str, np.ndarray] = {}
    for path in paths:
        given, path = path, shipped_weights(path) if path in SHIPPED_NAMES else path
        if not os.path.isfile(path):
            raise FileNotFoundError("No archive at %s" % path)
        try:
            with damage_as_value_error(), np.load(path, allow_pickle=False) as archive:
                part = {name: archive[name] for name in archive.files}
        except (ValueError, AttributeError) as error:
            raise ValueError("%s is no archive of arrays (%s)" % (path, error)) from error
        both = sorted(arrays.keys() & part.keys())
        if both:
            raise ValueError(
                "%s holds %s, as a file before it does: they are no parts of one" % (given, both[0])
            )
        arrays.update(part)
    return arrays


def write_arrays(path: str, arrays: Mapping[str, np.ndarray]) -> None:
    """Writes an archive, completely or not at all; floating numbers as float16.

    Raises:
        ValueError: float16 does not hold a weight.
        OSError: the file cannot be written.
    """
    content = io.BytesIO()
    np.savez_compressed(content, **{name: _half(name, array) for name, array in arrays.items()})
    write_bytes(path, content.getvalue())


def _half(name, array):
    if array.dtype != np.float32:
        return array
    largest = np.finfo(np.float16).max
    if not np.abs(array).max() <= largest:  # true for NaN too
        raise ValueError(
            "%s is not finite or exceeds %g, the largest number of float16" % (name, largest)
        )
    return array.astype(np.float16)


def merge(paths: Sequence[str], output: str) -> None:
    """Writes the parts of weights as one archive.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the files are not all parts of one network's weights.
        OSError: the file cannot be written.
    """
    arrays = read_arrays(paths)
    large = any(CONTEXT_ABOVE.match(name) for name in arrays)
    config = ModelConfig.large() if large else ModelConfig.small()
    for layer in kernel_shapes(config):
        for part in ("kernel", "bias"):
            if "%s%s/%s" % (SCOPE, layer, part) not in arrays:
                raise ValueError(
                    "%s: a part is missing, that with %s%s/%s"
                    % (", ".join(paths), SCOPE, layer, part)
                )
    write_arrays(output, arrays)


def write_weights(
    network: PWCNet, folder: str, step: int, part_bytes: float = float("inf")
) -> list[str]:
    """Writes weights.npz, or weights-0.npz, weights-1.npz ... of at most `part_bytes` each.

    Returns:
        The paths.

    Raises:
        ValueError: the weights are not finite; nothing is written.
        OSError: a file cannot be written.
    """
    parts: list[dict[str, np.ndarray]] = [{STEP: np.array(step, np.int64)}]
    size = 0
    for name, array in to_arrays(network.weights).items():
        if size + array.nbytes / 2 > part_bytes:
            parts.append({})
            size = 0
        parts[-1][name] = _half(name, array)
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
        MissingWeightsError: there is no such file.
        ValueError: the files hold no weights of the variant.
    """
    network = PWCNet(ModelConfig.large() if large else ModelConfig.small())
    if not start:
        start_coarse_to_fine(network)
        return network
    try:
        arrays = read_arrays(start)
    except FileNotFoundError as error:
        raise MissingWeightsError(str(error)) from error
    grows = large and SECOND_LAYER in arrays and arrays[SECOND_LAYER].shape[2] == FIRST_CHANNELS
    try:
        if grows:
            small = PWCNet(ModelConfig.small())
            from_arrays(small.weights, arrays)
            shapes = {name: array.shape for name, array in to_arrays(network.weights).items()}
            arrays = grown_weights(to_arrays(small.weights), shapes)
        from_arrays(network.weights, arrays)
    except ValueError as error:
        kind = "large" if large else "small"
        raise ValueError(
            "%s: no weights of the %s network: %s" % (", ".join(start), kind, error)
        ) from error
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
