"""Programs that are killed by SIGKILL while they write, and then repeated.

What the repeated command leaves is what an unbroken run leaves, hidden files included.
"""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
from typing import NamedTuple

import numpy as np
import pytest

from pwcnet.data.synthetic.scenes import demo_scene
from pwcnet.data.synthetic.sintel_layout import write_sintel
from tests.helpers.commands import ROOT

pytestmark = [
    pytest.mark.whole_on("tf2"),
    pytest.mark.skipif(sys.version_info < (3, 8), reason="needs audit hooks"),
]
FULL_KILLS = 5  # of each program, with --full
LONGEST_DELAY = 0.01  # seconds from a file event to the kill
# Locks stay where their holder was killed; they block nobody. What evaluations measure varies.
LOCKS, TIMES = {".evaluation.lock"}, ("made", "mean_seconds")


class Program(NamedTuple):
    """A command to kill.

    Attributes:
        command: Its arguments; the data set is in `data`.
        whole_once: A complete output is not written again: the repeated command ends with 2.
        full: Killed with --full only.
    """

    command: str
    whole_once: bool = False
    full: bool = False


FRAMES = "data/MPI-Sintel-complete/training/clean/one"
PROGRAMS = {
    "predict": Program("predict %s --save flo,kitti,video" % FRAMES),
    "predict-occlusion": Program("predict %s --occlusion" % FRAMES, full=True),
    "predict-common": Program(
        "predict %s --save png,arrows --max-magnitude common" % FRAMES, full=True
    ),
    "evaluate": Program(
        "evaluate --data sintel-clean=data --mode val_notrain --output out --save-flow"
        " --save-pictures",
        whole_once=True,
        full=True,
    ),
    "submit": Program(
        "submit --data sintel=data --output out --zip out.zip --allow-incomplete", full=True
    ),
    "prepare": Program("ascend prepare --data sintel-clean=data --size 64x64 --output out"),
    "export-pb": Program("export --size 64x64 --output out/pwcnet.pb", full=True),
    "export-npz": Program("export --output out/pwcnet.npz", full=True),
    "export-checkpoint": Program("export --output out", whole_once=True, full=True),
    "scenes": Program("scenes --output out --size 64x64 --scenes 3 --frames 3", full=True),
}


class Killer:
    """Runs commands in a process of killed_program.py, which imports TensorFlow once."""

    def __init__(self):
        program = os.path.join(ROOT, "tests", "faults", "killed_program.py")
        self._process = subprocess.Popen(
            [sys.executable, program],
            env=dict(os.environ, PYTHONPATH=ROOT),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __call__(self, folder, command, event=0, delay=0.0):
        """Runs `pwcnet COMMAND` in a folder, and kills it where killed_program.py says."""
        job = {"folder": str(folder), "command": command.split(), "event": event, "delay": delay}
        print(json.dumps(job), file=self._process.stdin, flush=True)
        return json.loads(self._process.stdout.readline())

    def close(self):
        self._process.stdin.close()
        self._process.wait()


def marked(programs):
    """The names of programs, with marks."""
    return [
        pytest.param(name, marks=pytest.mark.full if program.full else ())
        for name, program in programs.items()
    ]


@pytest.fixture(scope="module")
def run():
    killer = Killer()
    yield killer
    killer.close()


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """The folder of a data set in Sintel's layout, of a few frames of 64x64."""
    folder = tmp_path_factory.mktemp("data")
    scenes = [(name, demo_scene(seed, 64, 64, 4, 4.0)) for seed, name in enumerate(("one", "two"))]
    write_sintel(str(folder), scenes[:1], scenes[1:])
    return folder


def new_folder(parent, data):
    """An empty folder but for the data set `data`, always at the same path."""
    folder = parent / "run"
    shutil.rmtree(str(folder), ignore_errors=True)
    folder.mkdir()
    (folder / "data").symlink_to(data)
    return folder


def content(path):
    """What a file holds, but for times."""
    if path.name == "evaluation.json":
        summary = json.loads(path.read_text())
        return {name: value for name, value in summary.items() if name not in TIMES}
    if path.name == "pairs.csv":
        return [row[:-1] for row in csv.reader(path.read_text().splitlines())]
    return path.read_bytes()


def contents(folder):
    """{path: what is there} of everything below a folder but for locks."""
    return {
        str(path.relative_to(folder)): content(path) if path.is_file() else None
        for path in sorted(folder.rglob("*"))
        if path.name not in LOCKS
    }


@pytest.mark.parametrize("name", marked(PROGRAMS))
def test_repeated_after_a_kill(name, run, data, tmp_path, request):
    command, whole_once, _ = PROGRAMS[name]
    folder = new_folder(tmp_path, data)
    unbroken = run(folder, command)
    assert unbroken["code"] == 0 and unbroken["events"], unbroken
    expected = contents(folder)
    random = np.random.RandomState(0)
    kills = FULL_KILLS if request.config.getoption("--full") else 1
    for event in random.randint(1, unbroken["events"] + 1, size=kills):
        folder = new_folder(tmp_path, data)
        killed = run(folder, command, int(event), random.uniform(0, LONGEST_DELAY))
        assert killed["code"] in (-signal.SIGKILL, 0), killed
        again = run(folder, command)
        assert again["code"] in ((0, 2) if whole_once else (0,)), (event, killed, again)
        found = contents(folder)
        assert sorted(found) == sorted(expected), (event, killed, again)
        assert found == expected, (event, killed, again)
