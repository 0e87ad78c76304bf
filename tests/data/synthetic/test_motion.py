"""Motion of layers: exact inverses, and how it continues from frame to frame."""

import cv2
import numpy as np
from scipy.ndimage import map_coordinates

from pwcnet.data.geometry import affine, pixel_grid, rotation
from pwcnet.data.synthetic.motion import PERIOD, Motion, continued_motion
from pwcnet.data.synthetic.noise import smooth_field

SIZE = HEIGHT, WIDTH = 64, 96
WHOLE = slice(0, HEIGHT), slice(0, WIDTH)
CORNERS = np.array([[30.0, 20, 1], [50, 20, 1], [50, 40, 1], [30, 40, 1]])


def test_the_way_back_inverts_the_motion():
    random = np.random.RandomState(0)
    for _ in range(10):
        bend = cv2.resize(
            random.uniform(-1, 1, (5, 5, 2)).astype(np.float32),
            SIZE[::-1],
            interpolation=cv2.INTER_CUBIC,
        ) * np.float32(0.09 * HEIGHT / 4)
        matrix = np.eye(3) + np.vstack(
            [
                np.hstack([random.uniform(-0.1, 0.1, (2, 2)), random.uniform(-9, 9, (2, 1))]),
                np.zeros(3),
            ]
        )
        motion = Motion(matrix, SIZE, bend)
        source = pixel_grid(*SIZE) + motion.inverse_displacement(WHOLE)
        flow, place = motion.displacement(WHOLE), [source[..., 1], source[..., 0]]
        known = np.stack(
            [
                map_coordinates(flow[..., channel], place, order=1, mode="nearest")
                for channel in (0, 1)
            ],
            axis=-1,
        )  # finer than OpenCV looks
        inside = ((source > 1) & (source < [WIDTH - 2, HEIGHT - 2])).all(axis=-1)
        assert np.abs(source + known - pixel_grid(*SIZE))[inside].max() < 0.02
        part = slice(13, 40), slice(22, 61)
        np.testing.assert_allclose(
            motion.inverse_displacement(part), motion.inverse_displacement(WHOLE)[part], atol=0.01
        )


def positions(motions, corners):
    """[frames, n, 2]: where corners [n, 3] of frame 0 are in every frame, without the bend."""
    points = np.float32(corners[None, :, :2])
    moved = [points + motion.displacement_of(points) for motion in motions]
    return np.concatenate([points] + moved)


def headings_and_speeds(path):
    step = np.diff(path, axis=0)
    return np.arctan2(step[:, 1], step[:, 0]), np.hypot(*step.T)


def test_a_layer_turns_evenly_at_a_steady_speed():
    for number in range(5):
        motions = continued_motion(
            affine(np.eye(2), [1.5, -2.0]),
            None,
            CORNERS,
            SIZE,
            9.0,
            12,
            np.random.RandomState(number),
        )
        headings, speed = headings_and_speeds(positions(motions, CORNERS).mean(axis=1))
        turns = np.diff(np.unwrap(headings))
        np.testing.assert_allclose(speed, 2.5, atol=1e-3)
        np.testing.assert_allclose(turns, turns[0], atol=1e-3)
        assert 0.1 <= abs(turns[0]) <= 0.4


def test_a_layer_that_leaves_comes_back():
    leaving = CORNERS + [40, 0, 0]  # its middle is at (80, 30) of 96x64
    motions = continued_motion(
        affine(np.eye(2), [3.0, 0.5]), None, leaving, SIZE, 9.0, 64, np.random.RandomState(0)
    )
    middles = positions(motions, leaving).mean(axis=1)
    nearest = np.hypot(*(middles - [47.5, 31.5]).T)
    assert nearest.max() > nearest[0] and nearest.min() < nearest[0] and nearest[-20:].min() < 60


def test_turning_goes_on_and_zoom_swings():
    linear = rotation(0.1) @ np.diag([1.1, 1.1])
    centre = np.array([40.0, 30])
    motions = continued_motion(
        affine(linear, centre - linear @ centre),
        None,
        CORNERS,
        SIZE,
        9.0,
        13,
        np.random.RandomState(0),
    )
    side = np.diff(positions(motions, CORNERS)[:, :2], axis=1)[:, 0]
    angles, lengths = np.unwrap(np.arctan2(side[:, 1], side[:, 0])), np.hypot(*side.T)
    np.testing.assert_allclose(np.diff(angles), 0.1, atol=1e-4)
    assert lengths.max() < 1.2 * lengths[0] and lengths.min() > 0.9 * lengths[0]
    np.testing.assert_allclose(lengths[PERIOD], lengths[0], rtol=0.05)


def test_no_visible_point_moves_further_than_the_limit():
    random = np.random.RandomState(3)
    for number in range(20):
        bend = smooth_field(random, 3, SIZE, 2) * np.float32(1.5)
        linear = np.eye(2) + random.uniform(-0.15, 0.15, (2, 2))
        corners = None if number % 2 else CORNERS
        step = affine(linear, random.uniform(-4, 4, 2))
        motions = continued_motion(step, bend, corners, SIZE, 5.0, 10, random)
        for before, after in zip(motions, motions[1:]):
            back = before.inverse_displacement(WHOLE)
            points = pixel_grid(*SIZE) + back
            flow = back + after.displacement_of(points)
            if corners is not None:
                seen = ((points >= corners[0, :2]) & (points <= corners[2, :2])).all(axis=-1)
                flow = flow[seen]
            assert not flow.size or np.hypot(*np.moveaxis(flow, -1, 0)).max() <= 5.02


def test_bends_stay_invertible_in_every_frame():
    random = np.random.RandomState(1)
    bend = smooth_field(random, 4, SIZE, 2) * np.float32(0.09 * HEIGHT / 4)
    step = affine(rotation(0.05) @ np.diag([1.08, 0.95]), [2.0, -3.0])
    for motion in continued_motion(step, bend, None, SIZE, 12.0, 12, random):
        source = pixel_grid(*SIZE) + motion.inverse_displacement(WHOLE)
        inside = ((source > 1) & (source < [WIDTH - 2, HEIGHT - 2])).all(axis=-1)
        error = source + motion.displacement_of(source) - pixel_grid(*SIZE)
        assert np.abs(error)[inside].max() < 0.1


def test_two_frames_need_no_random_numbers():
    assert len(continued_motion(np.eye(3), None, None, SIZE, 1.0, 2, None)) == 1
