"""Padding to the network's multiple and cropping back."""

import numpy as np
import pytest

from pwcnet.flow.padding import check_network_size, crop, network_input, pad, padded_size


def test_padded_size_is_the_next_multiple():
    assert padded_size(436, 1024) == (448, 1024)
    assert padded_size(375, 1242) == (384, 1280)
    assert padded_size(1, 64) == (64, 64)
    assert padded_size(10, 9, multiple=8) == (16, 16)


@pytest.mark.parametrize("arguments", [(0, 5), (5, -1), (5, 5, 0)])
def test_padded_size_refuses_what_is_no_size(arguments):
    with pytest.raises(ValueError, match="got .*0|-1"):
        padded_size(*arguments)


@pytest.mark.parametrize("shape", [(3, 5, 2), (2, 3, 5, 3), (4, 2, 3, 5, 3)])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_pad_adds_zeros_at_bottom_and_right_and_crop_removes_them(shape, dtype):
    array = np.random.RandomState(0).randint(1, 255, shape).astype(dtype)
    padded = pad(array, 4, 8)
    assert padded.dtype == dtype and padded.shape == shape[:-3] + (4, 8, shape[-1])
    np.testing.assert_array_equal(padded[..., :3, :5, :], array)
    assert not padded[..., 3:, :, :].any() and not padded[..., 5:, :].any()
    np.testing.assert_array_equal(crop(padded, 3, 5), array)


def test_equal_sizes_change_nothing():
    array = np.ones((2, 3, 1))
    np.testing.assert_array_equal(pad(array, 2, 3), array)
    np.testing.assert_array_equal(crop(array, 2, 3), array)


def test_refusals():
    array = np.ones((4, 6, 2))
    for size in ((3, 6), (4, 5)):
        with pytest.raises(ValueError, match=r"4 x 6.*got %d x %d" % size):
            pad(array, *size)
    for size in ((5, 6), (4, 7), (0, 6), (4, -1)):
        with pytest.raises(ValueError, match=r"4 x 6.*got %d x %d" % size):
            crop(array, *size)
    for function in (pad, crop):
        with pytest.raises(ValueError, match=r"H, W, C"):
            function(np.ones((4, 6)), 4, 6)


def test_network_size_is_checked_and_the_next_one_named():
    check_network_size(64, 128)
    for size, word in (
        ((436, 1024), "got 436x1024; try 448x1024"),
        ((448, 1000), "try 448x1024"),
        ((0, 64), "got 0x64; try 64x64"),
        ((-64, 64), "try 64x64"),
    ):
        with pytest.raises(
            ValueError, match="multiples of 64, " + word if word.startswith("got") else word
        ):
            check_network_size(*size)


def test_network_input_is_scaled_and_padded():
    frame = np.random.RandomState(0).randint(0, 256, (3, 5, 3)).astype(np.uint8)
    x = network_input(frame, 64, 128)
    assert x.shape == (64, 128, 3) and x.dtype == np.float32 and x.max() <= 1
    np.testing.assert_allclose(x[:3, :5] * 255, frame, atol=1e-4)
    assert not x[3:].any() and not x[:, 5:].any()
    with pytest.raises(ValueError, match="3 x 5.*got 2 x 5"):
        network_input(frame, 2, 5)
