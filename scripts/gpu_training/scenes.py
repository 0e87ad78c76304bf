"""What the kinds of scenes share: the frame, the textures' colours, the effects."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple

import torch

from pwcnet.data.synthetic.options import SceneOptions
from scripts.gpu_training.bank import Surfaces
from scripts.gpu_training.random_numbers import RandomNumbers
from scripts.gpu_training.sampling import constant, pixels

MULTIPLE = 8  # of height and width: JPEG's blocks


class Batch(NamedTuple):
    """Pairs with their ground truth, on the device.

    Attributes:
        pairs: [n, 2, 3, H, W] uint8 RGB.
        flow: [n, 2, H, W] float32, pixels, channels (u, v), from frame 1 to frame 2; NaN where it
            is unknown.
        visible: [n, H, W] bool, pixels of frame 1 that frame 2 shows too.
    """

    pairs: torch.Tensor
    flow: torch.Tensor
    visible: torch.Tensor


def check_size(options: SceneOptions) -> None:
    """Raises ValueError where height or width is no multiple of 8."""
    if options.height % MULTIPLE or options.width % MULTIPLE:
        raise ValueError(
            "expected height and width in multiples of %d, got %dx%d"
            % (MULTIPLE, options.height, options.width)
        )


class Scenes(ABC, RandomNumbers):
    """Endless pairs of one kind.

    Args:
        options: what they are like. The bank decides instead of `textures`, `texture_scale` and
            `simple`.
        bank: textures and outlines.
        seed: whole number.

    Raises:
        ValueError: height or width is no multiple of 8.

    Attributes:
        saturation: range of the colours' saturation, relative to the textures'.
        gain: range of their brightness.
        frame: (height, width) in pixels.
        size: [2], width and height, on the device.
        here: [1, 2, H, W], the pixels.
    """

    saturation: tuple[float, float]
    gain: tuple[float, float]

    def __init__(self, options: SceneOptions, bank: Surfaces, seed: int = 0):
        super().__init__(bank.device, seed)
        check_size(options)
        self.options, self.bank = options, bank
        self.frame = options.height, options.width
        self.here = pixels(*self.frame, self.device)
        self.size = constant((float(options.width), float(options.height)), self.device)

    @abstractmethod
    def batch(self, n: int) -> Batch:
        """The next n pairs."""

    def colors(self, n: int) -> tuple[torch.Tensor, torch.Tensor]:
        """([n, 3, 3], [n, 3]): matrices and lifts that give textures other colours."""
        saturation = self.uniform(*self.saturation, n)[:, None, None]
        gain = self.uniform(*self.gain, n)[:, None, None] * self.uniform(0.85, 1.15, n, 3, 1)
        order = torch.eye(3, device=self.device)[torch.argsort(self.rand(n, 3), 1)]
        matrix = gain * (saturation * order + (1 - saturation) / 3)
        return matrix, self.uniform(-15, 30, n, 3)
