"""Frozen graphs: what is in them, the check against the checkpoint, reading them back."""

import re

import numpy as np
import pytest

from pwcnet.export.frozen_graph import (
    INPUT,
    OUTPUT,
    allowed_difference,
    check_frozen,
    freeze,
    frozen_input_shape,
    frozen_session,
    read_frozen,
    run_frozen,
    smooth_pairs,
    write_frozen,
)
from pwcnet.runtime.tensorflow import tf
from pwcnet.weights.checkpoint import Checkpoint
from tests.helpers.golden import assert_close, golden, golden_variables


@pytest.fixture(scope="module")
def checkpoint(small_checkpoint):
    return Checkpoint(small_checkpoint)


@pytest.fixture(scope="module")
def graph_def(small_frozen):
    return read_frozen(small_frozen)


def test_nothing_but_what_leads_to_the_output(graph_def):
    operations = {node.op for node in graph_def.node}
    assert [node.name for node in graph_def.node if node.op == "Placeholder"] == [INPUT]
    assert not [
        op
        for op in operations
        if "Variable" in op or op in ("Switch", "Merge", "While", "Shape", "Assign")
    ]
    assert OUTPUT in [node.name for node in graph_def.node]
    assert frozen_input_shape(graph_def) == (1, 64, 128)


def test_weights_are_called_what_the_variables_were(graph_def):
    rearranged = set(golden_variables("sm")) - {
        node.name for node in graph_def.node if node.op == "Const"
    }
    assert all(
        re.search(r"/(flow\d|dc_conv\d7|up_feat\d)/kernel$", name) for name in rearranged
    )  # those to two channels, tap by tap
    assert len(rearranged) == 5 + 1 + 4


def test_attributes_are_known_to_tensorflow_1_15_even_after_a_run(checkpoint, tmp_path):
    graph_def = freeze(checkpoint, 1, 64, 64)
    check_frozen(graph_def, checkpoint)
    write_frozen(str(tmp_path / "a.pb"), graph_def)
    stored = read_frozen(str(tmp_path / "a.pb"))
    for node in stored.node:
        if node.op == "BatchMatMulV2":
            assert set(node.attr) <= {"T", "adj_x", "adj_y"}
    assert any(node.op == "BatchMatMulV2" for node in stored.node)


def test_flow_is_golden(graph_def):
    numbers = golden("forward_sm_64x128")
    assert_close(run_frozen(graph_def, numbers["x"]), numbers["flow"])
    with frozen_session(graph_def) as run:
        for _ in range(2):
            assert_close(run(numbers["x"]), numbers["flow"])


@pytest.mark.whole_on("tf2")
def test_batches(checkpoint):
    graph_def = freeze(checkpoint, 3, 64, 64)
    assert frozen_input_shape(graph_def) == (3, 64, 64)
    pairs = smooth_pairs(3, 64, 64)
    assert_close(
        run_frozen(graph_def, pairs)[1:2], run_frozen(freeze(checkpoint, 1, 64, 64), pairs[1:2])
    )


@pytest.mark.whole_on("tf2")
def test_check_accepts_the_checkpoints_own_graph(graph_def, checkpoint):
    difference, largest = check_frozen(graph_def, checkpoint)
    assert 0 <= difference <= allowed_difference(largest) and largest > 0


@pytest.mark.whole_on("tf1")
def test_check_finds_a_changed_weight(graph_def, checkpoint):
    changed = tf.GraphDef()
    changed.CopyFrom(graph_def)
    node = next(node for node in changed.node if node.name == "pwcnet/predict_flow/flow2/bias")
    node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(np.array([0.5, 0.0], np.float32)))
    with pytest.raises(ValueError, match="differs by 2 pixels .*ckpt-7"):
        check_frozen(changed, checkpoint)
    node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(np.array([np.nan, 0.0], np.float32)))
    with pytest.raises(ValueError, match="nan pixels"):
        check_frozen(changed, checkpoint)


def test_allowed_difference_is_the_larger_of_two():
    assert allowed_difference(2.0) == 1e-3 and allowed_difference(200.0) == pytest.approx(0.02)


def test_pairs_of_the_check_are_smooth_and_always_the_same():
    pairs = smooth_pairs(2, 64, 128)
    assert (
        pairs.shape == (2, 2, 64, 128, 3)
        and pairs.dtype == np.float32
        and 0 <= pairs.min() < 0.1
        and 0.9 < pairs.max() <= 1
    )
    np.testing.assert_array_equal(pairs, smooth_pairs(2, 64, 128))
    np.testing.assert_array_equal(pairs[:, 1, 2:, 3:], pairs[:, 0, :-2, :-3])
    assert (
        np.abs(np.diff(pairs[:, 0], axis=2)).max() < 0.2 and np.abs(pairs[0] - pairs[1]).max() > 0.5
    )


@pytest.mark.parametrize("data", [b"", b"no graph at all", b"hello\n", b"\x0a\x05ab"])
def test_other_files_are_refused(data, tmp_path, recwarn):
    path = tmp_path / "other.pb"
    path.write_bytes(data)
    with pytest.raises(ValueError, match="other.pb"):
        read_frozen(str(path))
    assert not recwarn.list  # the error says it all
    with pytest.raises(FileNotFoundError):
        read_frozen(str(tmp_path / "absent.pb"))


def test_a_file_that_breaks_off_is_refused(small_frozen, tmp_path):
    with open(small_frozen, "rb") as stream:
        data = stream.read()
    for size in (0, len(data) // 2, len(data) - 1):
        (tmp_path / "short.pb").write_bytes(data[:size])
        with pytest.raises(ValueError, match="short.pb"):
            read_frozen(str(tmp_path / "short.pb"))


@pytest.mark.parametrize("shape", [None, [None, 2, 64, 64, 3], [1, 64, 64, 3], [1, 3, 64, 64, 3]])
def test_other_placeholders_are_refused(shape):
    with tf.Graph().as_default() as graph:
        tf.identity(tf.placeholder(tf.float32, shape, name=INPUT), name=OUTPUT)
    with pytest.raises(ValueError, match=INPUT):
        frozen_input_shape(graph.as_graph_def())
