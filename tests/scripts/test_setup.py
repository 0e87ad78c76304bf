"""scripts/setup.sh with an interpreter that only notes what it is asked for."""

import os
import shutil
import subprocess

import pytest

from tests.helpers.commands import ROOT

INTERPRETER = """#!/usr/bin/env bash
case "$*" in
    *version_info*) echo 3.11 ;;
    "-m venv"*) mkdir -p "${@: -1}/bin" && cp "$0" "${@: -1}/bin/python" ;;
    *"pip install"*) echo "$PIP_USER $*" >>"$NOTES" ;;
    *__version__*) echo versions ;;
esac
"""
READ = ["scripts/setup.sh", "pyproject.toml", "setup.cfg", "pwcnet/_version.py"]
READ += ["requirements.txt", "tests/requirements.txt"]


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is missing")
def test_packages_go_into_the_environment_whatever_pip_is_set_to(tmp_path):
    """PIP_USER=1, or user = true in a pip.conf, which the environment's PIP_USER=0 overrules."""
    for name in READ:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(os.path.join(ROOT, name), str(tmp_path / name))
    python, notes = tmp_path / "python", tmp_path / "notes"
    python.write_text(INTERPRETER)
    python.chmod(0o755)
    done = subprocess.run(
        ["bash", str(tmp_path / "scripts" / "setup.sh"), "tf2"],
        env=dict(os.environ, PYTHON=str(python), NOTES=str(notes), PIP_USER="1"),
        capture_output=True,
        text=True,
    )
    assert done.stdout == str(tmp_path / ".venv-tf2") + "\n", done.stderr
    installs = notes.read_text().splitlines()
    assert len(installs) == 2 and all(line.startswith("0 ") for line in installs)
