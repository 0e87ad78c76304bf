"""scripts/demo.sh with a stand-in for Python, which prints numbers at once: paths and the verdict."""

import os
import shutil
import subprocess

import pytest

from tests.conftest import ROOT

SETUP = '#!/bin/sh\necho "$(dirname "$0")/../venv"\n'
PYTHON = """#!/bin/bash
echo "$@" >>"$RECORD"
while [ $# -gt 0 ]; do
    case "$1" in
        scripts/make_scenes.py) mkdir -p "$3/MPI-Sintel-complete/training/clean/one" ;;
        scripts/pwcnet_finetune*) finetune=1 ;;
        scripts/pwcnet_eval*) echo "Zero flow: 4.000000 pixels"; echo "Average EPE: $EPE pixels" ;;
        offline_infer/evaluation.py) echo "Average EPE =  $EPE" ;;
        --save_path) [ -z "$finetune" ] || mkdir -p "$2" ;;
    esac
    shift
done
"""


@pytest.fixture
def demo(tmp_path):
    """Runs a copy of the demo from another folder: (exit code, output, the commands it ran)."""
    project, here = tmp_path / "project", tmp_path / "here"
    for folder in (project / "scripts", project / "venv" / "bin", here):
        folder.mkdir(parents=True)
    shutil.copy(os.path.join(ROOT, "scripts", "demo.sh"), str(project / "scripts"))
    (project / "scripts" / "setup.sh").write_text(SETUP)
    python = project / "venv" / "bin" / "python"
    python.write_text(PYTHON)
    python.chmod(0o755)

    def run(epe, *arguments):
        done = subprocess.run(
            ["bash", "../project/scripts/demo.sh"] + list(arguments),
            cwd=str(here),
            universal_newlines=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(os.environ, EPE=epe, RECORD=str(tmp_path / "commands")),
        )
        return done.returncode, done.stdout, (tmp_path / "commands").read_text()

    return run


def test_relative_paths_are_of_the_users_folder(demo, tmp_path):
    code, printed, commands = demo(
        "3.9", "--output", "some/dir", "--pretrained", "weights/pwcnet.ckpt-7"
    )
    assert code == 0 and "started from %s/here/weights/pwcnet.ckpt-7" % tmp_path in printed, printed
    assert "--pretrained %s/here/weights/pwcnet.ckpt-7" % tmp_path in commands
    assert (
        "--output %s/here/some/dir/scenes" % tmp_path in commands
        and (tmp_path / "here" / "some" / "dir" / "results.txt").exists()
    )
    assert not (tmp_path / "project" / "some").exists() and "learns these four pairs" not in printed


def test_it_starts_from_the_projects_own_weights(demo, tmp_path):
    code, printed, commands = demo("1.0")
    own = str(
        tmp_path / "project" / "scripts" / ".." / "pwcnet" / "weights" / "pwcnet-sm-scenes.npz"
    ).replace("scripts/../", "")
    assert (
        code == 0
        and "--pretrained %s --learning_rate 1e-4" % own in commands
        and "--iterations 100" in commands
    )
    assert (
        "scripts/predict.py --output" in commands.split("--iterations 1\n")[0]
        and "from the project's own weights" in printed
    )


def test_or_from_random_ones(demo):
    code, printed, commands = demo("1.0", "--pretrained", "none")
    assert (
        code == 0
        and "--pretrained" not in commands
        and "--iterations 300" in commands
        and "from random weights on nothing else" in printed
    )


@pytest.mark.parametrize(
    "epe, learned",
    [("1.999999", True), ("2.000000", True), ("2.000001", False), ("10.5", False), ("n/a", False)],
)
def test_learning_is_claimed_where_it_was_measured(epe, learned, demo, tmp_path):
    code, printed, _ = demo(epe, "--output", str(tmp_path / "out"))
    assert (code, "the network learns these four pairs" in printed, "FAILED" in printed) == (
        0 if learned else 1,
        learned,
        not learned,
    ), printed
    assert (
        "zero flow                 4.000000" in printed
        and printed.count(str(tmp_path / "out" / "results.txt")) == 1
    )
