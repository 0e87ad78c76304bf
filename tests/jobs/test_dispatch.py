"""Handing out tasks, with workers that do what each test says."""

import pickle
from collections import deque

import pytest

from pwcnet.jobs.dispatch import DIED, DONE, READY, Engine, Event, Worker
from pwcnet.jobs.tasks import LATER
from tests.helpers import job_tasks


class ScriptedWorker(Worker):
    def __init__(self, number):
        super().__init__(number)
        self.tasks, self.killed = [], False

    def send(self, task):
        self.tasks.append(pickle.loads(task))

    def kill(self):
        self.killed = True

    def wait(self, seconds):
        assert self.killed


class ScriptedEngine(Engine):
    """Each wait for events calls the next step with the workers; it returns events."""

    def __init__(self, capacity, steps):
        super().__init__(job_tasks.start)
        self.capacity, self.steps, self.launched = capacity, deque(steps), []

    def _capacity(self):
        return self.capacity

    def _launch(self, number):
        self.launched.append(ScriptedWorker(number))
        return self.launched[-1]

    def _events(self, seconds):
        return self.steps.popleft()(self.launched)

    def close(self):
        pass


def ready(*numbers):
    return lambda workers: [Event(workers[number], READY) for number in numbers]


def died(number):
    return lambda workers: [Event(workers[number], DIED, "was killed")]


def done(*numbers):
    """The value of each task is the task."""
    return lambda workers: [
        Event(workers[number], DONE, pickle.dumps((workers[number].tasks[-1], None)))
        for number in numbers
    ]


def counted(count, taken):
    for number in range(count):
        taken.append(number)
        yield number


def test_a_worker_that_is_never_ready_holds_up_no_task():
    engine = ScriptedEngine(3, [ready(0), done(0), done(0), done(0)])
    assert [outcome.value for outcome in engine.map(range(3))] == [0, 1, 2]
    assert [worker.tasks for worker in engine.launched] == [[0, 1, 2], [], []]


def test_one_task_waits_for_each_worker_that_is_being_started_and_none_later():
    taken, engine = [], ScriptedEngine(2, [])
    seen = []

    def look(step):
        return lambda workers: seen.append(len(taken)) or step(workers)

    engine.steps.extend(map(look, [ready(0), ready(1), done(0, 1), done(0), done(0), done(1)]))
    assert len(list(engine.map(counted(5, taken)))) == 5
    assert seen == [2, 2, 2, 4, 5, 5]


def test_the_task_of_a_dead_worker_comes_before_others():
    engine = ScriptedEngine(1, [ready(0), died(0), ready(1), done(1), done(1)])
    assert [outcome.value for outcome in engine.map(range(2))] == [0, 1]
    assert engine.launched[1].number == 0


def test_a_task_with_two_dead_workers_is_an_error_and_the_job_goes_on():
    engine = ScriptedEngine(1, [ready(0), died(0), ready(1), died(1), ready(2), done(2)])
    outcomes = list(engine.map(range(2)))
    assert [outcome.task for outcome in outcomes] == [0, 1]
    assert "killed" in outcomes[0].error and outcomes[1].value == 1


def test_a_worker_that_dies_while_it_is_free_costs_no_try():
    steps = [ready(0), ready(1), done(0), died(0), died(1), ready(2), done(2)]
    engine = ScriptedEngine(2, steps)
    assert [outcome.value for outcome in engine.map(range(2))] == [0, 1]


def test_after_stop_the_task_of_a_dead_worker_is_not_begun_again():
    engine = ScriptedEngine(1, [])
    engine.steps.extend([ready(0), lambda workers: engine.stop() or [], died(0)])
    assert list(engine.map(range(2))) == []
    assert len(engine.launched) == 1


def test_the_second_stop_kills_all_workers():
    engine = ScriptedEngine(2, [])
    engine.steps.extend([ready(0), lambda workers: engine.stop() or engine.stop() or []])
    assert list(engine.map(range(2))) == []
    assert [worker.killed for worker in engine.launched] == [True, True]


def test_workers_that_cannot_start_beside_others_are_given_up(caplog):
    steps = [ready(0), died(1), died(2), done(0), done(0), done(0)]
    engine = ScriptedEngine(2, steps)
    assert len(list(engine.map(range(3)))) == 3
    assert len(engine.launched) == 3
    assert len(caplog.records) == 1


def test_where_no_worker_can_start_the_job_ends():
    with pytest.raises(OSError, match="killed"):
        list(ScriptedEngine(2, list(map(died, (0, 2, 1, 3)))).map(range(3)))


def test_tasks_that_depend_on_outcomes():
    """LATER ends nothing: the next task is known when that which runs has ended."""
    known = ["later", "a"]

    def tasks():
        while known:
            yield LATER if known[-1] == "later" else known.pop()

    engine = ScriptedEngine(2, [ready(0), done(0), done(0)])
    ended = []
    for outcome in engine.map(tasks()):
        ended.append(outcome.task)
        known[:] = ["b"] if outcome.task == "a" else []
    assert ended == ["a", "b"] and len(engine.launched) == 1
