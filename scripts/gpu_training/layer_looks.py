"""What layers look like: the views of their textures, and their outlines."""

from __future__ import annotations

import math

import torch

from scripts.gpu_training.atlas import look_up
from scripts.gpu_training.sampling import rotation, sample, transform
from scripts.gpu_training.scenes import Scenes

ZOOM = (-0.6, 0.7)  # logarithm of texels a pixel
UNFOCUSED = 0.15  # share of layers that show the next mip level, magnified
PERIOD = 1024.0  # texels after which a mirrored texture repeats


class Look:
    """The textures of m layers, in random views and colours.

    Args:
        scenes: draws them.
        m: how many.
    """

    def __init__(self, scenes: Scenes, m: int):
        self._atlas = scenes.bank.atlas[scenes.bank.pick(m, scenes)]
        zoom = scenes.uniform(*ZOOM, m).exp()
        flip = torch.where(scenes.rand(m) < 0.5, -1.0, 1.0)
        turn = rotation(scenes.uniform(0, 2 * math.pi, m)) * zoom[:, None, None]
        self._linear = turn * torch.stack((flip, torch.ones_like(flip)), -1)[:, None, :]
        self._start = scenes.uniform(0, PERIOD, m, 2)
        self._matrix, self._lift = scenes.colors(m)
        # As in the source, the finest level whatever the zoom: it is 2 at most.
        self._level = (scenes.rand(m) < UNFOCUSED).float()[:, None, None]

    def colors(self, points: torch.Tensor) -> torch.Tensor:
        """[m, 3, H, W], about 0..255, at points [m, 2, H, W] of frame 1."""
        texels = look_up(self._atlas, transform(self._linear, self._start, points), self._level)
        colors = torch.einsum("nij,njhw->nihw", self._matrix, texels)
        return colors + self._lift[:, :, None, None]


class Outline:
    """The outlines of m layers, at random places of frame 1.

    Args:
        scenes: draws them.
        m: how many.

    Attributes:
        low: [m, 2], lowest (x, y) of the box that holds the outline in frame 1, in pixels.
        high: [m, 2], the highest.
    """

    def __init__(self, scenes: Scenes, m: int):
        options, bank = scenes.options, scenes.bank
        which = scenes.integers(len(bank.levels), m)
        self._levels, box = bank.levels[which], bank.boxes[which]
        share = scenes.log_uniform(options.smallest_shape, options.largest_shape, m)
        reach, longest = min(scenes.frame) * share, (box[:, 2:] - box[:, :2]).amax(1)
        self._scale, stretch = 2 * reach / longest, scenes.uniform(-0.35, 0.35, m).exp()
        sides = torch.stack((self._scale * stretch, self._scale / stretch), -1)
        linear = rotation(scenes.uniform(0, 2 * math.pi, m)) * sides[:, None, :]
        middle = (box[:, :2] + box[:, 2:]) / 2
        centre = scenes.uniform(-0.05, 1.05, m, 2) * scenes.size
        corners = [torch.stack((box[:, i], box[:, j]), -1) for i in (0, 2) for j in (1, 3)]
        corners = torch.stack(corners, 1) - middle[:, None]
        corners = corners @ linear.transpose(1, 2) + centre[:, None]
        self.low, self.high = corners.amin(1), corners.amax(1)
        self._back = torch.linalg.inv_ex(linear)[0]
        self._start = middle - (self._back @ centre[..., None])[..., 0]

    def coverage(self, points: torch.Tensor) -> torch.Tensor:
        """[m, 1, H, W] in 0..1: how much of the pixels at points [m, 2, H, W] is covered."""
        places = transform(self._back, self._start, points)
        last = self._levels.shape[-1] - 1
        inside = ((places >= 0) & (places <= last)).all(1, keepdim=True)
        level = torch.where(inside, sample(self._levels, places), -float(last + 1))
        return (level * self._scale[:, None, None, None] + 0.5).clamp(0, 1)
