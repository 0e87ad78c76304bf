"""The report of a frozen graph, and what its exit code says."""

import json

import pytest

from pwcnet.export.frozen_graph import freeze, write_frozen
from pwcnet.runtime.tensorflow import tf
from pwcnet.weights.checkpoint import Checkpoint
from tests.conftest import run_main

CHECK = "offline_infer/check_pb.py"


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
    assert run_main(CHECK, tmp_path / "pwcnet.pb", "--json", tmp_path / "new" / "report.json") == 0
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
    assert run_main(CHECK, small_frozen) == 1
    assert "unknown     BatchMatMulV2: not among the ops" in capsys.readouterr().out
    assert run_main(CHECK, small_frozen, "--allow_unknown") == 0


def test_sizes_that_the_graph_leaves_open(tmp_path, capsys):
    path = write_graph(tmp_path / "open.pb", [None, 2, None, None, 3])
    assert run_main(CHECK, path, "--json", tmp_path / "report.json") == 1
    printed = capsys.readouterr().out
    assert (
        "x_tnsr ['?', 2, '?', '?', 3]" in printed
        and "nodes are dynamic: x_tnsr, strided_slice" in printed
        and "unknown     Sin:" in printed
    )
    assert json.loads((tmp_path / "report.json").read_text())["input_shape"] is None
    run_main(
        CHECK,
        path,
        "--json",
        tmp_path / "report.json",
        "--batch_size",
        "1",
        "--height",
        "64",
        "--width",
        "128",
    )
    assert (
        json.loads((tmp_path / "report.json").read_text())["input_shape"] == "x_tnsr:1,2,64,128,3"
    )
    assert run_main(CHECK, write_graph(tmp_path / "any.pb", None)) == 1


def test_wrong_input(small_frozen, tmp_path):
    with pytest.raises(
        ValueError, match=r"expected an input \[4, 2, H, W, 3\], got \[1, 2, 64, 128, 3\] in"
    ):
        run_main(CHECK, small_frozen, "--batch_size", "4")
    with pytest.raises(ValueError, match=r"got \[1, 64, 128, 3\]"):
        run_main(CHECK, write_graph(tmp_path / "flat.pb", [1, 64, 128, 3]))
    (tmp_path / "text.pb").write_text("no graph")
    with pytest.raises(ValueError, match="text.pb"):
        run_main(CHECK, tmp_path / "text.pb")
    with pytest.raises(FileNotFoundError, match="absent"):
        run_main(CHECK, tmp_path / "absent.pb")
