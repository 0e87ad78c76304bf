"""The magnitude of full colour, of a flow and of a video, and flow beyond it."""

import numpy as np
import pytest

from pwcnet.flow.color_scale import VideoColorScale, clip_magnitude, largest_magnitude
from pwcnet.flow.colors import flow_to_color


def flow_of(speed):
    return np.full((10, 10, 2), speed / np.sqrt(2), np.float32)


def test_the_first_flow_sets_it_and_an_equal_one_keeps_it():
    scale = VideoColorScale()
    assert [scale.update(flow_of(12.0)) for _ in range(5)] == pytest.approx([12.0] * 5)


@pytest.mark.parametrize("rate", [10, 25, 60])
def test_it_rises_at_once_and_falls_within_a_second(rate):
    scale = VideoColorScale(rate)
    scale.update(flow_of(4.0))
    assert scale.update(flow_of(32.0)) == pytest.approx(32.0)
    falling = [scale.update(flow_of(4.0)) for _ in range(rate)]
    assert falling == sorted(falling, reverse=True)
    steps = [after / before for before, after in zip(falling, falling[1:])]
    assert min(steps) > 0.5 ** (25 / rate / 2)  # no sudden step
    assert 4 < falling[-1] < 4.5


def test_still_scenes_stay_pale_and_unknown_pixels_do_not_count():
    assert VideoColorScale().update(flow_of(0.01)) == 1.0
    assert VideoColorScale().update(np.full((4, 4, 2), np.nan)) == 1.0
    flow = flow_of(5.0)
    flow[0], flow[1, :1] = 1e10, 50
    assert VideoColorScale().update(flow) < 50


def test_the_largest_known_magnitude():
    flow = flow_of(5.0)
    flow[0, 0], flow[1, 1] = (30, 40), (np.nan, 99)
    assert largest_magnitude(flow) == 50
    assert largest_magnitude(0 * flow_of(1.0)) == 1.0
    assert largest_magnitude(np.full((4, 4, 2), np.nan)) == 1.0


def test_clipped_flow_keeps_its_direction():
    flow = np.array([[[3, 4], [30, -40], [0, 0], [-5, 0]]], np.float32)
    clipped = clip_magnitude(flow, 5.0)
    np.testing.assert_allclose(clipped, [[[3, 4], [3, -4], [0, 0], [-5, 0]]], rtol=1e-6)
    assert flow[0, 1].tolist() == [30, -40]


def test_unknown_flow_is_not_clipped():
    flow = np.array([[[np.nan, 0], [1e10, 1e10], [np.inf, 1]]], np.float32)
    np.testing.assert_array_equal(clip_magnitude(flow, 5.0), flow)


@pytest.mark.parametrize("maximum", [0.7, 3.0, 12.345])
def test_clipped_flow_has_no_darkened_colours(maximum):
    flow = (20 * np.random.RandomState(0).randn(100, 100, 2)).astype(np.float32)
    assert (flow_to_color(flow, maximum).max(axis=-1) < 200).mean() > 0.5
    assert (flow_to_color(clip_magnitude(flow, maximum), maximum).max(axis=-1) == 255).all()
