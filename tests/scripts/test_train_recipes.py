"""train_v1.sh and train_v2.sh: what they start, with a stand-in of the interpreter; whole runs."""

import os
import re
import signal
import subprocess
import sys

import pytest

from pwcnet.data.synthetic.scenes import demo_scene
from pwcnet.data.synthetic.sintel_layout import write_sintel
from pwcnet.weights.files import list_checkpoints
from tests.helpers.commands import ROOT

PLATFORM = ("RANK_ID", "RANK_SIZE", "PWCNET_WAIT", "PWCNET_STEP1_URL")
RECORDER = """#!/bin/sh
echo "${PYTHONPATH:-}: $*"
"""
STOPPABLE = """#!/bin/sh
trap 'echo stopped; exit 3' TERM
echo started
while :; do sleep 0.1; done
"""
WAITING = """#!/bin/sh
case "$1" in
    *wait_for_leader.py) exec "$REAL" "$@" ;;
    *) echo "$RANK_ID $*" >>"$NOTES" ;;
esac
"""


def program(path, text):
    """An executable file; returns its path."""
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


def recipe(script, *arguments, shell="sh", cwd=None, **environment):
    """Runs a script; environment: settings besides those of this process."""
    inherited = {name: value for name, value in os.environ.items() if name not in PLATFORM}
    return subprocess.run(
        [shell, os.path.join(ROOT, script)] + list(arguments),
        env=dict(inherited, **environment),
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.mark.parametrize("shell", ["sh", "bash"])
@pytest.mark.parametrize(
    "settings, launcher",
    [
        ({"RANK_SIZE": "2"}, "-m pwcnet launch --engine hccl --workers 2 -- "),
        ({"RANK_SIZE": "2", "RANK_ID": "1"}, ""),
        ({"RANK_SIZE": "1"}, ""),
        ({}, ""),
    ],
)
def test_v1_starts_the_cards_that_no_platform_starts(settings, launcher, shell, tmp_path):
    settings = dict(settings, PYTHON=program(tmp_path / "python", RECORDER))
    done = recipe("train_v1.sh", "--resume", shell=shell, PYTHONPATH="/elsewhere", **settings)
    path, command = done.stdout.rstrip("\n").split(": ")
    assert command.startswith("%s%s/scripts/pwcnet_finetune_lg-6-2" % (launcher, ROOT))
    assert command.endswith(" --resume")
    assert path == (ROOT + ":/elsewhere" if launcher else "/elsewhere")


def test_a_rank_size_that_is_no_number():
    done = recipe("train_v1.sh", RANK_SIZE="two")
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and "'two'" in done.stderr


@pytest.mark.parametrize(
    "script",
    [
        "train_v1.sh",
        "train_v2.sh",
        "scripts/modelzoo/train_full_1p.sh",
        "scripts/modelzoo/train_performance_1p.sh",
        "scripts/train_scenes.sh",
    ],
)
def test_help(script):
    """The shell scripts of training explain themselves, without an interpreter of Python."""
    shell = "sh" if script.startswith("train_v") else "bash"
    done = subprocess.run(
        [shell, os.path.join(ROOT, script), "--help"],
        env=dict(os.environ, PYTHON="/nowhere"),
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: %s %s" % (shell, script))


@pytest.fixture
def v2(tmp_path):
    """Function that runs train_v2.sh as a platform does for a rank; training only notes itself."""
    python = program(tmp_path / "python", WAITING)
    (tmp_path / "v2").mkdir()

    def start(rank, *arguments, **settings):
        settings.update(PYTHON=python, REAL=sys.executable, NOTES=str(tmp_path / "notes"))
        save_path = arguments or ("--save_path", str(tmp_path / "v2"))
        return recipe("train_v2.sh", *save_path, RANK_SIZE="2", RANK_ID=str(rank), **settings)

    return start


def test_step_2_of_the_others_waits_for_the_leaders_step_1(v2, tmp_path):
    done = v2(1, PWCNET_WAIT="0.1")
    assert done.returncode == 2 and done.stderr.startswith("wait_for_leader.py: error: ")
    assert str(tmp_path / "v2" / "finished") in done.stderr
    assert len((tmp_path / "notes").read_text().splitlines()) == 1
    assert v2(0).returncode == 0 and (tmp_path / "v2" / "finished").exists()
    done = v2(1)
    assert done.returncode == 0, done.stderr
    ranks = [line[0] for line in (tmp_path / "notes").read_text().splitlines()]
    assert ranks == ["1", "0", "0", "1", "1"]


@pytest.mark.parametrize("flag", ["--save_path=%s", "--save-path=%s"])
def test_step_2_starts_from_the_checkpoint_of_all_cards_batch(flag, v2, tmp_path):
    for step in (88000, 100000, 176000):
        (tmp_path / "v2" / ("pwcnet.ckpt-%d.index" % step)).write_text("")
    assert v2(0, flag % (tmp_path / "v2")).returncode == 0
    last = (tmp_path / "notes").read_text().split()[-1]
    assert last == str(tmp_path / "v2" / "pwcnet.ckpt-88000")


def test_step_2_has_its_own_options_which_given_ones_win_over(v2, tmp_path):
    assert v2(0, "--save_path", str(tmp_path / "v2"), "--display", "7").returncode == 0
    step1, step2 = (tmp_path / "notes").read_text().splitlines()
    assert step1.endswith("--save_path %s --display 7" % (tmp_path / "v2"))
    assert "--robust False" not in step1 and "--keep_range" not in step1
    options = step2.split()
    assert options[-6:-1] == ["--save_path", "%s-step2/" % (tmp_path / "v2")] + [
        "--robust",
        "False",
        "--pretrained",
    ]
    assert "--iterations 600000 --display 100 " in step2 and " --display 7 " in step2
    assert " --keep_range 50000:60000:1000 " in step2


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dataset")
    write_sintel(str(folder), [("one", demo_scene(0, 64, 96, 3, 4))])
    return str(folder)


@pytest.fixture
def training(dataset, small_checkpoint):
    """Options of a small training of V1 or V2."""
    places = ["--dataset", dataset, "--pretrained", small_checkpoint]
    return places + ["--crop_height", "64", "--crop_width", "64", "--iterations"]


def steps_in(folder):
    return sorted(list_checkpoints(str(folder)))


@pytest.mark.full  # V2 begins with it
def test_v1_from_any_directory(training, tmp_path):
    arguments = training + ["1", "--save_path", "relative"]
    done = recipe("train_v1.sh", *arguments, cwd=str(tmp_path), PYTHON=sys.executable)
    assert done.returncode == 0, done.stderr
    assert steps_in(tmp_path / "relative") == [1] and "sgd" in done.stderr


@pytest.mark.whole_on("tf1")
def test_v2_goes_from_step_1_to_step_2_and_stops_at_a_failure(training, tmp_path):
    arguments = training + ["1", "--save_path", "v2/"]
    done = recipe("train_v2.sh", *arguments, cwd=str(tmp_path), PYTHON=sys.executable)
    assert done.returncode == 0, done.stderr
    assert steps_in(tmp_path / "v2") == [1] and steps_in(tmp_path / "v2-step2") == [1]
    assert re.search("weights from .*v2", done.stderr) and "adam" in done.stderr
    done = recipe("train_v2.sh", *arguments, cwd=str(tmp_path), PYTHON=sys.executable)
    assert done.returncode == 2 and "--resume" in done.stderr and "step 2" not in done.stderr


def test_a_stop_reaches_the_training_of_v2(tmp_path):
    process = subprocess.Popen(
        ["sh", os.path.join(ROOT, "train_v2.sh"), "--save_path", str(tmp_path / "v2")],
        env=dict(os.environ, PYTHON=program(tmp_path / "python", STOPPABLE)),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "started\n"
    process.send_signal(signal.SIGTERM)
    assert process.stdout.read() == "stopped\n" and process.wait(60) != 0


@pytest.mark.full
def test_a_stop_reaches_the_step_of_v2_even_in_the_background(training, tmp_path):
    script = os.path.join(ROOT, "train_v2.sh")
    options = ["1000", "--display", "1", "--save_path", str(tmp_path / "v2")]
    process = subprocess.Popen(
        ["sh", script] + training + options,
        env=dict(os.environ, PYTHON=sys.executable),
        stderr=subprocess.PIPE,
        text=True,
        # As a shell starts its background jobs.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    )
    for line in process.stderr:
        if line.startswith("step=2/"):
            process.send_signal(signal.SIGTERM)
            break
    errors = process.stderr.read()
    assert process.wait(60) != 0 and "continue with --resume" in errors
    assert "train_v2" not in errors and steps_in(tmp_path / "v2")
