"""A film's motion from its pairs'."""

import json
import math
from dataclasses import replace

import pytest

from pwcnet.flow.film_motion import film_motion
from pwcnet.flow.motion import PairMotion

PAIR = PairMotion(
    30, 40, 2.0, 1.5, 4.0, 0.6, 1.0, -2.0, 0.01, 0.5, 2.2, 0.4, 0.1, 0.05, False, False
)
CUT = replace(PAIR, mean=99.0, pan_x=50.0, is_cut=True)
BLANK = replace(PAIR, mean=99.0, pan_x=50.0, is_blank=True)


def test_means_and_sums_leave_out_cuts_and_blanks():
    row = film_motion([PAIR, CUT, replace(PAIR, mean=4.0, pan_x=2.0), BLANK], rate=10, step=2)
    assert (row["pairs"], row["cuts"], row["blanks"]) == (4, 1, 1)
    assert row["motion_mean"] == 3 and row["motion_max"] == 4
    assert row["motion_mean_diagonal"] == pytest.approx(3 / 50)
    assert row["motion_mean_per_second"] == pytest.approx(3 / 50 * 5)
    assert row["seconds"] == pytest.approx(0.4)
    assert (row["camera_pan_x"], row["camera_pan_y"]) == (3, -4)
    assert row["camera_path"] == pytest.approx(math.hypot(1, 2) + math.hypot(2, 2))
    assert row["camera_log_zoom"] == pytest.approx(0.02) and row["camera_roll"] == 1
    assert row["residual_share"] == pytest.approx(0.1)


def test_times_come_from_the_pairs_where_they_are_known():
    row = film_motion([PAIR, CUT, PAIR], rate=10, seconds=[0.5, 7, 1.5])
    assert row["seconds"] == 2 and row["motion_mean_per_second"] == pytest.approx(2 / 50)


@pytest.mark.parametrize("pairs", [[], [CUT], [replace(PAIR, pan_x=None, camera_mean=None)]])
def test_the_unknown_is_none_and_keys_are_the_same(pairs):
    row = film_motion(pairs)
    assert list(row) == list(film_motion([PAIR], rate=25))
    assert row["motion_mean_per_second"] is None and row["kind"] is None
    json.dumps(row, allow_nan=False)


def test_each_key_is_documented():
    for key in film_motion([PAIR]):
        assert "`%s`" % key in film_motion.__doc__


def test_kinds():
    quiet = replace(PAIR, residual_moving=0.0, camera_mean=0.05, pan_x=0, pan_y=0)
    quiet = replace(quiet, log_zoom=0.0, roll=0.0)
    slow_zoom = replace(quiet, log_zoom=0.001)
    assert film_motion([quiet] * 60)["kind"] == "still"
    assert film_motion([slow_zoom] * 60)["kind"] == "camera"
    assert film_motion([replace(quiet, camera_mean=2.0)] * 60)["kind"] == "camera"
    assert film_motion([PAIR] * 60)["kind"] == "moving"


@pytest.mark.parametrize(
    "options",
    [{"rate": 0}, {"rate": math.nan}, {"step": 0}, {"seconds": [1.0]}, {"seconds": [1, 0]}],
)
def test_times_that_are_none_are_refused(options):
    with pytest.raises(ValueError):
        film_motion([PAIR, PAIR], **options)


def test_pairs_of_several_sizes_are_refused():
    with pytest.raises(ValueError, match="50"):
        film_motion([PAIR, replace(PAIR, height=50)])
