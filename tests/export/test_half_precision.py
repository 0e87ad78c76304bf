"""Emulated half precision: what is rounded, what is kept, which nodes are coordinates."""

import numpy as np
import pytest

from pwcnet.export.frozen_graph import freeze, read_frozen, run_frozen, smooth_pairs
from pwcnet.export.half_precision import coordinate_ops, emulate_half_precision
from pwcnet.runtime.tensorflow import tf
from pwcnet.weights.checkpoint import Checkpoint


@pytest.fixture(scope="module", params=["host", "ascend"])
def frozen(request, small_checkpoint):
    return freeze(Checkpoint(small_checkpoint), 1, 64, 128, request.param)


def test_coordinates_of_the_network(frozen):
    ops = {node.name: node.op for node in frozen.node}
    found = coordinate_ops(frozen)
    count = {op: [ops[name] for name in found].count(op) for op in set(map(ops.get, found))}
    # A level's warp: up-scaling; for y and x the slice, query, floor and two clamps, the fraction
    # and two clamps, its slice; two casts. Four levels warp.
    assert count == {
        "Mul": 4,
        "StridedSlice": 16,
        "Sub": 16,
        "Floor": 8,
        "Maximum": 16,
        "Minimum": 16,
        "Cast": 8,
    }
    assert found == [node.name for node in frozen.node if node.name in set(found)]


def affine(values):
    """A GraphDef: output = (x * 3 + values), both named nodes."""
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [3], name="x_tnsr")
        tf.identity(
            tf.add(tf.multiply(x, 3.0, name="times"), np.float32(values), name="plus"),
            name="output",
        )
        return graph.as_graph_def()


def half(values):
    return np.float32(values).astype(np.float16).astype(np.float32)


def test_every_value_is_rounded():
    x, values = np.float32([1 / 3, 1000.3, 7e4]), [0.1, 0.7, 1]
    with np.errstate(over="ignore"):
        expected = half(half(half(x) * 3) + half(values))
    assert np.array_equal(
        run_frozen(emulate_half_precision(affine(values)), x), expected
    ) and np.isinf(expected[2])
    times = half(half(x[:2]) * 3)
    kept = run_frozen(
        emulate_half_precision(affine(values), ["times"]), np.float32([1 / 3, 1000.3, 0])
    )
    assert np.array_equal(
        kept[:2], half(times + half(values[:2]))
    )  # its result goes to a node that is not kept
    both = run_frozen(
        emulate_half_precision(affine(values), ["times", "plus"]), np.float32([1 / 3, 1000.3, 0])
    )
    assert np.array_equal(both[:2], half(half(x[:2]) * 3 + np.float32(values[:2])))
    with pytest.raises(ValueError, match="absent"):
        emulate_half_precision(affine(values), ["absent"])


@pytest.mark.whole_on("tf2")
def test_coordinates_are_what_it_hurts(small_frozen):
    """The flow is nearer to float32's where the coordinates stay float32."""
    graph_def, pairs = read_frozen(small_frozen), smooth_pairs(1, 64, 128)
    exact = run_frozen(graph_def, pairs)
    everything, kept = (
        np.abs(run_frozen(emulate_half_precision(graph_def, keep), pairs) - exact).mean()
        for keep in ((), coordinate_ops(graph_def))
    )
    assert 0 < kept < everything < 0.05 * np.abs(exact).max()
    assert np.array_equal(run_frozen(graph_def, pairs), exact)  # the graph given is as it was
