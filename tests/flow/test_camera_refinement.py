"""The camera's motion refined by the frames."""

import numpy as np
import pytest

from pwcnet.flow.camera_motion import fit_camera
from pwcnet.flow.camera_refinement import refine_camera
from tests.helpers.films import Camera, canvas_of, flashed, shot

TRUE = Camera(0.31, -0.17, 0.0012, 0.05)
WRONG = Camera(0.37, -0.12, 0.0016, 0.0)
EVERYWHERE = np.ones((240, 320), bool)


def fitted(camera):
    y, x = np.mgrid[:240, :320]
    points = np.stack([x, y, np.ones_like(x)], axis=-1)
    return fit_camera((points @ camera.matrix(240, 320).T)[..., :2] - points[..., :2])


def greys_of(frames):
    return [np.clip(frame.mean(axis=-1) + 0.5, 0, 255).astype(np.uint8) for frame in frames]


@pytest.mark.parametrize("gain, lift", [(1, 0), (0.8, 30)])
def test_what_the_flow_got_wrong_is_put_right(gain, lift):
    frames = shot(canvas_of(np.random.RandomState(5)), [TRUE]).frames
    refined = refine_camera(fitted(WRONG), *greys_of(flashed(frames, 1, gain, lift)), EVERYWHERE)
    np.testing.assert_allclose((refined.pan_x, refined.pan_y), TRUE[:2], atol=0.01)
    assert abs(refined.log_zoom - TRUE.log_zoom) < 0.05 * TRUE.log_zoom
    assert abs(refined.roll - TRUE.roll) < 0.01


def test_frames_that_tell_nothing_leave_the_motion():
    camera, plain = fitted(WRONG), np.full((240, 320), 90, np.uint8)
    refined = refine_camera(camera, plain, plain, EVERYWHERE)
    np.testing.assert_allclose(refined.matrix, camera.matrix, atol=1e-9)
    assert refine_camera(camera, plain, plain, ~EVERYWHERE) is camera


def test_frames_that_contradict_leave_the_motion():
    random = np.random.RandomState(6)
    greys = greys_of([canvas_of(random)[:240, :320].astype(float) for _ in range(2)])
    camera = fitted(WRONG)
    refined = refine_camera(camera, *greys, EVERYWHERE)
    assert np.abs(refined.flow(240, 320) - camera.flow(240, 320)).max() < 5
