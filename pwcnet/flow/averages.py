"""Averages over the valid pixels of images, and over images."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pwcnet.io.flow_files import as_mask


class Mean(NamedTuple):
    """A mean and what it is of.

    It is a tuple, so write "%s" % str(mean) or "{:.2f}".format(mean) instead of "%s" % mean. It is
    printed as "n/a" where it is of nothing.

    Attributes:
        value: The mean; None where the count is 0.
        count: The number of pixels or images.
    """

    value: float | None
    count: int  # type: ignore[assignment]

    def __str__(self) -> str:
        return format(self, "")

    def __format__(self, spec: str) -> str:
        return "n/a" if self.value is None else format(self.value, spec or ".2f")


class RunningMean:
    """Both averages of a measure over images that papers print.

    An image without a valid pixel does not count.
    """

    def __init__(self) -> None:
        self._sum_of_means, self._images = 0.0, 0
        self._sum_over_pixels, self._pixels = 0.0, 0

    def add(self, mean: Mean) -> None:
        """Adds an image.

        Args:
            mean: The mean over the pixels of the image.

        Raises:
            ValueError: The mean is not finite.
        """
        if mean.value is None or not mean.count:
            return
        if not np.isfinite(mean.value):
            raise ValueError("The mean of an image must be finite, got %r" % (mean.value,))
        self._sum_of_means += mean.value
        self._images += 1
        self._sum_over_pixels += mean.value * mean.count
        self._pixels += mean.count

    @property
    def per_image(self) -> Mean:
        """The mean of the images' means, as published EPE is; its count is of images."""
        return mean_of(self._sum_of_means, self._images)

    @property
    def pooled(self) -> Mean:
        """The mean over all pixels of all images, as published Fl is; its count is of pixels."""
        return mean_of(self._sum_over_pixels, self._pixels)


def mean_of(total: float, count: int) -> Mean:
    """The mean of `count` values that add up to `total`."""
    return Mean(total / count, count) if count else Mean(None, 0)


def average_where(
    values: np.ndarray, valid: np.ndarray | None, selected: np.ndarray | bool = True
) -> Mean:
    """The mean over valid pixels that are selected.

    Args:
        values: [H, W], floating.
        valid: [H, W], non-zero = valid; None is everywhere.
        selected: [H, W] bool; True is everywhere.

    Raises:
        ValueError: The shapes differ, or the value of a valid pixel is unknown (NaN).
    """
    check_known(values, valid)
    values = np.asarray(values)[as_mask(valid, np.shape(values)) & selected]
    return Mean(float(values.mean()), values.size) if values.size else Mean(None, 0)


def percentage(selected: np.ndarray, valid: np.ndarray | None) -> Mean:
    """The percentage of valid pixels that are selected.

    Args:
        selected: [H, W] bool.
        valid: [H, W], non-zero = valid; None is everywhere.
    """
    valid = as_mask(valid, selected.shape)
    return mean_of(100.0 * np.count_nonzero(selected & valid), int(np.count_nonzero(valid)))


def check_known(values: np.ndarray, valid: np.ndarray | None) -> None:
    """Raises ValueError where the value of a valid pixel is NaN or infinite.

    Args:
        values: [H, W], floating.
        valid: [H, W], non-zero = valid; None is everywhere.
    """
    unknown = int((as_mask(valid, np.shape(values)) & ~np.isfinite(values)).sum())
    if unknown:
        raise ValueError(
            "The errors of %d valid pixels are unknown; the ground truth there is unknown, too"
            % unknown
        )
