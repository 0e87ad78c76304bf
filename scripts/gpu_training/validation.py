"""End-point errors on held-back scenes and on real pairs; they report, and choose nothing."""

from __future__ import annotations

from typing import List, Sequence, Tuple

import numpy as np
import torch
import torch.nn.functional as F

from pwcnet.data.synthetic.options import SceneOptions
from pwcnet.model.config import SIZE_MULTIPLE
from scripts.gpu_training.bank import Surfaces
from scripts.gpu_training.layers import Layers
from scripts.gpu_training.network import PWCNet
from scripts.gpu_training.weights import read_arrays
from scripts.gpu_training.worlds import Worlds

KINDS = {"layers": Layers, "worlds": Worlds}
HELD_BACK = SceneOptions(height=256, width=448, median_motion=5.0, largest_motion=80.0)
SEED, PAIRS_AT_ONCE = 999, 4  # of held-back scenes
UNKNOWN = 2e4  # pixels; flow of float16 beyond this is unknown
PAIR, FLOW = ":pair", ":flow"  # endings of the arrays' names in a file of real pairs

Pairs = List[Tuple[torch.Tensor, torch.Tensor]]  # pairs [B, 2, 3, H, W] uint8, flow [B, 2, H, W]


def held_back_scenes(bank: Surfaces, pairs: int) -> dict[str, Pairs]:
    """{kind: batches} of scenes of a seed that nothing is trained on.

    Their surfaces are the bank's, so that numbers compare within one run.

    Args:
        bank: the surfaces.
        pairs: of each kind.
    """
    held = {}
    for name, kind in KINDS.items():
        scenes = kind(HELD_BACK, bank, SEED)
        counts = [min(PAIRS_AT_ONCE, pairs - k) for k in range(0, pairs, PAIRS_AT_ONCE)]
        if counts:
            held[name] = [scenes.batch(count)[:2] for count in counts]
    return held


def real_pairs(path: str, device: torch.device) -> dict[str, Pairs]:
    """{name: one pair} of a file that `pack` wrote.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no such file.
    """
    arrays = read_arrays([path])
    names = sorted(name[: -len(PAIR)] for name in arrays if name.endswith(PAIR))
    if not names or any(name + FLOW not in arrays for name in names):
        raise ValueError("%s has no pairs with flow" % path)
    held = {}
    for name in names:
        pair, flow = arrays[name + PAIR], arrays[name + FLOW].astype(np.float32)
        if (
            pair.dtype != np.uint8
            or pair.ndim != 4
            or pair.shape[::3] != (2, 3)
            or flow.shape != (*pair.shape[1:3], 2)
        ):
            raise ValueError("%s: %s is no pair with its flow" % (path, name))
        flow = np.where(np.abs(flow) > UNKNOWN, np.nan, flow)
        tensors = (
            torch.from_numpy(pair).permute(0, 3, 1, 2),
            torch.from_numpy(flow).permute(2, 0, 1),
        )
        held[name] = [tuple(tensor[None].to(device) for tensor in tensors)]
    return held


def end_point_error(network: PWCNet, pairs: torch.Tensor, flow: torch.Tensor) -> float:
    """Average end-point error where the flow is known, in pixels.

    Args:
        network: float32.
        pairs: [B, 2, 3, H, W] uint8 RGB of any size; padded with zeros.
        flow: [B, 2, H, W], NaN where it is unknown.
    """
    height, width = flow.shape[2:]
    padding = 0, -width % SIZE_MULTIPLE, 0, -height % SIZE_MULTIPLE
    padded = F.pad(pairs.flatten(0, 1), padding).unflatten(0, pairs.shape[:2]).float() / 255
    predicted = network(padded)[0][:, :, :height, :width]
    return float((predicted.float() - flow).norm(dim=1).nanmean())


@torch.no_grad()
def validate(network: PWCNet, held: dict[str, Pairs]) -> str:
    """The errors by name, as text: "layers 0.902, worlds 0.673"."""
    torch.backends.cudnn.benchmark = False  # not worth its trials for a few pairs of each size
    errors = {name: _mean_error(network, batches) for name, batches in held.items()}
    torch.backends.cudnn.benchmark = True
    return ", ".join("%s %.3f" % row for row in errors.items()) or "not measured"


def _mean_error(network, batches: Sequence) -> float:
    return float(np.mean([end_point_error(network, *batch) for batch in batches]))
