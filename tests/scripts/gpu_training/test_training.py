"""Runs of the GPU training: weights, states that continue, revived levels."""

import os
import re
import signal
import time

import numpy as np
import pytest

from pwcnet.cli import main as cli
from pwcnet.model.config import ModelConfig
from pwcnet.weights.checkpoint import Checkpoint
from pwcnet.weights.files import shipped_weights
from pwcnet.weights.variables import variable_shapes
from tests.helpers.commands import ROOT, run_command, run_python
from tests.helpers.oriented_images import oriented_image, stored
from tests.helpers.torch_environments import CHECKS, torch_check, torch_python

SCRIPT = os.path.join(ROOT, "scripts", "gpu_training", "train.py")


def test_without_pytorch_it_names_what_to_install(tmp_path):
    blocked = tmp_path / "torch.py"
    blocked.write_text("raise ImportError")
    environment = dict(os.environ, PYTHONPATH=str(tmp_path))
    done = run_command(SCRIPT, "run", "--output", tmp_path / "out", env=environment)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "scripts/gpu_training/requirements.txt" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.full
def test_what_is_refused_is_named_and_leaves_nothing(tmp_path):
    named = {
        "missing weights": "pwcnet.ckpt-10; .pwcnet export",
        "weights of nan": "nan.npz.*conv1a/kernel",
        "two of weights": "whole.npz",
        "other pairs": "real.npz",
        "other state": "other.pt.*--state",
        "other levels": "levels.pt.*levels.*--state",
        "damaged state": "damaged.pt.*--state",
        "state in a file": "file",
        "small pool": "8.*4",
        "small motion": "median_motion",
        "large seed": "4294967296",
        "missing part": "part.npz",
        "same part": "part.npz",
    }
    errors, left = torch_check("refused", tmp_path)
    assert errors.keys() == named.keys() and left == []
    for case, (_, message) in errors.items():
        assert re.search(named[case], message), (case, message)


def test_other_programs_without_pytorch(tmp_path):
    (tmp_path / "torch.py").write_text("raise ImportError")
    environment = dict(os.environ, PYTHONPATH=str(tmp_path))
    for name, arguments in (
        ("sheet.py", ["layers", "--output", tmp_path / "layers.png"]),
        ("gpu_speed.py", ["a.png", "b.png"]),
    ):
        script = os.path.join(os.path.dirname(SCRIPT), name)
        done = run_command(script, *arguments, env=environment)
        assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
        assert "scripts/gpu_training/requirements.txt" in done.stderr


@pytest.mark.full
def test_one_photograph_serves_and_is_upright(tmp_path):
    upright = np.zeros((600, 600, 3), np.uint8)
    upright[:300] = 255
    image = oriented_image(stored(upright, 6), ".jpg", 6)
    (tmp_path / "a.jpg").write_bytes(image)
    shape, mean = torch_check("photographs", tmp_path)
    assert shape == [1, 3, 512, 512] and mean > 250


@pytest.mark.full
def test_weights_of_other_parts_do_not_stay(tmp_path):
    parts, whole = torch_check("stale_parts", tmp_path)
    assert parts == ["weights-0.npz", "weights-1.npz"] and whole == ["weights.npz"]


@pytest.mark.full
def test_processes_end_with_a_killed_run(tmp_path):
    done = run_python(torch_python(), CHECKS, "orphans", tmp_path / "processes")
    assert done.returncode == -signal.SIGKILL
    numbers = (tmp_path / "processes").read_text().split()
    assert len(numbers) == 2
    for _ in range(60):
        if not any(os.path.exists("/proc/" + number) for number in numbers):
            break
        time.sleep(0.5)
    assert not any(os.path.exists("/proc/" + number) for number in numbers)


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
