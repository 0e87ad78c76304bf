"""Random changes of a training pair that keep its ground truth right.

The order and the probabilities are those of tfoptflow. Beyond tfoptflow, and off by default: affine
changes instead of the crop (`affine`), then, last, colours (`photometric`) and the eraser
(`eraser`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pwcnet._checks import require
from pwcnet.data.augment.affine import AffineOptions, random_maps, transform
from pwcnet.data.augment.eraser import EraserOptions, erase
from pwcnet.data.augment.geometric import (
    flip_left_right,
    flip_up_down,
    random_crop,
    scale,
    translate,
)
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
