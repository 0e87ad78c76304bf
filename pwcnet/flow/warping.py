"""Images and flow read along a flow."""

from __future__ import annotations

from typing import Tuple

import cv2
import numpy as np

Area = Tuple[slice, slice]  # rows, columns
STEPS = 32  # OpenCV reads at multiples of 1/32 pixel
TALLEST = 32766  # rows or columns that cv2.remap takes


def on_grid(flow: np.ndarray) -> np.ndarray:
    """Rounds a flow to multiples of 1/32 pixel, along which `warp` is exact.

    Args:
        flow: [H, W, 2] float32, pixels.
    """
    return np.round(flow * np.float32(STEPS)) / np.float32(STEPS)


def warp(image: np.ndarray, flow: np.ndarray, area: Area | None = None) -> np.ndarray:
    """Reads an image where a flow leads to: out(x) = image(x + flow(x)).

    Args:
        image: [H, W] or [H, W, C], uint8 or float32.
        flow: [h, w, 2] float32, pixels, channels (u, v), of the area.
        area: (rows, columns) of the image that the flow belongs to; None for the whole.

    Returns:
        [h, w] or [h, w, C], as image, read bilinearly; outside of the image, the nearest pixel of
        its border is taken. OpenCV rounds the place to 1/32 pixel.

    Raises:
        ValueError: The sizes differ, or are more than 32766 pixels.
    """
    rows, columns = area or (slice(0, image.shape[0]), slice(0, image.shape[1]))
    size = rows.stop - rows.start, columns.stop - columns.start
    if flow.shape != size + (2,):
        raise ValueError(
            "A flow of %dx%d pixels (height x width) does not fit an image of %dx%d"
            % (flow.shape[:2] + size)
        )
    if max(image.shape[:2]) > TALLEST:
        raise ValueError("Images to be warped have at most %d rows and columns" % TALLEST)
    x = np.arange(columns.start, columns.stop, dtype=np.float32) + flow[..., 0]
    y = np.arange(rows.start, rows.stop, dtype=np.float32)[:, np.newaxis] + flow[..., 1]
    return cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def compose(residual: np.ndarray, flow: np.ndarray, area: Area | None = None) -> np.ndarray:
    """Adds two steps to one flow: out(x) = residual(x) + flow(x + residual(x)).

    Args:
        residual: [h, w, 2] float32, pixels, of the area, from frame 1 to frame 2 as `warp` reads it
            along the flow.
        flow: [H, W, 2] float32, pixels.
        area: As of `warp`.

    Returns:
        [h, w, 2] float32, pixels, from frame 1 to frame 2.
    """
    return residual + warp(flow, residual, area)


def leaves_frame(flow: np.ndarray, margin: float = 0.0) -> np.ndarray:
    """Finds the pixels whose flow leads out of the frame.

    Args:
        flow: [H, W, 2], pixels, channels (u, v).
        margin: Pixels by which the frame reaches beyond the centres of its outermost pixels.

    Returns:
        [H, W] bool.
    """
    height, width = flow.shape[:2]
    x = np.arange(width, dtype=np.float32) + flow[..., 0]
    y = np.arange(height, dtype=np.float32)[:, np.newaxis] + flow[..., 1]
    horizontal = (x < -margin) | (x > width - 1 + margin)
    return horizontal | (y < -margin) | (y > height - 1 + margin)
