"""Light and air on the surfaces of a scene: highlights, shadows and haze.

Highlights and shadows move otherwise than the surfaces that they are on. All of it changes the
frames alone, never the ground truth.
"""

from __future__ import annotations

from typing import NamedTuple, Sequence

import cv2
import numpy as np

from pwcnet.data.geometry import pixel_grid, rotation
from pwcnet.data.synthetic import banks
from pwcnet.data.synthetic.content import HAZE, SHADOWS, SHARE, SPOTS, STREAMS
from pwcnet.data.synthetic.masks import SIZE
from pwcnet.data.synthetic.options import SceneOptions


class SurfaceMaps(NamedTuple):
    """The surfaces that one frame shows.

    Attributes:
        surface: [H, W] uint8, index of the layer or plane of each pixel; those in front mostly have
            the larger ones.
        depth: [H, W] float32, above 0, infinite where there is nothing; its unit is free.
    """

    surface: np.ndarray
    depth: np.ndarray


def apply_lighting(
    images: Sequence[np.ndarray],
    surfaces: Sequence[SurfaceMaps],
    flow: np.ndarray,
    seed: int,
    number: int,
    options: SceneOptions,
) -> list[np.ndarray]:
    """Applies what the options' content says, each in a share of the scenes.

    Args:
        images: the frames of a scene, [H, W, 3] float32 RGB, about 0..255.
        surfaces: of each frame.
        flow: [H, W, 2] float32, of the first frame, in pixels; NaN where unknown.
        seed: of the scene.
        number: of the scene.
        options: of the scene.

    Returns:
        The frames, [H, W, 3] float32.
    """
    result, flow = list(images), np.nan_to_num(flow)
    for name, effect in ((SPOTS, _spotted), (SHADOWS, _shaded), (HAZE, _hazy)):
        random = np.random.RandomState([seed, STREAMS[name], number])
        if options.holds(name) and random.uniform() < SHARE:
            mask = banks.mask(seed, number, random.randint(options.textures), options)
            result = effect(result, surfaces, flow, random, mask)
    return result


def _spotted(images, surfaces, flow, random, mask):
    """Some surfaces shine: bright spots on each go a share of its way."""
    size = images[0].shape[:2]
    for _ in range(random.randint(1, 4)):
        y, x = (random.randint(length) for length in size)
        way = flow[y, x] * random.uniform(-0.5, 0.7) + random.standard_normal(2)
        color = random.uniform(60, 220) * random.uniform(0.85, 1.0, 3)
        count = random.randint(1, 7)
        places = (x, y) + random.standard_normal((count, 2)) * 0.1 * size[1]
        sigmas = np.exp(random.uniform(np.log(1.5), np.log(0.05 * size[1]), count))
        lit = []
        for time, (image, shown) in enumerate(zip(images, surfaces)):
            on_surface = (shown.surface == surfaces[0].surface[y, x]).astype(np.float32)
            share = _spots(size, places + time * way, sigmas)
            share *= cv2.GaussianBlur(on_surface, (3, 3), 0)
            lit.append(image + share[..., None] * color.astype(np.float32))
        images = lit
    return images


def _spots(size, places, sigmas):
    """[H, W] float32, 0..1: round spots at places (x, y)."""
    grid, light = pixel_grid(*size), np.zeros(size, np.float32)
    for place, sigma in zip(places, sigmas):
        offset = (grid - place.astype(np.float32)) / np.float32(sigma)
        light += np.exp(-0.5 * np.einsum("hwc,hwc->hw", offset, offset))
    return np.minimum(light, 1)


def _shaded(images, surfaces, flow, random, mask):
    """Shadows of one outline fall on the surfaces at the back, and go ways of their own."""
    size = images[0].shape[:2]
    pace = np.median(np.hypot(flow[..., 0], flow[..., 1]))
    first_lit = random.randint(1, max(2, len(np.unique(surfaces[0].surface))))
    for _ in range(random.randint(1, 4)):
        scale = np.exp(random.uniform(np.log(0.1), np.log(0.6))) * min(size) / (SIZE / 2)
        back = rotation(random.uniform(0, 2 * np.pi)) / scale
        centre, heading = random.uniform(0, 1, 2) * size[::-1], random.uniform(0, 2 * np.pi)
        speed = pace * np.exp(0.7 * random.standard_normal())
        way = speed * np.array([np.cos(heading), np.sin(heading)])
        softness, strength = np.exp(random.uniform(0, 2.5)), random.uniform(0.25, 0.7)
        shaded = []
        for time, (image, shown) in enumerate(zip(images, surfaces)):
            place = np.hstack([back, (SIZE / 2 - back @ (centre + time * way))[:, None]])
            shade = _covered(mask.level, place, size, scale / softness)
            shade *= np.float32(strength) * (shown.surface < first_lit)
            shaded.append(image * (1 - shade)[..., None])
        images = shaded
    return images


def _covered(level, place, size, steepness):
    """[H, W] float32, 0..1: where an outline is, which `place` [2, 3] leads to from pixels."""
    seen = cv2.warpAffine(
        level,
        place,
        size[::-1],
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=-SIZE,
    )
    return np.clip(seen * np.float32(steepness) + np.float32(0.5), 0, 1)


def _hazy(images, surfaces, flow, random, mask):
    """Air of one colour that hides what is far."""
    depth = surfaces[0].depth[np.isfinite(surfaces[0].depth)]
    typical = np.median(depth) if depth.size else 1.0
    thickness = -np.log(1 - random.uniform(0.1, 0.7)) / typical
    color = random.uniform(120, 235) + random.uniform(-15, 15, 3)
    result = []
    for image, shown in zip(images, surfaces):
        share = (1 - np.exp(-thickness * shown.depth)).astype(np.float32)
        result.append(image + share[..., None] * (color.astype(np.float32) - image))
    return result
