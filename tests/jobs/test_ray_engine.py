"""Actors of Ray: the same outcomes as on this machine, on clusters whose nodes die."""

import functools
import os
import signal

import pytest

from pwcnet.jobs import ray_engine
from pwcnet.jobs.engines import open_engine
from pwcnet.jobs.local_engine import LocalEngine
from pwcnet.jobs.resources import Resources
from tests.helpers import job_tasks
from tests.helpers.job_programs import (
    PATIENCE,
    is_running,
    process_of,
    start_program,
    wait_until,
)

pytest.importorskip("ray")

DRIVER = """
import itertools, signal, sys
from pwcnet.jobs import ray_engine
from pwcnet.jobs.engines import open_engine
from tests.helpers import job_tasks

folder, address = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None
workers = None if address else 2
with open_engine("ray", job_tasks.start, workers, address=address) as engine:
    signal.signal(signal.SIGINT, lambda *_: engine.stop())
    tasks = (("note_and_wait", "%s/%d" % (folder, number)) for number in itertools.count())
    for outcome in engine.map(tasks):
        print(outcome.task[1][len(folder) + 1 :], outcome.error, flush=True)
print("end")
"""
NAMES = ("OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES", "PWCNET_NOTE")


def outcomes_of(engine, tasks):
    """{task: (value, error)}."""
    with engine:
        outcomes = list(engine.map(tasks))
    assert len(outcomes) == len({outcome.task for outcome in outcomes})
    return {outcome.task: (outcome.value, outcome.error) for outcome in outcomes}


@pytest.mark.full
def test_outcomes_of_a_started_ray_equal_those_of_local_workers(monkeypatch):
    monkeypatch.setenv("PWCNET_NOTE", "passed on")
    tasks = [("square", number) for number in range(20)]
    tasks += [("fail", (ValueError, ("bad.mp4",))), ("variables", NAMES), ("unpicklable", 0)]
    resources = Resources(threads=1, gpus=0)
    handler = signal.getsignal(signal.SIGTERM)
    engine = open_engine("ray", job_tasks.start, 2, resources)
    assert signal.getsignal(signal.SIGTERM) is handler
    outcomes = outcomes_of(engine, tasks)
    assert outcomes == outcomes_of(LocalEngine(job_tasks.start, 2, resources), tasks)


@pytest.mark.full
def test_tasks_that_kill_one_or_two_workers(cluster, tmp_path):
    deadly, once = ("die", "SIGKILL"), ("die_once", str(tmp_path / "died"))
    engine = open_engine("ray", job_tasks.start, address=cluster.address)
    outcomes = outcomes_of(engine, [deadly, once, ("square", 3)])
    assert "memory" in outcomes.pop(deadly)[1]
    assert outcomes == {once: ("survived", None), ("square", 3): (9, None)}


@pytest.mark.full
def test_a_node_that_dies_and_one_that_joins(cluster, tmp_path):
    node = cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes()
    driver = start_program(DRIVER, tmp_path, cluster.address)
    workers = [process_of(str(tmp_path / name)) for name in "01"]
    cluster.remove_node(node, allow_graceful=False)
    wait_until(lambda: sum(map(is_running, workers)) == 1, "both workers run")
    for name in "01":
        (tmp_path / (name + ".go")).touch()
    process_of(str(tmp_path / "2"))  # where the other worker is, after the lost task
    cluster.add_node(num_cpus=1)
    process_of(str(tmp_path / "3"))
    driver.send_signal(signal.SIGINT)
    for name in "23":
        (tmp_path / (name + ".go")).touch()
    output, errors = driver.communicate(timeout=PATIENCE)
    assert sorted(output.splitlines()) == ["%d None" % number for number in range(4)] + ["end"]
    assert errors.count("its task is run once more") == 1


@pytest.mark.full
def test_a_killed_driver_leaves_no_worker_and_the_next_one_has_the_cluster(cluster, tmp_path):
    cluster.add_node(num_cpus=1)
    driver = start_program(DRIVER, tmp_path, cluster.address)
    workers = [process_of(str(tmp_path / name)) for name in "01"]
    driver.kill()
    driver.communicate(timeout=PATIENCE)
    wait_until(lambda: not any(map(is_running, workers)), "workers are left")
    tasks = [("square", number) for number in range(9)]
    outcomes = outcomes_of(open_engine("ray", job_tasks.start, address=cluster.address), tasks)
    assert outcomes == {task: (task[1] ** 2, None) for task in tasks}


@pytest.mark.full
def test_a_driver_with_a_ray_of_its_own_leaves_nothing_when_it_is_killed(tmp_path):
    driver = start_program(DRIVER, tmp_path, start_new_session=True)
    workers = [process_of(str(tmp_path / name)) for name in "01"]
    driver.kill()
    driver.communicate(timeout=PATIENCE)
    wait_until(lambda: not any(map(is_running, workers)), "workers are left")


@pytest.mark.full
def test_ctrl_c_lets_running_tasks_end(tmp_path):
    driver = start_program(DRIVER, tmp_path, start_new_session=True)
    for name in "01":
        process_of(str(tmp_path / name))
    os.killpg(driver.pid, signal.SIGINT)
    for name in "01":
        (tmp_path / (name + ".go")).touch()
    output, errors = driver.communicate(timeout=PATIENCE)
    assert sorted(output.splitlines()) == ["0 None", "1 None", "end"], errors


@pytest.mark.full
def test_an_error_of_the_start_ends_the_job(cluster):
    arguments = (job_tasks.RefusalError, "none.npz", "no archive")
    start = functools.partial(job_tasks.start_refused, *arguments)
    with pytest.raises(ValueError, match="none.npz"):
        outcomes_of(open_engine("ray", start, address=cluster.address), [("square", 1)])


@pytest.mark.full
def test_more_workers_than_there_is_room_for(cluster, monkeypatch):
    """The job goes on with those that run; where none can, a line says so."""
    tasks = [("square", number) for number in range(6)]
    outcomes = outcomes_of(open_engine("ray", job_tasks.start, 3, address=cluster.address), tasks)
    assert outcomes == {task: (task[1] ** 2, None) for task in tasks}
    monkeypatch.setattr(ray_engine, "PATIENCE", 0.0)
    monkeypatch.setattr(ray_engine.log, "warning", lambda *_: engine.stop())
    resources = Resources(threads=4)
    engine = open_engine("ray", job_tasks.start, 1, resources, cluster.address)
    assert outcomes_of(engine, tasks) == {}


@pytest.mark.parametrize("address", ["auto", "127.0.0.1:1", "127.0.0.1:99999"])
def test_no_cluster_at_the_address(address):
    with pytest.raises(ConnectionError, match=address):
        open_engine("ray", job_tasks.start, address=address)
