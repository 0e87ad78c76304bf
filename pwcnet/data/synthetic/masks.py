"""Shapes of layers, as signed distances to their outline: edges stay sharp at any scale."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from pwcnet.data.synthetic.noise import fractal_noise

SIZE = 256
DRAWN = 512  # pixels of the drawing that a mask is computed from


class Mask(NamedTuple):
    """A shape.

    Attributes:
        level: [256, 256] float32, distance to the outline in its own pixels, above 0 inside.
        box: (left, top, right, bottom) of the inside.
    """

    level: np.ndarray
    box: tuple


def make_mask(random: np.random.RandomState, simple: bool = False) -> Mask:
    """A random shape.

    Args:
        random: draws it.
        simple: blobs, polygons, discs and boxes alone, without holes; otherwise also branches and
            letters.
    """
    kinds = [(_blob, 0.4), (_polygon, 0.22), (_round, 0.16), (_branches, 0.16), (_letters, 0.06)]
    if simple:
        kinds = [(_blob, 0.4), (_polygon, 0.3), (_round, 0.3)]
    inside = kinds[random.choice(len(kinds), p=[share for _, share in kinds])][0](random)
    if not simple and random.uniform() < 0.15:
        holes = fractal_noise(random, DRAWN, random.uniform(1.5, 2.5)) > random.uniform(0.8, 1.6)
        inside = np.where(holes, 0, inside).astype(np.uint8)
    inside[[0, 1, -2, -1]], inside[:, [0, 1, -2, -1]] = 0, 0
    if not inside.any():
        cv2.circle(inside, (DRAWN // 2, DRAWN // 2), DRAWN // 3, 1, -1)
    distance = cv2.distanceTransform(inside, cv2.DIST_L2, 5) - cv2.distanceTransform(
        1 - inside, cv2.DIST_L2, 5
    )
    smooth = cv2.GaussianBlur(distance, (0, 0), 1.5)
    level = cv2.resize(smooth, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    rows, columns = (np.flatnonzero(inside.any(axis=axis)) * SIZE / DRAWN for axis in (1, 0))
    box = columns[0] - 1.5, rows[0] - 1.5, columns[-1] + 1.5, rows[-1] + 1.5
    return Mask(level * np.float32(SIZE / DRAWN), box)


def _empty():
    return np.zeros((DRAWN, DRAWN), np.uint8)


def _blob(random):
    """Smooth noise above a threshold that rises outwards."""
    y, x = (np.mgrid[:DRAWN, :DRAWN].astype(np.float32) - (DRAWN - 1) / 2) * (2 / DRAWN)
    field = fractal_noise(random, DRAWN, random.uniform(1.8, 3.0)) * random.uniform(0.3, 1.0)
    return (field > 4 * (np.hypot(x, y) - random.uniform(0.55, 0.75))).astype(np.uint8)


def _polygon(random):
    """A polygon, in half of the cases with round corners."""
    corners = random.randint(3, 10)
    angles = (np.arange(corners) + random.uniform(-0.35, 0.35, corners)) * 2 * np.pi / corners
    directions = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    points = directions * random.uniform(0.4, 0.95, (corners, 1)) * DRAWN / 2 + DRAWN / 2
    inside = cv2.fillPoly(_empty(), [np.rint(points).astype(np.int32)], 1)
    if random.uniform() < 0.5:
        blurred = cv2.GaussianBlur(inside * 255, (0, 0), random.uniform(5, 25))
        inside = (blurred > 127).astype(np.uint8)
    return inside


def _round(random):
    """Discs, boxes and what lies between, some of them rings and frames."""
    y, x = np.abs((np.mgrid[:DRAWN, :DRAWN].astype(np.float32) - (DRAWN - 1) / 2) * (2.1 / DRAWN))
    power = random.choice([2.0, 4.0, 20.0])
    distance = (x**power + y**power) ** (1 / power)
    hole = random.uniform(0.5, 0.9) if random.uniform() < 0.25 else -1
    return ((distance < 1) & (distance > hole)).astype(np.uint8)


def _branches(random):
    """Thin things: bars, wires, twigs, limbs."""
    inside, straight = _empty(), random.uniform() < 0.3
    for _ in range(random.randint(1, 7)):
        steps = 2 if straight else 12
        heading = random.uniform(0, 2 * np.pi) + np.cumsum(random.uniform(-0.5, 0.5, steps)) * (
            not straight
        )
        directions = np.stack([np.cos(heading), np.sin(heading)], axis=-1)
        walk = np.cumsum(directions * DRAWN * 0.8 / steps, axis=0)
        points = walk - walk.mean(axis=0) + DRAWN / 2 + random.uniform(-0.15, 0.15, 2) * DRAWN
        line = np.rint(points).astype(np.int32)
        cv2.polylines(inside, [line], False, 1, int(random.randint(8, 50)))
    return inside


def _letters(random):
    """One to three large letters."""
    inside = _empty()
    text = "".join(chr(code) for code in random.randint(65, 91, random.randint(1, 4)))
    scale = 20.0 / len(text)
    place, thickness = (30, int(DRAWN / 2 + 10 * scale)), int(random.randint(20, 60))
    cv2.putText(inside, text, place, cv2.FONT_HERSHEY_SIMPLEX, scale, 1, thickness)
    return inside
