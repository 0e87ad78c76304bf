"""Checkpoint retention: which checkpoints of a run are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable, Mapping

from pwcnet._checks import require
from pwcnet.weights.files import ranked_steps


@dataclass(frozen=True)
class Retention:
    """Which checkpoints of a run are kept. Steps are those of the run, whatever its batch size.

    Attributes:
        keep: How many of the latest checkpoints are kept.
        keep_every: Checkpoints at multiples of this number of steps are kept for good; 0 for none.
        keep_range: (first, last, every): the checkpoints of the steps first, first + every, ... up
            to last are kept for good; None for none.
        keep_best: How many of the best checkpoints by validation EPE are kept in best/.

    Raises:
        ValueError: A count is too small, or the range is not one.
    """

    keep: int = 5
    keep_every: int = 8000
    keep_range: tuple[int, int, int] | None = None
    keep_best: int = 1

    def __post_init__(self) -> None:
        for name, least in (("keep", 1), ("keep_every", 0), ("keep_best", 1)):
            value = getattr(self, name)
            require(value >= least, "%s of at least %d" % (name, least), value)
        if self.keep_range is not None:
            require(
                len(self.keep_range) == 3
                and 0 < self.keep_range[0] <= self.keep_range[1]
                and self.keep_range[2] >= 1,
                "a keep_range of first, last and every with 0 < first <= last and every >= 1",
                self.keep_range,
            )

    def expired(self, steps: Iterable[int]) -> list[int]:
        """Returns the steps, of those that have checkpoints, whose checkpoints need not be kept."""
        older = sorted(steps)[: -self.keep]
        return [step for step in older if not self._kept_for_good(step)]

    def best(self, scores: Mapping[int, float]) -> set[int]:
        """Returns the steps of the best checkpoints.

        Args:
            scores: Validation EPE by step, as of `pwcnet.weights.files.ranked_steps`.
        """
        return set(ranked_steps(scores)[: self.keep_best])

    def _kept_for_good(self, step: int) -> bool:
        if self.keep_every and step % self.keep_every == 0:
            return True
        if self.keep_range is None:
            return False
        first, last, every = self.keep_range
        return first <= step <= last and (step - first) % every == 0
