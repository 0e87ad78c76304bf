"""Random changes of a pair's colours (RAFT's jitter; PWC-Net paper, section 4).

The flow stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Sequence

import cv2
import numpy as np

from pwcnet._checks import require
from pwcnet.data.geometry import rotation

LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601
TO_YIQ = np.array([LUMA, [0.595716, -0.274453, -0.321263], [0.211456, -0.522591, 0.311135]])


@dataclass(frozen=True)
class PhotometricOptions:
    """How often (probabilities in 0..1) and how far; a reach of 0 switches a change off.

    Attributes:
        probability: how often a pair changes at all.
        asymmetric: how often the changes are drawn for each frame separately; otherwise both frames
            change alike.
        brightness, contrast, saturation: factors from 1 - reach to 1 + reach.
        hue: turns either way, of the full circle.
        gamma: exponents from 1 / (1 + reach) to 1 + reach.
        noise: standard deviations from 0 to reach, of full brightness; the grain is always drawn
            for each frame separately.

    Raises:
        ValueError: for values out of range.
    """

    probability: float = 1.0
    asymmetric: float = 0.2
    brightness: float = 0.4
    contrast: float = 0.4
    saturation: float = 0.4
    hue: float = 0.16
    gamma: float = 0.2
    noise: float = 0.02

    def __post_init__(self):
        for name, largest in (
            ("probability", 1.0),
            ("asymmetric", 1.0),
            ("hue", 0.5),
            ("gamma", 10.0),
            ("noise", 1.0),
        ):
            value = getattr(self, name)
            require(0.0 <= value <= largest, "%s in 0..%g" % (name, largest), value)
        for name in ("brightness", "contrast", "saturation"):
            require(
                0.0 <= getattr(self, name) < 1.0, "%s in 0..1, below 1" % name, getattr(self, name)
            )


@dataclass(frozen=True)
class ColorChange:
    """One drawing of all changes.

    Attributes:
        brightness, contrast, saturation: factors.
        hue: radians.
        gamma: exponent.
        noise: standard deviation in grey levels.
    """

    brightness: float = 1.0
    contrast: float = 1.0
    saturation: float = 1.0
    hue: float = 0.0
    gamma: float = 1.0
    noise: float = 0.0


def jitter_colors(
    frame1: np.ndarray,
    frame2: np.ndarray,
    options: PhotometricOptions,
    random: np.random.RandomState,
) -> tuple[np.ndarray, np.ndarray]:
    """Both frames with other colours, changed alike or each separately.

    Args:
        frame1: [H, W, 3] uint8 RGB.
        frame2: [H, W, 3] uint8 RGB.
        options: how often and how far.
        random: draws the changes.

    Returns:
        (frame 1, frame 2), uint8.
    """
    if random.uniform() >= options.probability:
        return frame1, frame2
    if random.uniform() < options.asymmetric:
        changed1 = change_colors([frame1], random_change(options, random), random)
        return changed1[0], change_colors([frame2], random_change(options, random), random)[0]
    changed = change_colors([frame1, frame2], random_change(options, random), random)
    return changed[0], changed[1]


def random_change(options: PhotometricOptions, random: np.random.RandomState) -> ColorChange:
    """A change drawn as the options say; always six random numbers."""
    brightness, contrast, saturation, hue, gamma = random.uniform(-1, 1, 5)
    return ColorChange(
        1 + options.brightness * brightness,
        1 + options.contrast * contrast,
        1 + options.saturation * saturation,
        2 * np.pi * options.hue * hue,
        (1 + options.gamma) ** gamma,
        255 * options.noise * random.uniform(),
    )


def change_colors(
    frames: Sequence[np.ndarray], change: ColorChange, random: np.random.RandomState
) -> list[np.ndarray]:
    """Changes hue and saturation, then contrast, brightness and gamma, then adds noise.

    Contrast changes about the common mean grey of the frames.

    Args:
        frames: [H, W, 3] uint8 RGB each.
        change: the same for all frames.
        random: draws the noise.

    Returns:
        The changed frames, uint8.
    """
    if change.saturation != 1 or change.hue != 0:
        matrix = color_matrix(change.saturation, change.hue)
        frames = [cv2.transform(frame, matrix) for frame in frames]
    if change.contrast != 1 or change.brightness != 1 or change.gamma != 1:
        mean = np.mean([LUMA @ cv2.mean(frame)[:3] for frame in frames])
        curve = _curve(change, mean)
        frames = [cv2.LUT(frame, curve) for frame in frames]
    if change.noise:
        frames = [_noisy(frame, change.noise, random) for frame in frames]
    return list(frames)


def color_matrix(saturation: float, hue: float) -> np.ndarray:
    """The [3, 3] matrix for RGB that keeps the luma and changes the colours in YIQ.

    Args:
        saturation: factor.
        hue: radians by which the colours turn.
    """
    turn = np.eye(3)
    turn[1:, 1:] = saturation * rotation(hue)
    return np.linalg.inv(TO_YIQ) @ turn @ TO_YIQ


def _curve(change, mean):
    levels = change.brightness * (mean + change.contrast * (np.arange(256) - mean))
    return np.rint(255 * (np.clip(levels, 0, 255) / 255) ** change.gamma).astype(np.uint8)


def _noisy(frame, deviation, random):
    # This generator makes float32 directly, several times faster than RandomState.
    grain = np.random.Generator(np.random.PCG64(random.randint(2**31))).standard_normal(
        frame.shape, np.float32
    )
    grain *= np.float32(deviation)
    return cv2.add(frame, grain, dtype=cv2.CV_8U)
