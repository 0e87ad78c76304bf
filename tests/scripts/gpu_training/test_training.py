"""Runs of the GPU training: weights, states that continue, revived levels."""

import os

import numpy as np
import pytest

from pwcnet.cli import main as cli
from pwcnet.model.config import ModelConfig
from pwcnet.weights.checkpoint import Checkpoint
from pwcnet.weights.files import shipped_weights
from pwcnet.weights.variables import variable_shapes
from tests.helpers.commands import ROOT, run_command
from tests.helpers.torch_environments import torch_check

SCRIPT = os.path.join(ROOT, "scripts", "gpu_training", "train.py")


def test_without_pytorch_it_names_what_to_install(tmp_path):
    blocked = tmp_path / "torch.py"
    blocked.write_text("raise ImportError")
    environment = dict(os.environ, PYTHONPATH=str(tmp_path))
    done = run_command(SCRIPT, "run", "--output", tmp_path / "out", env=environment)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "scripts/gpu_training/requirements.txt" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A folder with the runs `whole` and `halves`, of 4 steps each."""
    folder = tmp_path_factory.mktemp("runs")
    ends = torch_check("runs", folder)
    assert [len(ends[name]) for name in ("whole", "halves")] == [1, 2]
    assert ends["whole"][0].count("generated_") == 2
    return folder


def arrays(path):
    with np.load(str(path)) as archive:
        return {name: archive[name] for name in archive.files}


@pytest.mark.full
def test_two_calls_with_a_state_are_one(runs):
    whole, halves = (arrays(runs / name / "weights.npz") for name in ("whole", "halves"))
    assert whole.keys() == halves.keys()
    for name in whole:
        np.testing.assert_array_equal(whole[name], halves[name], err_msg=name)


@pytest.mark.full
def test_weights_have_moved_and_are_a_checkpoint(runs, tmp_path):
    weights, start = runs / "whole" / "weights.npz", arrays(shipped_weights())
    trained = arrays(weights)
    shapes = variable_shapes(ModelConfig.small())
    assert set(trained) == {*shapes, "global_step"} and int(trained["global_step"]) == 4
    assert any((trained[name] != start[name]).any() for name in shapes)
    output = str(tmp_path / "checkpoint")
    command = ["export", "--format", "checkpoint", "--weights", str(weights), "--output", output]
    with pytest.raises(SystemExit) as ended:
        cli.main(command)
    assert not ended.value.code
    checkpoint = Checkpoint(output)
    for name, shape in shapes.items():
        assert trained[name].shape == shape and np.isfinite(trained[name]).all()
        expected = trained[name].astype(np.float32)
        np.testing.assert_array_equal(checkpoint.weight(name, shape), expected)


@pytest.mark.full
def test_revived_levels_can_learn_and_leave_the_others_alone(tmp_path):
    found = torch_check("revived", tmp_path)
    before, after = found["before"], found["after"]
    assert before["features"] < 1e-2 < 0.1 < after["features"]
    assert before["gradient"] < 1e-3 * after["gradient"]
    assert abs(after["error"] - before["error"]) < 0.1 * before["error"]
