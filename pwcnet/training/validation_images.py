"""Images of a prediction, to watch during training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Sequence

import cv2
import numpy as np

from pwcnet.flow.color_scale import clip_magnitude
from pwcnet.flow.colors import error_to_color, flow_to_color
from pwcnet.flow.drawing import shrink

if TYPE_CHECKING:
    from pwcnet.data.sample import LoadedSample

MAX_WIDTH = 512  # pixels
FIRST_LEVEL = 6  # of the pyramid, 1/64 of the input
GAP, GAP_GRAY = 3, 24  # between the levels: flow without motion is white


def validation_images(
    loaded: LoadedSample, flow: np.ndarray, pyramid: Sequence[np.ndarray]
) -> dict[str, np.ndarray]:
    """Draws a pair, its ground truth, the prediction, the error and every level of the pyramid.

    "ground_truth", "prediction" and "pyramid" have Middlebury's colours, full at the fastest valid
    pixel of the ground truth and beyond; "error" has KITTI's, black where there is no ground truth.

    Args:
        loaded: The pair, with ground truth.
        flow: The prediction [H, W, 2] float32 in pixels, channels (u, v).
        pyramid: The flows [h, w, 2] float32 of levels 6, 5, ..., each in pixels of its level, of
            the padded frames that the network saw.

    Returns:
        [H', W', 3] uint8 RGB by name: frame1, frame2, ground_truth, prediction, error, pyramid; W'
        is at most 512.

    Raises:
        ValueError: The pair has no ground truth, or flow has another size.
    """
    if loaded.flow is None:
        raise ValueError("expected a pair with ground truth, got one without")
    if flow.shape != loaded.flow.shape:
        raise ValueError(
            "expected flow of the ground truth's shape %s, got %s; remove its padding first"
            % (loaded.flow.shape, flow.shape)
        )
    valid: np.ndarray = loaded.valid
    ground_truth = np.where(valid[..., np.newaxis], loaded.flow, np.float32(0))
    speed = np.hypot(ground_truth[..., 0], ground_truth[..., 1])
    scale = float(speed.max()) or 1.0
    error = np.hypot(*np.moveaxis(flow - ground_truth, -1, 0))
    return {
        "frame1": shrink(loaded.frame1, MAX_WIDTH),
        "frame2": shrink(loaded.frame2, MAX_WIDTH),
        "ground_truth": shrink(flow_to_color(ground_truth, scale, valid), MAX_WIDTH, valid),
        "prediction": shrink(_clipped_colors(flow, scale), MAX_WIDTH),
        "error": shrink(error_to_color(error, speed, valid), MAX_WIDTH, valid),
        "pyramid": _levels(pyramid, scale),
    }


def _clipped_colors(flow: np.ndarray, scale: float) -> np.ndarray:
    return flow_to_color(clip_magnitude(flow, scale), scale)


def _levels(pyramid: Sequence[np.ndarray], scale: float) -> np.ndarray:
    """The levels side by side, coarse to fine, in cells of one size."""
    height, width = pyramid[-1].shape[:2]
    cell = (MAX_WIDTH - GAP * (len(pyramid) - 1)) // len(pyramid)
    size = cell, max(1, int(round(cell * height / width)))
    row = []
    for level, flow in zip(range(FIRST_LEVEL, 0, -1), pyramid):
        colors = _clipped_colors(flow * np.float32(2**level), scale)
        row += [
            cv2.resize(colors, size, interpolation=cv2.INTER_NEAREST),
            np.full((size[1], GAP, 3), GAP_GRAY, np.uint8),
        ]
    return np.concatenate(row[:-1], axis=1)
