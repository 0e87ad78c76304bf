"""Colours of flow and of errors, against values worked out by hand."""

import os

import numpy as np
import pytest

from pwcnet.flow.colors import HUES, color_wheel, error_to_color, flow_to_color
from pwcnet.io.flow_files import read_flow


def color_of(u, v, **options):
    return flow_to_color(np.array([[[u, v]]], np.float32), **options)[0, 0].tolist()


def test_the_wheel_has_55_hues_of_the_six_runs():
    assert HUES.shape == (55, 3)
    starts = {
        0: (255, 0, 0),
        15: (255, 255, 0),
        21: (0, 255, 0),
        25: (0, 255, 255),
        36: (0, 0, 255),
        49: (255, 0, 255),
    }
    for index, color in starts.items():
        assert tuple(HUES[index]) == color
    assert tuple(HUES[1]) == (255, 17, 0) and tuple(HUES[54]) == (255, 0, 43)


def test_no_motion_is_white():
    image = flow_to_color(np.zeros((4, 5, 2), np.float32))
    assert image.shape == (4, 5, 3) and image.dtype == np.uint8
    assert (image == 255).all()
    assert color_of(0, 0, max_magnitude=3) == [255, 255, 255]


def test_directions_at_full_magnitude():
    assert color_of(1, 0) == [255, 0, 0]  # right: the first hue, red
    left, down, up = color_of(-1, 0), color_of(0, 1), color_of(0, -1)
    assert left == [0, 209, 255]  # half way, hue 27 of 0 to 54
    assert down == [255, 229, 0]  # hue 13.5: 13 -> 221, 14 -> 238
    assert up == [
        88,
        0,
        255,
    ]  # hue 40.5: 40 -> 78, 41 -> 98 (4 and 5 of the 13 from blue to magenta)


def test_smaller_magnitudes_fade_to_white():
    assert color_of(1, 0, max_magnitude=2) == [255, 127, 127]
    image = flow_to_color(np.array([[[1, 0], [4, 0]]], np.float32))
    assert image[0].tolist() == [[255, 191, 191], [255, 0, 0]]


def test_beyond_the_maximum_is_darkened():
    assert color_of(3, 0, max_magnitude=2) == [191, 0, 0]
    assert color_of(2, 0, max_magnitude=2) == [255, 0, 0]


def test_unknown_pixels_are_black_and_do_not_count_for_the_maximum():
    flow = np.array([[[1, 0], [np.nan, 0], [1e10, 1e10], [50, 0]]], np.float32)
    image = flow_to_color(flow, valid=np.array([[True, True, True, False]]))
    assert image[0].tolist() == [[255, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0]]
    assert (flow_to_color(flow[:, 1:3]) == 0).all()


def test_the_largest_magnitude_is_never_darkened():
    flow = np.random.RandomState(0).randn(1000, 1, 1, 2).astype(np.float32)
    assert all(flow_to_color(one).max() == 255 for one in flow)


@pytest.mark.parametrize("maximum", [0, -1, float("nan"), float("inf")])
def test_the_maximum_must_be_a_magnitude(maximum):
    with pytest.raises(ValueError, match="max_magnitude"):
        color_of(1, 1, max_magnitude=maximum)


def test_shapes_are_checked():
    with pytest.raises(ValueError, match=r"H, W, 2"):
        flow_to_color(np.zeros((4, 5, 3)))
    with pytest.raises(ValueError, match=r"mask .*\(4, 5\), got \(5, 4\)"):
        flow_to_color(np.zeros((4, 5, 2)), valid=np.ones((5, 4), bool))
    with pytest.raises(ValueError, match="shape"):
        error_to_color(np.zeros((4, 5)), np.zeros((4, 4)), np.ones((4, 5), bool))


def test_color_wheel_is_a_disc_on_white():
    image = color_wheel(101)
    assert image.shape == (101, 101, 3) and image.dtype == np.uint8
    assert image[50, 50].tolist() == [255, 255, 255]
    assert image[0, 0].tolist() == [255, 255, 255]
    assert image[50, 100].tolist() == color_of(100 / 101, 0, max_magnitude=1)
    assert color_wheel(1).tolist() == [[[255, 255, 255]]]
    with pytest.raises(ValueError, match="size"):
        color_wheel(0)


def test_error_colours_are_those_of_kitti():
    # The smaller one of epe / 3 and epe / magnitude / 0.05 decides.
    epe = np.array([[0.0, 0.18, 0.2, 2.99, 3.0, 6.0, 1000.0, 50.0, 4.0, 4.0]])
    magnitude = np.array([[0.0, 1.0, 1.0, 10.0, 10.0, 10.0, 10.0, 10.0, 160.0, 0.0]])
    expected = [
        (49, 54, 149),
        (49, 54, 149),
        (69, 117, 180),
        (224, 243, 248),
        (254, 224, 144),
        (253, 174, 97),
        (165, 0, 38),
        (165, 0, 38),
        (224, 243, 248),
        (254, 224, 144),
    ]
    image = error_to_color(epe, magnitude, np.ones((1, 10), bool))
    assert image.dtype == np.uint8
    assert [tuple(color) for color in image[0].tolist()] == expected


def test_error_is_black_where_nothing_is_known():
    image = error_to_color(
        np.array([[1.0, np.nan]]), np.array([[1.0, np.nan]]), np.array([[False, False]])
    )
    assert not image.any()


def test_real_flow(real_data):
    flow, _ = read_flow(
        os.path.join(real_data, "middlebury", "other-gt-flow", "RubberWhale", "flow10.flo")
    )
    image = flow_to_color(flow)
    assert 0.015 < (image == 0).all(axis=-1).mean() < 0.017
