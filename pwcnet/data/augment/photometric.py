"""Random changes of a pair's colours; its flow stays as it is (RAFT's jitter, PWC-Net paper, section 4)."""

from dataclasses import dataclass

import cv2
import numpy as np

LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601
TO_YIQ = np.array([LUMA, [0.595716, -0.274453, -0.321263], [0.211456, -0.522591, 0.311135]])


@dataclass(frozen=True)
class PhotometricOptions:
    """How often (probabilities in 0..1) and how far; a reach of 0 switches a change off.

    probability: how often a pair changes at all. asymmetric: how often the changes are drawn for each frame apart; else both frames change alike.
    brightness, contrast, saturation: factors from 1 - reach to 1 + reach. hue: turns either way, of the full circle. gamma: exponents from 1 / (1 + reach) to
    1 + reach. noise: standard deviations from 0 to reach, of full brightness; its grain is always drawn for each frame apart.
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
            if not 0.0 <= getattr(self, name) <= largest:
                raise ValueError(
                    "expected %s in 0..%g, got %r" % (name, largest, getattr(self, name))
                )
        for name in ("brightness", "contrast", "saturation"):
            if not 0.0 <= getattr(self, name) < 1.0:
                raise ValueError(
                    "expected %s in 0..1, below 1, got %r" % (name, getattr(self, name))
                )


@dataclass(frozen=True)
class Look:
    """One drawing: brightness, contrast, saturation: factors. hue: radians. gamma: exponent. noise: standard deviation in grey levels."""

    brightness: float = 1.0
    contrast: float = 1.0
    saturation: float = 1.0
    hue: float = 0.0
    gamma: float = 1.0
    noise: float = 0.0


def jitter(frame1, frame2, options, random):
    """Both frames with other colours, alike or each its own. frames: [H, W, 3] uint8 RGB. random: np.random.RandomState. Returns (frame1, frame2)."""
    if random.uniform() >= options.probability:
        return frame1, frame2
    if random.uniform() < options.asymmetric:
        return tuple(
            change([frame], random_look(options, random), random)[0] for frame in (frame1, frame2)
        )
    return tuple(change([frame1, frame2], random_look(options, random), random))


def random_look(options, random):
    """A Look drawn as the PhotometricOptions say; always six draws."""
    brightness, contrast, saturation, hue, gamma = random.uniform(-1, 1, 5)
    return Look(
        1 + options.brightness * brightness,
        1 + options.contrast * contrast,
        1 + options.saturation * saturation,
        2 * np.pi * options.hue * hue,
        (1 + options.gamma) ** gamma,
        255 * options.noise * random.uniform(),
    )


def change(frames, look, random):
    """Frames under one Look: hue and saturation, then contrast about their common mean grey, brightness and gamma, then noise.

    frames: list of [H, W, 3] uint8 RGB. random: np.random.RandomState, for the noise only. Returns a list of the same.
    """
    if look.saturation != 1 or look.hue != 0:
        frames = [
            cv2.transform(frame, colour_matrix(look.saturation, look.hue)) for frame in frames
        ]
    if look.contrast != 1 or look.brightness != 1 or look.gamma != 1:
        mean = np.mean([LUMA @ cv2.mean(frame)[:3] for frame in frames])
        curve = _curve(look, mean)
        frames = [cv2.LUT(frame, curve) for frame in frames]
    return [_noisy(frame, look.noise, random) for frame in frames] if look.noise else frames


def colour_matrix(saturation, hue):
    """[3, 3] for RGB that keeps the luma, turns the colours by `hue` radians and makes them `saturation` times as strong (in YIQ)."""
    turn = np.eye(3)
    turn[1:, 1:] = saturation * np.array([[np.cos(hue), -np.sin(hue)], [np.sin(hue), np.cos(hue)]])
    return np.linalg.inv(TO_YIQ) @ turn @ TO_YIQ


def _curve(look, mean):
    levels = look.brightness * (mean + look.contrast * (np.arange(256) - mean))
    return np.rint(255 * (np.clip(levels, 0, 255) / 255) ** look.gamma).astype(np.uint8)


def _noisy(frame, deviation, random):
    # A generator of its own: it makes float32 directly, several times faster than RandomState.
    grain = np.random.Generator(np.random.PCG64(random.randint(2**31))).standard_normal(
        frame.shape, np.float32
    )
    grain *= np.float32(deviation)
    return cv2.add(frame, grain, dtype=cv2.CV_8U)
