"""Dead coarse levels of the small network, started from scratch beside what it has learned.

Early training has motions that need no coarse level; weight decay then takes what does nothing, and
between kernels of zero no gradient passes. The network searches from level 4 down. Revived, levels
5 and 6 have features, estimators and upsampling that can learn.
"""

from __future__ import annotations

from typing import Callable

import torch

from pwcnet.data.synthetic.options import SceneOptions
from pwcnet.io.atomic import check_output_file
from pwcnet.model.config import ESTIMATOR_CHANNELS, ModelConfig
from scripts.gpu_training.bank import generated_surfaces
from scripts.gpu_training.coarse_levels import (
    LOWEST,
    absorb_flow,
    carry_flow,
    start_estimators,
    start_features,
)
from scripts.gpu_training.layers import Layers
from scripts.gpu_training.network import PWCNet
from scripts.gpu_training.variables import SUFFIXES, parameter, to_arrays
from scripts.gpu_training.weights import read_arrays, start_network, write_arrays
from scripts.gpu_training.worlds import Worlds

DEAD = 1e-2  # the largest weight of the pyramid's dead kernels; living ones have some 0.1
BORDER = 4  # pixels of level 4 at the frame's border that the means leave out
SCENES = SceneOptions(height=256, width=512, median_motion=8.0, largest_motion=200.0)
PAIRS, TEXTURES = 2, 16  # of each kind of scenes, that the levels are fitted to


def revive_file(
    path: str,
    output: str,
    seed: int = 0,
    copy_heads: bool = False,
    threads: int = 0,
    log: Callable[[str], None] = print,
) -> None:
    """Writes the weights of a file with levels 5 and 6 started from scratch; see `revive`.

    Args:
        path: weights of the small network.
        output: the file, .npz.
        seed: of the random weights and of the scenes that they are fitted to.
        copy_heads: see `revive`.
        threads: of the CPU; 0 for all cores.
        log: is told what was done.

    Raises:
        FileNotFoundError: there is no such file or folder.
        ValueError: the file holds no weights of the small network, or its levels are not dead.
    """
    check_output_file(output)
    if threads:
        torch.set_num_threads(threads)
    torch.manual_seed(seed)
    network = start_network(False, [path])
    check_dead(network, path)
    surfaces = generated_surfaces(torch.device("cpu"), TEXTURES, seed)
    kinds = (kind(SCENES, surfaces, seed) for kind in (Layers, Worlds))
    pairs = torch.cat([scenes.batch(PAIRS).pairs for scenes in kinds]).float() / 255
    with torch.no_grad():
        features = [network.pyramid(pairs[:, k], last=LOWEST)[LOWEST] for k in (0, 1)]
    revive(network, *features, copy_heads, log)
    stored = read_arrays([path])
    write_arrays(output, dict(stored, **to_arrays(network.weights)))


def check_dead(network: PWCNet, path: str) -> None:
    """Raises ValueError where levels 5 and 6 of the pyramid of the file at `path` do something."""
    layers = ["featpyr/conv%d%s" % (level, suffix) for level in (5, 6) for suffix in SUFFIXES]
    kernels = [network.weights[parameter(layer, "kernel")].detach() for layer in layers]
    largest = max(float(kernel.abs().max()) for kernel in kernels)
    if largest > DEAD:
        raise ValueError(
            "Levels 5 and 6 of %s are alive: their kernels reach %.2g" % (path, largest)
        )


@torch.no_grad()
def revive(
    network: PWCNet,
    first: torch.Tensor,
    second: torch.Tensor,
    copy_heads: bool = False,
    log: Callable[[str], None] = print,
) -> None:
    """Gives levels 5 and 6 of the small network weights that can learn.

    Features are smoothed features of level 4, with random ones beside them. Estimators read costs
    and features as level 4's does. Flow from above is carried through to the flow heads of levels 5
    and 4, and upsampled bilinearly. The flow heads of levels 6 and 5 begin at 0, and so does what
    level 4 gets from level 5: the flow of the levels below stays what it was.

    Args:
        network: with dead levels 5 and 6.
        first: [B, 96, h, w], features of level 4 of some frames 1; h and w are multiples of 4.
        second: those of frames 2.
        copy_heads: begin with the flow head of level 4, and random features for level 4, instead.
        log: is told what was done.

    Raises:
        ValueError: the network is not the small one.
    """
    if network.config != ModelConfig.small():
        raise ValueError("expected the small network, got %s" % network.config.name)
    frames = [{LOWEST: first}, {LOWEST: second}]
    for features in frames:
        features.update(network.pyramid(features[LOWEST], LOWEST + 1))
    above = network.decode(*frames, lowest=LOWEST + 1)[1]
    flow, up_features = (_interior_mean(value) for value in above)
    log("level 4 has had from above: flow %s" % flow.numpy().round(4).tolist())
    activity = _activity(network, *frames, above)
    absorb_flow(network, flow)
    start_features(network, first, second, log)
    start_estimators(network, first.mean((0, 2, 3)), up_features, copy_heads)
    for level in (5, 4):
        carry_flow(network, level, activity, log)


def _interior_mean(value):
    return value[:, :, BORDER:-BORDER, BORDER:-BORDER].mean((0, 2, 3))


def _activity(network, first, second, above):
    """[C] for each of the layers of level 4's estimator: mean absolute value of its channels."""
    x = network.read_by_estimator(LOWEST, first[LOWEST], second[LOWEST], above)
    activity = []
    for index in range(len(ESTIMATOR_CHANNELS)):
        x = network.convolution(x, "predict_flow/conv%d_%d" % (LOWEST, index))
        activity.append(x.abs().mean((0, 2, 3)))
    return activity
