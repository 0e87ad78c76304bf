"""Several data sets as one endless sequence of samples, drawn with weights."""

from __future__ import annotations

import functools
import math
from typing import Callable, Iterable, Sequence

import numpy as np

from pwcnet.data.sample import BaseSample, EndlessSamples

BLOCK = 10000  # numbers; each part has its exact share of every whole block, at least one number


class Mix:
    """Which sample a number means, for the numbers 0, 1, 2 ... without end.

    Each part walks through its samples in epochs: all of them once, in a new order each time. Which
    part a number takes its sample from is shuffled within each block of 10,000 numbers. Both follow
    from the seed and the number alone. A single part is the plain shuffled sequence. Endless
    samples keep their order.

    Args:
        parts: (samples, weight) each. Only the ratios of the weights count; None for all of them
            weighs each part by its number of samples.
        seed: whole number in 0..2^32-1.

    Raises:
        ValueError: for empty parts, weights that are not above 0, or None for some parts only.
    """

    def __init__(self, parts: Iterable[tuple[Sequence[BaseSample], float | None]], seed: int = 0):
        parts = list(parts)
        self._parts = [
            samples
            if isinstance(samples, EndlessSamples)
            else _ShuffledSamples(samples, seed, index)
            for index, (samples, _) in enumerate(parts)
        ]
        self.seed = seed
        if not parts or not all(self._parts):
            raise ValueError(
                "expected at least one sample to train on%s, got none"
                % (" in each part of the mix" if len(parts) > 1 else "")
            )
        self._counts = _counts([len(part) for part in self._parts], [weight for _, weight in parts])
        self._block = functools.lru_cache(maxsize=4)(self._shuffled_block)

    def __len__(self):
        return sum(map(len, self._parts))

    @property
    def distinct(self) -> float:
        """How many different samples there are; infinity where a part is endless."""
        if any(isinstance(part, EndlessSamples) for part in self._parts):
            return math.inf
        return len({sample for part in self._parts for sample in part})

    @property
    def shares(self) -> tuple[float, ...]:
        """Each part's share of the numbers, as it is drawn."""
        return tuple(count / BLOCK for count in self._counts)

    def sample(self, number: int) -> BaseSample:
        """The sample that the number means."""
        part, place = self.place(number)
        return self._parts[part].sample(place)

    def place(self, number: int) -> tuple[int, int]:
        """(part, how many earlier numbers took a sample from that part)."""
        number = int(number)
        if len(self._parts) == 1:
            return 0, number
        block, index = divmod(number, BLOCK)
        order = self._block(block)
        part = int(order[index])
        return part, block * self._counts[part] + int(np.count_nonzero(order[:index] == part))

    def _shuffled_block(self, block):
        parts = np.repeat(np.arange(len(self._parts)), self._counts)
        return np.random.RandomState([self.seed, block, len(self._parts), BLOCK]).permutation(parts)


class _ShuffledSamples:
    """A list of samples in epochs without end, each epoch in a new order."""

    def __init__(self, samples, seed, part):
        self._samples, self._seed, self._part = list(samples), seed, part
        self._order = functools.lru_cache(maxsize=4)(self._shuffled)

    def __len__(self):
        return len(self._samples)

    def __iter__(self):
        return iter(self._samples)

    def sample(self, number):
        epoch, index = divmod(number, len(self._samples))
        return self._samples[self._order(epoch)[index]]

    def _shuffled(self, epoch):
        # The first part has the key of a list of samples alone, so that runs on one data set, and
        # those that began before there were mixes, keep their order.
        key = [self._seed, epoch] + ([self._part] if self._part else [])
        return np.random.RandomState(key).permutation(len(self._samples))


def shared_pairs(
    parts: Iterable[Sequence[BaseSample]], samples: Iterable[BaseSample]
) -> list[BaseSample]:
    """The samples whose pair is one of those of the parts too, whatever their ids.

    Args:
        parts: lists of samples, or endless ones.
        samples: to look for.
    """
    tests = [_membership(part) for part in parts]
    return [sample for sample in samples if any(test(sample) for test in tests)]


def _membership(part: Sequence[BaseSample]) -> Callable[[BaseSample], bool]:
    """The function that says whether a sample's pair is one of a part."""
    if isinstance(part, EndlessSamples):
        return part.__contains__
    keys = {sample.key for sample in part}
    return lambda sample: sample.key in keys


def _counts(sizes, weights):
    """How many numbers of a block each part gets."""
    if all(weight is None for weight in weights):
        weights = sizes
    if any(weight is None or not 0.0 < weight < math.inf for weight in weights):
        raise ValueError(
            "expected a weight above 0 for every part of the mix, or None for all, got %s"
            % ", ".join(map(str, weights))
        )
    counts = [max(1, int(round(BLOCK * weight / sum(weights)))) for weight in weights]
    counts[counts.index(max(counts))] += BLOCK - sum(counts)
    return counts
