"""The camera's motion from flow: pans, zooms, rolls, homographies, and what disturbs them."""

import cv2
import numpy as np
import pytest

from pwcnet.flow.camera_motion import fit_camera
from tests.helpers.films import Camera


def flow_of(matrix, height=120, width=160):
    y, x = np.mgrid[:height, :width].astype(np.float64)
    moved = np.stack([x, y, np.ones_like(x)], axis=-1) @ np.asarray(matrix).T
    return (moved[..., :2] / moved[..., 2:] - np.stack([x, y], axis=-1)).astype(np.float32)


@pytest.mark.parametrize(
    "camera",
    [
        Camera(),
        Camera(3.25, -1.5),
        Camera(-20, 9, 0.02, -3),
        Camera(log_zoom=0.0007),
        Camera(roll=170),
    ],
)
def test_similarities_are_found(camera):
    flow = flow_of(camera.matrix(120, 160))
    fitted = fit_camera(flow)
    values = fitted.pan_x, fitted.pan_y, fitted.log_zoom, fitted.roll
    np.testing.assert_allclose(values, camera, atol=2e-4)
    assert not fitted.is_homography
    np.testing.assert_allclose(fitted.flow(120, 160), flow, atol=2e-3)


def test_objects_and_noise_do_not_disturb():
    camera = Camera(2, 1, 0.004, 0.3)
    flow = flow_of(camera.matrix(120, 160))
    flow[20:90, 10:80] = (-5, 3)
    flow[30:100, 100:130] += (1.5, 0)
    flow += np.random.RandomState(0).normal(0, 0.2, flow.shape).astype(np.float32)
    fitted = fit_camera(flow)
    values = fitted.pan_x, fitted.pan_y, fitted.log_zoom, fitted.roll
    np.testing.assert_allclose(values, camera, atol=0.02)


def test_a_tilt_is_a_homography():
    matrix = np.array([[1, 0, 4], [0, 1.05, -2], [2e-4, 8e-4, 1]])
    flow = flow_of(matrix)
    fitted = fit_camera(flow)
    assert fitted.is_homography
    np.testing.assert_allclose(fitted.flow(120, 160), flow, atol=0.1)
    centre = flow[59:61, 79:81].mean(axis=(0, 1))
    np.testing.assert_allclose((fitted.pan_x, fitted.pan_y), centre, atol=0.1)


def test_the_same_flow_gives_the_same_motion_whatever_was_drawn_before():
    flow = np.random.RandomState(0).normal(0, 5, (60, 80, 2)).astype(np.float32)
    first = fit_camera(flow)
    cv2.setRNGSeed(99)
    np.random.seed(99)
    fit_camera(flow[::-1])
    np.testing.assert_array_equal(fit_camera(flow).matrix, first.matrix)


def test_unknown_flow_does_not_count():
    flow = flow_of(Camera(2, 1).matrix(120, 160))
    flow[:70], flow[70:90] = np.nan, 1e10
    fitted = fit_camera(flow)
    np.testing.assert_allclose((fitted.pan_x, fitted.pan_y), (2, 1), atol=1e-3)
    assert fit_camera(np.full((60, 80, 2), np.nan)) is None


def test_flow_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"\(60, 80\)"):
        fit_camera(np.zeros((60, 80)))
