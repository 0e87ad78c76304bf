"""Textures with smaller versions of themselves (mipmaps), which show no aliasing from far away."""

from __future__ import annotations

import cv2
import numpy as np

LEVELS = 7


def mipmapped(texture: np.ndarray) -> np.ndarray:
    """Puts a texture and LEVELS - 1 smaller ones, each half of the one before, into one image.

    Args:
        texture: [size, size, 3] uint8, the size a power of two.

    Returns:
        [size, 1.5 size, 3] uint8: the texture at the left, the others below one another beside it.
    """
    size = texture.shape[0]
    image = np.zeros((size, size + size // 2, 3), np.uint8)
    image[:, :size] = level = texture
    for index in range(1, LEVELS):
        side = size >> index
        level = cv2.resize(level, (side, side), interpolation=cv2.INTER_AREA)
        image[size - 2 * side : size - side, size : size + side] = level
    return image


def look_up(image: np.ndarray, points: np.ndarray, level: np.ndarray) -> np.ndarray:
    """The texture's colours at points.

    Args:
        image: of `mipmapped`.
        points: [h, w, 2] float32, (x, y) in pixels of the texture, which begins at 0; beyond its
            edges it is mirrored.
        level: [h, w] float32: log2 of how many of its pixels one pixel of the frame shows. Between
            whole numbers two versions are mixed.

    Returns:
        [h, w, 3] uint8.
    """
    size = np.float32(image.shape[0])
    folded = size - np.abs(points - 2 * size * np.floor(points / (2 * size)) - size)
    level = np.clip(level, 0, LEVELS - 1.001)
    low = level.astype(np.intp)
    fine = _level_colors(image, folded, low)
    if not level.any():
        return fine
    share = level - low.astype(np.float32)
    return cv2.blendLinear(_level_colors(image, folded, low + 1), fine, share, 1 - share)


def _level_colors(image, folded, level):
    """[h, w, 3] uint8 from the version `level` [h, w] of each pixel, bilinear."""
    size = image.shape[0]
    scales = np.float32(0.5) ** np.arange(LEVELS, dtype=np.float32)
    sides = size * scales
    side = sides.take(level)
    last = side - 1
    scale = scales.take(level)
    x, y = (
        np.clip(folded[..., axis] * scale - np.float32(0.5), 0, last).astype(np.float32)
        for axis in (0, 1)
    )
    smaller = level > 0
    x += np.float32(size) * smaller
    y += (size - 2 * side) * smaller
    return cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
