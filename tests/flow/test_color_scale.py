"""The speed of full colour of a video."""

import numpy as np
import pytest

from pwcnet.flow.color_scale import SteadyScale


def flow_of(speed):
    return np.full((10, 10, 2), speed / np.sqrt(2), np.float32)


def test_the_first_flow_sets_it_and_an_equal_one_keeps_it():
    scale = SteadyScale()
    assert [scale.follow(flow_of(12.0)) for _ in range(5)] == pytest.approx([12.0] * 5)


def test_it_rises_at_once_and_falls_within_seconds():
    scale = SteadyScale()
    scale.follow(flow_of(4.0))
    assert scale.follow(flow_of(32.0)) == pytest.approx(32.0)
    falling = [scale.follow(flow_of(4.0)) for _ in range(50)]
    assert (
        falling == sorted(falling, reverse=True)
        and min(after / before for before, after in zip(falling, falling[1:])) > 0.9
    )
    assert 4 < falling[-1] < 8


def test_still_scenes_stay_pale_and_unknown_pixels_do_not_count():
    assert SteadyScale().follow(flow_of(0.01)) == 1.0
    assert SteadyScale().follow(np.full((4, 4, 2), np.nan)) == 1.0
    flow = flow_of(5.0)
    flow[0], flow[1, :1] = 1e10, 50
    assert SteadyScale().follow(flow) < 50
