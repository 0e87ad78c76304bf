"""Training on generated scenes alone: the order of its steps, and the same numbers from the same seed."""

import logging
import os
import re
import subprocess

import numpy as np

from pwcnet.weights.checkpoint import Checkpoint
from tests.conftest import ROOT, run_main

TINY = "generated=seed=5,height=64,width=64,median=2,largest=6,textures=4"


def script(*arguments, **environment):
    return subprocess.run(
        ["bash", os.path.join(ROOT, "scripts", "train_scenes.sh")]
        + [str(each) for each in arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
        env=dict(os.environ, **environment),
    )


def test_each_step_starts_from_the_best_of_the_one_before(tmp_path):
    recorder = tmp_path / "python"
    recorder.write_text('#!/bin/sh\necho "$(basename "$1")" "$@"\n')
    recorder.chmod(0o755)
    done = script("--output", "OUT", "--variant=large", "--batch_size", 8, PYTHON=str(recorder))
    assert done.returncode == 0, done.stderr
    lines = [
        [word for word in line.split() if "/scripts/" not in word]
        for line in done.stdout.splitlines()
    ]
    common, one = ["--mode", "train_with_val", "--resume", "--save_path"], ["--keep_best", "1"]
    assert lines == [
        ["train.py", "--preset", "scenes-1"]
        + common
        + ["OUT/step1", "--variant", "large", "--batch_size", "8"]
        + one,
        ["train.py", "--preset", "scenes-2"]
        + common
        + ["OUT/step2", "--pretrained", "OUT/step1/best", "--batch_size", "8"]
        + one,
        ["train.py", "--preset", "scenes-3"]
        + common
        + ["OUT/step3", "--pretrained", "OUT/step2/best", "--batch_size", "8"]
        + one,
        ["train.py", "--preset", "scenes-4"]
        + common
        + ["OUT/step4", "--pretrained", "OUT/step3/best", "--batch_size", "8"]
        + one,
        ["train.py", "--preset", "scenes-5"]
        + common
        + ["OUT/step5", "--pretrained", "OUT/step4/best", "--batch_size", "8"]
        + one,
        ["export_weights.py", "OUT/step5/best", "--output", "OUT/pwcnet-lg-scenes.npz"],
    ]


def test_a_step_that_fails_ends_it(tmp_path):
    failing = tmp_path / "python"
    failing.write_text('#!/bin/sh\necho "$@"\nexit 2\n')
    failing.chmod(0o755)
    done = script(PYTHON=str(failing))
    assert done.returncode == 2 and len(done.stdout.splitlines()) == 1


def test_wrong_variant():
    done = script("--variant", "tiny")
    assert done.returncode == 2 and "expected --variant small or large, got 'tiny'" in done.stderr


def test_the_seed_decides_every_step(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    runs = []
    for run, readers in (("one", 1), ("two", 3)):
        caplog.clear()
        run_main(
            "scripts/train.py",
            "--preset",
            "scenes-1",
            "--data",
            TINY,
            "--crop_height",
            64,
            "--crop_width",
            64,
            "--batch_size",
            2,
            "--steps",
            5,
            "--display",
            1,
            "--threads",
            1,
            "--workers",
            readers,
            "--save_path",
            tmp_path / run,
        )
        runs.append(re.findall(r"loss=(\S+) epe=(\S+)", caplog.text))
    assert len(runs[0]) == 5 and runs[0] == runs[1]
    first, second = (Checkpoint(str(tmp_path / run)) for run in ("one", "two"))
    for name in first.shapes:
        np.testing.assert_array_equal(first._tensor(name), second._tensor(name))
