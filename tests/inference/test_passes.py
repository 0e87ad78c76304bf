"""Passes of a network, whole and in tiles, with a network that finds constant motion."""

import cv2
import numpy as np
import pytest

from pwcnet.inference.passes import OVERLAP, Frame, FrameSizes, first_pass, residual_pass, tiles


def shifted_frames(height, width, shift):
    """Frames of a texture that moves `shift` pixels to the right."""
    noise = np.random.RandomState(0).uniform(0, 255, (height, width + shift, 3))
    texture = cv2.GaussianBlur(noise, (0, 0), 3)
    texture = np.uint8(255 * (texture - texture.min()) / np.ptp(texture))
    return FrameSizes(texture[:, shift:].copy()), FrameSizes(texture[:, :width].copy())


class ShiftNetwork:
    """Finds the one shift, of up to 8 pixels in x, that fits best."""

    def __init__(self):
        self.sizes = []

    def __call__(self, first, second):
        self.sizes.append(first.size)
        width = first.size[1]
        costs = [
            np.abs(
                first.rgb_float[:, 8 : width - 8] - second.rgb_float[:, 8 + u : width - 8 + u]
            ).mean()
            for u in range(-8, 9)
        ]
        flow = np.zeros([*first.size, 2], np.float32)
        flow[..., 0] = np.argmin(costs) - 8
        return flow


def test_sizes_of_a_frame_are_made_once():
    frame = FrameSizes(np.random.RandomState(0).randint(0, 256, (40, 60, 3)).astype(np.uint8))
    half = frame.at((20, 30))
    assert frame.at((20, 30)) is half and half.size == (20, 30) and half.rgb.dtype == np.uint8
    assert frame.at((40, 60)).rgb is frame.rgb and half.grey.shape == (20, 30)
    floating = FrameSizes(np.random.RandomState(0).uniform(0, 1, (40, 60, 3)).astype(np.float32))
    larger = floating.at((60, 90)).rgb
    assert larger.dtype == np.float32 and larger.min() >= 0 and larger.max() <= 1


def test_a_residual_pass_completes_a_coarse_one():
    first, second = shifted_frames(96, 256, 20)  # beyond the reach of the network at this size
    network = ShiftNetwork()
    coarse = first_pass(network, first, second, (24, 64))
    flow = residual_pass(network, first, second, (96, 256), coarse)
    assert network.sizes == [(24, 64), (96, 256)]
    assert np.abs(coarse[6:-6, 12:-12] - (5, 0)).mean() < 0.2
    assert np.abs(flow[16:-16, 40:-40] - (20, 0)).mean() < 0.1


def test_tiles_cover_everything_and_overlap():
    size, tile = (300, 1000), (256, 384)
    covered = np.zeros(size, int)
    areas = list(tiles(size, tile))
    for rows, columns in areas:
        assert (rows.stop - rows.start, columns.stop - columns.start) == tile
        covered[rows, columns] += 1
    assert covered.min() == 1 and len(areas) == 2 * 4
    starts = sorted({columns.start for _, columns in areas})
    assert all(after - before <= 384 - OVERLAP for before, after in zip(starts, starts[1:]))
    assert list(tiles((100, 90), tile)) == [(slice(0, 100), slice(0, 90))]


@pytest.mark.parametrize("tile", [(256, 384), (256, 2000), (2000, 320)])
def test_tiles_give_the_flow_of_the_whole(tile):
    first, second = shifted_frames(300, 700, 4)
    start = np.full((75, 175, 2), (1, 0), np.float32)
    start += np.linspace(0, 0.1, 175, dtype=np.float32)[:, np.newaxis]
    whole = residual_pass(ShiftNetwork(), first, second, (300, 700), start)
    tiled = residual_pass(ShiftNetwork(), first, second, (300, 700), start, tile)
    inside = (slice(16, -16), slice(16, -16))
    assert np.abs(tiled - whole)[inside].max() < 0.15
    steps = [np.abs(np.diff(flow[inside], axis=1)).max() for flow in (tiled, whole)]
    assert steps[0] < steps[1] + 0.02  # no jump at the borders of tiles


def test_features_stay_with_their_frame():
    frame = Frame(np.zeros((4, 5, 3), np.uint8))
    assert frame.features is None and frame.size == (4, 5) and frame.rgb_float.dtype == np.float32
