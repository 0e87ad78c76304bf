"""Frames and pairs of every kind that a caller may have, and those that are refused."""

import numpy as np
import pytest

from pwcnet.flow.padding import network_input
from pwcnet.inference import frames
from pwcnet.inference.frames import frames_of, rgb_frame, rgb_pair
from pwcnet.io.frame_pairs import Pair

RGB = np.random.RandomState(0).randint(0, 256, (4, 6, 3)).astype(np.uint8)
RGB[0, 0, 0], RGB[0, 0, 1] = 0, 255
GREY = RGB[..., 0]
ALPHA = np.full((4, 6, 1), 7, np.uint8)


def test_uint8_rgb_is_the_networks_input():
    rgb = rgb_frame(RGB)
    assert rgb.dtype == np.float32
    np.testing.assert_array_equal(rgb, network_input(RGB, 4, 6))


@pytest.mark.parametrize(
    "frame",
    [
        RGB / 255.0,
        (RGB / 255.0).astype(np.float32),
        np.concatenate([RGB, ALPHA], axis=2),
        np.concatenate([RGB / 255.0, np.full((4, 6, 1), np.nan)], axis=2),
        (RGB / 255.0).tolist(),
    ],
)
def test_other_kinds_of_rgb(frame):
    np.testing.assert_allclose(rgb_frame(frame), rgb_frame(RGB), atol=1e-7)


@pytest.mark.parametrize("frame", [GREY, GREY[..., np.newaxis], GREY / 255.0])
def test_grey_is_repeated(frame):
    np.testing.assert_allclose(
        rgb_frame(frame), rgb_frame(np.repeat(GREY[..., np.newaxis], 3, axis=2)), atol=1e-7
    )


def test_value_range_is_the_white_of_floating_frames_only():
    np.testing.assert_array_equal(rgb_frame(RGB.astype(np.float64), 255.0), rgb_frame(RGB))
    np.testing.assert_array_equal(rgb_frame(RGB, 1.0), rgb_frame(RGB, 255.0))


@pytest.mark.parametrize(
    "frame, fact",
    [
        (RGB.astype(np.float32), "value_range=255"),
        (RGB / 255.0 - 2.0, "from -2 "),
        (np.full((4, 6), np.nan), "NaN"),
        (np.where(RGB > 9, np.inf, 0.5), "infinite"),
        (RGB.astype(np.int64), "int64"),
        (RGB.astype(np.uint16), "uint16"),
        (RGB > 9, "bool"),
        (RGB.astype(complex), "complex128"),
        (RGB[..., :2], r"\[4, 6, 2\]"),
        (RGB[np.newaxis], r"\[1, 4, 6, 3\]"),
        (RGB[:0], r"\[0, 6, 3\]"),
        (np.uint8(3), r"\[\]"),
        ("frame.png", "<U9"),
        (None, "object"),
    ],
)
def test_other_frames_are_refused(frame, fact):
    with pytest.raises(ValueError, match="frame2.*" + fact):
        rgb_frame(frame, name="frame2")


@pytest.mark.parametrize("white", [1.0, 255.0])
def test_frames_divided_twice_are_warned_of_once(white, caplog):
    frames._warned_ranges.clear()
    bright = RGB / 255.0 * white
    rgb_frame(bright, white)
    rgb_frame(bright * 0, white)
    assert not caplog.messages
    for name in ("first", "second"):
        rgb_frame(bright / 255, white, name)
    (message,) = caplog.messages
    assert message.startswith("first ")


@pytest.mark.parametrize("pair", [(RGB, GREY), [RGB, GREY], Pair("a", RGB, GREY)])
def test_pairs(pair):
    frame1, frame2 = frames_of(pair)
    assert frame1 is RGB and frame2 is GREY


@pytest.mark.parametrize("pair", [None, 3, (RGB,), (RGB, RGB, RGB), [], {"frame1": RGB}])
def test_other_pairs_are_refused(pair):
    with pytest.raises(ValueError, match="pair.*" + type(pair).__name__):
        frames_of(pair)


def test_frames_of_different_sizes_are_refused():
    with pytest.raises(ValueError, match="frame2 has 3x6 .*frame1 has 4x6"):
        rgb_pair((RGB, RGB[:3]))
    rgb1, rgb2 = rgb_pair((RGB, GREY))
    assert rgb1.shape == rgb2.shape == (4, 6, 3)
