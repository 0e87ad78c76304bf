"""The camera's motion to hundredths of a pixel: least squares of the frames' brightness.

Flow of slow motion is wrong by ten percent and more (OpenCV's DIS, which reads frames linearly),
and so is what it adds up to over a slow zoom. The frames themselves tell more: Lucas and Kanade's
iterations for pan, zoom and roll, with a gain and an offset of brightness, start at the motion that
was fitted to the flow and stay near it where the frames have little to tell.
"""

from __future__ import annotations

import cv2
import numpy as np
from scipy.ndimage import map_coordinates, spline_filter

from pwcnet.flow.camera_motion import CameraMotion, described

LONGEST = 160  # side in pixels of the frames that are compared
BLUR = 1.0  # standard deviation in pixels of them; interpolation and noise disturb less
ITERATIONS = 3
MARGIN = 3  # pixels at the frame's sides that do not count
LEAST_SCALE = 1.0  # grey levels; differences of three times the scale do not count
PRIOR = 0.15  # pixels of the frames that are compared: the standard deviation of the flow's motion
CORRELATED = 12.0  # pixels whose noise is alike after the blur
FEWEST = 200  # pixels
FARTHEST = 1.0  # pixels from the flow's motion at which the refinement is not believed


def refine_camera(
    camera: CameraMotion, grey1: np.ndarray, grey2: np.ndarray, counted: np.ndarray
) -> CameraMotion:
    """Refines the camera's motion by the frames.

    Args:
        camera: Fitted to the flow.
        grey1: [H, W] uint8, the first frame.
        grey2: [H, W] uint8, the second frame.
        counted: [H, W] bool, pixels of frame 1 that move with the camera.

    Returns:
        The motion; the one that was given where too few pixels count, or the frames contradict it.
    """
    height, width = grey1.shape
    factor = min(1.0, LONGEST / max(height, width))
    size = max(1, round(width * factor)), max(1, round(height * factor))
    small1, small2 = (_prepared(grey, size) for grey in (grey1, grey2))
    mask = cv2.resize(counted.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.9
    mask[:MARGIN], mask[-MARGIN:], mask[:, :MARGIN], mask[:, -MARGIN:] = (False,) * 4
    if mask.sum() < FEWEST:
        return camera
    to_small = _between_sizes((width, height), size)
    centre = (np.array(size) - 1) / 2
    step, start = np.zeros(4), to_small @ camera.matrix @ np.linalg.inv(to_small)
    spline2 = spline_filter(small2, order=3, output=np.float32)
    for _ in range(ITERATIONS):
        matrix = start @ _similarity(step, centre)
        step = step + _update(small1, spline2, matrix, mask, centre, step)
    if not np.isfinite(step).all() or np.abs(step).max() > FARTHEST:
        return camera
    matrix = np.linalg.inv(to_small) @ start @ _similarity(step, centre) @ to_small
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    shift = np.eye(3)
    shift[:2, 2] = middle
    return described(np.linalg.inv(shift) @ matrix @ shift, middle, camera.is_homography)


def _prepared(grey, size):
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    return cv2.GaussianBlur(small, (0, 0), BLUR)


def _between_sizes(size, other):
    """[3, 3], from pixels of one size to those of another, both (width, height)."""
    x, y = other[0] / size[0], other[1] / size[1]
    return np.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2], [0, 0, 1]])


def _similarity(step, centre):
    """[3, 3] of a step: pan, and what zoom and roll move at the middle of the shorter sides."""
    x, y, zoom, roll = step[0], step[1], step[2] / centre[0], step[3] / centre[0]
    matrix = np.array([[1 + zoom, -roll, x], [roll, 1 + zoom, y], [0, 0, 1]])
    shift = np.eye(3)
    shift[:2, 2] = centre
    return shift @ matrix @ np.linalg.inv(shift)


def _update(small1, spline2, matrix, mask, centre, step):
    """[4], pixels, by which the step changes in one iteration."""
    y, x = np.mgrid[: small1.shape[0], : small1.shape[1]].astype(np.float64)
    depth = matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2]
    to_x, to_y = (
        (matrix[row, 0] * x + matrix[row, 1] * y + matrix[row, 2]) / depth for row in (0, 1)
    )
    # By splines: read linearly, what moves by less than half a pixel would move too little, and
    # too much would be found; OpenCV rounds places to 1/32 pixel.
    moved = map_coordinates(spline2, [to_y, to_x], order=3, mode="nearest", prefilter=False)
    moved = moved.astype(np.float32)
    height, width = small1.shape
    mask = mask & (to_x >= MARGIN) & (to_x <= width - 1 - MARGIN)
    mask &= (to_y >= MARGIN) & (to_y <= height - 1 - MARGIN)
    if mask.sum() < FEWEST:
        return np.full(4, np.nan)
    x, y = (x[mask] - centre[0]) / centre[0], (y[mask] - centre[1]) / centre[0]
    # Of both frames, whose mean overshoots least.
    slope_x, slope_y = (
        cv2.Scharr(moved + small1, cv2.CV_32F, *order)[mask] / 64 for order in ((1, 0), (0, 1))
    )
    design = np.stack(
        [slope_x, slope_y, slope_x * x + slope_y * y, slope_y * x - slope_x * y], axis=-1
    )
    brightness = np.stack([small1[mask], np.ones_like(slope_x)], axis=-1)
    design = np.hstack([design, -brightness]).astype(np.float64)
    return _solved(design, moved[mask].astype(np.float64), step)


def _solved(design, moved, step):
    """Least squares of moved + design @ (step, gain, offset) = 0, reweighted."""
    brightness = design[:, 4:]
    light = np.linalg.lstsq(brightness, -moved, rcond=None)[0]
    solution = np.append(np.zeros(4), light)
    for _ in range(2):
        left = moved + design @ solution
        scale = max(LEAST_SCALE, 1.4826 * float(np.median(np.abs(left))))
        weights = np.maximum(1 - (left / (3 * scale)) ** 2, 0) ** 2
        weighted = design * weights[:, np.newaxis]
        prior = np.zeros(6)
        prior[:4] = CORRELATED * scale**2 / PRIOR**2
        normal = weighted.T @ design + np.diag(prior + 1e-9)
        wanted = -(weighted.T @ moved) - prior * np.append(step, [0, 0])
        solution = np.linalg.solve(normal, wanted)
    return solution[:4]
