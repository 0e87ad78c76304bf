"""Occluded pixels: from forward-backward consistency, and the distance to their boundaries."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import distance_transform_edt

from pwcnet.flow.consistency import round_trip
from pwcnet.flow.warping import leaves_frame

# Sundaram, Brox, Keutzer, Dense Point Trajectories by GPU-accelerated Large Displacement Optical
# Flow, ECCV 2010, equation 5: a share of the squared motions, and squared pixels.
RELATIVE_LIMIT, ABSOLUTE_LIMIT = 0.01, 0.5


def forward_backward_occlusion(forward: np.ndarray, backward: np.ndarray) -> np.ndarray:
    """Finds occluded pixels by the consistency of forward and backward flow (Sundaram et al. 2010).

    A pixel x is occluded where |f(x) + b(x + f(x))|^2 >= 0.01 (|f(x)|^2 + |b(x + f(x))|^2) + 0.5.

    Args:
        forward: [H, W, 2], floating, pixels, channels (u, v), f from frame 1 to frame 2.
        backward: [H, W, 2], floating, pixels, channels (u, v), b from frame 2 to frame 1; read
            bilinearly between its pixels.

    Returns:
        [H, W] bool, on the pixels of frame 1. Pixels that leave the frame, whose bounds are the
        centres of its outermost pixels, are occluded, and so are pixels whose flow, or the flow at
        their target, is unknown.

    Raises:
        ValueError: The shapes differ or are others.
    """
    trip = round_trip(forward, backward)
    gap = np.square(trip.forward + trip.back).sum(axis=-1)
    motions = np.square(trip.forward).sum(axis=-1) + np.square(trip.back).sum(axis=-1)
    inconsistent = gap >= RELATIVE_LIMIT * motions + ABSOLUTE_LIMIT
    return leaves_frame(trip.forward) | ~trip.known | inconsistent


def occlusion_distance(occlusions: np.ndarray) -> np.ndarray:
    """The Euclidean distance of each pixel to the nearest occlusion boundary.

    The boundary consists of every pixel, on either side, whose mask differs from that of the pixel
    above, below, left or right; its distance is 0. The border of the frame is no boundary.

    Args:
        occlusions: [H, W], non-zero = occluded.

    Returns:
        [H, W] float64, pixels; infinity where there is no boundary.

    Raises:
        ValueError: The shape is another one.
    """
    occluded = np.asarray(occlusions) != 0
    if occluded.ndim != 2:
        raise ValueError("occlusions must have the shape [H, W], got %s" % (occluded.shape,))
    boundary = np.zeros(occluded.shape, bool)
    vertical, horizontal = occluded[1:] != occluded[:-1], occluded[:, 1:] != occluded[:, :-1]
    boundary[1:] |= vertical
    boundary[:-1] |= vertical
    boundary[:, 1:] |= horizontal
    boundary[:, :-1] |= horizontal
    return distance_transform_edt(~boundary) if boundary.any() else np.full(occluded.shape, np.inf)
