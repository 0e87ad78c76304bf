"""Several data sets as one endless sequence of samples, drawn with weights."""

import functools
import math

import numpy as np

from pwcnet.data.sample import Endless

BLOCK = 10000  # numbers; in each whole block every part has its share exactly, rounded to a whole number of at least 1


class Mix:
    """Which sample a number means, for the numbers 0, 1, 2 ... without end.

    Each part walks through its samples in epochs of its own: all of them once, in a new order each time. Which part a number takes its sample from is shuffled
    within each block of 10,000 numbers. Both follow from the seed and the number alone. A single part is the plain shuffled sequence. Endless samples keep
    their order.

    parts: list of (list of samples or Endless, weight); only the weights' ratios count, and None for all of them weighs each part by its number of samples.
    seed: whole number in 0..2^32-1. Raises ValueError for empty parts, weights that are not above 0, or None for some parts only.
    """

    def __init__(self, parts, seed=0):
        parts = [
            (samples if isinstance(samples, Endless) else list(samples), weight)
            for samples, weight in parts
        ]
        self._parts, self.seed = [samples for samples, _ in parts], seed
        if not parts or not all(self._parts):
            raise ValueError(
                "expected at least one sample to train on%s, got none"
                % (" in each part of the mix" if len(parts) > 1 else "")
            )
        self._counts = _counts(
            [len(samples) for samples in self._parts], [weight for _, weight in parts]
        )
        self._block = functools.lru_cache(maxsize=4)(self._shuffled_block)
        self._order = functools.lru_cache(maxsize=4 * len(parts))(self._shuffled_part)

    def __len__(self):
        return sum(map(len, self._parts))

    @property
    def distinct(self):
        """How many different samples there are; infinity where a part is endless."""
        if any(isinstance(samples, Endless) for samples in self._parts):
            return math.inf
        return len({sample for samples in self._parts for sample in samples})

    @property
    def shares(self):
        """Each part's share of the numbers, as it is drawn."""
        return tuple(count / BLOCK for count in self._counts)

    def sample(self, number):
        """The Sample that the number means."""
        part, place = self.place(number)
        if isinstance(self._parts[part], Endless):
            return self._parts[part].sample(place)
        epoch, index = divmod(place, len(self._parts[part]))
        return self._parts[part][self._order(part, epoch)[index]]

    def place(self, number):
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

    def _shuffled_part(self, part, epoch):
        # The first part's key is that of a list of samples alone: what a mix of one has always been.
        return np.random.RandomState([self.seed, epoch] + ([part] if part else [])).permutation(
            len(self._parts[part])
        )


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
