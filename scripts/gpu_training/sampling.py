"""Points and look-ups of images on the device; points are (x, y) in pixels, centres whole."""

from __future__ import annotations

import functools
from typing import Any

import torch
import torch.nn.functional as F


@functools.lru_cache(maxsize=None)
def pixels(height: int, width: int, device: torch.device) -> torch.Tensor:
    """[1, 2, H, W] float32, x and y of every pixel; cached, so not to be changed."""
    y, x = torch.meshgrid(
        torch.arange(height, device=device).float(),
        torch.arange(width, device=device).float(),
        indexing="ij",
    )
    return torch.stack((x, y))[None]


@functools.lru_cache(maxsize=None)
def constant(values: Any, device: torch.device) -> torch.Tensor:
    """Nested tuples as a tensor on the device; cached, so not to be changed."""
    return torch.tensor(values, device=device)


def sample(image: torch.Tensor, points: torch.Tensor, mode: str = "bilinear") -> torch.Tensor:
    """Look-up, [n, c, H, W], of image [n, c, h, w] at points [n, 2, H, W] of it.

    The border is repeated; the mode is "bilinear" or "nearest".
    """
    height, width = image.shape[2:]
    grid = torch.stack(
        (2 * points[:, 0] / (width - 1) - 1, 2 * points[:, 1] / (height - 1) - 1), -1
    )
    return F.grid_sample(image, grid, mode=mode, padding_mode="border", align_corners=True)


def rotation(angle: torch.Tensor) -> torch.Tensor:
    """[..., 2, 2] that turns (x, y) by angle [...] radians, from the x towards the y axis."""
    upper = torch.stack((angle.cos(), -angle.sin()), -1)
    lower = torch.stack((angle.sin(), angle.cos()), -1)
    return torch.stack((upper, lower), -2)


def transform(linear: torch.Tensor, shift: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
    """linear [n, 2, 2] p + shift [n, 2] of points [n or 1, 2, H, W]."""
    a, b, c, d = (linear[:, i, j, None, None] for i in (0, 1) for j in (0, 1))
    x, y = points[:, 0], points[:, 1]
    return torch.stack(
        (a * x + b * y + shift[:, 0, None, None], c * x + d * y + shift[:, 1, None, None]), 1
    )
