"""Worker processes on this machine: outcomes, errors, deaths."""

import functools
import os
import pickle

import pytest

from pwcnet.jobs.local_engine import LocalEngine
from pwcnet.jobs.resources import Resources
from tests.helpers import job_tasks


def run_tasks(tasks, workers=1, start=job_tasks.start, **options):
    """{task: outcome} of an engine of its own."""
    with LocalEngine(start, workers, **options) as engine:
        outcomes = list(engine.map(tasks))
    assert len(outcomes) == len({outcome.task for outcome in outcomes})
    return {outcome.task: outcome for outcome in outcomes}


def test_outcomes_are_complete_and_equal():
    tasks = [("square", number) for number in range(40)]
    outcomes = run_tasks(tasks, 2)
    assert {task: outcome.value for task, outcome in outcomes.items()} == {
        task: task[1] ** 2 for task in tasks
    }
    assert all(outcome.error is None for outcome in outcomes.values())


def test_workers_are_opened_once_and_not_more_than_there_are_tasks(tmp_path):
    start = functools.partial(job_tasks.start_noting, str(tmp_path))
    with LocalEngine(start, 5) as engine:
        for _ in range(2):
            assert len(list(engine.map([("sleep", 0.01), ("sleep", 0.02)]))) == 2
        assert len(list(engine.map([]))) == 0
    assert 1 <= len(list(tmp_path.iterdir())) <= 2  # the first may be done with both


def test_tasks_are_taken_when_a_worker_is_free():
    taken, ended = [], []

    def tasks():
        for number in range(6):
            taken.append(number)
            assert len(taken) - len(ended) <= 2  # one runs, one may have ended meanwhile
            yield "square", number

    with LocalEngine(job_tasks.start) as engine:
        for outcome in engine.map(tasks()):
            ended.append(outcome)  # noqa: PERF402  the tasks look at it meanwhile
    assert len(ended) == 6


@pytest.mark.parametrize(
    "kind, arguments, text",
    [
        (ValueError, ("frame.png: two\nlines",), "frame.png: two lines"),
        (OSError, (28, "No space left on device", "a.flo"), "a.flo: No space left on device"),
        (job_tasks.RefusalError, ("clip.mp4", "broken"), "clip.mp4: broken"),
        (MemoryError, (), "not enough memory"),
        (KeyError, ("size",), "KeyError: 'size'"),
        (SystemExit, (2,), "SystemExit: 2"),
    ],
)
def test_an_exception_is_the_error_of_its_task(kind, arguments, text, worker_of_errors):
    bad, good = worker_of_errors.map([("fail", (kind, arguments)), ("square", 3)])
    assert (bad.value, bad.error) == (None, text)
    assert (good.value, good.error) == (9, None)


@pytest.fixture(scope="module")
def worker_of_errors():
    with LocalEngine(job_tasks.start) as engine:
        yield engine


def test_a_value_that_cannot_be_sent_is_an_error(worker_of_errors):
    (outcome,) = worker_of_errors.map([("unpicklable", 0)])
    assert "no value of this kind" in outcome.error


def test_workers_do_not_hear_signals_of_the_terminal_and_of_schedulers(worker_of_errors):
    tasks = [("signal_self", "SIGINT"), ("signal_self", "SIGTERM")]
    assert [outcome.value for outcome in worker_of_errors.map(tasks)] == ["SIGINT", "SIGTERM"]


def test_the_task_of_a_killed_worker_is_run_once_more(tmp_path):
    killed = ("die_once", str(tmp_path / "died"))
    outcomes = run_tasks([("square", 1), killed, ("square", 2)], 2)
    assert outcomes[killed].value == "survived"
    assert outcomes["square", 2].value == 4


@pytest.mark.parametrize(
    "manner, named", [("SIGKILL", "memory"), ("SIGSEGV", "SIGSEGV"), ("exit", "3")]
)
def test_a_task_that_kills_two_workers_is_an_error(manner, named):
    outcomes = run_tasks([("die", manner), ("square", 5)], 2)
    assert named in outcomes["die", manner].error
    assert outcomes["square", 5].value == 25


def test_the_end_of_a_worker_is_seen_though_its_child_lives(tmp_path):
    path = tmp_path / "alive"
    path.touch()
    outcomes = run_tasks([("die_beside_a_child", str(path))])
    path.unlink()
    assert "4" in outcomes["die_beside_a_child", str(path)].error


@pytest.mark.parametrize(
    "kind, arguments, expected",
    [
        (FileNotFoundError, ("No weights at none.npz",), FileNotFoundError),
        (job_tasks.RefusalError, ("none.npz", "no archive"), ValueError),
        (ArithmeticError, ("none.npz",), ArithmeticError),
    ],
)
def test_an_error_of_the_start_ends_the_job(kind, arguments, expected):
    start = functools.partial(job_tasks.start_refused, kind, *arguments)
    with pytest.raises(expected, match="none.npz") as raised:
        run_tasks([("square", 1)], 2, start)
    assert type(raised.value) is expected


def test_a_start_that_kills_its_worker_ends_the_job():
    with pytest.raises(OSError, match="SIGKILL"):
        run_tasks([("square", 1)], 1, job_tasks.start_dying)


def test_a_job_goes_on_with_fewer_workers(tmp_path):
    start = functools.partial(job_tasks.start_dying_beside, str(tmp_path / "first"))
    tasks = [("sleep", 0.05 + 0.001 * number) for number in range(8)]
    outcomes = run_tasks(tasks, 2, start)
    assert [outcomes[task].error for task in tasks] == [None] * 8


def test_an_error_of_the_iterator_is_raised_after_the_outcomes(worker_of_errors):
    def tasks():
        yield "square", 6
        raise FileNotFoundError("list.txt")

    outcomes = worker_of_errors.map(tasks())
    assert next(outcomes).value == 36
    with pytest.raises(FileNotFoundError, match="list.txt"):
        next(outcomes)


def test_workers_have_their_threads_and_gpus_from_the_beginning(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,6")
    names = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "CUDA_VISIBLE_DEVICES")
    with LocalEngine(job_tasks.start, 2, Resources(threads=3)) as engine:
        tasks = [("variables", names), ("sleep", 0.3), ("sleep", 0.301), ("variables", names)]
        values = [outcome.value for outcome in engine.map(tasks) if outcome.value]
        assert list(engine.map([("modules", ("numpy", "cv2", "tensorflow"))]))[0].value == []
    assert {value["OMP_NUM_THREADS"] for value in values} == {"3"}
    assert {value["TF_NUM_INTRAOP_THREADS"] for value in values} == {"3"}
    assert {value["CUDA_VISIBLE_DEVICES"] for value in values} <= {"4", "6"}


def test_start_has_to_be_sent():
    with pytest.raises(ValueError, match="lambda"):
        LocalEngine(lambda: None)


def test_outcomes_are_frozen_and_can_be_kept():
    (outcome,) = run_tasks([("square", 7)]).values()
    assert pickle.loads(pickle.dumps(outcome)) == outcome
    with pytest.raises(AttributeError):
        outcome.value = 3


def test_processes_have_ended_when_the_engine_is_closed():
    with LocalEngine(job_tasks.start, 2) as engine:
        tasks = [("process", 0), ("process", 1)]
        processes = [outcome.value for outcome in engine.map(tasks)]
        next(engine.map([("sleep", 0), ("sleep", 600)]))
    assert not any(os.path.exists("/proc/%d" % process) for process in processes)
