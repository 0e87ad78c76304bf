"""Forward flow, and the backward flow where it leads to."""

import numpy as np
import pytest

from pwcnet.flow.consistency import round_trip


def test_backward_flow_is_read_where_the_forward_flow_leads():
    forward = np.full((8, 12, 2), (2, -1), np.float64)
    backward = np.stack(np.mgrid[:8, :12][::-1], axis=-1)  # its own place, (x, y)
    trip = round_trip(forward, backward)
    assert trip.forward.dtype == trip.back.dtype == np.float32 and trip.known.all()
    np.testing.assert_array_equal(trip.forward, forward)
    np.testing.assert_array_equal(trip.back[1:, :-2], (backward + (2, -1))[1:, :-2])


def test_unknown_flow_of_either_frame_is_unknown():
    forward, backward = np.zeros((2, 5, 6, 2), np.float32)
    forward[1, 2], forward[3, 3], backward[4, 5] = np.nan, 0.5, 1e10
    forward[4, 4] = (0.5, 0)  # between a known and an unknown pixel
    trip = round_trip(forward, backward)
    assert sorted(zip(*np.nonzero(~trip.known))) == [(1, 2), (4, 4), (4, 5)]
    assert (trip.forward[1, 2] == 0).all() and (trip.back == 0).all()


@pytest.mark.parametrize("shapes", [((4, 5, 2), (4, 6, 2)), ((4, 5), (4, 5)), ((0, 5, 2),) * 2])
def test_other_shapes_are_refused(shapes):
    with pytest.raises(ValueError, match="one shape"):
        round_trip(*(np.zeros(shape) for shape in shapes))
