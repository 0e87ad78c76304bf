"""The published fine-tuning: flags and defaults, a run end to end, interruption."""

import json
import os
import shutil
import signal
import subprocess
import sys

import pytest

from pwcnet.cli.published import finetune
from pwcnet.cli.training_options import TRAINING_OPTIONS
from pwcnet.cli.training_run import Places
from pwcnet.data.synthetic.scenes import demo_scene
from pwcnet.data.synthetic.sintel_layout import write_sintel
from pwcnet.training.options import TrainingOptions
from pwcnet.weights.checkpoint import Checkpoint
from pwcnet.weights.files import list_checkpoints
from tests.helpers.checkpoints import write_checkpoint
from tests.helpers.commands import ROOT, run_command
from tests.helpers.golden import golden_weights
from tests.helpers.run_folders import differences_from
from tests.helpers.training import train_light_network

SCRIPT = "scripts/pwcnet_finetune_lg-6-2-multisteps-mpisintelclean.py"
SMALL = "--crop_height 64 --crop_width 64".split()
PUBLISHED = {
    "iterations": 200000,
    "display": 1000,
    "save_path": "./pwcnet-lg-6-2-multisteps-mpisintelclean-finetuned/",
    "batch_size": 4,
    "dataset": "./dataset/",
    "robust": True,
    "pretrained": None,
}
OTHERS = {  # of version 0.1
    "render_pass": "clean",
    "mode": "train_noval",
    "id_files": False,
    "resume": False,
    "variant": None,
    "crop_height": 384,
    "crop_width": 768,
    "augment": True,
    "optimizer": None,
    "schedule": "multisteps",
    "learning_rate": None,
    "clip_norm": None,
    "weight_decay": 0.0004,
    "weight_decay_biases": True,
    "start": "published",
    "matching": 0.0,
    "average_decay": 0.0,
    "precision": "float32",
    "loss_scale": None,
    "masked": False,
    "skip_bad_samples": False,
    "validate_every": None,
    "save_every": 1000,
    "keep": 5,
    "keep_every": 8000,
    "keep_best": 1,
    "seed": 1969,
    "threads": 0,
    "workers": 0,
    "data_url": None,
    "train_url": None,
    "cache": "/cache",
    "device": "auto",
}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dataset")
    write_sintel(str(folder), [("one", demo_scene(0, 64, 96, 3, 4))])
    return str(folder)


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pretrained")
    return write_checkpoint(folder, golden_weights("sm", 0), step=595000)


def run(*arguments):
    """The exit code of the script, in this process."""
    return finetune.main([str(argument) for argument in arguments], os.path.basename(SCRIPT))


def job(*arguments, workers=1):
    """The Job that the arguments mean for so many workers."""
    args = finetune.parser().parse_args([str(argument) for argument in arguments])
    return finetune._make_job(args, Places(args.output, args.dataset, args.weights), workers)


def steps_in(folder):
    return sorted(list_checkpoints(str(folder)))


def test_flags_and_defaults_are_those_that_were_published():
    parser = finetune.parser()
    for name, value in dict(PUBLISHED, **OTHERS).items():
        action = parser._option_string_actions["--" + name]
        assert parser.get_default(action.dest) == value, name
    options = TrainingOptions(steps=1)
    args = parser.parse_args([])
    for name in TRAINING_OPTIONS:
        assert getattr(args, name) == getattr(options, name), name


@pytest.mark.whole_on("tf1")
def test_a_run_with_the_published_flags(dataset, pretrained, tmp_path):
    """In a fresh process. --save_path has no slash at its end; files lie in the folder all the
    same."""
    save_path = str(tmp_path / "out")
    published = "--iterations 4 --display 2 --batch_size 4 --robust True".split()
    places = ["--save_path", save_path, "--dataset", dataset, "--pretrained", pretrained]
    modelarts = ["--data_url", dataset, "--train_url", save_path]
    done = run_command(SCRIPT, *published + places + modelarts + SMALL)
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("step=")]
    assert len(lines) == 2
    for key in ("loss=", "epe=", "lr=", "samples/sec=", "sec/step=", "eta="):
        assert all(key in line for line in lines)
    assert steps_in(save_path) == [4] and os.listdir(str(tmp_path)) == ["out"]
    assert Checkpoint(save_path).config.name == "sm-6-2"
    with open(os.path.join(save_path, "options.json")) as stream:
        about = json.load(stream)
    assert about["training"]["loss"] == "robust" and about["versions"]["tensorflow"]
    assert about["command"][0] == os.path.basename(SCRIPT) and "--robust" in about["command"]
    with open(os.path.join(save_path, "train.log")) as stream:
        assert "loss=" in stream.read()


def test_iterations_are_for_batches_of_four(dataset):
    base = ["--dataset", dataset, "--iterations", 12, "--robust", "no"] + SMALL
    result = job(*base + ["--batch_size", 2])
    assert result.options.steps == 24 and "24 steps of batch size 2" in result.notes[0]
    assert result.options.optimizer_name == "adam" and result.options.loss == "multiscale"
    assert job(*base, workers=2).options.steps == 6
    assert job(*base).options.steps == 12 and job(*base).notes == ()


