"""Crop, flips, shift and zoom of a training pair (NumPy and OpenCV).

Each step takes a `LoadedSample` with ground truth and returns a new one, without the occlusion and
foreground masks, which training does not use. Deviation from tfoptflow: pixels whose flow would be
made up are marked invalid, and unknown or sparse flow is never blended into its neighbours.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from pwcnet.data.sample import LoadedSample


def random_crop(
    sample: LoadedSample, size: tuple[int, int], random: np.random.RandomState
) -> LoadedSample:
    """A window of (height, width), anywhere in the frame with equal probability.

    Raises:
        ValueError: where the window does not fit.
    """
    height, width = size
    full_height, full_width = sample.valid.shape
    if not (0 < height <= full_height and 0 < width <= full_width):
        raise ValueError(
            "expected a crop within the frame's %dx%d (height x width), got %dx%d"
            % (full_height, full_width, height, width)
        )
    top, left = random.randint(full_height - height + 1), random.randint(full_width - width + 1)
    return LoadedSample(*(array[top : top + height, left : left + width] for array in sample[:4]))


def flip_left_right(sample: LoadedSample) -> LoadedSample:
    """Mirrors columns; u changes sign."""
    return _flipped(sample, 1, 0)


def flip_up_down(sample: LoadedSample) -> LoadedSample:
    """Mirrors rows; v changes sign."""
    return _flipped(sample, 0, 1)


def translate(sample: LoadedSample, shift_x: int, shift_y: int) -> LoadedSample:
    """Moves frame 2 by whole pixels, fills with zeros, and adds the shift to valid flow.

    No pixel loses validity: the flow belongs to frame 1, which stays, and a target that moved out
    of the frame, or into the zeros, is still where that pixel went. Values of invalid pixels stay
    as they are, so that the zeros of sparse flow do not come to look like motion.

    Args:
        sample: with ground truth.
        shift_x: pixels, right positive.
        shift_y: pixels, down positive.
    """
    height, width = sample.valid.shape
    moved = np.zeros_like(sample.frame2)
    to_y, from_y = _overlap(shift_y, height)
    to_x, from_x = _overlap(shift_x, width)
    moved[to_y, to_x] = sample.frame2[from_y, from_x]
    flow, unknown = sample.flow + np.array([shift_x, shift_y], np.float32), ~sample.valid
    flow[unknown] = sample.flow[unknown]
    return LoadedSample(sample.frame1, moved, flow, sample.valid)


def scale(sample: LoadedSample, factor: float, sparse: bool = False) -> LoadedSample:
    """Zooms both frames about the centre, keeping their size, and multiplies the flow by `factor`.

    Where zooming out leaves a border, it is zero and invalid. Invalid flow is zero afterwards. As
    in tfoptflow the zoomed window has whole pixels, so the ratio of the frames differs from
    `factor` by up to one pixel in the frame's size.

    Args:
        sample: with ground truth.
        factor: above 1 enlarges.
        sparse: True takes each pixel's nearest flow, unmixed. False interpolates, and a pixel is
            valid only if all that its interpolation reads is.

    Raises:
        ValueError: for a factor that leaves nothing.
    """
    axes = [_zoom_axis(size, factor) for size in sample.valid.shape]
    flow, valid = (_nearest_flow if sparse else _linear_flow)(sample.flow, sample.valid, axes)
    flow = flow * np.float32(factor)
    flow[~valid] = 0
    frames = _linear(sample.frame1, axes), _linear(sample.frame2, axes)
    return LoadedSample(*(_placed(array, axes) for array in frames + (flow, valid)))


class _Zoom(NamedTuple):
    """Along one axis: source[start:stop] is resized to `size`, and begins at `offset` of `full`."""

    start: int
    stop: int
    size: int
    offset: int
    full: int


def _zoom_axis(full, factor):
    size = int(full * factor) if 0.0 < factor < float("inf") else 0
    if size < 1:
        raise ValueError(
            "expected a factor that leaves at least one pixel of %d, got %r" % (full, factor)
        )
    first = max(0, size - full) // 2
    start, stop = int(first / factor), min(full, int((first + full) / factor))
    return _Zoom(start, max(stop, start + 1), min(size, full), (full - min(size, full)) // 2, full)


def _linear(array, axes):
    rows, columns = axes
    return cv2.resize(
        array[rows.start : rows.stop, columns.start : columns.stop],
        (columns.size, rows.size),
        interpolation=cv2.INTER_LINEAR,
    )


def _linear_flow(flow, valid, axes):
    # Unknown values may be NaN, which even a weight of zero would spread.
    known = np.where(valid[..., None], flow, np.float32(0))
    return _linear(known, axes), _linear((~valid).astype(np.float32), axes) == 0


def _nearest_flow(flow, valid, axes):
    # Not cv2.INTER_NEAREST, which aligns corners where INTER_LINEAR aligns centres: half a pixel
    # between flow and frames.
    rows, columns = (
        z.start + np.floor((np.arange(z.size) + 0.5) * (z.stop - z.start) / z.size).astype(int)
        for z in axes
    )
    window = np.ix_(rows, columns)
    return flow[window], valid[window]


def _placed(array, axes):
    rows, columns = axes
    placed = np.zeros((rows.full, columns.full) + array.shape[2:], array.dtype)
    placed[
        rows.offset : rows.offset + rows.size, columns.offset : columns.offset + columns.size
    ] = array
    return placed


def _flipped(sample, axis, channel):
    """Along cv2.flip's axis (1 for columns), with the flow channel that changes sign."""
    arrays = sample.frame1, sample.frame2, sample.flow, sample.valid.view(np.uint8)
    frame1, frame2, flow, valid = (cv2.flip(array, axis) for array in arrays)
    flow[..., channel] *= -1
    return LoadedSample(frame1, frame2, flow, valid.view(np.bool_))


def _overlap(shift, size):
    """(slice to write, slice to read) of an axis moved by `shift`; empty where nothing is left."""
    shift = max(-size, min(size, shift))
    return slice(max(0, shift), size + min(0, shift)), slice(max(0, -shift), size - max(0, shift))
