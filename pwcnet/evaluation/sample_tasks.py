"""Samples as tasks of workers: what a worker does with one, and results in the samples' order.

How workers are run is not known here: the caller hands over a map, as `pwcnet.jobs` has one.
"""

from __future__ import annotations

import pickle
from contextlib import suppress
from typing import Any, Callable, Iterable, Iterator, NamedTuple, Optional, Sequence, Tuple

from pwcnet.evaluation.scoring import Result, report_beyond, score_sample

Paths = Tuple[Optional[str], ...]  # of the files that are saved; None for what is not

# Errors of samples; others are defects, which the map reports.
EXPECTED = (FileNotFoundError, OSError, ImportError, MemoryError, ValueError)


class SampleTask(NamedTuple):
    """A sample to evaluate.

    Attributes:
        number: Its place among the tasks, from 0.
        sample: `pwcnet.data.sample.Sample` with ground truth.
        paths: Of the files to save, as the scorer's `save` takes them.
    """

    number: int
    sample: Any
    paths: Paths


class SampleScorer:
    """Does tasks, one after another, in a worker.

    Args:
        predictor: Has `flow(frame1, frame2)`, as `pwcnet.inference.predictor.Predictor`.
        masked: Leave out the pixels of the samples' masks of invalid pixels.
        save: Called with each result and the paths of its task.
    """

    def __init__(self, predictor: Any, masked: bool, save: Callable[..., None]) -> None:
        self._predictor, self._masked, self._save = predictor, masked, save
        self._sizes: set[tuple[int, int]] = set()

    def __call__(self, task: SampleTask) -> Result | Exception:
        """Returns the result without its flow, or the error that evaluating the sample raised."""
        try:
            result = score_sample(self._predictor, task.sample, self._masked, self._sizes)
            self._save(result, *task.paths)
            return result._replace(flow=None)
        except EXPECTED as error:
            return _sendable(error)


def evaluate_tasks(
    run: Callable[[Iterable[SampleTask]], Iterable[Any]], tasks: Sequence[SampleTask]
) -> Iterator[Result]:
    """Evaluates samples by a map over workers.

    Args:
        run: Runs tasks by `SampleScorer`s. Gives for each an object with `task`, `value` and
            `error`, a text or None, in any order.
        tasks: The tasks, in the order of their numbers.

    Yields:
        The results, in the order of the tasks, up to the first that is missing where the map ends
        early.

    Raises:
        Exception: What evaluating a sample raised, after the results of the samples before it.
        OSError: A worker could not evaluate a sample; the message names the sample.
    """
    return report_beyond(_in_order(run(tasks)))


def _in_order(outcomes: Iterable[Any]) -> Iterator[Result]:
    waiting: dict[int, Any] = {}
    number = 0
    for outcome in outcomes:
        waiting[outcome.task.number] = outcome
        while number in waiting:
            yield _result_of(waiting.pop(number))
            number += 1


def _result_of(outcome: Any) -> Result:
    if outcome.error is not None:
        raise OSError("%s (%s)" % (outcome.error, outcome.task.sample.id))
    if isinstance(outcome.value, Exception):
        raise outcome.value
    return outcome.value


def _sendable(error: Exception) -> Exception:
    """The error, or one of a built-in type where its own cannot be pickled."""
    with suppress(Exception):  # the arguments of its type may be anything
        if str(pickle.loads(pickle.dumps(error))) == str(error):
            return error
    return next(kind for kind in EXPECTED if isinstance(error, kind))(str(error))
