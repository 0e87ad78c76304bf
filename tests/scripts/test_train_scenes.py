"""Training on generated scenes alone: the order of the steps; the same numbers from one seed."""

import logging
import os
import re
import subprocess

import numpy as np
import pytest

from pwcnet.cli import train
from pwcnet.weights.checkpoint import Checkpoint
from tests.helpers.commands import ROOT

TINY = "generated=seed=5,height=64,width=64,median=2,largest=6,textures=4"


def script(*arguments, **environment):
    return subprocess.run(
        ["bash", os.path.join(ROOT, "scripts", "train_scenes.sh")]
        + [str(each) for each in arguments],
        capture_output=True,
        text=True,
        env=dict(os.environ, **environment),
    )


def test_each_step_starts_from_the_best_of_the_one_before(tmp_path):
    recorder = tmp_path / "python"
    recorder.write_text('#!/bin/sh\necho "$@"\n')
    recorder.chmod(0o755)
    done = script("--output", "OUT", "--variant=large", "--batch_size", 8, PYTHON=str(recorder))
    assert done.returncode == 0, done.stderr
    command = (
        "-m pwcnet train --preset scenes-%d --mode train_with_val --resume --output OUT/step%d "
        "%s --batch_size 8 --keep-best 1"
    )
    starts = ["--variant large"] + ["--weights OUT/step%d/best" % step for step in range(1, 5)]
    assert done.stdout.splitlines() == [
        command % (step, step, start) for step, start in enumerate(starts, 1)
    ] + ["-m pwcnet export --weights OUT/step5/best --output OUT/pwcnet-lg-scenes.npz"]


def test_a_step_that_fails_ends_it(tmp_path):
    failing = tmp_path / "python"
    failing.write_text('#!/bin/sh\necho "$@"\nexit 2\n')
    failing.chmod(0o755)
    done = script(PYTHON=str(failing))
    assert done.returncode == 2 and len(done.stdout.splitlines()) == 1


def test_wrong_variant():
    done = script("--variant", "tiny")
    assert done.returncode == 2 and "expected --variant small or large, got 'tiny'" in done.stderr


@pytest.mark.full
def test_the_seed_decides_every_step(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    runs = []
    for run, readers in (("one", 1), ("two", 3)):
        caplog.clear()
        options = "--preset scenes-1 --crop 64x64 --batch-size 2 --steps 5 --display 1 --threads 1"
        places = ["--data", TINY, "--output", str(tmp_path / run), "--readers", str(readers)]
        assert train.main(options.split() + places, "pwcnet train") == 0
        runs.append(re.findall(r"loss=(\S+) epe=(\S+)", caplog.text))
    assert len(runs[0]) == 5 and runs[0] == runs[1]
    first, second = (Checkpoint(str(tmp_path / run)) for run in ("one", "two"))
    for name in first.shapes:
        np.testing.assert_array_equal(first._tensor(name), second._tensor(name))
