"""Flow and its errors as pictures: Middlebury's colour wheel and KITTI's error colours."""

import numpy as np

from pwcnet.flow.metrics import FL_FRACTION, FL_PIXELS
from pwcnet.io.flow_files import as_mask, valid_pixels

RED, YELLOW, GREEN, CYAN, BLUE, MAGENTA = (
    (255, 0, 0),
    (255, 255, 0),
    (0, 255, 0),
    (0, 255, 255),
    (0, 0, 255),
    (255, 0, 255),
)
WHEEL_RUNS = (
    (RED, YELLOW, 15),
    (YELLOW, GREEN, 6),
    (GREEN, CYAN, 4),
    (CYAN, BLUE, 11),
    (BLUE, MAGENTA, 13),
    (MAGENTA, RED, 6),
)
DARKENED = 0.75  # colours beyond the maximum
KITTI_BINS = (
    0.0625,
    0.125,
    0.25,
    0.5,
    1,
    2,
    4,
    8,
    16,
)  # upper ends, in multiples of the limits of Fl
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
)


def _hues():
    rows = []
    for start, end, steps in WHEEL_RUNS:
        for step in range(steps):
            moved = 255 * step // steps  # whole numbers, as Middlebury's program has them
            rows.append(
                [a + (moved if b > a else -moved if b < a else 0) for a, b in zip(start, end)]
            )
    return np.array(rows)


HUES = _hues()  # [55, 3], RGB 0..255


def flow_to_color(flow, max_magnitude=None, valid=None):
    """Direction as hue, speed as saturation (Baker et al., A Database and Evaluation Methodology for Optical Flow, 2011, and its colorcode.cpp).

    flow: [H, W, 2] floating, pixels, channels (u, v). max_magnitude: the speed of full colour in pixels, by default the largest valid one;
    give the same to several pictures to compare them. valid: [H, W] bool; unknown values (`valid_pixels`) are not valid in any case.
    Returns [H, W, 3] uint8 RGB: white without motion, darkened by 0.75 beyond the maximum, black where not valid.
    Raises ValueError for other shapes and for a maximum that is not a finite number above 0.
    """
    flow = np.asarray(flow, np.float64)
    if flow.ndim != 3 or flow.shape[2] != 2:
        raise ValueError(
            "expected flow of shape [H, W, 2], got %s; try one flow at a time" % (flow.shape,)
        )
    valid = valid_pixels(flow) & as_mask(valid, flow.shape[:2])
    flow = np.where(valid[..., np.newaxis], flow, 0)
    magnitude = np.hypot(flow[..., 0], flow[..., 1])
    if max_magnitude is None:
        max_magnitude = magnitude.max() if magnitude.any() else 1.0
    if not 0 < max_magnitude < np.inf:
        raise ValueError(
            "expected a max_magnitude above 0 pixels, got %r; try None for the largest of this flow"
            % max_magnitude
        )
    picture = _shade(_hue(flow), magnitude / max_magnitude)
    picture[~valid] = 0
    return picture


def largest_speed(flow):
    """The speed that is full colour where `flow_to_color` is given none, in pixels: the largest known one of flow [H, W, 2]; 1.0 where nothing moves."""
    known = np.asarray(flow, np.float64)[valid_pixels(flow)]
    return float(np.hypot(known[..., 0], known[..., 1]).max(initial=0.0)) or 1.0


def color_wheel(size):
    """The legend of `flow_to_color`: its colours for the motion from the centre to each pixel, full colour at the rim.

    Returns [size, size, 3] uint8 RGB, white outside the disc. ValueError for a size below 1.
    """
    if size < 1:
        raise ValueError("expected a size of at least 1 pixel, got %r; try 151" % size)
    axis = (np.arange(size) - (size - 1) / 2) / (size / 2)
    flow = np.stack(np.meshgrid(axis, axis), axis=-1)
    picture = flow_to_color(flow, max_magnitude=1.0)
    picture[np.hypot(flow[..., 0], flow[..., 1]) > 1] = 255
    return picture


def error_to_color(epe, truth_magnitude, valid):
    """Errors in KITTI's logarithmic steps (devkit 2015): blue tones for right pixels, yellow to red for what its Fl counts as wrong.

    epe, truth_magnitude: [H, W] floating, pixels. valid: [H, W] bool. The steps are of min(epe / 3, epe / truth_magnitude / 0.05).
    Returns [H, W, 3] uint8 RGB, black where not valid. Raises ValueError for shapes that differ.
    """
    epe, truth_magnitude = np.asarray(epe, np.float64), np.asarray(truth_magnitude, np.float64)
    if epe.ndim != 2 or epe.shape != truth_magnitude.shape:
        raise ValueError(
            "expected epe and truth_magnitude of one shape [H, W], got %s and %s; try maps of the same frame"
            % (epe.shape, truth_magnitude.shape)
        )
    valid = as_mask(valid, epe.shape)
    epe, truth_magnitude = epe[valid], truth_magnitude[valid]
    relative = np.divide(
        epe, truth_magnitude * FL_FRACTION, out=np.full_like(epe, np.inf), where=truth_magnitude > 0
    )
    picture = np.zeros(valid.shape + (3,), np.uint8)
    picture[valid] = KITTI_COLORS[
        np.searchsorted(KITTI_BINS, np.minimum(epe / FL_PIXELS, relative), side="right")
    ]
    return picture


def _hue(flow):
    """[H, W, 2] to [H, W, 3], 0..1: between the two nearest of the 55 hues."""
    position = (np.arctan2(-flow[..., 1], -flow[..., 0]) / np.pi + 1) / 2 * (len(HUES) - 1)
    lower = position.astype(int)
    fraction = (position - lower)[..., np.newaxis]
    return ((1 - fraction) * HUES[lower] + fraction * HUES[(lower + 1) % len(HUES)]) / 255


def _shade(hue, speed):
    """hue: [H, W, 3], 0..1; speed: [H, W], 1 = the maximum. Returns [H, W, 3] uint8."""
    speed = speed[..., np.newaxis]
    return (
        255 * np.where(speed <= 1, 1 - np.minimum(speed, 1) * (1 - hue), DARKENED * hue)
    ).astype(np.uint8)
