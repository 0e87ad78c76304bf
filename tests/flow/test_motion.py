"""Motion between frames: lengths, the camera, and what moves by itself."""

import math

import numpy as np
import pytest

from pwcnet.flow.classical import ClassicalFlow
from pwcnet.flow.film_motion import film_motion
from pwcnet.flow.motion import pair_motion
from tests.helpers.films import (
    MOVES,
    Camera,
    body_of,
    camera_path,
    canvas_of,
    recorded,
    shot,
)


def motions_of(film, random, noise):
    """The `PairMotion` of each pair of a shot, by DIS."""
    frames = recorded(film.frames, random, noise)
    with ClassicalFlow("dis") as dis:
        return [pair_motion(*pair, dis.flow(*pair)) for pair in zip(frames, frames[1:])]


def close(value, expected):
    """Within 5 % or 0.05 pixels."""
    return math.hypot(*np.subtract(value, expected)) <= max(0.05, 0.05 * math.hypot(*expected))


@pytest.mark.parametrize("seed, camera", [(21, Camera(6, -3)), (22, Camera(0, 0, 0.012, 0.4))])
def test_camera_and_objects_are_told_apart(seed, camera):
    random = np.random.RandomState(seed)
    bodies = [body_of(random, 240, 320, 6, 50), body_of(random, 240, 320, 4, 35)]
    film = shot(canvas_of(random), [camera], bodies)
    for motion, moving in zip(motions_of(film, random, 2), film.moving):
        assert close((motion.pan_x, motion.pan_y), camera[:2])
        assert abs(motion.log_zoom - camera.log_zoom) < 0.001
        assert abs(motion.roll - camera.roll) < 0.05
        assert abs(motion.residual_moving - moving.mean()) < 0.05
        assert 0 < motion.residual_largest <= motion.residual_moving
        assert not motion.is_cut and not motion.is_blank


def test_a_still_film_with_noise_is_still():
    random = np.random.RandomState(23)
    motions = motions_of(shot(canvas_of(random), [Camera()] * 3), random, 5)
    row = film_motion(motions, rate=25)
    assert row["kind"] == "still" and row["moving_share"] < 0.01 and row["residual_share"] < 0.01


@pytest.mark.whole_on("tf2")
def test_a_slow_zoom_into_a_still_picture_is_the_camera_alone():
    random = np.random.RandomState(25)
    film = shot(canvas_of(random), [Camera(log_zoom=0.001)] * 8)
    row = film_motion(motions_of(film, random, 2), rate=25)
    assert row["kind"] == "camera" and row["residual_share"] < 0.01
    assert abs(row["camera_log_zoom"] / 0.008 - 1) < 0.05


def test_lengths_of_a_flow():
    frame = np.random.RandomState(0).randint(0, 256, (40, 60, 3)).astype(np.uint8)
    flow = np.zeros((40, 60, 2), np.float32)
    flow[:10, :, 0], flow[:2] = 0.4, (3, 4)
    flow[-10:] = np.nan
    motion = pair_motion(frame, frame, flow)
    assert (motion.height, motion.width) == (40, 60)
    assert motion.mean == pytest.approx((2 * 5 + 8 * 0.4) / 30, rel=1e-5)
    assert motion.median == 0 and motion.percentile_95 == pytest.approx(5)
    assert motion.moving == 0  # both frames are the same: nothing speaks for the flow


def test_what_the_camera_moves_by_more_than_still_is_moving():
    frame = np.random.RandomState(0).randint(0, 256, (40, 60, 3)).astype(np.uint8)
    flow = np.empty((40, 60, 2), np.float32)
    flow[:] = 3, 4
    second = np.roll(frame, (4, 3), (0, 1))
    assert pair_motion(frame, second, flow).moving == 1
    assert pair_motion(frame, second, flow, still=6).moving == 0


def test_input_that_does_not_fit_is_refused():
    frame, flow = np.zeros((40, 60, 3), np.uint8), np.zeros((40, 60, 2), np.float32)
    with pytest.raises(ValueError, match=r"\(40, 50, 2\)"):
        pair_motion(frame, frame, flow[:, :50])
    with pytest.raises(ValueError, match="-1"):
        pair_motion(frame, frame, flow, still=-1)
    with pytest.raises(ValueError):
        pair_motion(frame, frame, flow * np.nan)


@pytest.mark.full
@pytest.mark.parametrize("move", MOVES)
def test_films_of_all_kinds_of_cameras(move):
    for seed in range(3000, 3003):
        random = np.random.RandomState([seed, MOVES.index(move)])
        count = 20 if move == "slow zoom" else 4
        bodies = [
            body_of(random, 240, 320, np.exp(random.uniform(1, 2.7))) for _ in range(seed % 3)
        ]
        film = shot(canvas_of(random), camera_path(random, move, count), bodies)
        motions = motions_of(film, random, random.uniform(0, 6))
        shares = []
        for motion, moving, camera in zip(motions, film.moving, film.cameras):
            assert close((motion.pan_x, motion.pan_y), camera[:2])
            assert abs(motion.roll - camera.roll) < 0.05
            shares.append(motion.residual_moving - moving.mean())
        assert abs(np.mean(shares)) < 0.05
        zoom = sum(camera.log_zoom for camera in film.cameras)
        row = film_motion(motions)
        assert abs(row["camera_log_zoom"] - zoom) < max(0.001, 0.05 * abs(zoom))
        assert row["cuts"] == 0
        if not bodies:
            assert row["kind"] == ("still" if move == "still" else "camera")
