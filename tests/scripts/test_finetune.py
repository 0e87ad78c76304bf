"""The published fine-tuning command lines, end to end in fresh processes."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys

import pytest

from pwcnet.cli.training_options import OPTIONS
from pwcnet.data.synthetic.scenes import demo_scene
from pwcnet.data.synthetic.sintel_layout import write_sintel
from pwcnet.training.options import TrainingOptions
from pwcnet.weights.checkpoint import Checkpoint, list_checkpoints
from tests.conftest import (
    ROOT,
    golden_weights,
    load_script,
    run_command,
    run_main,
    write_checkpoint,
)

SCRIPT = "scripts/pwcnet_finetune_lg-6-2-multisteps-mpisintelclean.py"
SMALL = ["--crop_height", "64", "--crop_width", "64"]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dataset")
    write_sintel(str(folder), [("one", demo_scene(0, 64, 96, 3, 4))])
    return str(folder)


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory):
    return write_checkpoint(
        tmp_path_factory.mktemp("pretrained"), golden_weights("sm", 0), step=595000
    )


def finetune(*arguments, **options):
    return run_command(SCRIPT, *arguments, **options)


def steps_in(folder):
    return sorted(list_checkpoints(str(folder)))


def test_published_flags(dataset, pretrained, tmp_path):
    save_path = str(tmp_path / "out")  # without a trailing slash: inside the folder all the same
    done = finetune(
        "--iterations",
        4,
        "--display",
        2,
        "--save_path",
        save_path,
        "--batch_size",
        4,
        "--dataset",
        dataset,
        "--robust",
        "True",
        "--pretrained",
        pretrained,
        "--data_url",
        dataset,
        "--train_url",
        save_path,
        *SMALL,
    )
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("step=")]
    assert len(lines) == 2
    for key in ("loss=", "epe=", "lr=", "samples/sec=", "sec/step=", "eta="):
        assert all(key in line for line in lines)
    assert steps_in(save_path) == [4] and os.listdir(str(tmp_path)) == ["out"]
    assert Checkpoint(save_path).config.name == "sm-6-2"
    with open(os.path.join(save_path, "options.json")) as stream:
        about = json.load(stream)
    assert (
        about["training"]["loss"] == "robust"
        and about["versions"]["tensorflow"]
        and "--robust" in about["command"]
    )
    with open(os.path.join(save_path, "train.log")) as stream:
        assert "loss=" in stream.read()


def test_iterations_are_for_batches_of_four(dataset, pretrained, tmp_path):
    done = finetune(
        "--iterations",
        1,
        "--save_path",
        tmp_path,
        "--batch_size",
        2,
        "--dataset",
        dataset,
        "--pretrained",
        pretrained,
        "--robust",
        "no",
        *SMALL,
    )
    assert done.returncode == 0, done.stderr
    assert (
        steps_in(tmp_path) == [2]
        and "2 steps of batch size 2" in done.stderr
        and "adam" in done.stderr
    )


def test_the_part_that_is_set_aside_validates(dataset, tmp_path, caplog):
    caplog.set_level("INFO")
    folder = os.path.join(dataset, "MPI-Sintel-complete")
    copied = str(tmp_path / "MPI-Sintel-complete")
    shutil.copytree(folder, copied)
    pairs = [
        "one/frame_%04d.png###one/frame_%04d.png###one/frame_%04d.flo" % (n, n + 1, n)
        for n in (1, 2)
    ]
    for part, pair in zip(("train", "val"), pairs):
        with open(os.path.join(copied, "clean_%s_0.03split.txt" % part), "w") as stream:
            stream.write(pair + "\n")
    out = tmp_path / "out"
    assert (
        run_main(
            SCRIPT,
            "--iterations",
            2,
            "--save_path",
            out,
            "--dataset",
            tmp_path,
            "--variant",
            "small",
            "--mode",
            "train_with_val",
            "--id_files",
            "--save_every",
            1,
            "--clip_norm",
            10,
            "--weight_decay_biases",
            "False",
            "--masked",
            "True",
            "--skip_bad_samples",
            "--keep_best",
            1,
            "--batch_size",
            4,
            *SMALL,
        )
        == 0
    )
    validations = [
        record.getMessage()
        for record in caplog.records
        if record.getMessage().startswith("validation:")
    ]
    assert len(validations) == 2 and "pairs=1" in validations[0] and steps_in(out) == [1, 2]
    with open(str(out / "options.json")) as stream:
        training = json.load(stream)["training"]
    assert (
        training["validate_every"],
        training["clip_norm"],
        training["weight_decay_biases"],
        training["batch_size"],
    ) == (1, 10.0, False, 4)


def test_defaults_are_those_of_the_options_and_published_data():
    flags = load_script(SCRIPT).parser().parse_args([])
    options = TrainingOptions(steps=1)
    for name in OPTIONS:
        assert getattr(flags, name) == getattr(options, name), name
    assert (flags.crop_height, flags.crop_width) == options.crop and flags.iterations == 200000
    assert flags.masked is False and flags.mode == "train_noval" and not flags.skip_bad_samples


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--id_files"], "expected mode train_with_val or val with id files"),
        (["--validate_every", "5"], "try --mode train_with_val"),
    ],
)
def test_flags_that_need_others(arguments, words, dataset, tmp_path):
    with pytest.raises(ValueError, match=words):
        run_main(
            SCRIPT, "--save_path", tmp_path / "out", "--dataset", dataset, *(SMALL + arguments)
        )
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--robust", "maybe"], "expected True or False"),
        (["--iterations", "0"], "above 0"),
        (["--dataset", "/nowhere"], "/nowhere"),
        (["--pretrained", "/nowhere/pwcnet.ckpt-1"], "/nowhere/pwcnet.ckpt-1.index"),
        (["--crop_height", "60"], "multiples of 64"),
        (["--crop_height", "128"], "128"),
    ],
)
def test_wrong_input_is_one_line_and_exit_code_2(arguments, words, dataset, pretrained, tmp_path):
    base = [
        "--iterations",
        1,
        "--save_path",
        tmp_path / "out",
        "--dataset",
        dataset,
        "--pretrained",
        pretrained,
    ] + SMALL
    done = finetune(*(base + arguments))
    assert done.returncode == 2 and words in done.stderr and "Traceback" not in done.stderr
    assert not steps_in(tmp_path / "out")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupt_saves_and_resume_goes_on(number, dataset, pretrained, tmp_path):
    arguments = [
        "--iterations",
        "1000",
        "--display",
        "1",
        "--save_path",
        str(tmp_path),
        "--dataset",
        dataset,
        "--pretrained",
        pretrained,
    ] + SMALL
    process = subprocess.Popen(
        [sys.executable, SCRIPT] + arguments,
        cwd=ROOT,
        stderr=subprocess.PIPE,
        universal_newlines=True,
    )
    for line in process.stderr:
        if line.startswith("step=2/"):
            process.send_signal(number)
            break
    errors = process.stderr.read()
    assert (
        process.wait(60) == 130 and "continue with --resume" in errors and "Traceback" not in errors
    )
    (saved,) = steps_in(tmp_path)
    assert saved >= 2
    done = finetune(*(["--resume"] + arguments + ["--iterations", str(saved + 1)]))
    assert done.returncode == 0, done.stderr
    assert "resuming from" in done.stderr and steps_in(tmp_path)[-1] == saved + 1


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_train_v1_from_any_directory(shell, dataset, pretrained, tmp_path):
    done = subprocess.run(
        [
            shell,
            os.path.join(ROOT, "train_v1.sh"),
            "--iterations",
            "1",
            "--dataset",
            dataset,
            "--pretrained",
            pretrained,
            "--save_path",
            "relative",
        ]
        + SMALL,
        cwd=str(tmp_path),
        env=dict(os.environ, PYTHON=sys.executable),
        stderr=subprocess.PIPE,
        universal_newlines=True,
    )
    assert done.returncode == 0, done.stderr
    assert steps_in(tmp_path / "relative") == [1] and "sgd" in done.stderr


def test_train_v2_goes_from_step_1_to_step_2_and_stops_at_a_failure(dataset, pretrained, tmp_path):
    command = [
        "sh",
        os.path.join(ROOT, "train_v2.sh"),
        "--iterations",
        "1",
        "--dataset",
        dataset,
        "--save_path",
        "v2/",
        "--pretrained",
        pretrained,
    ] + SMALL
    environment = dict(os.environ, PYTHON=sys.executable)
    done = subprocess.run(
        command, cwd=str(tmp_path), env=environment, stderr=subprocess.PIPE, universal_newlines=True
    )
    assert done.returncode == 0, done.stderr
    assert steps_in(tmp_path / "v2") == [1] and steps_in(tmp_path / "v2-step2") == [1]
    assert re.search("weights from .*v2", done.stderr) and "adam" in done.stderr
    done = subprocess.run(
        command, cwd=str(tmp_path), env=environment, stderr=subprocess.PIPE, universal_newlines=True
    )
    assert done.returncode == 2 and "--resume" in done.stderr and "step 2" not in done.stderr


def test_step_2_takes_176000_where_it_is(dataset, pretrained, tmp_path):
    weights = golden_weights("sm", 0)
    write_checkpoint(tmp_path / "v2", weights, step=176000)
    last = write_checkpoint(tmp_path / "v2", weights, step=200000)
    done = subprocess.run(
        [
            "bash",
            os.path.join(ROOT, "train_v2.sh"),
            "--iterations",
            "1",
            "--dataset",
            dataset,
            "--resume",
            "--save_path=v2",
        ]
        + SMALL
        + ["--pretrained", pretrained],
        cwd=str(tmp_path),
        env=dict(os.environ, PYTHON=sys.executable),
        stderr=subprocess.PIPE,
        universal_newlines=True,
    )
    assert done.returncode == 0, done.stderr
    assert (
        "%s is complete" % os.path.relpath(last, str(tmp_path)) in done.stderr
        and "weights from v2/pwcnet.ckpt-176000" in done.stderr
    )


def test_real_sintel_frames_train_for_20_steps(real_data, pretrained, tmp_path):
    done = finetune(
        "--iterations",
        20,
        "--display",
        10,
        "--save_path",
        tmp_path,
        "--batch_size",
        4,
        "--dataset",
        real_data,
        "--pretrained",
        pretrained,
        "--crop_height",
        128,
        "--crop_width",
        192,
    )
    assert done.returncode == 0, done.stderr
    assert steps_in(tmp_path) == [20]


def test_a_stop_reaches_the_step_of_train_v2_even_in_the_background(dataset, pretrained, tmp_path):
    command = [
        "sh",
        os.path.join(ROOT, "train_v2.sh"),
        "--iterations",
        "1000",
        "--display",
        "1",
        "--dataset",
        dataset,
        "--save_path",
        str(tmp_path / "v2"),
        "--pretrained",
        pretrained,
    ] + SMALL
    process = subprocess.Popen(
        command,
        env=dict(os.environ, PYTHON=sys.executable),
        stderr=subprocess.PIPE,
        universal_newlines=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    )  # as a shell starts its background jobs
    for line in process.stderr:
        if line.startswith("step=2/"):
            process.send_signal(signal.SIGTERM)
            break
    errors = process.stderr.read()
    assert process.wait(60) != 0 and "continue with --resume" in errors and "train_v2" not in errors
    assert steps_in(tmp_path / "v2")
