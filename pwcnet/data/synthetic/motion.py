"""The motion of one layer: maps from frame 0 to later frames, and how they continue smoothly."""

from __future__ import annotations

from typing import Tuple

import cv2
import numpy as np

from pwcnet.data.geometry import affine, pixel_grid, rotation

# The inverse map is computed at points CELL pixels apart by COARSE_ITERATIONS of a fixed-point
# iteration, then interpolated and refined at each pixel by FINE_ITERATIONS. Each iteration makes
# the error about 0.3 times as large in the worst case.
CELL, COARSE_ITERATIONS, FINE_ITERATIONS = 4, 7, 2

# Frames in which zoom, shear and bend swing to and fro, so that layers neither vanish nor fill the
# frame. With 6 frames the bend at whole times is never larger than at time 1, and stays invertible.
PERIOD = 6
CURVES = 0.1, 0.4  # radians by which a layer's heading turns from one frame to the next

Window = Tuple[slice, slice]


class Motion:
    """The map x -> matrix x + bend(x) from points of frame 0 to those of a later frame.

    Points are (x, y) in pixels, centres at whole numbers. Outside the frame the bend continues as
    at the frame's border.

    Args:
        matrix: [3, 3] float64.
        size: (height, width) of the frames.
        bend: [height, width, 2] float32, pixels, or None for none. It must change by less than 0.4
            pixels from one pixel to the next, so that the map can be inverted.
    """

    def __init__(self, matrix: np.ndarray, size: tuple[int, int], bend: np.ndarray | None = None):
        self._size, self._bend = size, bend
        self._step = (matrix - np.eye(3))[:2]  # small numbers, which float32 holds well
        self._inverse = np.linalg.inv(matrix)

    def displacement(self, window: Window) -> np.ndarray:
        """[h, w, 2] float32, pixels: how far the pixels of frame 0 within the window move."""
        shift = cv2.transform(pixel_grid(*self._size)[window], self._step)
        return shift if self._bend is None else shift + self._bend[window]

    def displacement_of(self, points: np.ndarray) -> np.ndarray:
        """[h, w, 2] float32, pixels: how far points [h, w, 2] float32 of frame 0 move."""
        shift = cv2.transform(points, self._step)
        return shift if self._bend is None else shift + self._bend_at(points)

    def inverse_displacement(self, window: Window) -> np.ndarray:
        """[h, w, 2] float32, pixels: from pixels of the later frame back to frame 0.

        Exact to about 0.01 pixels, because OpenCV rounds the places it reads to 1/32 pixel.
        """
        points = pixel_grid(*self._size)[window]
        shift = cv2.transform(points, (self._inverse - np.eye(3))[:2])
        if self._bend is None:
            return shift
        linear = self._inverse[:2, :2]
        correction = cv2.warpAffine(
            self._coarse_correction(linear),
            np.array(
                [
                    [1 / CELL, 0, 1 + window[1].start / CELL],
                    [0, 1 / CELL, 1 + window[0].start / CELL],
                ]
            ),
            points.shape[1::-1],
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        for _ in range(FINE_ITERATIONS):
            correction = cv2.transform(self._bend_at(points + shift - correction), linear)
        return shift - correction

    def bounds(self, corners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The (lowest, highest) (x, y) that points between corners of frame 0 can come to.

        Args:
            corners: [n, 3], (x, y, 1).
        """
        moved = corners[:, :2] + corners @ self._step.T
        reach = 0.0 if self._bend is None else cv2.norm(self._bend, cv2.NORM_INF)
        return moved.min(axis=0) - reach, moved.max(axis=0) + reach

    def _coarse_correction(self, linear: np.ndarray) -> np.ndarray:
        """What the bend subtracts from the affine inverse, at points CELL apart.

        They begin one CELL before the frame.
        """
        height, width = self._size
        points = (pixel_grid(height // CELL + 4, width // CELL + 4) - 1) * CELL
        affine_inverse = cv2.transform(points, self._inverse[:2])
        correction = np.zeros_like(affine_inverse)
        for _ in range(COARSE_ITERATIONS):
            correction = cv2.transform(self._bend_at(affine_inverse - correction), linear)
        return correction

    def _bend_at(self, points: np.ndarray) -> np.ndarray:
        return cv2.remap(
            self._bend, points, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )


def continued_motion(
    first_step: np.ndarray,
    bend: np.ndarray | None,
    corners: np.ndarray | None,
    size: tuple[int, int],
    limit: float,
    frames: int,
    random: np.random.RandomState | None,
) -> list[Motion]:
    """Continues a layer's first step smoothly over all frames.

    The layer keeps its speed and its rate of turning, its path is a circle, and its zoom, shear
    and bend swing. The circle bends towards the middle of the frame, so that layers come back.

    Args:
        first_step: [3, 3], the affine part of the map from frame 0 to frame 1.
        bend: [height, width, 2] float32, pixels, added to the first step, or None.
        corners: [n, 3], (x, y, 1), of the layer in frame 0; None for a layer that covers the frame.
        size: (height, width) of the frames.
        limit: no visible point moves further from one frame to the next, in pixels.
        frames: how many, at least 2.
        random: draws what the later steps need; it may be None for two frames.

    Returns:
        The `Motion` from frame 0 to each of frames 1, 2, ..., frames - 1.
    """
    motions, matrix, weight = [Motion(first_step, size, bend)], first_step, 1.0
    if frames == 2:
        return motions
    path = _Path(first_step, corners, size, random)
    reach = 0.0 if bend is None else cv2.norm(bend, cv2.NORM_INF)
    for time in range(1, frames - 1):
        step = path.step(time, matrix)
        change = np.sin(2 * np.pi * (time + 1) / PERIOD) / np.sin(2 * np.pi / PERIOD) - weight
        box = path.visible_box(matrix, abs(weight) * reach)
        share = min(1.0, limit / max(largest_shift(step, box) + bend_speed(reach * change), 1e-6))
        matrix = (np.eye(3) + share * (step - np.eye(3))) @ matrix
        weight += share * change
        motions.append(Motion(matrix, size, None if bend is None else bend * np.float32(weight)))
    return motions


class _Path:
    """The affine steps of a layer after its first."""

    def __init__(self, first_step, corners, size, random):
        self._frame = np.array([0.0, 0.0, size[1] - 1, size[0] - 1])
        self._corners = corners
        middle = (self._frame[:2] + self._frame[2:]) / 2
        self._centre = middle if corners is None else corners[:, :2].mean(axis=0)
        left, scales, right = np.linalg.svd(first_step[:2, :2])
        turn = left @ right
        self._angle = np.arctan2(turn[1, 0], turn[0, 0])
        self._stretch = right.T @ np.diag(scales) @ right - np.eye(2)
        self._shift = (first_step @ np.append(self._centre, 1.0))[:2] - self._centre
        towards = middle - self._centre
        inwards = self._shift[0] * towards[1] - self._shift[1] * towards[0]
        curve, side = random.uniform(*CURVES), random.choice([-1, 1])
        self._curve = curve * (side if corners is None else np.sign(inwards) or side)

    def step(self, time, matrix):
        """[3, 3]: from frame `time` to the next. matrix: from frame 0 to frame `time`."""
        centre = self._centre
        if self._corners is not None:
            centre = (matrix @ np.append(centre, 1.0))[:2]
        linear = rotation(self._angle) @ (
            np.eye(2) + np.cos(2 * np.pi * time / PERIOD) * self._stretch
        )
        shift = rotation(self._curve * time) @ self._shift
        return affine(linear, centre - linear @ centre + shift)

    def visible_box(self, matrix, margin):
        """[4], left, top, right, bottom, before the bend: what the frame can show of the layer."""
        grown = self._frame + margin * np.array([-1, -1, 1, 1])
        if self._corners is None:
            return grown
        return np.clip(
            box_of(self._corners @ matrix.T), np.tile(grown[:2], 2), np.tile(grown[2:], 2)
        )


def box_of(corners: np.ndarray) -> np.ndarray:
    """[4]: left, top, right, bottom of corners [n, 2 or 3], (x, y)."""
    return np.concatenate([corners[:, :2].min(axis=0), corners[:, :2].max(axis=0)])


def largest_shift(step: np.ndarray, box: np.ndarray) -> float:
    """How far an affine step [3, 3] moves the fastest point of a box [4], in pixels."""
    corners = np.array([[box[i], box[j], 1] for i in (0, 2) for j in (1, 3)])
    return np.hypot(*((step - np.eye(3))[:2] @ corners.T)).max()


def bend_speed(reach: float) -> float:
    """The largest length of bend vectors whose components are at most `reach`, in pixels."""
    return np.sqrt(reach**2 * 2)
