"""Two processes that train together, on each engine that this interpreter has."""

import importlib.util
import json
import os

import numpy as np
import pytest

from pwcnet.cli.launch import _free_addresses
from pwcnet.distributed import collective
from pwcnet.distributed.engines import engine_name, open_workers
from pwcnet.runtime.devices import session_config
from pwcnet.runtime.tensorflow import cause, tf
from tests.distributed import worker_program
from tests.helpers.commands import run_command

PROGRAM = os.path.splitext(worker_program.__file__)[0] + ".py"


@pytest.fixture(params=["collective", "horovod"])
def engine(request):
    if request.param == "horovod" and importlib.util.find_spec("horovod") is None:
        pytest.skip("Horovod is not installed")
    return request.param


def launch(engine, task, folder):
    """(the finished launcher, {rank: what the worker wrote})."""
    done = run_command(
        "-m",
        "pwcnet",
        "launch",
        "--workers",
        2,
        "--engine",
        engine,
        "--",
        PROGRAM,
        task,
        folder,
        timeout=120,
    )
    results = {}
    for name in os.listdir(str(folder)):
        with open(os.path.join(str(folder), name)) as stream:
            results[int(name.split(".")[0])] = json.load(stream)
    return done, results


def test_means_gradients_and_broadcast(engine, tmp_path):
    done, results = launch(engine, "sums", tmp_path)
    assert done.returncode == 0, done.stderr
    for rank in range(2):
        assert results[rank]["size"] == 2
        assert results[rank]["names"] == [
            "weight",
            "unused",
        ]  # the variable without a gradient is left out
        gradient, other = results[rank]["first"][0]
        np.testing.assert_allclose(gradient, np.full((2, 3), (1 + 4) / 2))
        assert other == 1.5
        assert results[rank]["first"][1:] == [[15.0], [[[1.5, 1.5], [1.5, 1.5]]]]
        assert results[rank]["after"] == [
            7,
            [[1.0] * 3] * 2,
            rank + 1.0,
        ]  # the last one was not broadcast


def test_two_workers_train_as_one_with_the_joint_batch(engine, tmp_path):
    done, results = launch(engine, "training", tmp_path)
    assert done.returncode == 0, done.stderr
    assert results[0]["losses"] == results[1]["losses"]
    with tf.Graph().as_default(), open_workers(session_config(1), "single") as workers:
        expected = worker_program.training(workers, None)["losses"]
    assert len(set(expected)) == len(expected)
    np.testing.assert_allclose(results[0]["losses"], expected, rtol=1e-4)


def test_a_killed_worker_ends_the_others(engine, tmp_path):
    done, results = launch(engine, "killed", tmp_path)
    assert done.returncode == 128 + 9
    assert (
        "launch: worker 1 was killed by SIGKILL; all were stopped; continue with --resume"
        in done.stderr
    )
    assert (
        results[0]["saved"] == 1.5
    )  # the leader's session still works, with the weights of the last whole step
    assert "step 2 failed: " in done.stderr and "From /job" not in done.stderr


def test_one_worker_changes_nothing():
    with tf.Graph().as_default(), open_workers(session_config(1)) as workers:
        assert (workers.rank, workers.size, workers.leader) == (0, 1, True)
        variable = tf.get_variable("variable", initializer=3.0)
        gradients = [(tf.constant(2.0), variable)]
        also = [tf.constant(5.0)]
        assert workers.average_gradients(gradients, also) == (gradients, also)
        with workers.session() as session:
            session.run(tf.global_variables_initializer())
            session.run(workers.broadcast([variable]))
            assert session.run(variable) == 3.0


def test_engine_from_the_environment():
    assert engine_name("auto", {}) == "single"
    assert engine_name("auto", {"PWCNET_ENGINE": "collective", "HOROVOD_RANK": "0"}) == "collective"
    assert engine_name("auto", {"HOROVOD_RANK": "0"}) == "horovod"
    with pytest.raises(ValueError, match="single, horovod, collective, hccl, got 'mpi'"):
        engine_name("mpi", {})


@pytest.mark.parametrize(
    "rank, addresses, named",
    [
        (None, "127.0.0.1:1,127.0.0.1:2", "PWCNET_RANK .*2 workers .*got ''"),
        ("2", "127.0.0.1:1,127.0.0.1:2", "PWCNET_RANK .*2 workers .*got '2'"),
        ("0", "127.0.0.1", "PWCNET_ADDRESSES, got '127.0.0.1'"),
        ("0", ":1", "PWCNET_ADDRESSES, got ':1'"),
    ],
)
def test_environment_that_does_not_fit(rank, addresses, named, monkeypatch):
    monkeypatch.setenv("PWCNET_ADDRESSES", addresses)
    monkeypatch.delenv("PWCNET_RANK", raising=False)
    if rank:
        monkeypatch.setenv("PWCNET_RANK", rank)
    with pytest.raises(ValueError, match=named):
        open_workers(session_config(1), "collective")


def test_the_key_has_a_part_that_is_not_sent_to_others(monkeypatch):
    keys = set()
    for secret in ("", "one", "another"):
        monkeypatch.setenv("PWCNET_SECRET", secret)
        keys.update(collective._key([port, 1, drawn]) for drawn in (2, 3) for port in (5, 6))
    assert len(keys) == 3 * 2  # whatever the port


def test_a_worker_that_never_starts(monkeypatch):
    monkeypatch.setenv("PWCNET_RANK", "0")
    monkeypatch.setenv("PWCNET_JOIN_SECONDS", "0.2")
    with _free_addresses(2) as addresses:
        monkeypatch.setenv("PWCNET_ADDRESSES", ",".join(addresses))
        with pytest.raises(ValueError, match="%s .*0.2 seconds" % addresses[1]):
            open_workers(session_config(1), "collective")
    monkeypatch.setenv("PWCNET_JOIN_SECONDS", "soon")
    with pytest.raises(ValueError, match="PWCNET_JOIN_SECONDS.*'soon'"):
        open_workers(session_config(1), "collective")


@pytest.mark.skipif(importlib.util.find_spec("horovod") is not None, reason="Horovod is installed")
def test_horovod_that_is_not_installed():
    with pytest.raises(ValueError, match="pip install --no-build-isolation horovod==0.28.1"):
        open_workers(session_config(1), "horovod")


def test_cause_of_an_error_of_a_server():
    assert (
        cause(
            tf.errors.UnknownError(
                None,
                None,
                "From /job:worker/replica:0/task:0:\nConnectionError: another worker has gone",
            )
        )
        == "ConnectionError: another worker has gone"
    )
