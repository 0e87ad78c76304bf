"""Flow computed at another size, given back at that of the files."""

import numpy as np
import pytest

from pwcnet.io.scaling import (
    Pair,
    ScaledPair,
    full_size_flows,
    resized_flow,
    resized_frame,
    scaled_frame,
)
from tests.helpers.frames import moving_frames


def test_flow_is_in_pixels_of_the_full_size():
    small = np.full((24, 40, 2), (1.5, -2.0), np.float32)
    flow = resized_flow(small, 48, 60)
    assert flow.shape == (48, 60, 2) and flow.dtype == np.float32
    np.testing.assert_allclose(flow, np.broadcast_to([2.25, -4.0], flow.shape), rtol=1e-6)
    assert resized_flow(small, 24, 40) is small


@pytest.mark.parametrize("scale, size", [(0.5, (24, 32)), (2, (96, 128)), (0.001, (1, 1))])
def test_sizes(scale, size):
    frame = moving_frames(1, 48, 64)[0]
    assert scaled_frame(frame, scale).shape == size + (3,)
    assert scaled_frame(frame, 1) is frame


def test_pairs_come_back_at_the_size_of_their_files():
    frames = moving_frames(2, 48, 64)
    pair = Pair("a", *frames)
    scaled = ScaledPair("a", *(scaled_frame(frame, 0.5) for frame in frames), original=pair)
    flow = np.ones((24, 32, 2), np.float32)
    ((given, forward, backward),) = full_size_flows([(scaled, flow, 3 * flow)])
    assert given is pair and forward.shape == (48, 64, 2)
    assert (forward == 2).all() and (backward == 6).all()
    ((given, same),) = full_size_flows([(pair, np.ones((48, 64, 2), np.float32))])
    assert given is pair and (same == 1).all()


@pytest.mark.parametrize("size, error", [((10**7, 10**7), MemoryError), ((-5, 5), ValueError)])
def test_sizes_that_cannot_be_made(size, error):
    with pytest.raises(error, match="%dx%d pixels" % size):
        resized_frame(np.zeros((4, 4, 3), np.uint8), *size)
