"""ModelArts jobs end to end, with a stand-in of moxing."""

import os
import shutil
import signal
import sys

import pytest

from pwcnet.cli.published import modelarts_boot
from pwcnet.data.synthetic.scenes import demo_scene
from pwcnet.data.synthetic.sintel_layout import write_sintel
from pwcnet.runtime.tensorflow import TF_RELEASE
from pwcnet.weights.files import list_checkpoints
from tests.helpers.checkpoints import write_checkpoint
from tests.helpers.commands import ROOT, run_command
from tests.helpers.golden import golden_weights
from tests.standins.fixtures import STANDINS, environment, standins  # noqa: F401

# The NPU of the stand-ins is for TensorFlow 1.15.
DEVICE = [] if TF_RELEASE.startswith("1.") else ["--device", "cpu"]
TRAINING = "--iterations 1 --crop_height 64 --crop_width 64 --batch_size 4".split() + DEVICE


@pytest.fixture
def obs(small_checkpoint, tmp_path):
    """A folder that stands for OBS: data and weights in obs://bucket."""
    write_sintel(str(tmp_path / "obs" / "bucket" / "data"), [("one", demo_scene(0, 64, 96, 3, 4))])
    shutil.copytree(os.path.dirname(small_checkpoint), str(tmp_path / "obs" / "bucket" / "weights"))
    return tmp_path / "obs" / "bucket"


@pytest.fixture
def boot(obs, tmp_path, monkeypatch, standins):  # noqa: F811
    """Function of (job, arguments) that runs the boot file in this process; returns its code."""
    monkeypatch.setenv("STANDIN_OBS", str(tmp_path / "obs"))
    monkeypatch.setenv("PYTHONPATH", STANDINS)  # of the job's process
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def run(job, *arguments, cache="cache"):
        return modelarts_boot.main(flags(job, tmp_path / cache) + list(arguments), "boot")

    yield run
    for number, handler in handlers.items():
        signal.signal(number, handler)


def flags(job, cache):
    places = {
        "--data_url": "obs://bucket/data",
        "--train_url": "obs://bucket/" + job,
        "--cache": str(cache),
        "--pretrained": "obs://bucket/weights/pwcnet.ckpt-7",
    }
    return ["--job", job] + [word for place in places.items() for word in place]


@pytest.mark.whole_on("tf1")
def test_training_and_a_job_that_is_started_again(obs, boot, tmp_path, caplog):
    """The first time in a real process, through the boot file."""
    caplog.set_level("INFO")
    done = run_command(
        "scripts/modelarts_boot.py",
        *(flags("v1", tmp_path / "cache") + TRAINING),
        env=environment(STANDIN_OBS=tmp_path / "obs"),
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert sorted(list_checkpoints(str(obs / "v1"))) == [1]
    assert {"options.json", "train.log", "checkpoint"} <= set(os.listdir(str(obs / "v1")))
    assert boot("v1", *TRAINING, cache="another machine") == 0
    assert "obs://bucket/v1/pwcnet.ckpt-1" in caplog.text
    assert sorted(list_checkpoints(str(tmp_path / "another machine" / "result" / "v1"))) == [1]


@pytest.mark.whole_on("tf1")
def test_v2_has_two_folders(tmp_path, monkeypatch):
    """Step 1 comes back with the checkpoint that step 2 starts from; checkpoints go out while the
    job runs."""
    url, cache, commands = tmp_path / "url", tmp_path / "cache", []
    step1, step2 = cache / "result" / "v2" / "step1", cache / "result" / "v2" / "step1-step2"
    for step in (352000, 400000):
        write_checkpoint(url / "step1", golden_weights("sm", 0), step=step)

    def train(command, results):
        commands.append(command)
        assert sorted(list_checkpoints(str(step1))) == [352000, 400000]
        write_checkpoint(step2, golden_weights("sm", 0), step=8)
        for result in results:
            result.upload_checkpoints()
        assert sorted(list_checkpoints(str(url / "step1-step2"))) == ([8] if results else [])
        return 0

    monkeypatch.setattr(modelarts_boot, "_train", train)
    monkeypatch.delenv("RANK_SIZE", raising=False)
    monkeypatch.setenv("PWCNET_STEP1_URL", "")  # so that it is restored
    places = ["--data_url", str(tmp_path), "--train_url", str(url), "--cache", str(cache)]
    arguments = ["--job", "v2"] + places + ["--batch_size", "2"]
    monkeypatch.setenv("RANK_ID", "1")
    assert modelarts_boot.main(arguments) == 0  # only the leader copies
    monkeypatch.delenv("RANK_ID")
    assert modelarts_boot.main(arguments) == 0
    script = ["sh", os.path.join(ROOT, "train_v2.sh"), "--dataset", str(tmp_path)]
    assert commands[0] == script + ["--save_path", str(step1), "--resume", "--batch_size", "2"]
    assert os.environ["PWCNET_STEP1_URL"] == str(url / "step1")


@pytest.mark.whole_on("tf1")
def test_evaluate_and_freeze(obs, boot, capsys):
    assert boot("evaluate", *DEVICE) == 0
    assert sorted(os.listdir(str(obs / "evaluate"))) == ["epe.csv", "evaluate.log"]
    assert "Average EPE=" in (obs / "evaluate" / "evaluate.log").read_text()
    assert "Average EPE=" in capsys.readouterr().out
    assert boot("freeze", "--height", "64", "--width", "64") == 0
    assert sorted(os.listdir(str(obs / "freeze"))) == ["freeze.log", "pwcnet.pb"]


def test_a_job_that_fails(boot, capfd):
    assert boot("v1", "--iterations", "none") == 2
    assert "--iterations" in capfd.readouterr().err


def test_other_cards_do_nothing_where_one_is_enough(monkeypatch):
    monkeypatch.setenv("RANK_ID", "1")
    arguments = ["--job", "freeze", "--train_url", "x", "--pretrained", "y"]
    assert modelarts_boot.main(arguments) == 0


@pytest.mark.parametrize(
    "arguments, missing",
    [
        (["--job", "evaluate", "--train_url", "x", "--data_url", "y"], "--pretrained"),
        (["--job", "v1", "--train_url", "x"], "--data_url"),
        (["--job", "v1", "--data_url", "x"], "--train_url"),
    ],
)
def test_options_that_are_missing(arguments, missing, capsys):
    with pytest.raises(SystemExit):
        modelarts_boot.main(arguments)
    assert missing in capsys.readouterr().err


def test_the_other_parts_of_the_project():
    for script in (modelarts_boot.EVALUATE, modelarts_boot.FREEZE, "train_v1.sh", "train_v2.sh"):
        assert os.path.isfile(os.path.join(modelarts_boot.ROOT, script))
    assert modelarts_boot.job_command("freeze", None, "w", "out")[0] == sys.executable
