"""The losses of training; flow is NaN where it is unknown, and counts nowhere there."""

from __future__ import annotations

import math
from typing import Mapping, Sequence

import torch
import torch.nn.functional as F

from pwcnet.model.config import FLOW_LEVEL, SEARCH_RANGE
from scripts.gpu_training.operations import SIDE, shrink

LEVEL_WEIGHTS = (0.32, 0.08, 0.02, 0.01, 0.005)  # of levels 6 to 2, from the PWC-Net paper
FAR_AWAY = 1e4  # pixels; beyond the range of every level


def multiscale_loss(
    flows: Sequence[torch.Tensor], ground_truth: torch.Tensor, robust: torch.Tensor
) -> torch.Tensor:
    """The weighted error of all levels, divided by the pixels of level 2.

    Unlike the published loss, errors have the unit of their level, and are divided as said, so that
    the learning rate does not depend on the frames' size.

    Args:
        flows: of levels 6 to 2, [B, 2, h, w] in pixels of the level.
        ground_truth: [B, 2, H, W], pixels.
        robust: 0-dimensional, on the device; above 0 for the paper's (|d| + 0.01)^0.4.
    """
    height, width = ground_truth.shape[2:]
    known = ground_truth.isfinite().all(1, keepdim=True)
    ground_truth = torch.where(known, ground_truth, 0.0)
    total = torch.zeros((), device=ground_truth.device)
    for weight, flow in zip(LEVEL_WEIGHTS, flows):
        h, w = flow.shape[2:]
        difference = flow.float() - shrink(ground_truth, h, w) * (h / height)
        length = (difference.square().sum(1) + 1e-6).sqrt()
        error = torch.where(robust > 0, (difference.abs().sum(1) + 0.01) ** 0.4, length)
        total = total + weight * (error * shrink(known, h, w)[:, 0]).sum((1, 2)).mean()
    return total / (LEVEL_WEIGHTS[-1] * height * width / 4**FLOW_LEVEL)


def matching_loss(
    first: Mapping[int, torch.Tensor],
    second: Mapping[int, torch.Tensor],
    ground_truth: torch.Tensor,
    levels: Sequence[int],
) -> torch.Tensor:
    """Cross-entropy of matching costs against the true displacement, which teaches to match.

    The costs are those of the unwarped features, 81 of a pixel; the true displacement is shared
    among its four neighbours. The mean over the levels.

    Args:
        first: {level: [B, C, h, w]}, features of frame 1.
        second: those of frame 2.
        ground_truth: [B, 2, H, W], pixels.
        levels: which; 2 to 4 for a start from random weights, 4 to 6 for revived coarse levels.
    """
    total = torch.zeros((), device=ground_truth.device)
    ground_truth = ground_truth.nan_to_num(FAR_AWAY)
    displacements = torch.arange(-SEARCH_RANGE, SEARCH_RANGE + 1, device=ground_truth.device)
    displacements = displacements.float()[None, :, None, None]
    for level in levels:
        left, right = first[level].float(), second[level].float()
        channels, height, width = left.shape[1:]
        padded = F.pad(right, (SEARCH_RANGE,) * 4)
        costs = [
            (left * padded[:, :, dy : dy + height, dx : dx + width]).sum(1)
            for dy in range(SIDE)
            for dx in range(SIDE)
        ]
        target = shrink(ground_truth, height, width) / 2**level
        weight_y = (1 - (target[:, 1:2] - displacements).abs()).clamp(min=0)
        weight_x = (1 - (target[:, 0:1] - displacements).abs()).clamp(min=0)
        share = (weight_y[:, :, None] * weight_x[:, None]).flatten(1, 2)
        logarithms = F.log_softmax(torch.stack(costs, 1) / math.sqrt(channels), 1)
        total = total - (share * logarithms).sum(1).mean()
    return total / len(levels)
