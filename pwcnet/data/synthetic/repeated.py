"""Textures that repeat: bricks, tiles, stripes, and one motif over and over."""

from __future__ import annotations

import cv2
import numpy as np

from pwcnet.data.synthetic.noise import fractal_noise, palette
from pwcnet.data.synthetic.textures import SIZE

SHARE = 0.3  # of the textures
PERIODS = 10, 90  # pixels of the texture
OVERSAMPLING = 4  # of the drawings, against aliasing


def repeated_texture(random: np.random.RandomState) -> tuple[np.ndarray, np.ndarray]:
    """A random texture that repeats in one direction or in two, with little wear.

    Returns:
        The texture and its half, [512, 512, 3] and [256, 256, 3] uint8 RGB.
    """
    period = int(np.exp(random.uniform(*np.log(PERIODS))))
    kinds = _bricks, _tiles, _stripes, _motif
    large = kinds[random.randint(len(kinds))](random, period * OVERSAMPLING)
    size = tuple(max(1, length // OVERSAMPLING) for length in large.shape[1::-1])
    cell = cv2.resize(large, size, interpolation=cv2.INTER_AREA)
    rows, columns = (-(-SIZE // length) for length in cell.shape[:2])
    image = np.tile(cell, (rows, columns, 1))[:SIZE, :SIZE]
    wear = fractal_noise(random, SIZE, random.uniform(0.5, 1.5)) * random.choice([0, 1.5, 6])
    image = np.clip(image + wear[..., None] + 0.5, 0, 255).astype(np.uint8)
    return image, cv2.resize(image, (SIZE // 2, SIZE // 2), interpolation=cv2.INTER_AREA)


def _filled(height, width, color):
    cell = np.empty((height, width, 3), np.float32)
    cell[:] = color
    return cell


def _bricks(random, period):
    """Two courses of bricks, the second shifted by half a brick."""
    stone, mortar = palette(random, 2)
    height = int(period * random.uniform(0.3, 0.6)) + OVERSAMPLING
    joint = max(1, int(height * random.uniform(0.08, 0.25)))
    cell = _filled(2 * height, period, stone)
    for course in (0, 1):
        cell[course * height : course * height + joint] = mortar
        start = course * period // 2
        cell[course * height : (course + 1) * height, start : start + joint] = mortar
    return cell


def _tiles(random, period):
    """Square tiles with joints, or of two colours by turns."""
    first, second, joints = palette(random, 3)
    cell = _filled(2 * period, 2 * period, first)
    if random.uniform() < 0.5:
        cell[:period, :period] = cell[period:, period:] = second
    joint = int(period * random.uniform(0.03, 0.2))
    for start in (0, period):
        cell[start : start + joint] = joints
        cell[:, start : start + joint] = joints
    return cell


def _stripes(random, period):
    first, second = palette(random, 2)
    cell = _filled(OVERSAMPLING, period, first)
    cell[:, : int(period * random.uniform(0.2, 0.8))] = second
    return cell


def _motif(random, period):
    """Some ellipses, as on wallpaper."""
    count = random.randint(1, 6)
    colors = palette(random, count + 1)
    cell = _filled(int(period * random.uniform(0.7, 1.4)), period, colors[0])
    for color in colors[1:].tolist():
        centre = tuple(int(value) for value in random.uniform(0, 1, 2) * cell.shape[1::-1])
        axes = tuple(int(value) for value in random.uniform(0.08, 0.35, 2) * period)
        cv2.ellipse(cell, centre, axes, random.uniform(0, 180), 0, 360, color, -1)
    return cell
