"""Fixtures that put stand-ins for Ascend's programs on PATH."""

import json
import os
import sys

import pytest

from tests.helpers.commands import ROOT

STANDINS = os.path.join(ROOT, "tests", "standins")


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """Puts the stand-ins on PATH, with `python3` as this interpreter.

    Returns a function that gives the arguments of each call so far.
    """
    folder, notes = tmp_path / "bin", tmp_path / "notes"
    folder.mkdir()
    (folder / "python3").write_text('#!/bin/sh\nexec "%s" "$@"\n' % sys.executable)
    (folder / "python3").chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join([str(folder), STANDINS, "/usr/bin", "/bin"]))
    monkeypatch.setenv("PYTHONPATH", STANDINS)
    monkeypatch.setenv("PYTHON", sys.executable)
    monkeypatch.setenv("STANDIN_NOTES", str(notes))
    return lambda: (
        [json.loads(line) for line in notes.read_text().splitlines()] if notes.exists() else []
    )


@pytest.fixture
def without_programs(programs, monkeypatch):
    """A PATH with none of Ascend's programs."""
    path = [folder for folder in os.environ["PATH"].split(os.pathsep) if folder != STANDINS]
    monkeypatch.setenv("PATH", os.pathsep.join(path))
    monkeypatch.delenv("PYTHONPATH")
