"""Commands in a folder whose name holds what shells, TensorFlow and printf take for patterns."""

import os
import shutil

import numpy as np
import pytest

from pwcnet.evaluation import submission_plan
from pwcnet.evaluation.results import read_evaluation
from pwcnet.io.flow_files import read_flow
from pwcnet.training.tensorboard import EventWriter
from pwcnet.weights.checkpoint import Checkpoint
from tests.helpers import dataset_trees as trees
from tests.helpers.subcommands import call

NAME = "[a]*?b\\c %d 100% $HOME {x}"
SIZE = ["--size", "64x128"]
pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def folder(small_checkpoint, tiny_sintel, tmp_path_factory):
    """A folder of that name with a data set, and the weights in each format."""
    path = tmp_path_factory.mktemp("names") / NAME
    shutil.copytree(tiny_sintel, str(path))
    call("export", "--weights", small_checkpoint, "--output", path / "run")
    call("export", "--weights", path / "run", "--output", path / "weights.npz")
    call("export", "--weights", path / "run", "--output", path / "graph.pb", *SIZE)
    call("export", "--weights", path / "weights.npz", "--output", path / "again")
    return path


FORMATS = ["run"] + [
    pytest.param(name, marks=pytest.mark.full)
    for name in ("again/pwcnet.ckpt-7", "weights.npz", "graph.pb")
]


@pytest.mark.parametrize("weights", FORMATS)
def test_evaluations(weights, folder, capsys):
    output = folder / ("out of " + os.path.basename(weights))
    options = ["--data", "sintel-clean=%s" % folder, "--scene", "scene_01"]
    options += ["--weights", folder / weights, "--output", output, "--report", folder / "report"]
    call("evaluate", "--save-flow", "--overwrite", *options)
    evaluation = read_evaluation(str(output))
    assert len(evaluation.pairs) == 2 and evaluation.summary["root"] == str(folder)
    read_flow(str(output / "flow" / (evaluation.pairs[0].name + ".flo")))
    assert (folder / "report" / "index.html").is_file()


def test_checkpoints_hold_the_same_weights(folder, small_checkpoint):
    name, shape = "pwcnet/featpyr/conv1a/kernel", (3, 3, 3, 16)
    expected = Checkpoint(small_checkpoint).weight(name, shape)
    np.testing.assert_array_equal(Checkpoint(str(folder / "run")).weight(name, shape), expected)
    call("inspect checkpoint", folder / "run")
    call("inspect graph", "--allow-unknown", folder / "graph.pb")


def test_the_offline_chain(folder, capsys):
    raw = folder / "raw"
    call("ascend prepare", "--data", "sintel-clean=%s" % folder, "--output", raw, *SIZE)
    options = ["--input", raw / "image", "--output", folder / "results"]
    call("ascend infer", "--weights", folder / "graph.pb", *options)
    options = ["--ground-truth", raw / "gt", "--predictions", folder / "results"]
    options += ["--csv", folder / "epe.csv", "--output", folder / "score"]
    call("ascend score", "--frame-size", "60x120", *(options + SIZE))
    assert len(read_evaluation(str(folder / "score")).pairs) == 4
    assert (folder / "epe.csv").is_file()


@pytest.mark.full
def test_a_submission(folder, monkeypatch):
    benchmark = submission_plan.BENCHMARKS["kitti2015"]._replace(pairs=1)
    monkeypatch.setitem(submission_plan.BENCHMARKS, "kitti2015", benchmark)
    data = trees.kitti(folder, 2015, count=1)
    options = ["--weights", folder / "graph.pb", "--output", folder / "submission"]
    call("submit", "--data", "kitti2015=" + data, "--zip", folder / "flow.zip", *options)
    assert (folder / "flow.zip").is_file()


def test_curves_of_a_run(folder, capsys):
    run = folder / "curves of a run"
    with EventWriter(str(run)) as writer:
        writer.scalars(1, {"loss": 2.0})
        writer.scalars(2, {"loss": 1.0})
    call("plot", run, "--output", folder / "curves.png")
    assert "to step 2" in capsys.readouterr().out and (folder / "curves.png").is_file()
