"""Cuts: hard ones are found; fast pans, flashes, fades and noise are none."""

import numpy as np
import pytest

from pwcnet.flow.classical import ClassicalFlow
from pwcnet.flow.cuts import BLANK, CUT, SAME, compare
from tests.helpers.films import Camera, canvas_of, film_with_cuts, flashed, recorded, shot


def errors_in(film, flow_method):
    """(cuts that are missed, pairs that are wrongly taken for cuts, pairs) of a film."""
    frames, cuts = film
    verdicts = [compare(*pair, flow_method.flow(*pair)) for pair in zip(frames, frames[1:])]
    found = {number for number, verdict in enumerate(verdicts) if verdict == CUT}
    return len(cuts - found), len(found - cuts), len(verdicts)


def test_cuts_of_a_short_film_are_found():
    with ClassicalFlow("dis") as dis:
        missed, wrong, _ = errors_in(film_with_cuts(7, shots=3, count=4), dis)
    assert missed == 0 and wrong == 0


@pytest.mark.full
def test_cuts_of_a_thousand_pairs():
    with ClassicalFlow("dis") as dis:
        errors = np.array([errors_in(film_with_cuts(seed), dis) for seed in range(1000, 1016)])
    missed, wrong, pairs = errors.sum(axis=0)
    assert pairs >= 1000 and missed == 0 and wrong <= 1


def test_a_shift_is_found_that_the_flow_misses():
    random = np.random.RandomState(3)
    frames = recorded(shot(canvas_of(random), [Camera(37, -12)]).frames, random)
    assert compare(*frames, np.zeros((240, 320, 2), np.float32)) == SAME


def test_brightness_does_not_count():
    random = np.random.RandomState(4)
    frames = shot(canvas_of(random), [Camera(3, 1)]).frames
    frames = recorded(flashed(frames, 1, 1.8, 40), random)
    flow = np.empty((240, 320, 2), np.float32)
    flow[:] = 3, 1
    assert compare(*frames, flow) == SAME


def test_black_frames_tell_nothing():
    random = np.random.RandomState(5)
    picture = recorded([canvas_of(random)[:240, :320].astype(np.float32)], random)[0]
    black = recorded([np.full((240, 320, 3), 8.0)], random, 6)[0]
    flow = np.zeros((240, 320, 2), np.float32)
    assert compare(picture, black, flow) == compare(black, picture, flow) == BLANK
    assert compare(black, black[::-1].copy(), flow) == SAME
