"""Frames that OpenCV leaves out: counted against the container, found by the times."""

import pytest

from pwcnet.io.opencv_frames import Losses, find_losses

REGULAR = [40.0 * number for number in range(20)]
HOLE = REGULAR[:6] + REGULAR[7:]


@pytest.mark.parametrize(
    "times, claimed, is_counted, expected",
    [
        (REGULAR, 20, True, Losses({}, 0)),
        (REGULAR, None, True, Losses({}, 0)),
        (REGULAR, 21, True, Losses({}, 1)),  # a difference of one counts
        (HOLE, 20, True, Losses({6: 1}, 0)),
        (HOLE, 22, True, Losses({6: 1}, 2)),
        (HOLE, 20, False, Losses({6: 1}, 0)),
        (REGULAR, 21, False, Losses({}, 0)),  # an estimate may be wrong by one
        (REGULAR, 40, False, Losses({}, 20)),
    ],
)
def test_losses(times, claimed, is_counted, expected):
    assert find_losses("a.avi", times, claimed, is_counted) == expected


def test_a_loss_at_an_unknown_place_names_the_video():
    times = [0.0, 40.0, 75.0, 180.0, 215.0, 260.0]
    with pytest.raises(ValueError, match="a.avi .*7 frames.* 6 "):
        find_losses("a.avi", times, 7, True)
