"""Random changes of a training pair that keep its ground truth right (NumPy and OpenCV).

Each step takes a `LoadedSample` with ground truth and returns a new one, without the occlusion and
foreground masks, which training does not use. The order and the probabilities are those of
tfoptflow. Deviation from tfoptflow: pixels whose flow would be made up are marked invalid, and
unknown or sparse flow is never blended into its neighbours. Beyond tfoptflow, and off by default:
affine changes instead of the crop (`affine`), then, last, colours (`photometric`) and the eraser
(`eraser`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import cv2
import numpy as np

from pwcnet._checks import require
from pwcnet.data.augment.affine import AffineOptions, random_maps, transform
from pwcnet.data.augment.eraser import EraserOptions, erase
from pwcnet.data.augment.photometric import PhotometricOptions, jitter_colors
from pwcnet.data.sample import LoadedSample


@dataclass(frozen=True)
class AugmentOptions:
    """How often (probabilities in 0..1) and how far.

    Attributes:
        flip_left_right, flip_up_down, translate, scale: how often these steps occur.
        shift: largest translation, as a share of the frame's size on that axis.
        zoom: factors are drawn from 1 - zoom to 1 + zoom.
        sparse_below: flow with a smaller share of valid pixels is sparse, and scaled by taking the
            nearest pixel.
        affine, photometric, eraser: options of these steps; None leaves them out. Photometric
            changes and the eraser draw their random numbers last, so that they leave the rest of a
            sample as it is without them.

    Raises:
        ValueError: for values out of range.
    """

    flip_left_right: float = 0.5
    flip_up_down: float = 0.5
    translate: float = 0.5
    shift: float = 0.05
    scale: float = 0.5
    zoom: float = 0.05
    sparse_below: float = 0.75
    affine: AffineOptions | None = None
    photometric: PhotometricOptions | None = None
    eraser: EraserOptions | None = None

    def __post_init__(self):
        for name in ("flip_left_right", "flip_up_down", "translate", "scale", "sparse_below"):
            require(0.0 <= getattr(self, name) <= 1.0, "%s in 0..1" % name, getattr(self, name))
        for name in ("shift", "zoom"):
            require(
                0.0 <= getattr(self, name) < 1.0, "%s in 0..1, below 1" % name, getattr(self, name)
            )
        for name, kind in (
            ("affine", AffineOptions),
            ("photometric", PhotometricOptions),
            ("eraser", EraserOptions),
        ):
            value = getattr(self, name)
            known = isinstance(value, (kind, type(None)))
            require(known, "%s as %s or None" % (name, kind.__name__), value)


def sample_random(seed: int, number: int) -> np.random.RandomState:
    """The random numbers of the number-th sample of a run.

    They are the same whatever worker draws them, and in whatever order.

    Args:
        seed: whole number in 0..2^32-1.
        number: whole number in 0..2^32-1.

    Raises:
        ValueError: for other numbers.
    """
    for value in (seed, number):
        if value != int(value) or not 0 <= value < 2**32:
            raise ValueError(
                "expected seed and sample number in 0..2^32-1, got %r and %r" % (seed, number)
            )
    return np.random.RandomState([int(seed), int(number)])


def augment(
    sample: LoadedSample,
    crop_size: tuple[int, int] | None,
    random: np.random.RandomState,
    options: AugmentOptions | None = None,
) -> LoadedSample:
    """A random crop, flipped, translated and scaled at random, in this order.

    Then, where the options say so, it is recoloured and partly erased.

    Args:
        sample: with ground truth.
        crop_size: (height, width), or None for the whole frame.
        random: draws all changes.
        options: None for the defaults.

    Returns:
        A sample of the crop's size.

    Raises:
        ValueError: where the crop does not fit, or the arrays of the sample do not.
    """
    options = options or AugmentOptions()
    _check_arrays(sample)
    sample = LoadedSample(*sample[:4])
    if options.affine:
        size = crop_size or sample.valid.shape
        maps = random_maps(options.affine, sample.valid.shape, size, random)
        sample = transform(sample, size, *maps, sparse=_is_sparse(sample, options))
    elif crop_size is not None:
        sample = random_crop(sample, crop_size, random)
    if random.uniform() < options.flip_left_right:
        sample = flip_left_right(sample)
    if random.uniform() < options.flip_up_down:
        sample = flip_up_down(sample)
    if random.uniform() < options.translate:
        width, height = sample.valid.shape[::-1]
        shift_x = _random_shift(width, options.shift, random)
        sample = translate(sample, shift_x, _random_shift(height, options.shift, random))
    if random.uniform() < options.scale:
        factor = random.uniform(1.0 - options.zoom, 1.0 + options.zoom)
        sample = scale(sample, factor, _is_sparse(sample, options))
    if options.photometric:
        frames = jitter_colors(sample.frame1, sample.frame2, options.photometric, random)
        sample = sample._replace(frame1=frames[0], frame2=frames[1])
    if options.eraser:
        sample = sample._replace(frame2=erase(sample.frame2, options.eraser, random))
    return sample


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

    No pixel loses validity: the flow belongs to frame 1, which stays, and a target that moved out of
    the frame, or into the zeros, is still where that pixel went. Values of invalid pixels stay as
    they are, so that the zeros of sparse flow do not come to look like motion.

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

    Where zooming out leaves a border, it is zero and invalid. Invalid flow is zero afterwards. As in
    tfoptflow the zoomed window has whole pixels, so the ratio of the frames differs from `factor` by
    up to one pixel in the frame's size.

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


def _random_shift(size, share, random):
    largest = int(share * size)
    return random.randint(-largest, largest + 1)


def _is_sparse(sample: LoadedSample, options: AugmentOptions) -> Any:
    return sample.valid.mean() < options.sparse_below


def _check_arrays(sample):
    arrays = sample[:4]
    if any(array is None for array in arrays):
        raise ValueError("expected a sample with ground truth, got one without")
    size = sample.valid.shape
    expected = (size + (3,), size + (3,), size + (2,), size)
    types = (np.uint8, np.uint8, np.float32, np.bool_)
    if (
        len(size) != 2
        or tuple(array.shape for array in arrays) != expected
        or any(array.dtype != kind for array, kind in zip(arrays, types))
    ):
        raise ValueError(
            "expected frames [H, W, 3] uint8, flow [H, W, 2] float32 and valid [H, W] bool, of one "
            "size, got %s" % ", ".join("%s %s" % (list(a.shape), a.dtype) for a in arrays)
        )
