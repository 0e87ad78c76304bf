"""Histograms of the pixels of an evaluation."""

import json

import numpy as np
import pytest

from pwcnet.evaluation.histograms import (
    EPE_EDGES,
    SPEED_EDGES,
    check_histograms,
    compute_histograms,
    empty_histograms,
)


def nonzero(edges, values):
    """{lower edge: value} of the bins that are not 0."""
    return {edges[index]: values[index] for index in np.flatnonzero(values)}


def test_bins_include_their_lower_edge():
    epe, speed = np.array([[0.0, 0.1, 99.9, 100, 5e3]]), np.array([[0.0, 0.99, 1, 160, 1e4]])
    histograms = compute_histograms(epe, speed, np.ones((1, 5), bool))
    assert nonzero(SPEED_EDGES, histograms.pixels_by_speed) == {0: 2, 1: 1, 160: 2}
    assert nonzero(SPEED_EDGES, histograms.epe_sum_by_speed) == {0: 0.1, 1: 99.9, 160: 5100}
    assert nonzero(EPE_EDGES, histograms.pixels_by_epe) == {0: 1, 0.1: 1, 50: 1, 100: 2}


def test_pixels_that_are_not_valid_do_not_count():
    epe, speed = np.array([[1.0, np.nan]]), np.array([[1.0, 0.0]])
    histograms = compute_histograms(epe, speed, np.array([[True, False]]))
    assert histograms.pixels_by_speed.sum() == histograms.pixels_by_epe.sum() == 1


def test_sums():
    epe, speed = np.full((2, 3), 2.5), np.full((2, 3), 12.0)
    one = compute_histograms(epe, speed, np.ones((2, 3), bool))
    both = empty_histograms() + one + one
    assert nonzero(SPEED_EDGES, both.epe_sum_by_speed) == {10: 30}
    assert nonzero(EPE_EDGES, both.pixels_by_epe) == {2: 12}


def test_json():
    epe, speed = np.full((2, 3), 2.5), np.full((2, 3), 12.0)
    stored = compute_histograms(epe, speed, np.ones((2, 3), bool)).as_dict()
    assert stored["speed_edges"][-1] is stored["epe_edges"][-1] is None
    assert len(stored["speed_edges"]) == len(stored["pixels_by_speed"]) + 1
    check_histograms(json.loads(json.dumps(stored)))
    for name, value, error in (
        ("epe_edges", [0, 1, 1, None], ValueError),
        ("epe_edges", stored["epe_edges"][:-1] + [1e9], ValueError),
        ("pixels_by_epe", stored["pixels_by_epe"][1:], ValueError),
        ("pixels_by_speed", [-1] + stored["pixels_by_speed"][1:], ValueError),
        ("epe_sum_by_speed", [float("nan")] + stored["epe_sum_by_speed"][1:], ValueError),
        ("epe_edges", None, TypeError),
    ):
        with pytest.raises(error):
            check_histograms(dict(stored, **{name: value}))
    with pytest.raises(LookupError):
        check_histograms({})
