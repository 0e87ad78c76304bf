"""Pairs whose flow is computed at another size than that of their frames."""

from __future__ import annotations

from typing import Any, Iterable, Iterator, NamedTuple

import cv2
import numpy as np

NO_MEMORY = -4  # cv2.Error.StsNoMem


class Pair(NamedTuple):
    """Two frames.

    Attributes:
        name: A name for files, without an extension.
        frame1: [H, W, 3] uint8 RGB.
        frame2: [H, W, 3] uint8 RGB, of the same size.
    """

    name: str
    frame1: np.ndarray
    frame2: np.ndarray


class ScaledPair(NamedTuple):
    """Two frames at the size to compute at, and the pair at the size of its files.

    Attributes:
        name: A name for files, without an extension.
        frame1: [h, w, 3] uint8 RGB.
        frame2: [h, w, 3] uint8 RGB.
        original: The frames as they were read, [H, W, 3].
    """

    name: str
    frame1: np.ndarray
    frame2: np.ndarray
    original: Pair


def scaled_frame(frame: np.ndarray, scale: float) -> np.ndarray:
    """A frame smaller or larger.

    Args:
        frame: [H, W, 3] uint8 RGB.
        scale: The factor of its sides.

    Returns:
        [h, w, 3] uint8 RGB; the frame itself for 1.
    """
    if scale == 1:
        return frame
    height, width = (max(1, int(round(side * scale))) for side in frame.shape[:2])
    return resized_frame(frame, height, width)


def resized_frame(frame: np.ndarray, height: int, width: int) -> np.ndarray:
    """A frame at another size: averaged where it becomes smaller, cubic where it becomes larger.

    Args:
        frame: [h, w, 3] RGB, uint8 or float32 in 0..1.
        height: H.
        width: W.

    Returns:
        [H, W, 3] of the same type and range.

    Raises:
        MemoryError: There is too little memory for it.
        ValueError: OpenCV makes no frames of this size.
    """
    smaller = height * width < frame.shape[0] * frame.shape[1]
    interpolation = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    try:
        resized = cv2.resize(frame, (width, height), interpolation=interpolation)
    except cv2.error as error:
        kind = MemoryError if error.code == NO_MEMORY else ValueError
        raise kind(
            "a frame of %dx%d pixels (height x width): %s" % (height, width, error.err)
        ) from error
    return resized if frame.dtype == np.uint8 else np.clip(resized, 0, 1)


def resized_flow(flow: np.ndarray, height: int, width: int) -> np.ndarray:
    """Flow at another size, in pixels of that size.

    Args:
        flow: [h, w, 2] float32, pixels, channels (u, v).
        height: H.
        width: W.

    Returns:
        [H, W, 2] float32, pixels; the flow itself where the size is its own.
    """
    if flow.shape[:2] == (height, width):
        return flow
    factors = np.array([width / flow.shape[1], height / flow.shape[0]], np.float32)
    return cv2.resize(flow, (width, height), interpolation=cv2.INTER_LINEAR) * factors


def full_size_flows(predictions: Iterable[Any]) -> Iterator[Any]:
    """Gives back predictions of scaled pairs at the size of their files.

    Args:
        predictions: (pair, flow, ...) of pairs and flows [h, w, 2]; pairs that are not scaled
            pass through.

    Yields:
        (original pair, flow [H, W, 2] in its pixels, ...).
    """
    for pair, *flows in predictions:
        original = getattr(pair, "original", pair)
        size = original.frame1.shape[:2]
        yield (original, *(resized_flow(flow, *size) for flow in flows))
