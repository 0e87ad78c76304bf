"""Runs that are killed and resumed, and runs of two workers, end like one unbroken run."""

import os
import re
import subprocess
import sys
import time

import numpy as np
import pytest

from pwcnet.data.synthetic.scenes import demo_scene
from pwcnet.data.synthetic.sintel_layout import write_sintel
from pwcnet.io.partial_files import is_partial
from tests.helpers.commands import ROOT, run_command
from tests.helpers.training import checkpoint_tensors

PROGRAM = os.path.join(ROOT, "tests", "training", "training_program.py")
STEPS = 9


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dataset")
    write_sintel(str(folder), [("one", demo_scene(0, 64, 96, 6, 4))])
    return str(folder)


@pytest.fixture(scope="module")
def start(dataset, request):
    """Function that starts a run in a folder: of the network, or without --full a light one."""
    light = [] if request.config.getoption("--full") else ["light"]

    def start(folder):
        command = [sys.executable, PROGRAM, dataset, folder, str(STEPS), "2"] + light
        return subprocess.Popen(command, stderr=subprocess.DEVNULL)

    return start


@pytest.fixture(scope="module")
def unbroken(start, tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("unbroken"))
    assert start(folder).wait() == 0
    return folder


def losses(folder):
    """{step: every loss that was logged for it}."""
    logged, path = {}, os.path.join(folder, "train.log")
    if os.path.exists(path):
        with open(path) as stream:
            for step, loss in re.findall(r"step=(\d+)/\d+ loss=(\S+)", stream.read()):
                logged.setdefault(int(step), []).append(loss)
    return logged


@pytest.mark.whole_on("tf2")
def test_killed_at_random_moments(start, unbroken, tmp_path, request):
    folder, random = str(tmp_path), np.random.RandomState(0)
    for step in (1, 5) if request.config.getoption("--full") else (4,):
        process, deadline = start(folder), time.time() + 120
        try:
            while process.poll() is None and time.time() < deadline and step not in losses(folder):
                time.sleep(0.02)
            time.sleep(random.uniform(0, 0.6))
        finally:
            process.kill()
            process.wait()
    assert start(folder).wait() == 0
    expected, found = losses(unbroken), losses(folder)
    assert sorted(found) == sorted(expected) == list(range(1, STEPS + 1))
    left = [name for _, *names in os.walk(folder) for name in sum(names, [])]
    assert not [name for name in left if is_partial(name)]
    for step, values in found.items():
        assert set(values) == set(expected[step]), step
    last = "pwcnet.ckpt-%d" % STEPS
    left, right = (checkpoint_tensors(os.path.join(path, last)) for path in (unbroken, folder))
    assert set(left) == set(right)
    for name in left:
        np.testing.assert_array_equal(left[name], right[name], err_msg=name)


@pytest.mark.full
def test_two_workers_learn_what_one_does(dataset, unbroken, tmp_path):
    launch = ["-m", "pwcnet", "launch", "--workers", 2, "--engine", "collective", "--"]
    done = run_command(*launch, sys.executable, PROGRAM, dataset, tmp_path, STEPS, 1)
    assert done.returncode == 0, done.stderr
    expected, found = losses(unbroken), losses(str(tmp_path))
    np.testing.assert_allclose(
        [float(found[step][0]) for step in sorted(found)],
        [float(expected[step][0]) for step in sorted(expected)],
        rtol=1e-3,
    )
    assert sorted(name for name in os.listdir(str(tmp_path)) if name.endswith(".index")) == [
        "pwcnet.ckpt-6.index",
        "pwcnet.ckpt-9.index",
    ]
