"""ModelZoo's cases with tiny settings on this machine: where they log, what they write."""

import os
import subprocess
import sys

import pytest

from pwcnet.data.synthetic.scenes import demo_scene
from pwcnet.data.synthetic.sintel_layout import write_sintel
from tests.helpers.commands import ROOT

TINY = ["--", "--variant", "small", "--crop_height", "64", "--crop_width", "64", "--device", "cpu"]


def modelzoo(script, folder, *arguments):
    return subprocess.run(
        ["bash", os.path.join(ROOT, "scripts", "modelzoo", script)] + list(arguments),
        cwd=str(folder),
        capture_output=True,
        text=True,
        env=dict(os.environ, PYTHON=sys.executable, ASCEND_DEVICE_ID="1"),
    )


def results(folder, name):
    with open(str(folder / "test" / "output" / "1" / (name + ".log"))) as stream:
        return dict(line.rstrip("\n").split(" = ") for line in stream)


@pytest.mark.whole_on("tf1")
@pytest.mark.parametrize(
    "script, kind, accuracy",
    [
        ("train_full_1p.sh", "acc", True),
        pytest.param("train_performance_1p.sh", "perf", False, marks=pytest.mark.full),
    ],
)
def test_results_and_logs(script, kind, accuracy, tmp_path):
    write_sintel(str(tmp_path / "data"), [("one", demo_scene(0, 64, 96, 3, 4))])
    done = modelzoo(
        script,
        tmp_path,
        "--data_path=%s" % (tmp_path / "data"),
        "--batch_size=1",
        "--train_steps=4",
        "--output_path=%s" % (tmp_path / "out"),
        *TINY,
    )
    assert done.returncode == 0, done.stderr
    case = "PWCNet_ID0171_for_TensorFlow_bs1_1p_" + kind
    found = results(tmp_path, case)
    assert (
        found["Network"] == "PWCNet_ID0171_for_TensorFlow"
        and found["CaseName"] == case
        and found["RankSize"] == "1"
        and found["BatchSize"] == "1"
    )
    assert (
        all(float(found[name]) > 0 for name in ("ActualFPS", "TrainingTime", "ActualLoss"))
        and int(found["E2ETrainingTime"]) >= 0
    )
    assert ("TrainAccuracy" in found) == accuracy
    with open(str(tmp_path / "test" / "output" / "1" / "train_1.log")) as stream:
        log = stream.read()
    assert "sec/step=" in log and "loss=" in log
    assert (tmp_path / "out" / "checkpoint").exists()


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--data_path=/nowhere"], "/nowhere"),
        ([], "--data_path=DIR"),
        (["--steps=3"], "got '--steps=3'"),
        (["--data_path=/", "--batch_size=x"], "--batch_size"),
    ],
)
def test_wrong_arguments(arguments, words, tmp_path):
    done = modelzoo("train_performance_1p.sh", tmp_path, *arguments)
    assert done.returncode == 2 and words in done.stderr and os.listdir(str(tmp_path)) == []
