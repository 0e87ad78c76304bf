"""train_v1.sh and train_v2.sh: what they start, with a stand-in of the interpreter."""

import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT

PLATFORM = ("RANK_ID", "RANK_SIZE", "PWCNET_WAIT", "PWCNET_STEP1_URL")
RECORDER = """#!/bin/sh
echo "${PYTHONPATH:-}: $*"
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


def recipe(script, *arguments, **environment):
    """Runs a script as `sh`; environment: settings besides those of this process."""
    inherited = {name: value for name, value in os.environ.items() if name not in PLATFORM}
    return subprocess.run(
        ["sh", os.path.join(ROOT, script)] + list(arguments),
        env=dict(inherited, **environment),
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    "settings, launcher",
    [
        ({"RANK_SIZE": "2"}, "-m pwcnet launch --engine hccl --workers 2 -- "),
        ({"RANK_SIZE": "2", "RANK_ID": "1"}, ""),
        ({"RANK_SIZE": "1"}, ""),
        ({}, ""),
    ],
)
def test_v1_starts_the_cards_that_no_platform_starts(settings, launcher, tmp_path):
    python = program(tmp_path / "python", RECORDER)
    done = recipe("train_v1.sh", "--resume", PYTHON=python, PYTHONPATH="/elsewhere", **settings)
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
    assert "--robust False" not in step1
    options = step2.split()
    assert options[-6:-1] == ["--save_path", "%s-step2/" % (tmp_path / "v2")] + [
        "--robust",
        "False",
        "--pretrained",
    ]
    assert "--iterations 600000 --display 100 " in step2 and " --display 7 " in step2
