"""Exported programs: what their tests need."""

import pytest

from pwcnet.runtime.tensorflow import TF_RELEASE
from tests.helpers.golden import assert_close, golden

needs_tensorflow_2 = pytest.mark.skipif(TF_RELEASE.startswith("1."), reason="needs TensorFlow 2")
GOLDEN = "forward_sm_64x128"  # of the golden weights of the small network


def assert_golden(run):
    """The flow of a program with the golden weights, from x_tnsr [1, 2, 64, 128, 3]."""
    numbers = golden(GOLDEN)
    assert_close(run({"x_tnsr": numbers["x"]}), numbers["flow"])


def assert_as_checkpoint(differences):
    """Both comparisons of a program in float32 were made, and found nothing but rounding."""
    assert [found.pairs for found in differences] == ["smooth", "noise"]
    assert all(found.largest <= 1e-3 < found.largest_flow for found in differences)
