"""What light, air and cameras do to frames: mostly the same to all of a scene, a little to each."""

from __future__ import annotations

from typing import Sequence

import cv2
import numpy as np

from pwcnet.data.synthetic import banks
from pwcnet.data.synthetic.noise import smooth_field
from pwcnet.data.synthetic.options import SceneOptions

LEVELS = np.arange(256, dtype=np.float32)


def random_exposure(random: np.random.RandomState, options: SceneOptions) -> float:
    """How long frames are exposed, as a share of the time between them; 0 in most scenes."""
    occurs, share = random.uniform() < 0.2, random.uniform(0.1, 0.6)
    return share if options.motion_blur and occurs else 0.0


def apply_camera_effects(
    images: Sequence[np.ndarray], random: np.random.RandomState, seed: int, options: SceneOptions
) -> list[np.ndarray]:
    """Applies the effects that the options allow, each in a share of the scenes.

    Each effect draws from a random state of its own, so that it is the same whatever else occurs.

    Args:
        images: the frames of a scene, [H, W, 3] float32 RGB, about 0..255.
        random: draws the effects.
        seed: of the bank of grain.
        options: of the scene.

    Returns:
        The frames, [H, W, 3] uint8.
    """
    states = random.randint(0, 2**31 - 1, len(EFFECTS) + 1)
    for (name, effect), state in zip(EFFECTS, states):
        if getattr(options, name):
            random.seed(state)
            images = effect(images, random, seed)
    frames = [_rounded(image) for image in images]
    random.seed(states[-1])
    return _compressed(frames, random) if options.compression else frames


def _rounded(image):
    return cv2.convertScaleAbs(np.maximum(image, 0))


def _lit(images, random, seed):
    """Light that falls unevenly, and changes a little from the first frame to the last."""
    if random.uniform() < 0.5:
        return images
    size, strength = images[0].shape[:2], random.uniform(0, 0.35)
    light = smooth_field(random, random.randint(1, 5), size)
    change = smooth_field(random, 2, size) * np.float32(random.uniform(0, 0.25) * random.uniform())
    return [
        image * (1 + np.float32(strength) * (light + change * share))[..., None]
        for image, share in zip(images, np.linspace(0, 1, len(images), dtype=np.float32))
    ]


def _foggy(images, random, seed):
    """A veil of one colour that stays where it is, thicker in some places than in others."""
    if random.uniform() >= 0.15:
        return images
    color, share = random.uniform(90, 245) + random.uniform(-20, 20, 3), random.uniform(0.1, 0.55)
    field = smooth_field(random, random.randint(1, 6), images[0].shape[:2])
    veil = np.clip(share * (1 + 0.5 * field), 0, 0.8).astype(np.float32)[..., None]
    return [image + veil * (color.astype(np.float32) - image) for image in images]


def _defocused(images, random, seed):
    if random.uniform() < 0.6:
        return images
    sigma = 0.4 + 1.4 * random.uniform() ** 2
    return [cv2.GaussianBlur(image, (0, 0), sigma) for image in images]


def _toned(images, random, seed):
    """Gamma, contrast, brightness and colour; in most scenes with a small change in each frame."""
    gamma, contrast = np.exp(random.uniform(-0.3, 0.3)), np.exp(random.uniform(-0.3, 0.15))
    lift, white = random.uniform(-20, 20), np.exp(random.uniform(-0.12, 0.12, 3))
    saturation = random.choice([0.0, 1.0, 1.0, 1.0]) or random.uniform(0.0, 1.0)
    result = []
    changes = random.uniform() < 0.6
    for image in images:
        change = changes * random.uniform(-1, 1, 3) * random.uniform()
        curve = 255 * (LEVELS / 255) ** (gamma * np.exp(0.08 * change[0]))
        curve = curve * contrast * np.exp(0.08 * change[1]) + lift + 6 * change[2]
        table = (curve[:, None] * white).astype(np.float32)[None]
        image = cv2.LUT(cv2.merge([_rounded(image)]), table)
        if saturation < 1:
            image = cv2.transform(image, saturation * np.eye(3) + (1 - saturation) / 3)
        result.append(image)
    return result


def _noisy(images, random, seed):
    """Grain of the same strength in all frames, sometimes coarse, sometimes without colour."""
    level = 12 * random.uniform() ** 2
    coarse, gray = random.uniform() < 0.3, random.uniform() < 0.3
    if random.uniform() < 0.3:
        return images
    result = []
    for image in images:
        start = random.randint(0, banks.GRAIN_SIZE, 2)
        rows, columns = (range(start[i], start[i] + image.shape[i]) for i in (0, 1))
        grain = banks.grain(seed).take(rows, axis=0, mode="wrap")
        grain = grain.take(columns, axis=1, mode="wrap")
        grain = cv2.GaussianBlur(grain, (3, 3), 0.7) * np.float32(1.7) if coarse else grain
        result.append(image + np.float32(level) * (grain[..., :1] if gray else grain))
    return result


EFFECTS = (  # in this order
    ("light", _lit),
    ("fog", _foggy),
    ("defocus", _defocused),
    ("tone", _toned),
    ("noise", _noisy),
)


def _compressed(frames, random):
    if random.uniform() >= 0.15:
        return frames
    quality = [cv2.IMWRITE_JPEG_QUALITY, random.randint(35, 96)]
    return [_recoded(frame, quality) for frame in frames]


def _recoded(frame, quality):
    encoded = cv2.imencode(".jpg", frame[..., ::-1], quality)[1]
    return cv2.imdecode(encoded, cv2.IMREAD_COLOR)[..., ::-1].copy()
