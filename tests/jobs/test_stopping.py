"""The end of jobs before their tasks have ended: stop, kill, signals, a driver that is killed."""

import functools
import os
import signal
import sys

import pytest

from pwcnet.jobs.local_engine import LocalEngine
from tests.helpers import job_tasks
from tests.helpers.job_programs import PATIENCE, is_running, process_of, start_program, wait_until

DRIVER = """
import functools, itertools, signal, sys
from pwcnet.jobs.local_engine import LocalEngine
from tests.helpers import job_tasks

folder, workers = sys.argv[1], int(sys.argv[2])
with LocalEngine(job_tasks.start, workers) as engine:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: engine.stop() or open(folder + "/heard", "x").close())
    tasks = (("note_and_wait", "%s/%d" % (folder, number)) for number in itertools.count())
    for outcome in engine.map(tasks):
        print(outcome.task[1][len(folder) + 1 :], outcome.error, flush=True)
print("end")
"""


@pytest.fixture
def driver(tmp_path):
    """Of two workers, each in the midst of a task; and the processes of those."""
    process = start_program(DRIVER, tmp_path, 2, start_new_session=True)
    yield process, [process_of(str(tmp_path / name)) for name in "01"]
    process.kill()
    process.communicate(timeout=PATIENCE)


def let_go(folder, *names):
    for name in names:
        (folder / (name + ".go")).touch()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stop_lets_running_tasks_end(driver, tmp_path, number):
    """The signal goes to all processes of the driver's terminal."""
    process, _ = driver
    os.killpg(process.pid, number)
    let_go(tmp_path, *"01")
    output, errors = process.communicate(timeout=PATIENCE)
    assert sorted(output.splitlines()) == ["0 None", "1 None", "end"], errors
    assert process.returncode == 0


def test_the_second_stop_ends_the_workers(driver, tmp_path):
    process, workers = driver
    process.send_signal(signal.SIGINT)
    wait_until((tmp_path / "heard").exists, "no signal")
    (tmp_path / "heard").unlink()
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=PATIENCE)
    assert output.splitlines() == ["end"], errors
    assert not any(map(is_running, workers))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
def test_workers_end_with_a_driver_that_is_killed(driver):
    process, workers = driver
    assert all(map(is_running, workers))
    process.kill()
    wait_until(lambda: not any(map(is_running, workers)), "workers are left")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
def test_without_linux_signal_workers_end_with_their_connection(tmp_path):
    """As on other systems."""
    program = DRIVER.replace("job_tasks.start", "job_tasks.start_without_death_signal")
    driver = start_program(program, tmp_path, 1)
    worker = process_of(str(tmp_path / "0"))
    driver.kill()
    driver.communicate(timeout=PATIENCE)
    wait_until(lambda: not is_running(worker), "the worker is left")


def test_stop_hands_out_nothing_more():
    with LocalEngine(job_tasks.start) as engine:

        def tasks():
            yield "square", 2
            engine.stop()
            yield "square", 3

        assert [outcome.value for outcome in engine.map(tasks())] == [4]
        assert list(engine.map([("square", 4)])) == []


def test_stop_while_workers_are_being_started():
    with LocalEngine(job_tasks.start_slowly, 2) as engine:

        def tasks():
            yield "square", 2
            signal.setitimer(signal.ITIMER_REAL, 0.3)
            yield "square", 3

        handler = signal.signal(signal.SIGALRM, lambda *_: engine.stop())
        try:
            assert list(engine.map(tasks())) == []
        finally:
            signal.signal(signal.SIGALRM, handler)


def test_a_caller_that_asks_for_no_more_ends_what_runs(tmp_path):
    start = functools.partial(job_tasks.start_noting, str(tmp_path))
    with LocalEngine(start, 2) as engine:
        outcomes = engine.map([("square", 2), ("sleep", 600)])
        next(outcomes)
        outcomes.close()
        assert [outcome.value for outcome in engine.map([("square", 3)])] == [9]
