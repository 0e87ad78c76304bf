"""Textures on the device, each beside its mip levels: look-ups of any size are free of aliasing."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import torch
import torch.nn.functional as F

from pwcnet.data.synthetic.textures import SIZE
from pwcnet.io.images import list_images, read_frame

LEVELS = 7
SMALLEST = SIZE // 2  # pixels of a photograph's shorter side


def read_photographs(folder: str) -> np.ndarray:
    """The images of a folder as textures.

    They are scaled so that their shorter side has 512 pixels, and cut to the square in the middle.
    Those with less than 256 pixels are left out.

    Args:
        folder: with images of any kind that the project reads; others are left alone.

    Returns:
        [N, 3, 512, 512] uint8 RGB, in the order of their names.

    Raises:
        FileNotFoundError: there is no such folder.
        ValueError: no image is large enough, or one is damaged.
    """
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        textures = list(pool.map(_photograph, list_images(folder)))
    textures = [texture for texture in textures if texture is not None]
    if not textures:
        raise ValueError("%s has no image of at least %dx%d pixels" % (folder, SMALLEST, SMALLEST))
    return np.stack(textures)


def _photograph(path):
    image = read_frame(path, upright=True)
    shorter = min(image.shape[:2])
    if shorter < SMALLEST:
        return None
    if shorter != SIZE:
        size = tuple(max(SIZE, round(side * SIZE / shorter)) for side in image.shape[1::-1])
        kind = cv2.INTER_AREA if shorter > SIZE else cv2.INTER_CUBIC
        image = cv2.resize(image, size, interpolation=kind)
    top, left = ((side - SIZE) // 2 for side in image.shape[:2])
    image = image[top : top + SIZE, left : left + SIZE]
    return np.ascontiguousarray(image.transpose(2, 0, 1))


def with_mip_levels(textures: torch.Tensor) -> torch.Tensor:
    """[n, 3, 512, 768] uint8 of textures [n, 3, 512, 512] uint8.

    Level 0 is at the left, the others are below one another at the right.
    """
    shape = len(textures), 3, SIZE, SIZE * 3 // 2
    atlas = torch.zeros(shape, dtype=torch.uint8, device=textures.device)
    atlas[..., :SIZE] = textures
    level = textures.float()
    for k in range(1, LEVELS):
        level, side = F.avg_pool2d(level, 2), SIZE >> k
        atlas[:, :, SIZE - 2 * side : SIZE - side, SIZE : SIZE + side] = level.round().byte()
    return atlas


def look_up(atlas: torch.Tensor, points: torch.Tensor, level: torch.Tensor) -> torch.Tensor:
    """Colours of textures.

    Args:
        atlas: [n, 3, 512, 768] uint8, one texture with its levels each.
        points: [n, 2, H, W], (x, y) in texels of level 0; mirrored outside.
        level: [n, 1 or H, 1 or W], 0 or more; a fraction mixes two levels.

    Returns:
        [n, 3, H, W] float32.
    """
    atlas = atlas.float()
    points = SIZE - ((points + 0.5) % (2 * SIZE) - SIZE).abs()
    level = level.clamp(0, LEVELS - 1.001)
    low = level.floor()
    colors = 0
    for k, weight in ((low, 1 - (level - low)), (low + 1, level - low)):
        side = SIZE * torch.exp2(-k)
        x, y = ((p * torch.exp2(-k) - 0.5).clamp(min=0).minimum(side - 1) for p in points.unbind(1))
        x, y = torch.where(k > 0, x + SIZE, x), torch.where(k > 0, y + SIZE - 2 * side, y)
        grid = torch.stack((2 * x / (atlas.shape[3] - 1) - 1, 2 * y / (atlas.shape[2] - 1) - 1), -1)
        colors = colors + weight[:, None] * F.grid_sample(
            atlas, grid, mode="bilinear", padding_mode="border", align_corners=True
        )
    return colors
