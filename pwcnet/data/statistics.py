"""Statistics of a data set: sizes, known pixels and motion."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple, Sequence

import numpy as np

from pwcnet.data.sample import LoadedSample
from pwcnet.flow.metrics import SPEEDS

# Histogram bins for a pixel of motion: percentiles are right to 1/100 pixel for any number of
# samples.
BINS_PER_PIXEL = 100
LARGEST = 5000  # pixels; faster ones share the last bin
PERCENTILES = (50, 90, 99)


class Motion(NamedTuple):
    """Lengths of the flow of all valid pixels.

    Attributes:
        mean: in pixels.
        percentiles: {50: ..., 90: ..., 99: ...}, in pixels.
        largest: in pixels.
        speeds: {name: share in 0..1} of each of Sintel's speed ranges.
    """

    mean: float
    percentiles: dict[int, float]
    largest: float
    speeds: dict[str, float]


class Survey:
    """Collects statistics sample by sample.

    Attributes:
        sizes: {(height, width): number of samples}.
        pixels: number of pixels of frames with ground truth.
        valid: number of pixels with known flow.
        beyond: number of pixels that the limit of motion made unknown.
    """

    def __init__(self):
        self.sizes: Counter = Counter()
        self.pixels, self.valid, self.beyond = 0, 0, 0
        self._total, self._largest = 0.0, 0.0
        self._histogram = np.zeros(LARGEST * BINS_PER_PIXEL + 1, np.int64)
        self._speeds: Counter = Counter()

    def add(self, loaded: LoadedSample) -> None:
        """Counts a sample."""
        self.sizes[loaded.frame1.shape[:2]] += 1
        if loaded.flow is None or loaded.valid is None:
            return
        speed = np.hypot(*np.moveaxis(loaded.flow[loaded.valid].astype(np.float64), -1, 0))
        self.pixels += loaded.valid.size
        self.valid += speed.size
        self.beyond += loaded.beyond
        self._total += speed.sum()
        self._largest = max(self._largest, speed.max() if speed.size else 0.0)
        bins = (np.minimum(speed, LARGEST) * BINS_PER_PIXEL).astype(np.int64)
        self._histogram += np.bincount(bins, minlength=self._histogram.size)
        for name, start, end in SPEEDS:
            self._speeds[name] += int(np.count_nonzero((speed >= start) & (speed < end)))

    @property
    def valid_share(self) -> float | None:
        """Share of known pixels in frames with ground truth, 0..1; None without any."""
        return self.valid / self.pixels if self.pixels else None

    @property
    def motion(self) -> Motion | None:
        """The motion of all pixels so far; None where no flow is known."""
        if not self.valid:
            return None
        ranks = np.searchsorted(
            np.cumsum(self._histogram), [self.valid * percent / 100.0 for percent in PERCENTILES]
        )
        percentiles = {
            percent: float(min((rank + 0.5) / BINS_PER_PIXEL, self._largest))
            for percent, rank in zip(PERCENTILES, ranks)
        }
        return Motion(
            self._total / self.valid,
            percentiles,
            float(self._largest),
            {name: self._speeds[name] / self.valid for name, _, _ in SPEEDS},
        )


def evenly(items: Sequence[Any], count: int) -> list[Any]:
    """Some of the items at equal distances, the first and the last among them.

    Args:
        items: to choose from.
        count: how many; all for 0, and where there are no more.
    """
    if not 0 < count < len(items):
        return list(items)
    return [items[index] for index in np.rint(np.linspace(0, len(items) - 1, count)).astype(int)]
