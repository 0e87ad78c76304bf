"""Confidence of flow that is known in closed form."""

import numpy as np
import pytest

from pwcnet.flow.confidence import HALF, LEAVING, WINDOW, flow_confidence

INSIDE = (slice(10, -10), slice(10, -10))


def constant(u, v, height=40, width=60):
    return np.full((height, width, 2), (u, v), np.float32)


def test_consistent_flow_is_certain_unless_it_leaves_the_frame():
    forward = constant(4, -3)
    confidence = flow_confidence(forward, -forward)
    assert confidence.dtype == np.float32 and confidence.shape == (40, 60)
    leaving = np.zeros((40, 60), bool)
    leaving[:3] = leaving[:, -4:] = True
    np.testing.assert_array_equal(confidence[~leaving], 1)
    np.testing.assert_allclose(confidence[leaving], LEAVING)


def test_confidence_falls_with_the_inconsistency_and_is_a_half_at_its_constant():
    forward = constant(3, 1)
    values = [
        flow_confidence(forward, -forward + np.float32([0.6 * gap, 0.8 * gap]))[INSIDE]
        for gap in (0, 0.2, HALF, 3, 100, 1e6)
    ]
    for value in values:
        np.testing.assert_allclose(value, value[0, 0], atol=1e-4)
    steps = [float(value[0, 0]) for value in values]
    assert steps == sorted(steps, reverse=True) and steps[0] == 1 and 0 <= steps[-1] < 1e-6
    assert steps[1] > 0.9 and abs(steps[2] - 0.5) < 1e-3


def test_half_a_pixel_beyond_the_border_is_inside():
    for shift, inside in ((0.4, True), (0.6, False)):
        confidence = flow_confidence(constant(shift, 0), constant(-shift, 0))
        assert (confidence[:, -1] > 0.9).all() == inside


def test_a_pixel_counts_in_the_square_around_it_only():
    forward, backward = constant(0, 0), constant(0, 0)
    backward[20, 30] = 50, 0
    confidence, radius = flow_confidence(forward, backward), WINDOW // 2
    changed = np.zeros((40, 60), bool)
    changed[20 - radius : 21 + radius, 30 - radius : 31 + radius] = True
    np.testing.assert_array_equal(confidence < 1, changed)


def test_what_leaves_the_frame_counts_nowhere_and_is_no_surer_than_its_neighbours():
    forward, backward = constant(0, 0), constant(0, 0)
    forward[:, 50:] = 30, 0
    assert (flow_confidence(forward, backward)[:, :50] == 1).all()
    backward[:, :50] = 40, 0
    confidence = flow_confidence(forward, backward)
    assert (confidence[:, 50:53] < 0.01).all() and np.allclose(confidence[:, 57:], LEAVING)


def test_unknown_flow_has_no_confidence_and_does_not_count():
    forward, backward = constant(0, 0), constant(0, 0)
    forward[5, 6], forward[7, 8], backward[20, 30] = np.nan, 1e10, np.inf
    confidence = flow_confidence(forward, backward)
    assert sorted(zip(*np.nonzero(confidence == 0))) == [(5, 6), (7, 8), (20, 30)]
    assert ((confidence == 0) | (confidence == 1)).all()


def test_frames_smaller_than_the_square():
    np.testing.assert_array_equal(flow_confidence(np.zeros((1, 1, 2)), np.zeros((1, 1, 2))), [[1]])


def test_other_shapes_are_refused():
    with pytest.raises(ValueError, match="one shape"):
        flow_confidence(np.zeros((4, 5, 2)), np.zeros((4, 6, 2)))
