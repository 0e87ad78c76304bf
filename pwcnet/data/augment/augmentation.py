"""Random changes of a training pair that keep its ground truth right (NumPy and OpenCV).

Each step takes an Example and returns a new one. The order and the probabilities are those of tfoptflow; what differs is the validity mask: pixels whose flow
would be made up are marked invalid, and unknown or sparse flow is never blended into its neighbours. Beyond tfoptflow, and off by default: affine changes in
the crop's place (pwcnet.data.augment.affine), then, last, colours (pwcnet.data.augment.photometric) and the eraser (pwcnet.data.augment.eraser).
"""

from dataclasses import dataclass
from typing import NamedTuple, Optional

import cv2
import numpy as np

from pwcnet.data.augment.affine import AffineOptions, random_maps, transform
from pwcnet.data.augment.eraser import EraserOptions, erase
from pwcnet.data.augment.photometric import PhotometricOptions, jitter


class Example(NamedTuple):
    """frame1, frame2: [H, W, 3] uint8 RGB. flow: [H, W, 2] float32, pixels, channels (u, v), from frame1 to frame2. valid: [H, W] bool, where flow is known."""

    frame1: np.ndarray
    frame2: np.ndarray
    flow: np.ndarray
    valid: np.ndarray


@dataclass(frozen=True)
class AugmentOptions:
    """How often (probabilities in 0..1) and how far.

    shift: largest translation as a share of the frame's size on that axis. zoom: factors are drawn from 1 - zoom to 1 + zoom.
    sparse_below: flow with a smaller share of valid pixels is sparse, and scaled by taking the nearest pixel.
    affine, photometric, eraser: None leaves these out. Photometric changes and the eraser draw last, so that they leave the rest of a sample as it is without.
    """

    flip_left_right: float = 0.5
    flip_up_down: float = 0.5
    translate: float = 0.5
    shift: float = 0.05
    scale: float = 0.5
    zoom: float = 0.05
    sparse_below: float = 0.75
    affine: Optional[AffineOptions] = None
    photometric: Optional[PhotometricOptions] = None
    eraser: Optional[EraserOptions] = None

    def __post_init__(self):
        for name in ("flip_left_right", "flip_up_down", "translate", "scale", "sparse_below"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ValueError("expected %s in 0..1, got %r" % (name, getattr(self, name)))
        for name in ("shift", "zoom"):
            if not 0.0 <= getattr(self, name) < 1.0:
                raise ValueError(
                    "expected %s in 0..1, below 1, got %r" % (name, getattr(self, name))
                )
        for name, kind in (
            ("affine", AffineOptions),
            ("photometric", PhotometricOptions),
            ("eraser", EraserOptions),
        ):
            if not isinstance(getattr(self, name), (kind, type(None))):
                raise ValueError(
                    "expected %s as %s or None, got %r" % (name, kind.__name__, getattr(self, name))
                )


def sample_random(seed, number):
    """The np.random.RandomState of the number-th sample of a run: the same whatever worker draws from it, and in whatever order.

    seed, number: whole numbers in 0..2^32-1. Raises ValueError.
    """
    for value in (seed, number):
        if value != int(value) or not 0 <= value < 2**32:
            raise ValueError(
                "expected seed and sample number in 0..2^32-1, got %r and %r" % (seed, number)
            )
    return np.random.RandomState([int(seed), int(number)])


def augment(example, crop_size, random, options=AugmentOptions()):
    """A crop of the example, flipped, translated and scaled at random, in this order; then, where the options say so, recoloured and partly erased.

    crop_size: (height, width), or None for the whole frame. random: np.random.RandomState. Returns an Example of the crop's size.
    Raises ValueError where the crop does not fit, or the arrays of the example do not.
    """
    _check_example(example)
    if options.affine:
        size = crop_size or example.valid.shape
        maps = random_maps(options.affine, example.valid.shape, size, random)
        example = transform(
            example, size, *maps, sparse=example.valid.mean() < options.sparse_below
        )
    elif crop_size is not None:
        example = random_crop(example, crop_size, random)
    if random.uniform() < options.flip_left_right:
        example = flip_left_right(example)
    if random.uniform() < options.flip_up_down:
        example = flip_up_down(example)
    if random.uniform() < options.translate:
        example = translate(
            example,
            *(_whole_shift(size, options.shift, random) for size in example.valid.shape[::-1]),
        )
    if random.uniform() < options.scale:
        sparse = example.valid.mean() < options.sparse_below
        example = scale(example, random.uniform(1.0 - options.zoom, 1.0 + options.zoom), sparse)
    if options.photometric:
        frame1, frame2 = jitter(example.frame1, example.frame2, options.photometric, random)
        example = example._replace(frame1=frame1, frame2=frame2)
    if options.eraser:
        example = example._replace(frame2=erase(example.frame2, options.eraser, random))
    return example


def random_crop(example, size, random):
    """A window of (height, width), anywhere in the frame with equal probability. Raises ValueError where it does not fit."""
    height, width = size
    full_height, full_width = example.valid.shape
    if not (0 < height <= full_height and 0 < width <= full_width):
        raise ValueError(
            "expected a crop within the frame's %dx%d (height x width), got %dx%d; try a smaller one"
            % (full_height, full_width, height, width)
        )
    top, left = random.randint(full_height - height + 1), random.randint(full_width - width + 1)
    return Example(*(array[top : top + height, left : left + width] for array in example))


def flip_left_right(example):
    """Mirrors columns; u changes sign."""
    return _flipped(example, 1, 0)


def flip_up_down(example):
    """Mirrors rows; v changes sign."""
    return _flipped(example, 0, 1)


def translate(example, shift_x, shift_y):
    """Moves frame 2 by whole pixels, right and down positive, fills with zeros, and adds the shift to valid flow.

    No pixel loses validity: the flow belongs to frame 1, which stays, and a target that moved out of the frame, or into the zeros, is still where that pixel
    went. Values of invalid pixels stay as they are, so that a sparse flow's zeros do not come to look like motion.
    """
    height, width = example.valid.shape
    moved = np.zeros_like(example.frame2)
    to_y, from_y = _overlap(shift_y, height)
    to_x, from_x = _overlap(shift_x, width)
    moved[to_y, to_x] = example.frame2[from_y, from_x]
    flow, unknown = example.flow + np.array([shift_x, shift_y], np.float32), ~example.valid
    flow[unknown] = example.flow[unknown]
    return example._replace(frame2=moved, flow=flow)


def scale(example, factor, sparse=False):
    """Zooms both frames about the centre, keeping their size, and multiplies the flow by `factor`; where zooming out leaves a border, it is zero and invalid.

    factor: above 1 enlarges. sparse: take each pixel's nearest flow, unmixed, rather than interpolate; else a pixel is valid only if all that its interpolation
    reads are. Invalid flow is zero afterwards. Raises ValueError for a factor that leaves nothing.

    As in tfoptflow the zoomed window has whole pixels, so the frames' own ratio differs from `factor` by up to one pixel in the frame's size.
    """
    axes = [_zoom_axis(size, factor) for size in example.valid.shape]
    flow, valid = (_nearest_flow if sparse else _linear_flow)(example.flow, example.valid, axes)
    flow = flow * np.float32(factor)
    flow[~valid] = 0
    return Example(
        *(
            _placed(array, axes)
            for array in (_linear(example.frame1, axes), _linear(example.frame2, axes), flow, valid)
        )
    )


class _Zoom(NamedTuple):
    """Along one axis: source[start:stop] is resized to `size` pixels, which begin at `offset` of `full`."""

    start: int
    stop: int
    size: int
    offset: int
    full: int


def _zoom_axis(full, factor):
    size = int(full * factor) if 0.0 < factor < float("inf") else 0
    if size < 1:
        raise ValueError(
            "expected a factor that leaves at least one pixel of %d, got %r; try one near 1"
            % (full, factor)
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
    known = np.where(
        valid[..., None], flow, np.float32(0)
    )  # unknown values may be NaN, which even a weight of zero would spread
    return _linear(known, axes), _linear((~valid).astype(np.float32), axes) == 0


def _nearest_flow(flow, valid, axes):
    # Not cv2.INTER_NEAREST, which aligns corners where INTER_LINEAR aligns centres: half a pixel between flow and frames.
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


def _flipped(example, axis, channel):
    """axis: cv2.flip's, 1 for columns. channel: of the flow, that changes sign."""
    frame1, frame2, flow, valid = (
        cv2.flip(array, axis) for array in example._replace(valid=example.valid.view(np.uint8))
    )
    flow[..., channel] *= -1
    return Example(frame1, frame2, flow, valid.view(np.bool_))


def _overlap(shift, size):
    """(slice to write, slice to read) of an axis moved by `shift`; both are empty where nothing is left in the frame."""
    shift = max(-size, min(size, shift))
    return slice(max(0, shift), size + min(0, shift)), slice(max(0, -shift), size - max(0, shift))


def _whole_shift(size, share, random):
    largest = int(share * size)
    return random.randint(-largest, largest + 1)


def _check_example(example):
    size = example.valid.shape
    expected = (size + (3,), size + (3,), size + (2,), size)
    types = (np.uint8, np.uint8, np.float32, np.bool_)
    if (
        len(size) != 2
        or tuple(array.shape for array in example) != expected
        or any(array.dtype != kind for array, kind in zip(example, types))
    ):
        raise ValueError(
            "expected frames [H, W, 3] uint8, flow [H, W, 2] float32 and valid [H, W] bool, of one size, got %s"
            % (", ".join("%s %s" % (list(array.shape), array.dtype) for array in example))
        )
