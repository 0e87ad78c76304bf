"""The network in PyTorch: golden numbers, weights, the large one grown from the small one."""

import numpy as np
import pytest

from tests.helpers.golden import GOLDEN, golden, golden_weights
from tests.helpers.torch_environments import torch_check

pytestmark = pytest.mark.full


@pytest.mark.parametrize("variant", ["lg", "sm"])
def test_flow_is_that_of_the_golden_numbers(variant, tmp_path):
    name = "forward_%s_64x128" % variant
    weights, output = tmp_path / "weights.npz", tmp_path / "flow.npz"
    np.savez(str(weights), **golden_weights(variant, 0))
    same = torch_check("flow", variant, weights, "%s/%s.npz" % (GOLDEN, name), output)
    assert all(same.values()) and len(same) == len(golden_weights(variant, 0))
    numbers, flows = golden(name), np.load(str(output))
    expected = [numbers["pyr%d" % level] for level in range(5)] + [numbers["flow"]]
    for way in ("plain", "filled"):
        for number, flow in enumerate(expected):
            np.testing.assert_allclose(flows["%s_%d" % (way, number)], flow, rtol=0, atol=1e-4)


def test_the_large_network_grown_from_the_small_one_computes_the_same():
    difference, largest = torch_check("grown")
    assert difference < 1e-4 < largest
