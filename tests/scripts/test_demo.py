"""scripts/demo.sh with a stand-in for Python, which prints numbers: paths and the verdict."""

import os
import shutil
import subprocess

import pytest

from tests.helpers.commands import ROOT

PYTHON = """#!/bin/bash
echo "$@" >>"$RECORD"
while [ $# -gt 0 ]; do
    case "$1" in
        scenes) mkdir -p "$3/MPI-Sintel-complete/training/clean/one" ;;
        score) echo "Average EPE =  $EPE" ;;
        scripts/pwcnet_finetune*) finetune=1 ;;
        scripts/pwcnet_eval*) echo "Zero flow: 4.000000 pixels"; echo "Average EPE: $EPE pixels" ;;
        --save_path) [ -z "$finetune" ] || mkdir -p "$2" ;;
    esac
    shift
done
"""


@pytest.fixture
def demo(tmp_path):
    """Runs a copy of the demo from another folder: (exit code, output, the commands it ran)."""
    project, here = tmp_path / "project", tmp_path / "here"
    for folder in (project / "scripts", project / ".venv-tf1" / "bin", here):
        folder.mkdir(parents=True)
    shutil.copy(os.path.join(ROOT, "scripts", "demo.sh"), str(project / "scripts"))
    (project / "scripts" / "setup.sh").write_text("echo 'setup ran' >&2; exit 1\n")
    for name in ("python", "pwcnet"):
        (project / ".venv-tf1" / "bin" / name).write_text(PYTHON)
        (project / ".venv-tf1" / "bin" / name).chmod(0o755)

    def run(epe, *arguments):
        done = subprocess.run(
            ["bash", "../project/scripts/demo.sh"] + list(arguments),
            cwd=str(here),
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(os.environ, EPE=epe, RECORD=str(tmp_path / "commands")),
        )
        commands = tmp_path / "commands"
        return done.returncode, done.stdout, commands.read_text() if commands.exists() else ""

    return run


def test_relative_paths_are_of_the_users_folder(demo, tmp_path):
    weights = "%s/here/weights/pwcnet.ckpt-7" % tmp_path
    code, printed, commands = demo("3.9", "--output", "dir", "--weights", "weights/pwcnet.ckpt-7")
    assert code == 0 and weights in printed and "--pretrained %s " % weights in commands
    assert "--output %s/here/dir/scenes" % tmp_path in commands
    assert (tmp_path / "here" / "dir" / "results.txt").exists()
    assert not (tmp_path / "project" / "dir").exists() and "learns these four" not in printed


def test_it_takes_the_environment_that_is_there_and_the_shipped_weights(demo, tmp_path):
    code, printed, commands = demo("1.0")
    assert code == 0 and "setup ran" not in printed
    assert "pwcnet/weights/pwcnet-sm-scenes.npz --learning_rate 1e-4" in commands
    assert "--iterations 100" in commands and "from the shipped weights" in printed
    first = commands.splitlines()[1]
    assert "-m pwcnet predict --output %s/project/demo_output/first" % tmp_path in first
    assert "$ pwcnet predict --output" in printed


def test_without_an_environment_it_sets_one_up(demo):
    code, printed, commands = demo("1.0", "--runtime", "tf2")
    assert code != 0 and "setup ran" in printed and commands == ""


def test_or_from_random_weights(demo):
    code, printed, commands = demo("1.0", "--weights", "none")
    assert code == 0 and "--pretrained" not in commands and "--iterations 300" in commands
    assert "from random weights on nothing else" in printed


@pytest.mark.parametrize(
    "epe, learned",
    [("1.999999", True), ("2.000000", True), ("2.000001", False), ("10.5", False), ("n/a", False)],
)
def test_learning_is_claimed_where_it_was_measured(epe, learned, demo, tmp_path):
    code, printed, _ = demo(epe, "--output", str(tmp_path / "out"))
    assert code == (0 if learned else 1)
    assert ("the network learns these four pairs" in printed) is learned
    assert ("FAILED" in printed) is not learned and "zero flow                 4.000000" in printed
    assert printed.count(str(tmp_path / "out" / "results.txt")) == 1


@pytest.mark.parametrize("arguments", [["--steps"], ["--steps", "1"], ["--speed", "2"]])
def test_wrong_options_are_one_line(arguments, demo):
    code, printed, commands = demo("1.0", *arguments)
    assert code == 2 and len(printed.splitlines()) == 1 and commands == ""
