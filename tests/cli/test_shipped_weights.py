"""Commands without --weights take the shipped weights, and say so."""

import logging
import os
import re
from argparse import Namespace

import numpy as np
import pytest

from pwcnet.cli.options import chosen_weights
from pwcnet.data.synthetic.scenes import demo_scene
from pwcnet.data.synthetic.sintel_layout import write_sintel
from pwcnet.io.flow_files import read_flow
from pwcnet.weights import files
from pwcnet.weights.checkpoint import Checkpoint
from pwcnet.weights.growing import GrownWeights
from tests.helpers.commands import run_main
from tests.helpers.subcommands import call
from tests.helpers.training import train_light_network

SAID = "weights: the shipped ones"


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("scenes"))
    write_sintel(folder, [("one", demo_scene(11, 128, 192, 2, 8.0))])
    return folder


def test_they_are_the_small_network_and_small():
    weights = Checkpoint(files.shipped_weights())
    found = weights.inspect()
    assert (
        weights.config.name == "sm-6-2"
        and found.parameters == 4705064
        and not (found.missing or found.extra or found.not_finite)
    )
    assert os.path.getsize(files.SHIPPED) < 12e6


@pytest.mark.full
def test_the_large_ones_have_grown_from_them():
    large = Checkpoint("large")
    assert large.config.name == "lg-6-2" and os.path.getsize(files.SHIPPED_LARGE) < 30e6
    grown = GrownWeights(Checkpoint("small"), large.config)
    for name, weight in large.weights().items():
        np.testing.assert_array_equal(weight, grown.weight(name, weight.shape))


def test_evaluation_of_scenes_they_never_saw(scenes, capsys, caplog):
    caplog.set_level(logging.INFO)
    call("evaluate", "--data", "sintel-clean=%s" % scenes)
    printed = capsys.readouterr().out
    epe, zero = (
        float(re.search(r"^%s +px +(\S+)" % name, printed, re.MULTILINE).group(1))
        for name in ("EPE", "Zero flow")
    )
    assert epe < zero / 2 and SAID in caplog.text


def test_predictions(scenes, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    frames = os.path.join(scenes, "MPI-Sintel-complete", "training", "clean", "one")
    call("predict", frames, "--output", tmp_path / "flow", "--save", "flo")
    flow, valid = read_flow(str(tmp_path / "flow" / "frame_0001.flo"))
    assert valid.all() and np.abs(flow).max() < 50 and SAID in caplog.text


def test_a_folder_of_that_name_is_told(tmp_path, monkeypatch, caplog):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small").mkdir()
    for weights in ("small", "large", "./small"):
        assert chosen_weights(Namespace(weights=weights)) == weights
    (record,) = caplog.records
    assert "./small" in record.getMessage()


@pytest.mark.whole_on("tf2")
def test_freezing(tmp_path, caplog, capsys):
    caplog.set_level(logging.INFO)
    run_main(
        "offline_infer/convert_ckpt2pb.py",
        "--output",
        tmp_path / "own.pb",
        "--height",
        64,
        "--width",
        128,
    )
    assert (
        SAID in caplog.text
        and "sm-6-2" in capsys.readouterr().out
        and (tmp_path / "own.pb").exists()
    )


@pytest.mark.whole_on("tf2")
def test_fine_tuning_starts_from_them(scenes, tmp_path, caplog, monkeypatch):
    train_light_network(monkeypatch.setattr)
    caplog.set_level(logging.INFO)
    run_main(
        "scripts/pwcnet_finetune_lg-6-2-multisteps-mpisintelclean.py",
        "--dataset",
        scenes,
        "--save_path",
        tmp_path,
        "--iterations",
        1,
        "--batch_size",
        4,
        "--crop_height",
        64,
        "--crop_width",
        64,
        "--pretrained",
        files.SHIPPED,
    )
    assert Checkpoint(str(tmp_path)).step == 1 and "weights from" in caplog.text


def test_without_them_the_remedy_is_said(monkeypatch, tmp_path):
    monkeypatch.setattr(files, "SHIPPED", str(tmp_path / "absent.npz"))
    with pytest.raises(FileNotFoundError, match="absent.npz"):
        run_main("offline_infer/convert_ckpt2pb.py", "--output", tmp_path / "own.pb")
