"""The frozen graph at the published size: nodes, operations, static shapes; equal targets."""

import numpy as np
import pytest

from pwcnet.export.frozen_graph import freeze, run_frozen, smooth_pairs
from pwcnet.export.graph_report import graph_report
from pwcnet.weights.checkpoint import Checkpoint
from tests.helpers.checkpoints import write_checkpoint
from tests.helpers.golden import golden_weights


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    return Checkpoint(write_checkpoint(tmp_path_factory.mktemp("large"), golden_weights("lg", 0)))


@pytest.mark.parametrize("target", ["host", "ascend"])
def test_published_size(large, target):
    found = graph_report(freeze(large, 1, 448, 1024, target))
    assert found.nodes <= 1200 and not found.dynamic
    assert 185 < found.gflop < 195
    assert 0.99 < found.parameter_bytes / (4 * 14079050) < 1.01
    assert found.unknown == ([] if target == "ascend" else ["BatchMatMulV2"])


@pytest.mark.whole_on("tf1")
def test_targets_have_equal_numbers(large):
    pairs = smooth_pairs(2, 64, 128)
    host, ascend = (
        run_frozen(freeze(large, 2, 64, 128, target), pairs) for target in ("host", "ascend")
    )
    np.testing.assert_allclose(ascend, host, atol=1e-4 * np.abs(host).max())
