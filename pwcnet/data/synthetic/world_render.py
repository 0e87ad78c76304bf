"""Rendering of worlds: the colours of a frame, and which plane each pixel shows at which depth.

Planes without an outline hide one another by depth. Boards are laid over them from far to near, by
the depth of their origins, each only where it is nearer than what is there.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from pwcnet.data.synthetic.masks import SIZE
from pwcnet.data.synthetic.mipmaps import look_up
from pwcnet.data.synthetic.planes import (
    NEAR,
    NEAREST_BOARD,
    Pose,
    corners,
    displacement,
    linear_form,
    placed,
)
from pwcnet.data.synthetic.render import OPAQUE, Window, mark_mixed, motion_blurred, window_of
from pwcnet.data.synthetic.worlds import World

NONE = 255  # in WorldView.plane: the pixel sees no plane


class WorldView(NamedTuple):
    """One frame of a world.

    Attributes:
        image: [H, W, 3] float32 RGB, about 0..255; black where there is no plane.
        plane: [H, W] uint8, index of the plane that the pixel shows, or NONE.
        depth: [H, W] float32, of that plane; infinite without one.
        mixed: [H, W] bool, pixels that mix a board with what is behind it, before motion blur.
        drawn: [number of planes] bool, those that the frame can show.
    """

    image: np.ndarray
    plane: np.ndarray
    depth: np.ndarray
    mixed: np.ndarray
    drawn: np.ndarray


class Blur(NamedTuple):
    """Motion blur.

    Attributes:
        exposure: for how long the frame is exposed, as a share of the time to the other moment.
        other: the moment before or after, whose displacement the blur follows.
    """

    exposure: float
    other: Pose


def render_world(
    world: World, size: tuple[int, int], pose: Pose, blur: Blur | None = None
) -> WorldView:
    """Renders one frame of `size` (height, width)."""
    return _Rendering(world, size, pose, blur).view()


def axis_points(window: Window, dtype: type = np.float32) -> tuple[np.ndarray, np.ndarray]:
    """(ys, xs): the rows and columns of a window as numbers."""
    rows, columns = window
    return (
        np.arange(rows.start, rows.stop).astype(dtype),
        np.arange(columns.start, columns.stop).astype(dtype),
    )


class _Rendering:
    """A frame that is being rendered."""

    def __init__(self, world, size, pose, blur):
        self._world, self._size, self._pose, self._blur = world, size, pose, blur
        self._places = [placed(plane, pose, world.intrinsics) for plane in world.planes]
        self._image = np.zeros(size + (3,), np.float32)
        self._plane = np.full(size, NONE, np.uint8)
        self._depth = np.full(size, np.inf, np.float32)
        self._mixed = np.zeros(size, bool)
        self._drawn = np.ones(len(world.planes), bool)

    def view(self) -> WorldView:
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            for index in range(self._world.boards):
                self._put_depth(index)
            for index in range(self._world.boards):
                self._put_colors(index)
            boards = range(self._world.boards, len(self._places))
            for index in sorted(boards, key=lambda index: -self._places[index].origin[2]):
                self._put_board(index)
        return WorldView(self._image, self._plane, self._depth, self._mixed, self._drawn)

    def _put_depth(self, index):
        """Marks the pixels in which a plane without outline is the nearest so far."""
        place, bounds = self._places[index], self._world.planes[index].bounds
        ys, xs = axis_points((slice(0, self._size[0]), slice(0, self._size[1])))
        w = linear_form(place.to_plane[2], ys, xs)
        depth = np.float32(place.distance) / w
        inside = (depth > NEAR) & (depth < self._depth)
        if bounds is not None:
            for axis in (0, 1):
                coordinate = linear_form(place.to_plane[axis], ys, xs) / w
                inside &= (coordinate >= bounds[axis]) & (coordinate <= bounds[axis + 2])
        np.copyto(self._depth, depth, where=inside)
        np.copyto(self._plane, np.uint8(index), where=inside)

    def _put_colors(self, index):
        """Draws the pixels that show a plane without outline."""
        shown = self._plane == index
        window = window_of(shown)
        if window is None:
            return
        ys, xs = axis_points(window)
        w, coordinates = self._coordinates(index, ys, xs)
        color = self._color(index, w, coordinates)
        if self._blur:
            color = motion_blurred(color, self._displacement(index, window), self._blur.exposure)
        np.copyto(self._image[window], color, where=shown[window][..., None])

    def _put_board(self, index):
        window, place = self._board_window(index), self._places[index]
        if window is None:
            return
        ys, xs = axis_points(window)
        w, coordinates = self._coordinates(index, ys, xs)
        depth = np.float32(place.distance) / w
        alpha = self._coverage(index, depth, coordinates)
        alpha *= (depth > NEAR) & (depth < self._depth[window])
        if not alpha.any():
            return
        color = self._color(index, w, coordinates)
        opaque = alpha >= OPAQUE
        np.copyto(self._depth[window], depth, where=opaque)
        np.copyto(self._plane[window], np.uint8(index), where=opaque)
        mark_mixed(self._mixed[window], alpha)
        self._lay_over(window, index, color, alpha)

    def _lay_over(self, window, index, color, alpha):
        image = self._image[window]
        if self._blur is None:
            image += alpha[..., None] * (color - image)
            return
        layer = cv2.merge([*cv2.split(color * alpha[..., None]), alpha])
        layer = motion_blurred(layer, self._displacement(index, window), self._blur.exposure)
        image *= 1 - layer[..., 3:]
        image += layer[..., :3]

    def _coordinates(self, index, ys, xs):
        """w [h, w] and the plane's coordinates [h, w, 2] of the pixels, float32."""
        rows = self._places[index].to_plane
        w = linear_form(rows[2], ys, xs)
        return w, cv2.merge([linear_form(row, ys, xs) / w for row in rows[:2]])

    def _color(self, index, w, coordinates):
        """[h, w, 3] float32: the plane's colours, in the size that they are seen in."""
        plane, place = self._world.planes[index], self._places[index]
        # The area that a pixel shows of the plane is |determinant / w^3|.
        area = np.log2(max(abs(np.linalg.det(place.to_plane)), 1e-30)) + 2 * np.log2(plane.texels)
        level = np.float32(0.5 * area) - np.float32(1.5) * np.log2(np.abs(w))
        points = coordinates * np.float32(plane.texels) + plane.start.astype(np.float32)
        # Beyond that, or behind the camera, no pixel is shown.
        points = np.nan_to_num(np.clip(points, -1e6, 1e6))
        texels = look_up(plane.mipmaps, points, np.nan_to_num(level))
        return cv2.transform(texels.astype(np.float32), plane.colors)

    def _coverage(self, index, depth, coordinates):
        """[h, w] float32 in 0..1: how much of each pixel a board covers."""
        plane = self._world.planes[index]
        low, high = np.reshape(plane.bounds, (2, 2)).astype(np.float32)
        box_low, box_high = np.reshape(plane.mask.box, (2, 2)).astype(np.float32)
        scale = (box_high - box_low) / (high - low)
        level = cv2.remap(
            plane.mask.level,
            (coordinates - low) * scale + box_low,
            None,
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=-SIZE,
        )
        pixels = np.float32(self._world.intrinsics[0, 0]) / scale[0] / np.maximum(depth, NEAR)
        inside = (coordinates >= low) & (coordinates <= high)
        covered = np.clip(level * pixels + np.float32(0.5), 0, 1)
        return covered * (inside[..., 0] & inside[..., 1])

    def _displacement(self, index, window):
        """[h, w, 2] float32: the displacement of a plane that motion blur follows."""
        world = self._world
        other = placed(world.planes[index], self._blur.other, world.intrinsics)
        points = axis_points(window, np.float64)
        shift, _ = displacement(self._places[index], other, world.intrinsics, *points)
        reach = float(max(self._size))
        return np.clip(np.nan_to_num(shift), -reach, reach).astype(np.float32)

    def _board_window(self, index):
        """The part of the frame that a board can be in; None, and not drawn, where it is none."""
        world, places = self._world, [self._places[index]]
        if self._blur:
            places.append(placed(world.planes[index], self._blur.other, world.intrinsics))
        points = [corners(place, world.planes[index].bounds) for place in places]
        self._drawn[index] = (points[0][:, 2] >= NEAREST_BOARD).all()
        if not self._drawn[index]:
            return None
        pixels = [one @ world.intrinsics.T for one in points if (one[:, 2] >= NEAREST_BOARD).all()]
        boxes = [one[:, :2] / one[:, 2:] for one in pixels]
        low, high = boxes[0].min(axis=0), boxes[0].max(axis=0)
        if self._blur:
            moved = np.abs(boxes[-1] - boxes[0]).max(axis=0) * self._blur.exposure
            low, high = low - moved, high + moved
        low = np.maximum(np.floor(low - 2).astype(int), 0)
        high = np.minimum(np.ceil(high + 3).astype(int), self._size[::-1])
        return None if (high - low < 1).any() else (slice(low[1], high[1]), slice(low[0], high[0]))
