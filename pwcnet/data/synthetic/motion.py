"""How one layer moves from frame 1 to frame 2: x -> A x + bend(x), and back."""

import functools

import cv2
import numpy as np

CELL = 4  # pixels; the inverse is found at points this far apart, and improved at each pixel
ROUNDS, FINE_ROUNDS = (
    7,
    2,
)  # of the fixed-point iteration; each makes the error about 0.3 times as large at worst


@functools.lru_cache(maxsize=8)
def grid(height, width):
    """[height, width, 2] float32, (x, y) of each pixel's centre; read only."""
    points = np.stack(
        np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)),
        axis=-1,
    )
    points.flags.writeable = False
    return points


class Motion:
    """x -> matrix x + bend(x), in pixels of the frames, (x, y), centres at whole numbers.

    matrix: [3, 3] float64. size: (height, width) of the frames. bend: [H, W, 2] float32, None for none; it changes by less than 0.4 pixels from pixel to pixel, so that the map can be inverted.
    Beyond the frame the bend continues as at its border.
    """

    def __init__(self, matrix, size, bend=None):
        self._size, self._bend = size, bend
        self._step = (matrix - np.eye(3))[:2]  # small numbers, which float32 holds well
        self._inverse = np.linalg.inv(matrix)

    def flow(self, window):
        """[h, w, 2] float32: how far each pixel of frame 1 within the window (a pair of slices) moves, pixels, (u, v)."""
        flow = cv2.transform(self._grid(window), self._step)
        return flow if self._bend is None else flow + self._bend[window]

    def back_flow(self, window):
        """[h, w, 2] float32: from each pixel of frame 2 within the window to where it was in frame 1; exact to about 0.01 pixels (OpenCV looks places up to 1 / 32 pixel)."""
        points = self._grid(window)
        flow = cv2.transform(points, (self._inverse - np.eye(3))[:2])
        if self._bend is None:
            return flow
        turned = self._inverse[:2, :2]
        coarse = self._coarse_rest(turned)
        rest = cv2.warpAffine(
            coarse,
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
        for _ in range(FINE_ROUNDS):
            rest = cv2.transform(self._bent(points + flow - rest), turned)
        return flow - rest

    def bounds(self, corners):
        """(lowest, highest) (x, y) that the points between the corners [n, 3], (x, y, 1), of frame 1 can come to."""
        moved = corners[:, :2] + corners @ self._step.T
        reach = 0.0 if self._bend is None else cv2.norm(self._bend, cv2.NORM_INF)
        return moved.min(axis=0) - reach, moved.max(axis=0) + reach

    def _grid(self, window):
        return grid(*self._size)[window]

    def _coarse_rest(self, turned):
        """What the bend takes from the plain inverse, by fixed-point rounds, at points CELL apart that begin one CELL before the frame."""
        height, width = self._size
        points = (grid(height // CELL + 4, width // CELL + 4) - 1) * CELL
        plain = cv2.transform(points, self._inverse[:2])
        rest = np.zeros_like(plain)
        for _ in range(ROUNDS):
            rest = cv2.transform(self._bent(plain - rest), turned)
        return rest

    def _bent(self, points):
        return cv2.remap(
            self._bend, points, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
