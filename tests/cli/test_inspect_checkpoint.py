"""What is printed of a checkpoint, and the exit code."""

import shutil

import numpy as np
import pytest

from tests.helpers import subcommands
from tests.helpers.checkpoints import write_checkpoint
from tests.helpers.golden import golden_weights
from tests.helpers.subcommands import call, only_line


def run(*arguments):
    return call("inspect checkpoint", *arguments)


def test_a_complete_checkpoint(small_checkpoint, capsys):
    assert run(small_checkpoint) == 0
    printed = capsys.readouterr().out
    for line in ("variant     sm-6-2", "step        7", "parameters  4,705,064", "complete    yes"):
        assert line in printed


def test_the_shipped_weights_by_default(capsys):
    assert run() == 0
    assert "pwcnet-sm-scenes.npz" in capsys.readouterr().out


def test_variables_that_are_missing_extra_or_not_finite(tmp_path, capsys):
    weights = golden_weights("sm", 0)
    weights["pwcnet/featpyr/conv1a/bias"][3] = np.nan
    del weights["pwcnet/upsample/up_feat3/bias"]
    weights["pwcnet/other"] = np.zeros([2], np.float32)
    assert run(write_checkpoint(tmp_path, weights)) == 1
    printed = capsys.readouterr().out
    assert "missing     pwcnet/upsample/up_feat3/bias" in printed
    assert "extra       pwcnet/other" in printed
    assert "not finite  pwcnet/featpyr/conv1a/bias" in printed
    assert "complete    no" in printed


def test_files_that_are_absent_or_damaged(small_checkpoint, tmp_path):
    with pytest.raises(FileNotFoundError, match="absent.index"):
        run(tmp_path / "absent")
    copy = str(tmp_path / "pwcnet.ckpt-7")
    shutil.copy(small_checkpoint + ".index", copy + ".index")
    with open(small_checkpoint + ".data-00000-of-00001", "rb") as stream:
        data = stream.read()
    with open(copy + ".data-00000-of-00001", "wb") as stream:
        stream.write(data[:-400000])
    with pytest.raises(ValueError, match="pwcnet.ckpt-7"):
        run(copy)


def test_an_error_is_one_line(tmp_path):
    line = only_line(subcommands.run("inspect checkpoint", tmp_path / "absent"))
    assert "absent.index" in line
