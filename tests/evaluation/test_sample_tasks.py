"""Samples as tasks of workers."""

import pickle
from types import SimpleNamespace
from unittest.mock import Mock

import numpy as np
import pytest

from pwcnet.data.sample import LoadedSample
from pwcnet.evaluation.sample_tasks import SampleScorer, SampleTask, evaluate_tasks
from pwcnet.evaluation.scoring import Result, evaluate_samples
from pwcnet.runtime.memory import MemoryBoundError
from tests.helpers.job_tasks import RefusalError

SIZE = (12, 20)


class Pair:
    """A sample without files."""

    has_ground_truth, has_invalid_mask = True, False

    def __init__(self, number, beyond=0):
        self.id, self._beyond = "pair_%d" % number, beyond

    def load(self, masked):
        frame, flow = np.zeros(SIZE + (3,), np.uint8), np.ones(SIZE + (2,), np.float32)
        return LoadedSample(frame, frame, flow, np.ones(SIZE, bool), beyond=self._beyond)


def predictor(value=0.0, error=None):
    flow = np.full(SIZE + (2,), value, np.float32)
    return Mock(flow=Mock(return_value=flow, side_effect=error))


def tasks(*pairs):
    return [SampleTask(number, pair, (None,)) for number, pair in enumerate(pairs)]


def shuffled(scorer, order):
    """A map that ends the tasks in this order."""

    def run(given):
        given = list(given)
        for number in order:
            yield SimpleNamespace(task=given[number], value=scorer(given[number]), error=None)

    return run


def without_times(results):
    return [
        (result.id, result.scores, result.first, [part.tolist() for part in result.histograms])
        for result in results
    ]


def test_results_come_in_the_order_of_the_samples(caplog):
    pairs = [Pair(number, beyond=number % 2) for number in range(4)]
    save = Mock()
    scorer = SampleScorer(predictor(), False, save)
    results = list(evaluate_tasks(shuffled(scorer, [0, 2, 3, 1]), tasks(*pairs)))
    (message,) = caplog.messages
    caplog.clear()
    assert without_times(results) == without_times(evaluate_samples(predictor(), pairs))
    assert caplog.messages == [message] and "pair_1" in message
    assert {result.flow for result in results} == {None}
    assert [call[0][0].flow.shape for call in save.call_args_list] == [SIZE + (2,)] * 4
    assert save.call_args_list[0][0][1:] == (None,)


def test_the_first_sample_that_fails_is_the_error():
    good, bad = SampleScorer(predictor(), False, Mock()), predictor(np.nan)
    scorer = SampleScorer(bad, False, Mock())

    def run(given):
        for number, function in ((3, scorer), (0, good), (2, scorer), (1, good)):
            yield SimpleNamespace(task=given[number], value=function(given[number]), error=None)

    results = evaluate_tasks(run, tasks(*map(Pair, range(4))))
    assert [next(results).id, next(results).id] == ["pair_0", "pair_1"]
    with pytest.raises(ValueError, match="pair_2"):
        next(results)


@pytest.mark.parametrize(
    "error, kind",
    [
        (MemoryBoundError("large"), MemoryBoundError),
        (PermissionError(13, "no permission", "a.png"), PermissionError),
        (RefusalError("a.png", "broken"), ValueError),
    ],
)
def test_errors_reach_another_process(error, kind):
    scorer = SampleScorer(predictor(error=error), False, Mock())
    sent = pickle.loads(pickle.dumps(scorer(tasks(Pair(0))[0])))
    assert type(sent) is kind and str(sent) == str(error)


def test_defects_are_not_hidden():
    scorer = SampleScorer(predictor(error=TypeError("defect")), False, Mock())
    with pytest.raises(TypeError):
        scorer(tasks(Pair(0))[0])


def test_a_dead_worker_names_the_sample_and_an_early_end_the_results_before():
    def run(given):
        yield SimpleNamespace(task=given[1], value=None, error="the worker was killed")
        yield SimpleNamespace(task=given[0], value=Result("pair_0", {}), error=None)

    results = evaluate_tasks(run, tasks(Pair(0), Pair(1)))
    assert next(results).id == "pair_0"
    with pytest.raises(OSError, match="killed.*pair_1"):
        next(results)
    assert list(evaluate_tasks(lambda given: [], tasks(Pair(0)))) == []