@pytest.mark.whole_on("tf1")
def test_the_part_that_is_set_aside_validates(dataset, tmp_path, caplog, monkeypatch):
    train_light_network(monkeypatch.setattr)
    caplog.set_level("INFO")
    copied = str(tmp_path / "MPI-Sintel-complete")
    shutil.copytree(os.path.join(dataset, "MPI-Sintel-complete"), copied)
    for part, n in (("train", 1), ("val", 2)):
        names = "frame_%04d.png" % n, "frame_%04d.png" % (n + 1), "frame_%04d.flo" % n
        with open(os.path.join(copied, "clean_%s_0.03split.txt" % part), "w") as stream:
            stream.write("###".join("one/" + name for name in names) + "\n")
    out = tmp_path / "out"
    flags = (
        "--iterations 2 --variant small --mode train_with_val --id_files --save_every 1 "
        "--clip_norm 10 --weight_decay_biases False --masked True --skip_bad_samples --keep_best 1 "
        "--batch_size 4"
    )
    assert run("--save_path", out, "--dataset", tmp_path, *flags.split() + SMALL) == 0
    lines = [line for line in caplog.messages if line.startswith("validation:")]
    assert len(lines) == 2 and "pairs=1" in lines[0] and steps_in(out) == [1, 2]
    with open(str(out / "options.json")) as stream:
        training = json.load(stream)["training"]
    assert (training["validate_every"], training["clip_norm"]) == (1, 10.0)
    assert (training["weight_decay_biases"], training["batch_size"]) == (False, 4)


def test_run_folders_of_version_0_1_have_the_same_options(tmp_path, monkeypatch):
    """options.json of the script with the same flags at that version."""
    write_sintel(str(tmp_path / "data"), [("one", demo_scene(0, 64, 96, 4, 4))])
    monkeypatch.chdir(tmp_path)
    flags = (
        "--iterations 1 --dataset data --variant small --mode train_with_val "
        "--start coarse_to_fine --workers 2"
    )
    assert differences_from("finetune.json", job(*flags.split() + SMALL), tmp_path / "run") == {}


@pytest.mark.parametrize(
    "arguments, words",
    [
        ("--id_files", "id files"),
        ("--validate_every 5", "--mode train_with_val"),
        ("--dataset /nowhere", "/nowhere"),
        ("--pretrained /nowhere/pwcnet.ckpt-1", "/nowhere/pwcnet.ckpt-1.*--pretrained large"),
        ("--crop_height 60", "60"),
        ("--crop_height 128", "128"),
    ],
)
def test_flags_that_do_not_fit_write_nothing(arguments, words, dataset, tmp_path):
    base = ["--save_path", tmp_path / "out", "--dataset", dataset, *SMALL]
    with pytest.raises((ValueError, OSError), match=words):
        run(*base + arguments.split())
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("arguments", ["--robust maybe", "--iterations 0", "--render_pass albedo"])
def test_values_that_the_parser_refuses(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        run(*arguments.split())
    line = capsys.readouterr().err
    assert caught.value.code == 2 and line.count("\n") == 1 and arguments.split()[1] in line


def test_a_folder_that_holds_a_run(dataset, pretrained):
    folder = os.path.dirname(pretrained)
    files = sorted(os.listdir(folder))
    with pytest.raises(ValueError, match="--resume") as caught:
        run("--save_path", folder, "--dataset", dataset, *SMALL)
    assert folder in str(caught.value) and sorted(os.listdir(folder)) == files


def test_wrong_input_is_one_line_and_exit_code_2(dataset, tmp_path):
    done = run_command(SCRIPT, "--dataset", "/nowhere", "--save_path", tmp_path / "out")
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and "/nowhere" in done.stderr


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(signal.SIGINT, marks=pytest.mark.full),
        pytest.param(signal.SIGTERM, marks=pytest.mark.full),
    ],
)
def test_a_stop_saves_and_resume_continues(number, dataset, pretrained, tmp_path, caplog):
    caplog.set_level("INFO")
    places = ["--save_path", str(tmp_path), "--dataset", dataset, "--pretrained", pretrained]
    arguments = ["--iterations", "1000", "--display", "1"] + places + SMALL
    process = subprocess.Popen(
        [sys.executable, SCRIPT] + arguments, cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    for line in process.stderr:
        if line.startswith("step=2/"):
            process.send_signal(number)
            break
    errors = process.stderr.read()
    assert process.wait(60) == 130
    assert "continue with --resume" in errors and "Traceback" not in errors
    (saved,) = steps_in(tmp_path)
    assert saved >= 2
    assert run("--resume", *arguments, "--iterations", saved + 1) == 0
    assert "resuming from" in caplog.text and steps_in(tmp_path)[-1] == saved + 1


@pytest.mark.full
def test_real_sintel_frames_train(real_data, pretrained, tmp_path):
    flags = "--iterations 5 --display 5 --batch_size 4 --crop_height 128 --crop_width 192"
    places = ["--save_path", tmp_path, "--dataset", real_data, "--pretrained", pretrained]
    assert run(*flags.split() + places) == 0
    assert steps_in(tmp_path) == [5]
