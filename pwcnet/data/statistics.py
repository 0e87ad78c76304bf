"""What is in a data set: sizes, known pixels and motion, over the samples that are looked at."""

from collections import Counter
from typing import Dict, NamedTuple, Optional

import numpy as np

from pwcnet.flow.metrics import SPEEDS

STEPS = 100  # bins a pixel of motion, so that percentiles of any number of samples are right to 1/100 pixel
LARGEST = 5000  # pixels; faster ones share the last bin
PERCENTILES = (50, 90, 99)


class Motion(NamedTuple):
    """Lengths of the flow of all valid pixels, in pixels. percentiles: {50: ..., 90: ..., 99: ...}. speeds: the share (0..1) of each of Sintel's speeds."""

    mean: float
    percentiles: Dict[int, float]
    largest: float
    speeds: Dict[str, float]


class Survey:
    """Collects samples.

    sizes: Counter of (height, width) of the frames. pixels, valid: numbers of pixels of frames with truth, and of those with known flow.
    """

    def __init__(self):
        self.sizes, self.pixels, self.valid = Counter(), 0, 0
        self._total, self._largest = 0.0, 0.0
        self._counts = np.zeros(LARGEST * STEPS + 1, np.int64)
        self._speeds = Counter()

    def add(self, loaded):
        """loaded: pwcnet.data.sample.LoadedSample."""
        self.sizes[loaded.frame1.shape[:2]] += 1
        if loaded.flow is None:
            return
        speed = np.hypot(*np.moveaxis(loaded.flow[loaded.valid].astype(np.float64), -1, 0))
        self.pixels += loaded.valid.size
        self.valid += speed.size
        self._total += speed.sum()
        self._largest = max(self._largest, speed.max() if speed.size else 0.0)
        self._counts += np.bincount(
            (np.minimum(speed, LARGEST) * STEPS).astype(np.int64), minlength=self._counts.size
        )
        for name, start, end in SPEEDS:
            self._speeds[name] += int(np.count_nonzero((speed >= start) & (speed < end)))

    @property
    def valid_share(self) -> Optional[float]:
        """Of the pixels of frames with truth, those with known flow, 0..1; None without truth."""
        return self.valid / self.pixels if self.pixels else None

    @property
    def motion(self) -> Optional[Motion]:
        """A `Motion`; None where no flow is known."""
        if not self.valid:
            return None
        ranks = np.searchsorted(
            np.cumsum(self._counts), [self.valid * percent / 100.0 for percent in PERCENTILES]
        )
        percentiles = {
            percent: float(min((rank + 0.5) / STEPS, self._largest))
            for percent, rank in zip(PERCENTILES, ranks)
        }
        return Motion(
            self._total / self.valid,
            percentiles,
            float(self._largest),
            {name: self._speeds[name] / self.valid for name, _, _ in SPEEDS},
        )


def evenly(items, count):
    """`count` of the items at equal distances, the first and the last among them; all for 0 and where there are no more."""
    if not 0 < count < len(items):
        return list(items)
    return [items[index] for index in np.rint(np.linspace(0, len(items) - 1, count)).astype(int)]
