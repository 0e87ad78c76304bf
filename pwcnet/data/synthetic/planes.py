"""Planes in space and a camera: where they are, and the homographies between them and frames.

World coordinates: x right, y down, z ahead, with the first camera at the origin. A pixel (x, y)
sees along the ray K^-1 (x, y, 1) of its camera.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pwcnet.data.synthetic.masks import Mask

NEAR = 0.1  # distance ahead of the camera from which planes are drawn
NEAREST_BOARD = 0.15  # boards with a corner nearer than this, or behind the camera, are not drawn


class Plane(NamedTuple):
    """A textured plane, or a part of it.

    Attributes:
        origin: [3], of its coordinates (u, v).
        axes: [3, 2], orthonormal, the directions of u and v.
        bounds: (u0, v0, u1, v1), or None for a plane without an end.
        mask: the outline within the bounds of a board, or None.
        mipmaps: the texture, as of `mipmapped`.
        texels: pixels of the texture for a unit of (u, v).
        start: [2], the point of the texture at the origin.
        colors: [3, 4], from the texture's colours to those of the frames, 0..255.
        move: [3], how far it moves by itself, for `Pose.moved`.
        turn: [3], yaw, pitch and roll of its own, in radians, for `Pose.turned`.
    """

    origin: np.ndarray
    axes: np.ndarray
    bounds: tuple[float, float, float, float] | None
    mask: Mask | None
    mipmaps: np.ndarray
    texels: float
    start: np.ndarray
    colors: np.ndarray
    move: np.ndarray
    turn: np.ndarray


class Pose(NamedTuple):
    """One moment of a world.

    Attributes:
        rotation: [3, 3], from the camera's directions to the world's.
        position: [3], of the camera.
        moved: factor of `Plane.move`.
        turned: factor of `Plane.turn`.
    """

    rotation: np.ndarray
    position: np.ndarray
    moved: float = 0.0
    turned: float = 0.0


class Placed(NamedTuple):
    """A plane before a camera.

    Attributes:
        origin: [3], in the camera's coordinates.
        axes: [3, 2], in the camera's coordinates.
        to_plane: [3, 3], from a pixel (x, y, 1) to w (u, v, 1).
        distance: depth of the point that a pixel sees is distance / w.
    """

    origin: np.ndarray
    axes: np.ndarray
    to_plane: np.ndarray
    distance: float


def rotation3(angles: np.ndarray) -> np.ndarray:
    """[3, 3] from yaw, pitch and roll [3] in radians: roll first, then pitch, then yaw."""
    (cy, cp, cr), (sy, sp, sr) = np.cos(angles), np.sin(angles)
    yaw = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    pitch = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    return yaw @ pitch @ np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])


def placed(plane: Plane, pose: Pose, intrinsics: np.ndarray) -> Placed:
    """The plane before the camera of a moment; intrinsics [3, 3] is K."""
    back = pose.rotation.T
    origin = back @ (plane.origin + plane.move * pose.moved - pose.position)
    axes = back @ rotation3(plane.turn * pose.turned) @ plane.axes
    normal = np.cross(axes[:, 0], axes[:, 1])
    distance = float(normal @ origin)
    rows = [distance * axis - (axis @ origin) * normal for axis in axes.T] + [normal]
    return Placed(origin, axes, np.stack(rows) @ np.linalg.inv(intrinsics), distance)


def linear_form(row: np.ndarray, ys: np.ndarray, xs: np.ndarray) -> np.ndarray:
    """[h, w]: row [3] times (x, y, 1) at the crossings of ys [h] and xs [w], in their type."""
    a, b, c = row.astype(xs.dtype)
    return a * xs[None] + (b * ys + c)[:, None]


def displacement(
    before: Placed, after: Placed, intrinsics: np.ndarray, ys: np.ndarray, xs: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Where the points of a plane that pixels see are in another frame.

    Args:
        before: the plane in the frame of the pixels.
        after: the plane in the other frame.
        intrinsics: [3, 3].
        ys: [h] float64, rows.
        xs: [w] float64, columns.

    Returns:
        [h, w, 2] float64, their displacement in pixels, and [h, w] float64, their depth in the
        other frame; neither means anything where the depth is 0 or less.
    """
    to_space = np.column_stack([after.axes, after.origin]) @ before.to_plane
    homography = intrinsics @ to_space
    w = linear_form(before.to_plane[2], ys, xs)
    scale = linear_form(homography[2], ys, xs)
    x = linear_form(homography[0], ys, xs) / scale - xs[None]
    y = linear_form(homography[1], ys, xs) / scale - ys[:, None]
    return np.stack([x, y], axis=-1), scale / w


def corners(place: Placed, bounds: tuple[float, float, float, float]) -> np.ndarray:
    """[4, 3]: the corners of a board in the camera's coordinates."""
    u0, v0, u1, v1 = bounds
    return place.origin + np.array([[u0, v0], [u1, v0], [u1, v1], [u0, v1]]) @ place.axes.T
