"""Random fields that textures, masks and effects consist of."""

from __future__ import annotations

import functools

import cv2
import numpy as np
from scipy import fft


@functools.lru_cache(maxsize=8)
def _radius(size):
    radius = np.hypot(*np.meshgrid(np.fft.rfftfreq(size), np.fft.fftfreq(size))).astype(np.float32)
    radius[0, 0] = 1.0
    return radius


def fractal_noise(random: np.random.RandomState, size: int, exponent: float) -> np.ndarray:
    """Periodic noise with amplitudes of 1 / frequency^exponent.

    Args:
        random: draws the noise.
        size: of both sides, in pixels.
        exponent: 1 looks like rock, 2 like clouds.

    Returns:
        [size, size] float32 of mean 0 and standard deviation 1.
    """
    white = random.random_sample((size, size)).astype(np.float32) - np.float32(0.5)
    field = fft.irfft2(fft.rfft2(white) * _radius(size) ** np.float32(-exponent), s=(size, size))
    return (field - field.mean()) / (field.std() + np.float32(1e-6))


def smooth_field(
    random: np.random.RandomState, cells: int, size: tuple[int, int], channels: int = 1
) -> np.ndarray:
    """Random values at cells + 1 points on each axis, cubic between them.

    Args:
        random: draws the values, in -1..1.
        cells: how many between the points, on each axis.
        size: (height, width) in pixels.
        channels: more than 1 adds a last axis.

    Returns:
        [height, width] or [height, width, channels] float32, in -1..1 and a little beyond.
    """
    grid = random.uniform(-1, 1, (cells + 1, cells + 1) + (channels,) * (channels > 1)).astype(
        np.float32
    )
    return cv2.resize(grid, size[::-1], interpolation=cv2.INTER_CUBIC)


def palette(random: np.random.RandomState, count: int) -> np.ndarray:
    """[count, 3] float32 RGB in 0..255: colours as the things in one scene have them.

    They lie around one hue, mostly muted, with some exceptions.
    """
    hue = random.uniform(0, 360) + 360 * random.standard_normal(count) * random.choice(
        [0.04, 0.12, 0.5]
    )
    saturation = np.clip(random.uniform(0, 0.7) + 0.25 * random.standard_normal(count), 0, 1)
    value = np.clip(random.uniform(0.3, 0.7) + 0.28 * random.standard_normal(count), 0.03, 1)
    colors = np.stack([hue % 360, saturation, value], axis=-1).astype(np.float32)
    return 255 * cv2.cvtColor(colors[None], cv2.COLOR_HSV2RGB)[0]
