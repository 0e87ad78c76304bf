"""Scenes of worlds: their frames before effects, and the ground truth between them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pwcnet.data.geometry import pixel_grid
from pwcnet.data.synthetic.planes import Pose, placed
from pwcnet.data.synthetic.world_motion import WorldPath, flow_between
from pwcnet.data.synthetic.world_render import NONE, Blur, WorldView, render_world
from pwcnet.data.synthetic.worlds import World

NEARER = 1e-5  # share of the depth by which what hides a point is nearer, at least


class WorldFrames(NamedTuple):
    """N frames of a world and the N - 1 steps between them.

    Attributes:
        images: N times [H, W, 3] float32 RGB, about 0..255.
        flows: N - 1 times [H, W, 2] float32, pixels, from frame n to n + 1; NaN where unknown.
        occlusions: N - 1 times [H, W] bool, pixels of frame n that frame n + 1 does not show.
        mixed: N - 1 times [H, W] bool, pixels of frame n that mix two planes.
        planes: N times [H, W] uint8, index of the plane that a pixel shows, or NONE.
        depths: N times [H, W] float32, of that plane; infinite without one.
    """

    images: list[np.ndarray]
    flows: list[np.ndarray]
    occlusions: list[np.ndarray]
    mixed: list[np.ndarray]
    planes: list[np.ndarray]
    depths: list[np.ndarray]


def world_frames(
    world: World,
    size: tuple[int, int],
    frames: int,
    largest_motion: float,
    exposure: float = 0.0,
    path_random: np.random.RandomState | None = None,
) -> WorldFrames:
    """Renders a world from frame to frame.

    Args:
        world: the world.
        size: (height, width) of the frames.
        frames: how many, at least 2.
        largest_motion: flow beyond it is unknown, in pixels.
        exposure: as of `pwcnet.data.synthetic.render.render`.
        path_random: draws how the motion continues after frame 1; needed for more than two frames.
    """
    result = WorldFrames([], [], [], [], [], [])
    path = WorldPath(world, path_random)
    pose, view = path.pose, render_world(world, size, path.pose)
    for time in range(1, frames):
        next_pose = path.advance(view.plane)
        if exposure and time == 1:  # its displacement was not known before
            view = render_world(world, size, pose, Blur(exposure, next_pose))
        blur = Blur(exposure, pose) if exposure else None
        next_view = render_world(world, size, next_pose, blur)
        flow, depth = flow_between(world, view.plane, pose, next_pose)
        _append_view(result, view)
        result.occlusions.append(occluded(world, view, next_view, next_pose, flow, depth))
        result.flows.append(_limited(flow, largest_motion))
        result.mixed.append(view.mixed)
        pose, view = next_pose, next_view
    _append_view(result, view)
    return result


def _append_view(result, view):
    result.images.append(view.image)
    result.planes.append(view.plane)
    result.depths.append(view.depth)


def occluded(
    world: World,
    view: WorldView,
    next_view: WorldView,
    next_pose: Pose,
    flow: np.ndarray,
    depth: np.ndarray,
) -> np.ndarray:
    """Pixels whose point is outside the next frame, or hidden there.

    Hidden is a point in front of which the next frame shows another plane, or whose own plane is
    not drawn there.

    Args:
        world: the world.
        view: the frame.
        next_view: the next frame.
        next_pose: of the next frame.
        flow: [H, W, 2] float32, from one to the other; NaN where unknown.
        depth: [H, W] float32, of the points of `view` in the next frame.

    Returns:
        [H, W] bool; True where the flow is unknown.
    """
    height, width = view.plane.shape
    target = pixel_grid(height, width) + flow
    with np.errstate(invalid="ignore"):
        inside = (target >= 0) & (target <= [width - 1, height - 1])
    inside = inside[..., 0] & inside[..., 1]
    x, y = np.moveaxis(np.rint(np.where(inside[..., None], target, 0)).astype(np.intp), -1, 0)
    above = next_view.plane[y, x]
    hidden = ~inside
    for index in set(above[inside & (above != view.plane)].tolist()) - {NONE}:
        pixels = inside & (above == index) & (view.plane != index)
        place = placed(world.planes[index], next_pose, world.intrinsics)
        # At the point itself, not at the centre of its pixel: planes may touch there.
        w = place.to_plane[2] @ np.vstack([target[pixels].T, np.ones(pixels.sum())])
        hidden[pixels] = place.distance / w < depth[pixels] * (1 - NEARER)
    drawn = np.append(next_view.drawn, np.zeros(256 - len(next_view.drawn), bool))
    return hidden | ~drawn[view.plane]


def _limited(flow, largest_motion):
    """Flow with NaN where it is longer than allowed."""
    with np.errstate(invalid="ignore"):
        within = np.hypot(flow[..., 0], flow[..., 1]) <= largest_motion
    return np.where(within[..., None], flow, np.float32(np.nan))
