"""The camera's own motion between two frames, fitted robustly to their flow.

What most of the frame does is taken for the camera's motion: a similarity (pan, zoom, roll), or a
homography where that explains clearly more, as when the camera tilts or flies past a wall. Of
scenes in depth it is the motion of the plane that fills most of the frame; an object that fills
more than the background is taken for the background.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pwcnet.io.flow_files import valid_pixels

POINTS = 2500  # of the flow that are looked at
SAMPLED = 1000  # of them, from which RANSAC takes its samples
FEWEST = 16  # points that a motion is fitted to
# RANSAC: pixels from the motion, and the share of the median motion, within which a point agrees.
TOLERANCE, RELATIVE_TOLERANCE = 0.5, 0.03
SHARPEST = 0.05  # pixels; the least scale of what counts as agreement in least squares
REWEIGHTINGS = 8
# A homography is taken where, of the points, this share less disagrees, and at most this part.
LESS, PART = 0.05, 0.6


@dataclass(frozen=True)
class CameraMotion:
    """Where the camera's motion moves the pixels of a frame.

    Attributes:
        pan_x: Pixels by which the centre of the image moves to the right.
        pan_y: Pixels by which it moves down.
        log_zoom: The natural logarithm of the factor by which the image grows at its centre; above
            0 where the camera zooms in or comes closer.
        roll: Degrees by which the image turns clockwise at its centre.
        matrix: [3, 3] float64, homogeneous, from pixels (x, y, 1) of frame 1 to those of frame 2.
        is_homography: Whether it is more than a similarity.
    """

    pan_x: float
    pan_y: float
    log_zoom: float
    roll: float
    matrix: np.ndarray
    is_homography: bool

    def flow(self, height: int, width: int) -> np.ndarray:
        """The flow of a frame that only the camera moves.

        Args:
            height: H.
            width: W.

        Returns:
            [H, W, 2] float32, pixels, channels (u, v).
        """
        x = np.arange(width, dtype=np.float64)
        y = np.arange(height, dtype=np.float64)[:, np.newaxis]
        (a, b, c), (d, e, f), (g, h, i) = self.matrix
        flow = np.empty((height, width, 2), np.float32)
        if self.is_homography:
            depth = g * x + h * y + i
            flow[..., 0] = (a * x + b * y + c) / depth - x
            flow[..., 1] = (d * x + e * y + f) / depth - y
        else:  # the depth is 1
            np.add((a - 1) * x + c, b * y, out=flow[..., 0], casting="same_kind")
            np.add(d * x + f, (e - 1) * y, out=flow[..., 1], casting="same_kind")
        return flow


def fit_camera(flow: np.ndarray) -> CameraMotion | None:
    """Fits the camera's motion to a flow.

    The same flow gives the same motion, whatever was computed before.

    Args:
        flow: [H, W, 2], floating, pixels, channels (u, v). Unknown values and what leaves the frame
            do not count, but where hardly anything else is there.

    Returns:
        The motion; None where fewer than 16 of the points that are looked at are known.

    Raises:
        ValueError: The shape is another one.
    """
    flow = np.asarray(flow)
    if flow.ndim != 3 or flow.shape[2] != 2:
        raise ValueError("A flow has the shape [H, W, 2], got %s" % (flow.shape,))
    height, width = flow.shape[:2]
    points, targets = _points(flow)
    if len(points) < FEWEST:
        return None
    length = float(np.median(np.hypot(*(targets - points).T)))
    tolerance = TOLERANCE + RELATIVE_TOLERANCE * length
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    similarity = _similarity(points - centre, targets - centre, tolerance)
    homography = _better_homography(points - centre, targets - centre, tolerance, similarity)
    bent = homography is not None
    return described(similarity if homography is None else homography, centre, bent)


def _points(flow):
    """([N, 2] points of a grid of about POINTS, [N, 2] where they go), float64."""
    height, width = flow.shape[:2]
    step = max(1, int(np.sqrt(height * width / POINTS)))
    rows, columns = (slice((side - 1) % step // 2, None, step) for side in (height, width))
    grid = np.ascontiguousarray(flow[rows, columns], np.float64)
    known = valid_pixels(grid)
    y, x = np.mgrid[rows.start : height : step, columns.start : width : step].astype(np.float64)
    points = np.stack([x, y], axis=-1)
    targets = points + np.where(known[..., np.newaxis], grid, 0)
    leaving = ((targets < 0) | (targets > [width - 1, height - 1])).any(axis=-1)
    staying = known & ~leaving
    counted = staying if staying.sum() >= max(FEWEST, known.sum() / 10) else known
    return points[counted], targets[counted]


def _similarity(points, targets, tolerance):
    """[3, 3], by RANSAC and then by reweighted least squares."""
    matrix, _ = cv2.estimateAffinePartial2D(
        *_sample(points, targets),
        method=cv2.RANSAC,
        ransacReprojThreshold=tolerance,
        maxIters=500,
        confidence=0.999,
        refineIters=0,
    )
    matrix = np.eye(3) if matrix is None else np.vstack([matrix, [0, 0, 1]])
    # As complex numbers a similarity is target = factor * point + shift.
    source, target = points @ [1, 1j], targets @ [1, 1j]
    for _ in range(REWEIGHTINGS):
        weights = _weights(_distances(matrix, points, targets), tolerance)
        total = weights.sum()
        if not total:
            break
        middle, target_middle = weights @ source / total, weights @ target / total
        offsets = source - middle
        spread = weights @ np.abs(offsets) ** 2
        if not spread:
            break
        factor = weights @ (offsets.conj() * (target - target_middle)) / spread
        shift = target_middle - factor * middle
        matrix = np.array(
            [
                [factor.real, -factor.imag, shift.real],
                [factor.imag, factor.real, shift.imag],
                [0, 0, 1],
            ]
        )
    return matrix


def _better_homography(points, targets, tolerance, similarity):
    """[3, 3], or None where it explains little more than the similarity does."""
    strange = np.mean(_distances(similarity, points, targets) > tolerance)
    if strange <= LESS:
        return None
    matrix, _ = cv2.findHomography(*_sample(points, targets), cv2.RANSAC, tolerance, maxIters=300)
    if matrix is None:
        return None
    left = np.mean(_distances(matrix, points, targets) > tolerance)
    return matrix if strange - left > LESS and left < PART * strange else None


def _sample(points, targets):
    step = 1 + len(points) // SAMPLED
    return points[::step].copy(), targets[::step].copy()


def _distances(matrix, points, targets):
    moved = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    with np.errstate(divide="ignore", invalid="ignore"):
        gap = moved[:, :2] / moved[:, 2:] - targets
    return np.nan_to_num(np.hypot(gap[:, 0], gap[:, 1]), nan=np.inf)


def _weights(distances, tolerance):
    """Tukey's weights; their scale follows the points that agree."""
    near = distances[distances <= tolerance]
    scale = 1.4826 * np.median(near) if len(near) else tolerance
    limit = np.clip(3 * scale, SHARPEST, tolerance)
    return np.maximum(1 - (distances / limit) ** 2, 0) ** 2


def described(matrix: np.ndarray, centre: np.ndarray, is_homography: bool) -> CameraMotion:
    """The motion of a matrix [3, 3] between coordinates from the centre (x, y) of the image."""
    matrix = matrix / matrix[2, 2]
    shift = matrix[:2, 2]
    derivative = matrix[:2, :2] - np.outer(shift, matrix[2, :2])  # at the centre
    to_centre, back = np.eye(3), np.eye(3)
    to_centre[:2, 2], back[:2, 2] = -centre, centre
    (a, b), (c, d) = derivative
    return CameraMotion(
        float(shift[0]),
        float(shift[1]),
        float(np.log(max(np.linalg.det(derivative), np.finfo(float).tiny)) / 2),
        float(np.degrees(np.arctan2(c - b, a + d))),
        back @ matrix @ to_centre,
        bool(is_homography),
    )
