"""Workers joined by HCCL: two real processes, with stand-ins that meet through files."""

import json
import os

import numpy as np
import pytest

from pwcnet.ascend.hccl import HcclWorkers
from pwcnet.ascend.rank_table import rank_table
from pwcnet.ascend.session import device_session_config
from pwcnet.distributed.engines import engine_name, open_workers, register_engine
from pwcnet.distributed.workers import Workers
from pwcnet.runtime.devices import session_config
from pwcnet.runtime.tensorflow import tf
from tests.ascend import hccl_program
from tests.helpers.commands import run_command
from tests.standins.fixtures import environment, standins, without  # noqa: F401

PROGRAM = os.path.splitext(hccl_program.__file__)[0] + ".py"


@pytest.fixture(autouse=True)
def registered():
    """As the command line does it."""
    register_engine("hccl", HcclWorkers)


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "rank_table.json"
    path.write_text(
        json.dumps(rank_table([("node_0", [("0", "10.0.0.1"), ("1", "10.0.0.2")])])) + ""
    )
    return str(path)


def launch(task, table, tmp_path, *flags):
    (tmp_path / "exchange").mkdir()
    (tmp_path / "results").mkdir()
    done = run_command(
        "-m",
        "pwcnet",
        "launch",
        "--workers",
        2,
        "--engine",
        "hccl",
        "--rank_table",
        table,
        *(flags + ("--", PROGRAM, task, tmp_path / "results")),
        env=environment(STANDIN_EXCHANGE=tmp_path / "exchange"),
        timeout=120,
    )
    results = {}
    for path in (tmp_path / "results").iterdir():
        results[int(path.stem)] = json.loads(path.read_text())
    return done, results


@pytest.mark.whole_on("tf1")
@pytest.mark.parametrize("task", ["training", "scaled"])
def test_two_workers_train_as_one_with_the_joint_batch(task, table, tmp_path):
    done, results = launch(task, table, tmp_path)
    assert done.returncode == 0, done.stderr
    with tf.Graph().as_default():
        alone = hccl_program.training(Workers(session_config(1)))
    for rank in (0, 1):
        assert (results[rank]["engine"], results[rank]["size"], results[rank]["step"]) == (
            "HcclWorkers",
            2,
            hccl_program.STEPS,
        )
        np.testing.assert_allclose(results[rank]["weight"], alone["weight"], rtol=1e-5)
        names = [call[0] for call in results[rank]["calls"]]
        scale = ["NPULossScaleOptimizer"] if task == "scaled" else []
        assert names == [
            "initialize_system",
            "npu_distributed_optimizer_wrapper",
            "NPUDistributedOptimizer",
        ] + scale + ["broadcast", "shutdown_system"]
        assert ["broadcast", "weight", 0] in results[rank][
            "calls"
        ]  # and of no slot, and not of the step
    np.testing.assert_allclose(
        np.mean([results[rank]["losses"] for rank in (0, 1)], axis=0), alone["losses"], rtol=1e-5
    )


def test_a_rank_that_dies_ends_the_others(table, tmp_path):
    done, results = launch("dies", table, tmp_path, "--grace", 1)
    assert done.returncode == 128 + 9 and results == {}
    assert (
        "launch: worker 1 was killed by SIGKILL; all were stopped; continue with --resume"
        in done.stderr
    )


def test_engine_from_the_environment():
    assert (
        engine_name("auto", {"RANK_TABLE_FILE": "/table", "RANK_SIZE": "8", "RANK_ID": "3"})
        == "hccl"
    )
    assert (
        engine_name("auto", {"RANK_TABLE_FILE": "/table", "RANK_SIZE": "1", "RANK_ID": "0"})
        == "single"
    )
    assert (
        engine_name("auto", {"RANK_SIZE": "8", "RANK_ID": "3"}) == "hccl"
    )  # which then says that there is no table
    assert engine_name("auto", {"RANK_SIZE": "8"}) == "single"


def test_one_card_and_a_system_that_stays_up(standins, table, monkeypatch):  # noqa: F811
    for name, value in (("RANK_ID", "0"), ("RANK_SIZE", "1"), ("RANK_TABLE_FILE", table)):
        monkeypatch.setenv(name, value)
    optimizer = tf.train.GradientDescentOptimizer(1.0)
    with tf.Graph().as_default(), open_workers(device_session_config("npu", 1), "hccl") as workers:
        import npu_bridge

        assert (workers.rank, workers.size, workers.leader) == (0, 1, True) and workers.wrap(
            optimizer
        ) is optimizer
        assert npu_bridge.CALLS == [("initialize_system",)]
        with pytest.raises(ZeroDivisionError), workers:
            raise ZeroDivisionError
    assert npu_bridge.CALLS[:2] == [("initialize_system",), ("shutdown_system",)]


@pytest.mark.parametrize(
    "environ, error, named",
    [
        ({}, ValueError, "RANK_ID .*'' of ''"),
        ({"RANK_ID": "2", "RANK_SIZE": "2"}, ValueError, "RANK_ID .*'2' of '2'"),
        (
            {"RANK_ID": "1", "RANK_SIZE": "2", "RANK_TABLE_FILE": "table.json"},
            ValueError,
            "RANK_TABLE_FILE, got 'table.json'",
        ),
        (
            {"RANK_ID": "1", "RANK_SIZE": "2", "RANK_TABLE_FILE": "/nowhere"},
            FileNotFoundError,
            "/nowhere.*RANK_TABLE_FILE",
        ),
    ],
)
def test_environment_that_does_not_fit(environ, error, named, standins, monkeypatch):  # noqa: F811
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(error, match=named):
        open_workers(device_session_config("npu", 1), "hccl")


def test_what_is_missing(standins, table, monkeypatch):  # noqa: F811
    for name, value in (("RANK_ID", "0"), ("RANK_SIZE", "2"), ("RANK_TABLE_FILE", table)):
        monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match="session of an NPU"):
        open_workers(session_config(1))
    import hccl.manage.api as api

    monkeypatch.setattr(api, "get_rank_id", lambda: 1 / 0)
    with pytest.raises(ValueError, match="division by zero"):
        open_workers(device_session_config("npu", 1))
    without(monkeypatch, "hccl")
    with pytest.raises(ValueError, match="HCCL and npu_bridge.*TF Adapter"):
        open_workers(device_session_config("npu", 1))
