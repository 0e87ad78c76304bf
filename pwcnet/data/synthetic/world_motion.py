"""How a world moves on: poses from frame to frame, scaled so that flow has the wanted size."""

from __future__ import annotations

import numpy as np

from pwcnet.data.synthetic.planes import Pose, displacement, placed, rotation3
from pwcnet.data.synthetic.render import window_of
from pwcnet.data.synthetic.world_render import NONE, axis_points
from pwcnet.data.synthetic.worlds import World

BEHIND = 0.12  # the flow of points that come nearer to the camera than this is unknown
SEARCHED = 64  # rows, at least, of the pixels that the scale is found with
ROUNDS = 3  # of the search
SCALES = 0.01, 2.5  # limits of the scale
# After frame 1, by which angles the directions of the path and of the turn rotate from one frame to
# the next: the camera goes round in circles, with its speed, and neither leaves the world nor
# turns its back on it. What boards do by themselves swings with a period in frames.
CURVES, SWAYS, PERIOD = (0.1, 0.4), (0.3, 0.6), 12
# The camera turns back before a plane of which it has come to this share of its first distance.
CLEARANCE = 0.2


def flow_between(
    world: World, plane: np.ndarray, pose: Pose, next_pose: Pose, every: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """The exact flow of every `every`-th row and column of a frame.

    Args:
        world: the world.
        plane: [H, W] uint8, which plane each pixel shows.
        pose: of the frame.
        next_pose: of the frame that flow leads to.
        every: 1 for all pixels.

    Returns:
        flow: [h, w, 2] float32, pixels, NaN where there is no plane, or where the point comes
            behind the next camera or too near to it.
        depth: [h, w] float32, in the next frame; NaN where the flow is.
    """
    shown = plane[::every, ::every]
    flow = np.full(shown.shape + (2,), np.nan, np.float32)
    depth = np.full(shown.shape, np.nan, np.float32)
    present = np.bincount(shown.ravel(), minlength=NONE)[:NONE]
    for index in np.flatnonzero(present):
        mask = shown == index
        window = window_of(mask) or (slice(0, 0), slice(0, 0))
        ys, xs = (every * points for points in axis_points(window, np.float64))
        before, after = (
            placed(world.planes[index], one, world.intrinsics) for one in (pose, next_pose)
        )
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            shift, ahead = displacement(before, after, world.intrinsics, ys, xs)
            known = mask[window] & (ahead > BEHIND)
        np.copyto(flow[window], shift, where=known[..., None], casting="same_kind")
        np.copyto(depth[window], ahead, where=known, casting="same_kind")
    return flow, depth


class WorldPath:
    """The poses of a world.

    Args:
        world: the world.
        random: draws how the motion continues after frame 1; None for two frames.
    """

    def __init__(self, world: World, random: np.random.RandomState | None):
        self._world, self._time, self._direction = world, 0, 1.0
        self._first = self.pose = Pose(world.rotation, np.zeros(3))
        self._curve, self._sway = 0.0, 0.0
        if random is not None:
            self._curve = random.uniform(*CURVES) * random.choice([-1, 1])
            self._sway = random.uniform(*SWAYS) * random.choice([-1, 1])

    def advance(self, plane: np.ndarray) -> Pose:
        """Goes on to the next frame.

        Args:
            plane: [H, W] uint8, which plane each pixel of the present frame shows.

        Returns:
            The pose of the next frame, which is the present one from now on. The median length of
            flow is that of the world, as far as SCALES allow.
        """
        scale = self._scale(plane)
        following = self._pose_after(scale)
        if self._time and not self._is_clear(following):
            self._direction = -self._direction
            scale = self._scale(plane)
            following = self._pose_after(scale)
            while scale > SCALES[0] and not self._is_clear(following):
                scale /= 2
                following = self._pose_after(scale)
        self._time += 1
        self.pose = following
        return following

    def _scale(self, plane):
        """The factor of the step that gives the wanted median."""
        wanted, scale = self._world.median_motion, 1.0
        if wanted == 0:
            return 0.0
        every = max(1, min(plane.shape) // SEARCHED)
        for _ in range(ROUNDS):
            flow, _ = flow_between(self._world, plane, self.pose, self._pose_after(scale), every)
            lengths = np.hypot(flow[..., 0], flow[..., 1])
            lengths = lengths[~np.isnan(lengths)]
            median = float(np.median(lengths)) if lengths.size else 1e3
            scale *= min(max(wanted / max(median, 0.01), 0.2), 5.0)
            scale = min(max(scale, SCALES[0]), SCALES[1])
        return scale

    def _pose_after(self, scale):
        world, pose = self._world, self.pose
        path = rotation3(np.array([self._curve * self._time, 0, 0])) @ world.path
        # The view goes round too: yaw and pitch exchange.
        angle = self._sway * self._time
        yaw, pitch, roll = world.turn
        turn = np.array(
            [
                np.cos(angle) * yaw - np.sin(angle) * pitch,
                np.sin(angle) * yaw + np.cos(angle) * pitch,
                np.cos(angle) * roll,
            ]
        )
        swing = np.cos(2 * np.pi * self._time / PERIOD)
        return Pose(
            pose.rotation @ rotation3(turn * scale),
            pose.position + path * (scale * self._direction),
            pose.moved + swing * scale,
            pose.turned + swing * min(scale, 1.0),
        )

    def _is_clear(self, following):
        """Whether the camera keeps away from the planes that it can run into."""
        world = self._world
        for plane in world.planes[: world.boards]:
            first, now, then = (
                placed(plane, pose, world.intrinsics).distance
                for pose in (self._first, self.pose, following)
            )
            if then / first < min(CLEARANCE, now / first):
                return False
        return True
