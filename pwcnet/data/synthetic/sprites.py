"""What the moving things of synthetic scenes look like: textures and shapes, drawn from a random generator."""

import cv2
import numpy as np


def texture(random, height, width):
    """[height, width, 3] float32 in 0..255: veins of a few colours with finer grain, nothing finer than about 5 pixels, so that moving it loses nothing."""
    veins = _noise(random, height, width, coarsest=0.5 * min(height, width) + 16, finest=12)
    grain = _noise(random, height, width, coarsest=24, finest=5)
    phase = random.uniform(0, 1, 3) + np.array([0.0, 0.12, 0.25])[random.permutation(3)]
    waves = np.cos(2 * np.pi * (random.uniform(1.2, 2.2) * veins[..., None] + phase))
    colour = (
        random.uniform(90, 165, 3)
        + random.uniform(25, 60, 3) * waves
        + 85 * (grain[..., None] - 0.5)
    )
    return np.clip(colour, 0, 255).astype(np.float32)


def _noise(random, height, width, coarsest, finest):
    """[height, width] smooth noise, about 0..1, octaves from `coarsest` to `finest` pixels a cell, each half as wide as the last and 0.6 times as strong."""
    total, weight, cell = np.zeros((height, width), np.float32), 1.0, float(coarsest)
    while cell >= finest:
        grid = random.uniform(-1, 1, (int(height / cell) + 3, int(width / cell) + 3)).astype(
            np.float32
        )
        size = int(grid.shape[1] * cell), int(grid.shape[0] * cell)
        total += weight * cv2.resize(grid, size, interpolation=cv2.INTER_CUBIC)[-height:, -width:]
        weight, cell = weight * 0.6, cell / 2
    return 0.5 + 0.5 * np.tanh(total)


def shape(random, radius):
    """Coverage [h, w] float32 of an ellipse, a polygon or a star, anti-aliased, with an empty margin."""
    size, fine = int(2 * radius) + 9, 8
    corners = 64 if random.uniform() < 0.4 else random.randint(3, 8)
    angles = (
        2
        * np.pi
        * (np.arange(corners) + random.uniform(-0.2, 0.2, corners) * (corners < 64))
        / corners
    )
    reach = radius * np.ones(corners)
    if corners in (5, 6, 7) and random.uniform() < 0.6:
        angles, reach = (
            np.linspace(0, 2 * np.pi, 2 * corners, endpoint=False),
            radius * np.tile([1.0, random.uniform(0.45, 0.75)], corners),
        )
    points = np.stack(
        [np.cos(angles) * reach, np.sin(angles) * reach * random.uniform(0.55, 1.0)], axis=-1
    )
    turn = random.uniform(0, 2 * np.pi)
    points = (
        points @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) + size / 2
    )
    mask = cv2.fillPoly(
        np.zeros((size * fine, size * fine), np.uint8),
        [np.round(points * fine).astype(np.int32)],
        255,
    )
    return cv2.resize(mask, (size, size), interpolation=cv2.INTER_AREA).astype(np.float32) / 255


def shade(alpha, radius):
    """[h, w, 1] brightness that falls off towards a shape's rim and moves with it, so that the shape stands out."""
    inside = cv2.GaussianBlur(alpha, (0, 0), 0.12 * radius + 1)
    return np.clip(0.35 + 0.75 * inside, 0, 1)[..., None]
