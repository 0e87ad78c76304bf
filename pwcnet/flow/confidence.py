"""Confidence of predicted flow, from the consistency of both directions.

The probability that the flow is within 1 pixel of the ground truth, by d, the mean of
|f(x) + b(x + f(x))| around the pixel: 1 / (1 + (d / HALF) ** SLOPE), a logistic function of log d.
The constants come from generated scenes with the shipped weights in one pass: `python
docs/make_confidence_table.py --fit`. Other weights and levels may be more or less sure.
"""

from __future__ import annotations

import cv2
import numpy as np

from pwcnet.flow.consistency import RoundTrip, round_trip
from pwcnet.flow.warping import leaves_frame

WINDOW = 13  # side in pixels of the square that d is the mean of
HALF, SLOPE = 1.08, 1.57  # pixels of d at a confidence of a half; the exponent
# What leaves the frame by half a pixel or more, beyond its outermost pixels, has nothing to be
# compared with: the confidence there is at most the share that is within 1 pixel all the same.
LEAVING, MARGIN = 0.43, 0.5


def flow_confidence(forward: np.ndarray, backward: np.ndarray) -> np.ndarray:
    """Estimates how likely the forward flow is within 1 pixel of the ground truth.

    Args:
        forward: [H, W, 2], floating, pixels, channels (u, v), f from frame 1 to frame 2.
        backward: [H, W, 2], floating, pixels, channels (u, v), b from frame 2 to frame 1.

    Returns:
        [H, W] float32 in 0..1, on the pixels of frame 1. At most LEAVING where the flow leaves the
        frame; 0 where the flow, or the flow at its target, is unknown.

    Raises:
        ValueError: The shapes differ or are others.
    """
    trip = round_trip(forward, backward)
    leaving = leaves_frame(trip.forward, MARGIN)
    distance = mean_inconsistency(trip, trip.known & ~leaving)
    confidence = 1 / (1 + (distance / np.float32(HALF)) ** np.float32(SLOPE))
    confidence[leaving] = np.minimum(confidence[leaving], LEAVING)
    confidence[~trip.known] = 0
    return confidence


def mean_inconsistency(trip: RoundTrip, counted: np.ndarray) -> np.ndarray:
    """The mean of |f(x) + b(x + f(x))| over the pixels around each pixel that count.

    Args:
        trip: Of both flows.
        counted: [H, W] bool.

    Returns:
        [H, W] float32, pixels; 0 where none counts.
    """
    gap = trip.forward + trip.back
    inconsistency = np.hypot(gap[..., 0], gap[..., 1]) * counted
    total, count = (
        cv2.boxFilter(
            array.astype(np.float32),
            -1,
            (WINDOW, WINDOW),
            normalize=False,
            borderType=cv2.BORDER_CONSTANT,
        )
        for array in (inconsistency, counted)
    )
    return np.maximum(total, 0) / np.maximum(count, 1)
