"""ModelArts jobs, end to end in fresh processes, with a stand-in of moxing."""

import importlib
import os
import shutil

import pytest

from pwcnet.data.synthetic.demo_scenes import make_scene, write_sintel
from pwcnet.runtime.tensorflow import TF_RELEASE
from pwcnet.weights.checkpoint import list_checkpoints
from tests.conftest import ROOT, golden_weights, run_command, run_main, write_checkpoint
from tests.standins.fixtures import environment

SCRIPT = "scripts/modelarts_boot.py"
DEVICE = (
    [] if TF_RELEASE.startswith("1.") else ["--device", "cpu"]
)  # the NPU of the stand-ins is for TensorFlow 1.15
SMALL = DEVICE + [
    "--iterations",
    "1",
    "--crop_height",
    "64",
    "--crop_width",
    "64",
    "--batch_size",
    "4",
]


@pytest.fixture
def obs(small_checkpoint, tmp_path):
    """A folder in the place of OBS: data and weights in obs://bucket."""
    write_sintel(str(tmp_path / "obs" / "bucket" / "data"), [("one", make_scene(0, 64, 96, 3, 4))])
    shutil.copytree(os.path.dirname(small_checkpoint), str(tmp_path / "obs" / "bucket" / "weights"))
    return tmp_path / "obs" / "bucket"


def boot(tmp_path, job, *arguments, **settings):
    return run_command(
        SCRIPT,
        "--job",
        job,
        "--data_url",
        "obs://bucket/data",
        "--train_url",
        "obs://bucket/" + job,
        "--cache",
        tmp_path / settings.pop("cache", "cache"),
        "--pretrained",
        "obs://bucket/weights/pwcnet.ckpt-7",
        *arguments,
        env=environment(STANDIN_OBS=tmp_path / "obs", **settings),
        timeout=300,
    )


def test_training_and_a_job_that_goes_on(obs, tmp_path):
    done = boot(tmp_path, "v1", *SMALL)
    assert done.returncode == 0, done.stderr
    assert sorted(list_checkpoints(str(obs / "v1"))) == [1]
    assert {"options.json", "train.log", "checkpoint"} <= set(os.listdir(str(obs / "v1")))
    done = boot(tmp_path, "v1", *SMALL, cache="another machine")
    assert done.returncode == 0, done.stderr
    assert (
        "went back to obs://bucket/v1/pwcnet.ckpt-1" in done.stderr
        and "is complete: nothing to do" in done.stderr
    )


def test_v2_has_two_folders(small_checkpoint, tmp_path, monkeypatch):
    """Step 1 comes back with the checkpoint that step 2 starts from; each checkpoint goes out while the job runs."""
    module = importlib.import_module("scripts.modelarts_boot")
    url, jobs = tmp_path / "url", []
    write_checkpoint(url / "step1", golden_weights("sm", 0), step=352000)
    write_checkpoint(url / "step1", golden_weights("sm", 0), step=400000)

    def train(job, results):
        jobs.append(job)
        assert sorted(list_checkpoints(str(tmp_path / "cache" / "result" / "v2" / "step1"))) == [
            352000,
            400000,
        ]
        write_checkpoint(
            tmp_path / "cache" / "result" / "v2" / "step1-step2", golden_weights("sm", 0), step=8
        )
        for each in results:
            each.save()
        assert sorted(list_checkpoints(str(url / "step1-step2"))) == ([8] if results else [])
        return 0

    monkeypatch.setattr(module, "train", train)
    flags = [
        "--job",
        "v2",
        "--data_url",
        str(tmp_path),
        "--train_url",
        str(url),
        "--cache",
        str(tmp_path / "cache"),
        "--batch_size",
        "2",
    ]
    monkeypatch.setenv("RANK_ID", "1")
    assert module.main(flags) == 0  # only the leader copies
    monkeypatch.delenv("RANK_ID")
    assert module.main(flags) == 0
    assert jobs[0] == [
        "sh",
        os.path.join(ROOT, "train_v2.sh"),
        "--dataset",
        str(tmp_path),
        "--save_path",
        str(tmp_path / "cache" / "result" / "v2" / "step1"),
        "--resume",
        "--batch_size",
        "2",
    ]


def test_evaluate_and_freeze(obs, tmp_path):
    done = boot(tmp_path, "evaluate", *DEVICE)
    assert done.returncode == 0, done.stderr
    assert (
        sorted(os.listdir(str(obs / "evaluate"))) == ["epe.csv", "evaluate.log"]
        and "Average EPE=" in (obs / "evaluate" / "evaluate.log").read_text()
    )
    assert "Average EPE=" in done.stdout
    done = boot(tmp_path, "freeze", "--height", 64, "--width", 64)
    assert done.returncode == 0, done.stderr
    assert sorted(os.listdir(str(obs / "freeze"))) == ["freeze.log", "pwcnet.pb"]


def test_a_job_that_fails(obs, tmp_path):
    done = boot(tmp_path, "v1", "--iterations", "none")
    assert done.returncode == 2 and "--iterations" in done.stderr


@pytest.mark.parametrize(
    "arguments, message",
    [
        (
            ["--job", "evaluate", "--train_url", "x", "--data_url", "y"],
            "--job evaluate needs --pretrained",
        ),
        (["--job", "v1", "--train_url", "x"], "--job v1 needs --data_url"),
    ],
)
def test_flags_that_do_not_fit(arguments, message, capsys):
    with pytest.raises(SystemExit):
        run_main(SCRIPT, *arguments)
    assert message in capsys.readouterr().err
