"""Geometry of points (x, y) in pixels, centres at whole numbers, for augmentation and scenes."""

from __future__ import annotations

import functools

import numpy as np


def rotation(angle: float) -> np.ndarray:
    """The [2, 2] matrix that turns (x, y) by `angle` radians, from the x towards the y axis."""
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def affine(linear: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """The [3, 3] matrix of x -> linear x + shift, for points (x, y, 1).

    Args:
        linear: [2, 2].
        shift: [2], (x, y).
    """
    matrix = np.eye(3)
    matrix[:2, :2], matrix[:2, 2] = linear, shift
    return matrix


@functools.lru_cache(maxsize=8)
def pixel_grid(height: int, width: int) -> np.ndarray:
    """[height, width, 2] float32, (x, y) of each pixel's centre; cached, so read-only."""
    points = np.stack(
        np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)),
        axis=-1,
    )
    points.flags.writeable = False
    return points
