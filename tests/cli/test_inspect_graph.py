"""The report of a frozen graph, and what its exit code says."""

import json

import pytest

from pwcnet.export.frozen_graph import freeze, write_frozen
from pwcnet.runtime.tensorflow import tf
from pwcnet.weights.checkpoint import Checkpoint
from tests.helpers.subcommands import call


def run(*arguments):
    return call("inspect graph", *arguments)


def write_graph(path, shape):
    """A frozen graph of the right names that is no network."""
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, shape, name="x_tnsr")
        tf.identity(tf.sin(x[:, 0, ..., :2]), name="output")
        write_frozen(str(path), graph.as_graph_def())
    return path


def test_a_graph_for_ascend(small_checkpoint, tmp_path, capsys):
    write_frozen(
        str(tmp_path / "pwcnet.pb"), freeze(Checkpoint(small_checkpoint), 2, 64, 128, "ascend")
    )
    assert run(tmp_path / "pwcnet.pb", "--json", tmp_path / "new" / "report.json") == 0
    printed = capsys.readouterr().out
    for words in (
        "x_tnsr [2, 2, 64, 128, 3]",
        "output [2, 64, 128, 2]",
        " Conv2D",
        "GFLOP",
        "all static",
        "84 nodes compute its coordinates",
        "no op that",
    ):
        assert words in printed
    found = json.loads((tmp_path / "new" / "report.json").read_text())
    assert found["input_shape"] == "x_tnsr:2,2,64,128,3" and found["output"] == {
        "name": "output",
        "shape": [2, 64, 128, 2],
    }
    assert (
        found["unknown"] == found["dynamic"] == [] and sum(found["ops"].values()) == found["nodes"]
    )
    assert (
        0.99 < found["parameter_bytes"] / (4 * 4705064) < 1.03 and len(found["coordinates"]) == 84
    )


def test_an_unknown_op(small_frozen, capsys):
    assert run(small_frozen) == 1
    assert "unknown     BatchMatMulV2: not among the ops" in capsys.readouterr().out
    assert run(small_frozen, "--allow-unknown") == 0


def test_sizes_that_the_graph_leaves_open(tmp_path, capsys):
    path = write_graph(tmp_path / "open.pb", [None, 2, None, None, 3])
    assert run(path, "--json", tmp_path / "report.json") == 1
    printed = capsys.readouterr().out
    assert (
        "x_tnsr ['?', 2, '?', '?', 3]" in printed
        and "nodes are dynamic: x_tnsr, strided_slice" in printed
        and "unknown     Sin:" in printed
    )
    assert json.loads((tmp_path / "report.json").read_text())["input_shape"] is None
    sizes = ["--batch-size", "1", "--size", "64x128"]
    run(path, "--json", tmp_path / "report.json", *sizes)
    assert (
        json.loads((tmp_path / "report.json").read_text())["input_shape"] == "x_tnsr:1,2,64,128,3"
    )
    assert run(write_graph(tmp_path / "any.pb", None)) == 1


def test_wrong_input(small_frozen, tmp_path):
    with pytest.raises(
        ValueError, match=r"pwcnet.pb has .*\[1, 2, 64, 128, 3\].*\[4, 2, H, W, 3\]"
    ):
        run(small_frozen, "--batch-size", "4")
    with pytest.raises(ValueError, match=r"flat.pb has .*\[1, 64, 128, 3\]"):
        run(write_graph(tmp_path / "flat.pb", [1, 64, 128, 3]))
    (tmp_path / "text.pb").write_text("no graph")
    with pytest.raises(ValueError, match="text.pb"):
        run(tmp_path / "text.pb")
    with pytest.raises(FileNotFoundError, match="absent"):
        run(tmp_path / "absent.pb")
