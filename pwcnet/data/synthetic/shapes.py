"""Outlines of layers: a mask and its place in frame 0."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pwcnet.data.geometry import rotation
from pwcnet.data.synthetic import banks
from pwcnet.data.synthetic.masks import Mask
from pwcnet.data.synthetic.options import SceneOptions


class Shape(NamedTuple):
    """The outline of a layer.

    Attributes:
        level: [256, 256] float32, signed distance to the outline in its own pixels, above 0 inside.
        place: [2, 3], from points of frame 0 to those pixels.
        scale: pixels of the frame for one of those pixels.
        corners: [4, 3], (x, y, 1), of the parallelogram in frame 0 that holds the shape.
    """

    level: np.ndarray
    place: np.ndarray
    scale: float
    corners: np.ndarray


def random_shape(
    random: np.random.RandomState, seed: int, number: int, options: SceneOptions
) -> Shape:
    """A shape anywhere in view.

    Args:
        random: draws it.
        seed: of the bank of masks.
        number: of the scene, which chooses the generation of their entries.
        options: of the scene.
    """
    size = options.height, options.width
    place = random.randint(options.textures)
    mask = banks.mask(seed, number, place, options)
    reach = min(size) * np.exp(
        random.uniform(np.log(options.smallest_shape), np.log(options.largest_shape))
    )
    left, top, right, bottom = mask.box
    scale, stretch = (
        2 * reach / max(right - left, bottom - top),
        np.exp(random.uniform(-0.35, 0.35)),
    )
    linear = rotation(random.uniform(0, 2 * np.pi)) @ np.diag([scale * stretch, scale / stretch])
    centre = random.uniform(-0.05, 1.05, 2) * size[::-1]
    return placed_shape(mask, linear, scale, centre)


def placed_shape(mask: Mask, linear: np.ndarray, scale: float, centre: np.ndarray) -> Shape:
    """The outline of a mask at a place in frame 0.

    Args:
        mask: the mask.
        linear: [2, 2], from its pixels to those of the frame.
        scale: pixels of the frame for one of the mask's.
        centre: [2], (x, y), where the middle of the mask's box is.
    """
    left, top, right, bottom = mask.box
    middle = np.array([left + right, top + bottom]) / 2
    corners = (
        np.array([[left, top], [right, top], [right, bottom], [left, bottom]]) - middle
    ) @ linear.T + centre
    back = np.linalg.inv(linear)
    return Shape(
        mask.level,
        np.hstack([back, (middle - back @ centre)[:, None]]),
        scale,
        np.hstack([corners, np.ones((4, 1))]),
    )
