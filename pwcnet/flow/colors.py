"""Flow and its errors in colours: Middlebury's colour wheel and KITTI's error colours."""

from __future__ import annotations

import numpy as np

from pwcnet.flow.color_scale import largest_magnitude
from pwcnet.flow.metrics import FL_FRACTION, FL_PIXELS
from pwcnet.io.flow_files import as_mask, valid_pixels

RED, YELLOW, GREEN = (255, 0, 0), (255, 255, 0), (0, 255, 0)
CYAN, BLUE, MAGENTA = (0, 255, 255), (0, 0, 255), (255, 0, 255)
WHEEL_RUNS = (
    (RED, YELLOW, 15),
    (YELLOW, GREEN, 6),
    (GREEN, CYAN, 4),
    (CYAN, BLUE, 11),
    (BLUE, MAGENTA, 13),
    (MAGENTA, RED, 6),
)  # from, to, number of hues
BEYOND_FACTOR = 0.75  # darkens colours beyond the maximum

KITTI_BINS = (0.0625, 0.125, 0.25, 0.5, 1, 2, 4, 8, 16)  # upper ends, multiples of the Fl limits
KITTI_COLORS = np.array(
    [
        (49, 54, 149),
        (69, 117, 180),
        (116, 173, 209),
        (171, 217, 233),
        (224, 243, 248),
        (254, 224, 144),
        (253, 174, 97),
        (244, 109, 67),
        (215, 48, 39),
        (165, 0, 38),
    ],
    np.uint8,
)  # RGB, one more than bins


def _hues() -> np.ndarray:
    hues = []
    for start, end, steps in WHEEL_RUNS:
        for step in range(steps):
            change = 255 * step // steps  # whole numbers, as in Middlebury's colorcode.cpp
            hues.append(
                [a + (change if b > a else -change if b < a else 0) for a, b in zip(start, end)]
            )
    return np.array(hues)


HUES = _hues()  # [55, 3], RGB 0..255


def flow_to_color(
    flow: np.ndarray,
    max_magnitude: float | None = None,
    valid: np.ndarray | None = None,
) -> np.ndarray:
    """Shows flow in Middlebury's colours: hue is the direction, saturation the magnitude.

    Source: Baker et al., A Database and Evaluation Methodology for Optical Flow, 2011, and its
    program colorcode.cpp.

    Args:
        flow: [H, W, 2], floating, pixels, channels (u, v).
        max_magnitude: The magnitude of full colour in pixels; None is the largest valid one. Images
            with the same maximum have comparable colours.
        valid: [H, W], non-zero = valid; None is everywhere. Unknown flow, see
            `pwcnet.io.flow_files.valid_pixels`, is never valid.

    Returns:
        [H, W, 3] uint8 RGB: white without motion, darkened by 0.75 beyond the maximum, black where
        the flow is not valid.

    Raises:
        ValueError: The shapes do not fit, or the maximum is not a finite number above 0.
    """
    flow = np.asarray(flow, np.float64)
    if flow.ndim != 3 or flow.shape[2] != 2:
        raise ValueError("flow must have the shape [H, W, 2], got %s" % (flow.shape,))
    valid = valid_pixels(flow) & as_mask(valid, flow.shape[:2])
    flow = np.where(valid[..., np.newaxis], flow, 0)
    magnitude = np.hypot(flow[..., 0], flow[..., 1])
    if max_magnitude is None:
        max_magnitude = largest_magnitude(flow)
    if not 0 < max_magnitude < np.inf:
        raise ValueError(
            "max_magnitude must be a finite number of pixels above 0, got %r" % max_magnitude
        )
    image = _shade(_hue(flow), magnitude / max_magnitude)
    image[~valid] = 0
    return image


def color_wheel(size: int) -> np.ndarray:
    """The legend of `flow_to_color`: the colours of the motion from the centre to each pixel.

    Args:
        size: The width and height in pixels, at least 1.

    Returns:
        [size, size, 3] uint8 RGB: full colour at the rim of the disc, white outside.

    Raises:
        ValueError: The size is below 1.
    """
    if size < 1:
        raise ValueError("The size of a colour wheel must be at least 1 pixel, got %r" % size)
    axis = (np.arange(size) - (size - 1) / 2) / (size / 2)
    flow = np.stack(np.meshgrid(axis, axis), axis=-1)
    image = flow_to_color(flow, max_magnitude=1.0)
    image[np.hypot(flow[..., 0], flow[..., 1]) > 1] = 255
    return image


def error_to_color(
    epe: np.ndarray, ground_truth_magnitude: np.ndarray, valid: np.ndarray | None
) -> np.ndarray:
    """Shows end-point errors in the logarithmic steps of KITTI's development kit of 2015.

    The steps are of min(epe / 3, epe / magnitude / 0.05): blue tones for pixels that KITTI's Fl
    counts as correct, yellow to red for outliers.

    Args:
        epe: [H, W], floating, pixels.
        ground_truth_magnitude: [H, W], floating, pixels.
        valid: [H, W], non-zero = valid; None is everywhere.

    Returns:
        [H, W, 3] uint8 RGB, black where it is not valid.

    Raises:
        ValueError: The shapes differ.
    """
    epe = np.asarray(epe, np.float64)
    magnitude = np.asarray(ground_truth_magnitude, np.float64)
    if epe.ndim != 2 or epe.shape != magnitude.shape:
        raise ValueError(
            "epe and ground_truth_magnitude must have one shape [H, W], got %s and %s"
            % (epe.shape, magnitude.shape)
        )
    valid = as_mask(valid, epe.shape)
    epe, magnitude = epe[valid], magnitude[valid]
    relative = np.divide(
        epe, magnitude * FL_FRACTION, out=np.full_like(epe, np.inf), where=magnitude > 0
    )
    step = np.searchsorted(KITTI_BINS, np.minimum(epe / FL_PIXELS, relative), side="right")
    image = np.zeros(valid.shape + (3,), np.uint8)
    image[valid] = KITTI_COLORS[step]
    return image


def _hue(flow: np.ndarray) -> np.ndarray:
    """[H, W, 2] to [H, W, 3], 0..1: between the two nearest of the 55 hues."""
    position = (np.arctan2(-flow[..., 1], -flow[..., 0]) / np.pi + 1) / 2 * (len(HUES) - 1)
    lower = position.astype(int)
    fraction = (position - lower)[..., np.newaxis]
    return ((1 - fraction) * HUES[lower] + fraction * HUES[(lower + 1) % len(HUES)]) / 255


def _shade(hue: np.ndarray, magnitude: np.ndarray) -> np.ndarray:
    """hue: [H, W, 3], 0..1; magnitude: [H, W], 1 = the maximum. Returns [H, W, 3] uint8."""
    magnitude = magnitude[..., np.newaxis]
    inside = 1 - np.minimum(magnitude, 1) * (1 - hue)
    return (255 * np.where(magnitude <= 1, inside, BEYOND_FACTOR * hue)).astype(np.uint8)
