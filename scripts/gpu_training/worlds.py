"""Worlds of textured planes seen by a camera that drives, slides or turns, a batch at once.

A world has a backdrop, a ground, two walls, and boards of any outline that may move. Between two
views of a plane lies a homography, so that flow is exact.
"""

from __future__ import annotations

from typing import NamedTuple

import torch

from scripts.gpu_training.effects import apply_camera_effects
from scripts.gpu_training.plane_views import Pose, mapping, pose, render
from scripts.gpu_training.planes import Camera, Planes, make_planes, rotation
from scripts.gpu_training.sampling import constant
from scripts.gpu_training.scenes import Batch, Scenes

DRIVES, SLIDES = 0.55, 0.35  # shares of worlds; in the others the camera turns where it stands
SPREAD = 1.1 / 1.3  # of the options' scene_spread, so that its default gives 1.1
FASTEST_SHARE = 0.4  # a world's median motion is at most this share of the largest
SEARCHES = 3  # of the time after which the median motion is what was drawn
COARSE = 8  # pixels between those whose motion is looked at for that
BEHIND = 0.12  # depth relative to that in frame 1 below which a point is unknown


class Path(NamedTuple):
    """What the camera does between the frames, at time 1: moves [n, 3], metres; turns [n, 3]."""

    position: torch.Tensor
    angles: torch.Tensor


class Worlds(Scenes):
    """Pairs of worlds; see `Scenes`. Of the options, those of layers have no effect."""

    saturation, gain = (0.3, 1.2), (0.55, 1.15)

    @torch.no_grad()
    def batch(self, n: int) -> Batch:
        """The next n pairs; flow is NaN where it is beyond the largest motion or behind."""
        planes, camera = make_planes(self, n)
        path = self._path(n)
        nowhere = torch.zeros(n, 3, device=self.device)
        first = pose(planes, camera.rotation, nowhere, nowhere[:, 0])
        frame1, top1 = render(planes, first, camera.matrix, self.here, self.bank)
        spread = SPREAD * self.options.scene_spread
        target = self.options.median_motion * (spread * self.normal(n)).exp()
        target = target.clamp(max=FASTEST_SHARE * self.options.largest_motion)
        second = self._second(planes, camera, path, (first, top1), target)
        frame2, top2 = render(planes, second, camera.matrix, self.here, self.bank)
        flow = self._flow(top1, first, second, camera.matrix)
        fast = flow.norm(dim=1, keepdim=True) <= self.options.largest_motion
        flow = torch.where(fast, flow, float("nan"))
        pairs = apply_camera_effects(torch.stack((frame1, frame2), 1), self, self.options)
        return Batch(pairs, flow, self._visible(flow, top1, top2))

    def _path(self, n):
        kind = self.rand(n, 1)
        ahead = torch.where(self.rand(n) < 0.25, -1.0, 1.0) * self.uniform(0.5, 1.2, n)
        drive = torch.stack((0.12 * self.normal(n), 0.05 * self.normal(n), ahead), -1)
        slide = self.normal(n, 3) * constant((0.6, 0.25, 0.4), self.device)
        stand = 0.05 * self.normal(n, 3)
        turns = [
            self.normal(n, 3) * constant(size, self.device)
            for size in ((0.05, 0.02, 0.01), (0.04, 0.04, 0.04), (0.15, 0.1, 0.15))
        ]
        drives, moves = kind < DRIVES, kind < DRIVES + SLIDES
        return Path(
            torch.where(drives, drive, torch.where(moves, slide, stand)),
            torch.where(drives, turns[0], torch.where(moves, turns[1], turns[2])),
        )

    def _second(self, planes: Planes, camera: Camera, path: Path, view: tuple, target) -> Pose:
        """The pose at the time after which the median motion is the target [n], in pixels."""

        def after(time):
            turned = camera.rotation @ rotation(path.angles * time[:, None])
            return pose(planes, turned, path.position * time[:, None], time)

        first, top = view
        time = torch.ones_like(target)
        for _ in range(SEARCHES):
            flow = self._flow(top, first, after(time), camera.matrix, COARSE)
            median = torch.nanmedian(flow.norm(dim=1).flatten(1), 1).values.nan_to_num(1e3)
            change = (target / median.clamp(min=0.01)).clamp(0.2, 5)
            time = (time * change).clamp(0.01, 2.5)
        return after(time)

    def _flow(self, top, first, second, camera, every=1):
        """Flow [n, 2, h, w] at every `every`-th pixel, for the planes on top [n, H, W].

        NaN where a point is unknown or behind the second camera.
        """
        top = top[:, ::every, ::every]
        n, height, width = top.shape
        matrix = mapping(first, camera)[0]
        axes = torch.cat((second.axes, second.origins[..., None]), -1)
        to_second = camera[:, None] @ axes @ matrix
        numbers = torch.cat((to_second, matrix[..., 2:, :]), -2).flatten(2)  # [n, p, 12]
        nothing = torch.full_like(numbers[:, :1], float("nan"))
        numbers = torch.cat((numbers, nothing), 1).transpose(1, 2)
        index = top.flatten(1)[:, None].expand(-1, 12, -1)
        shown = torch.gather(numbers, 2, index).view(n, 4, 3, height, width)
        x, y = self.here[0, :, ::every, ::every]
        u, v, depth, before = (
            shown[:, i, 0] * x + shown[:, i, 1] * y + shown[:, i, 2] for i in range(4)
        )
        flow = torch.stack((u / depth - x, v / depth - y), 1)
        return torch.where((depth / before > BEHIND)[:, None], flow, float("nan"))

    def _visible(self, flow, top1, top2):
        """[n, H, W] bool: pixels of frame 1 whose plane frame 2 shows where they move to."""
        place = (self.here + flow).round()
        last = (self.size - 1)[None, :, None, None]
        inside = ((place >= 0) & (place <= last)).all(1)
        x, y = (
            axis.nan_to_num(0).long().clamp(0, side - 1)
            for axis, side in zip(place.unbind(1), self.frame[::-1])
        )
        index = (y * self.frame[1] + x).flatten(1)
        return inside & (torch.gather(top2.flatten(1), 1, index).view_as(top1) == top1)
