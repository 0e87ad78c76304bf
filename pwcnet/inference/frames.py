"""Frames and pairs as a caller has them: checked, and converted to RGB in 0..1."""

from __future__ import annotations

import logging
from typing import Any, Sequence

import numpy as np

log = logging.getLogger(__name__)
_warned_ranges: set[float] = set()  # the ranges of which a frame has been warned of

KINDS = (
    "a frame is uint8 0..255 or float 0..1, grey [H, W] or [H, W, 1], RGB [H, W, 3] or "
    "RGBA [H, W, 4]"
)


def frames_of(pair: Any) -> tuple[Any, Any]:
    """Returns the two frames of a pair.

    Args:
        pair: An object with `frame1` and `frame2` (pwcnet.io.frame_pairs.Pair, for example), or a
            tuple of two arrays.

    Raises:
        ValueError: The pair is neither.
    """
    if hasattr(pair, "frame1") and hasattr(pair, "frame2"):
        return pair.frame1, pair.frame2
    try:
        frame1, frame2 = pair
    except (TypeError, ValueError):
        raise ValueError(
            "A pair is a tuple of two arrays or an object with frame1 and frame2; this is a %s"
            % type(pair).__name__
        )
    return frame1, frame2


def checked_frame(frame: Any, value_range: float = 1.0, name: str = "frame") -> np.ndarray:
    """Converts a frame to three channels.

    Args:
        frame: As of `rgb_frame`.
        value_range: The value of white in floating frames.
        name: What error messages call the frame.

    Returns:
        [H, W, 3] RGB: uint8 where the frame is, else float32 in 0..1.

    Raises:
        ValueError: The frame has another shape or type, or values outside of its range.
    """
    array = np.asarray(frame)
    planes = array[..., np.newaxis] if array.ndim == 2 else array
    is_float = np.issubdtype(array.dtype, np.floating)
    if not (
        (array.dtype == np.uint8 or is_float)
        and planes.ndim == 3
        and planes.shape[2] in (1, 3, 4)
        and planes.size
    ):
        raise ValueError(
            "%s has shape %s and type %s; %s" % (name, list(array.shape), array.dtype, KINDS)
        )
    planes = planes[..., :3]
    if is_float:
        check_range(planes, value_range, name)
        planes = np.asarray(planes, np.float32) / value_range
    return np.repeat(planes, 3, axis=2) if planes.shape[2] == 1 else planes


def rgb_frame(frame: Any, value_range: float = 1.0, name: str = "frame") -> np.ndarray:
    """Converts a frame to what the network takes, without padding.

    Args:
        frame: [H, W] or [H, W, 1] grey, [H, W, 3] RGB or [H, W, 4] RGBA, whose alpha is dropped;
            uint8 in 0..255 or floating in 0..value_range.
        value_range: The value of white in floating frames.
        name: What error messages call the frame.

    Returns:
        [H, W, 3] float32 RGB in 0..1.

    Raises:
        ValueError: As `checked_frame`.
    """
    rgb = checked_frame(frame, value_range, name)
    return np.asarray(rgb, np.float32) / 255 if rgb.dtype == np.uint8 else rgb


def rgb_pair(pair: Any, value_range: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Converts both frames of a pair as `rgb_frame` does, and checks that they have one size."""
    frame1, frame2 = frames_of(pair)
    rgb1 = rgb_frame(frame1, value_range, "frame1")
    rgb2 = rgb_frame(frame2, value_range, "frame2")
    check_same_size(rgb1, rgb2)
    return rgb1, rgb2


def check_same_sizes(frames: Sequence[np.ndarray]) -> None:
    """Raises ValueError where there is no frame, or where frames [H, W, C] differ in size."""
    if not frames:
        raise ValueError("There are no pairs to predict the flow of")
    for number, frame in enumerate(frames, 1):
        if frame.shape[:2] != frames[0].shape[:2]:
            raise ValueError(
                "Pair %d has frames of %dx%d pixels (height x width), pair 1 has frames of "
                "%dx%d; all pairs of one call must have one size"
                % ((number,) + frame.shape[:2] + frames[0].shape[:2])
            )


def check_same_size(frame1: np.ndarray, frame2: np.ndarray) -> None:
    """Raises ValueError unless two frames [H, W, C] have the same height and width."""
    if frame1.shape[:2] != frame2.shape[:2]:
        raise ValueError(
            "frame2 has %dx%d pixels (height x width), frame1 has %dx%d; both frames must have one "
            "size" % (frame2.shape[:2] + frame1.shape[:2])
        )


def check_range(array: np.ndarray, value_range: float, name: str) -> None:
    """Checks what the values of a floating frame betray about their range.

    Values that are never beyond value_range / 255 are warned of once: they are those of a frame
    that was divided by 255 twice, unless it is almost black.

    Args:
        array: Of any shape, at least one value.
        value_range: The value of white.
        name: What messages call the frame.

    Raises:
        ValueError: Values are not finite, or outside of 0..value_range.
    """
    low, high = float(array.min()), float(array.max())
    if not np.isfinite([low, high]).all():  # a NaN anywhere makes both NaN
        raise ValueError("%s holds NaN or infinite values" % name)
    if low < 0 or high > value_range:
        raise ValueError(
            "%s holds values from %g to %g; floating frames are in 0..%g (uint8 frames are in "
            "0..255; Predictor(value_range=255) takes floating frames in 0..255)"
            % (name, low, high, value_range)
        )
    if 0 < high <= value_range / 255:
        _warn_of_darkness("%s holds no value above %g" % (name, high), value_range)


def _warn_of_darkness(fact: str, value_range: float) -> None:
    if value_range not in _warned_ranges:
        _warned_ranges.add(value_range)
        log.warning(
            "%s, where white is %g: almost black, or divided by 255 once too often",
            fact,
            value_range,
        )
