"""Random numbers on the device, and the state that continues them."""

from __future__ import annotations

import math
import random
from typing import Any

import torch
import torch.nn.functional as F


class RandomNumbers:
    """Random numbers of one seed.

    Nothing here waits for the device: choices that shape the work are made on the CPU, for a whole
    batch, the others are numbers on the device.

    Args:
        device: of the tensors.
        seed: whole number.

    Attributes:
        choices: draws on the CPU.
    """

    def __init__(self, device: torch.device, seed: int):
        self.device = device
        self.generator = torch.Generator(device=device).manual_seed(seed)
        self.choices = random.Random(seed)

    def rand(self, *shape: int) -> torch.Tensor:
        """Evenly in 0..1."""
        return torch.rand(shape, generator=self.generator, device=self.device)

    def uniform(self, low: Any, high: Any, *shape: int) -> torch.Tensor:
        """Evenly in low..high."""
        return low + (high - low) * self.rand(*shape)

    def log_uniform(self, low: float, high: float, *shape: int) -> torch.Tensor:
        """In low..high, evenly in the logarithm."""
        return self.uniform(math.log(low), math.log(high), *shape).exp()

    def normal(self, *shape: int) -> torch.Tensor:
        """Of the standard normal distribution."""
        return torch.randn(shape, generator=self.generator, device=self.device)

    def integers(self, end: int, *shape: int, low: int = 0) -> torch.Tensor:
        """Whole numbers, low..end - 1."""
        return torch.randint(low, end, shape, generator=self.generator, device=self.device)

    def field(self, cells: int, size: tuple[int, int], n: int, channels: int = 1) -> torch.Tensor:
        """Smooth fields.

        Args:
            cells: between random values in -1..1, on each axis; cubic between them.
            size: (H, W).
            n: how many.
            channels: of each.

        Returns:
            [n, channels, H, W].
        """
        grid = self.uniform(-1, 1, n, channels, cells + 1, cells + 1)
        return F.interpolate(grid, size, mode="bicubic", align_corners=False)

    def state(self) -> dict:
        """What `load_state` continues from."""
        return {"device": self.generator.get_state().cpu(), "choices": self.choices.getstate()}

    def load_state(self, state: dict) -> None:
        """Goes on as where `state` was taken."""
        self.generator.set_state(state["device"])
        self.choices.setstate(state["choices"])
