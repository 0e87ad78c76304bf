"""Legend, arrows, images side by side, shrunk images."""

import numpy as np
import pytest

from pwcnet.flow.drawing import (
    ARROW,
    ARROW_FACTORS,
    arrow_factor,
    draw_arrows,
    draw_legend,
    shrink,
    side_by_side,
)

GREY = np.full((120, 160, 3), 128, np.uint8)


def changed(before, after):
    """(first row, last row, first column, last column) of the pixels that differ."""
    rows, columns = np.nonzero((before != after).any(axis=-1))
    return rows.min(), rows.max(), columns.min(), columns.max()


def uniform(u, v, shape=(120, 160)):
    flow = np.zeros(shape + (2,), np.float32)
    flow[...] = u, v
    return flow


def test_the_legend_lies_in_the_lower_right_corner_of_a_copy():
    before = GREY.copy()
    drawn = draw_legend(GREY, 12.5)
    np.testing.assert_array_equal(GREY, before)
    top, bottom, left, right = changed(GREY, drawn)
    assert drawn.shape == GREY.shape and drawn.dtype == np.uint8
    assert top > 60 and left > 80 and 110 < bottom < 119 and 150 < right < 159
    assert len(np.unique(drawn[top:bottom, left:right].reshape(-1, 3), axis=0)) > 100


@pytest.mark.parametrize("size", [(48, 64), (70, 64), (436, 1024), (2160, 300)])
@pytest.mark.parametrize("scale", [0.034, 7.5, 1234.0])
def test_the_legend_fits_images_of_any_size(size, scale):
    drawn = draw_legend(np.zeros(size + (3,), np.uint8), scale)
    assert drawn.shape == size + (3,) and drawn.any()


def test_the_legend_tells_its_scale():
    images = {draw_legend(GREY, scale).tobytes() for scale in (0.25, 7.5, 12.5, 130.0, 131.0)}
    assert len(images) == 5


def test_an_image_without_room_for_a_legend_is_refused():
    with pytest.raises(ValueError, match="30x30"):
        draw_legend(np.zeros((30, 30, 3), np.uint8), 1.0)


@pytest.mark.parametrize("ground", [0, 128, 255])
def test_arrows_are_seen_on_any_ground(ground):
    frame = np.full((120, 160, 3), ground, np.uint8)
    drawn = draw_arrows(frame, uniform(12, 0), spacing=20)
    assert (frame == ground).all() and drawn.dtype == np.uint8
    yellow = np.abs(drawn.astype(int) - ARROW).sum(axis=-1) < 30
    dark = drawn.sum(axis=-1) < 60
    assert yellow[:90].any() and dark[:90].any()


def test_arrows_point_where_the_flow_goes():
    flow = uniform(np.nan, np.nan)
    flow[55:65, 55:65] = 20, -10  # around one of the grid's points, 60, 60
    top, bottom, left, right = changed(GREY[:90], draw_arrows(GREY, flow, spacing=40)[:90])
    assert 57 <= left <= 60 and 78 <= right <= 83 and 42 <= top <= 51 and 60 <= bottom <= 63
    flow[55:65, 55:65] = -20, 10
    top, bottom, left, right = changed(GREY[:90], draw_arrows(GREY, flow, spacing=40)[:90])
    assert 37 <= left <= 42 and 60 <= right <= 63 and 57 <= top <= 60 and 69 <= bottom <= 78


def test_without_motion_there_are_dots_and_without_known_flow_nothing_but_the_label():
    dots = draw_arrows(GREY, uniform(0, 0), spacing=40)
    assert (dots[:100] != GREY[:100]).any(axis=-1).sum() < 12 * 40
    nothing = draw_arrows(GREY, uniform(np.nan, 0), spacing=40)
    np.testing.assert_array_equal(nothing[:100], GREY[:100])


def test_the_factor_makes_slow_arrows_longer_and_fast_ones_shorter():
    assert arrow_factor(uniform(0.01, 0), 20) == ARROW_FACTORS[0]
    assert arrow_factor(uniform(18, 0), 20) == 1
    assert arrow_factor(uniform(3, 0), 20) == 5
    assert arrow_factor(uniform(100, 0), 20) == 0.1
    assert arrow_factor(uniform(1e6, 0), 20) == ARROW_FACTORS[-1]
    assert (draw_arrows(GREY, uniform(1e8, -1e8), spacing=40)[:100] != GREY[:100]).any()


@pytest.mark.parametrize("size", [(16, 16), (17, 300), (3, 5)])
@pytest.mark.parametrize("spacing", [None, 1, 1000])
def test_arrows_on_frames_of_any_size(size, spacing):
    frame = np.zeros(size + (3,), np.uint8)
    assert draw_arrows(frame, uniform(5, 5, size), spacing).shape == frame.shape


def test_wrong_shapes_are_refused():
    with pytest.raises(ValueError, match="120x160.*120, 150, 2"):
        draw_arrows(GREY, uniform(1, 1, (120, 150)))
    with pytest.raises(ValueError, match="spacing .*got 0"):
        draw_arrows(GREY, uniform(1, 1), 0)
    with pytest.raises(ValueError, match="120 and 100"):
        side_by_side(GREY, GREY[:100])


def test_side_by_side():
    both = side_by_side(GREY, GREY + 1)
    assert (
        both.shape == (120, 320, 3)
        and (both[:, :160] == 128).all()
        and (both[:, 160:] == 129).all()
    )


def test_small_images_are_not_shrunk():
    assert shrink(GREY, 160) is GREY and shrink(GREY, 160, np.zeros((120, 160), bool)) is GREY


@pytest.mark.parametrize("width, size", [(80, (60, 80)), (100, (75, 100)), (1, (1, 1))])
def test_shrunk_images_keep_their_proportions(width, size):
    assert shrink(GREY, width).shape == size + (3,) and (shrink(GREY, width) == 128).all()


def test_only_valid_pixels_count_in_a_shrunk_image():
    """One pixel in six of KITTI has ground truth: sparse colours must not fade to black."""
    valid = np.zeros((120, 160), bool)
    valid[::3, ::2] = True
    valid[60:] = False
    image = np.where(valid[..., np.newaxis], GREY, np.uint8(7))
    shrunk = shrink(image, 40, valid)
    assert (shrunk[:15] == 128).all() and not shrunk[15:].any()
