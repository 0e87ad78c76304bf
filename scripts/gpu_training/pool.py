"""Rendered pairs on the device, from which training draws each several times."""

from __future__ import annotations

from typing import Sequence

import torch

from scripts.gpu_training.bank import Bank
from scripts.gpu_training.random_numbers import RandomNumbers
from scripts.gpu_training.scenes import Scenes

MIRRORED = 0.5  # share of batches, left to right
UPSIDE_DOWN = 0.1
RECOLORED, HIDDEN = 0.5, 0.5  # shares of batches with other orders of colours, and with rectangles
RECTANGLE = (30, 100)  # pixels
OUTSIDE = -1e4  # pixels; where a rectangle hides nothing


class Pool:
    """A store of pairs that is renewed as pairs are drawn.

    Args:
        sources: kinds of scenes, rendered in turn.
        capacity: pairs.
        rendered_at_once: pairs; at most the capacity.
        echo: how often a pair is drawn on average.
        bank: whose textures are exchanged.
        exchange: textures, and outlines, that are exchanged at most with each rendering.
        seed: whole number.

    Raises:
        ValueError: more pairs are rendered at once than there is room for.

    Attributes:
        rendered: pairs so far.
    """

    def __init__(
        self,
        sources: Sequence[Scenes],
        capacity: int,
        rendered_at_once: int,
        echo: float,
        bank: Bank,
        exchange: int,
        seed: int,
    ):
        if rendered_at_once > capacity:
            raise ValueError(
                "expected a pool of at least %d pairs, which are rendered at once, got %d"
                % (rendered_at_once, capacity)
            )
        height, width = sources[0].frame
        self._sources, self._count, self._echo = sources, rendered_at_once, echo
        self._bank, self._exchange = bank, exchange
        self._capacity = capacity // rendered_at_once * rendered_at_once
        shape = self._capacity, 2, 3, height, width
        self._pairs = torch.empty(shape, dtype=torch.uint8, device=bank.device)
        self._flow = torch.empty(self._capacity, 2, height, width, device=bank.device)
        self._random = RandomNumbers(bank.device, seed)
        self._place = self.rendered = self._drawn = 0

    def fill(self) -> None:
        """Renders as many pairs as there is room for."""
        while self.rendered < self._capacity:
            self._render()

    def draw(self, pairs: torch.Tensor, flow: torch.Tensor) -> None:
        """Fills a batch, with one mirroring and one order of colours; renders new pairs in time.

        Args:
            pairs: [B, 2, 3, H, W] uint8, filled.
            flow: [B, 2, H, W] float32, filled.
        """
        random = self._random
        chosen = random.integers(self._capacity, len(pairs))
        drawn, drawn_flow = self._pairs[chosen], self._flow[chosen]
        for axis, channel, share in ((-1, 0, MIRRORED), (-2, 1, UPSIDE_DOWN)):
            if random.choices.random() < share:
                drawn, drawn_flow = drawn.flip(axis), drawn_flow.flip(axis)
                drawn_flow[:, channel] = -drawn_flow[:, channel]
        if random.choices.random() < RECOLORED:
            order = random.choices.sample(range(3), 3)
            drawn = torch.stack([drawn[:, :, channel] for channel in order], 2)
        if random.choices.random() < HIDDEN:
            drawn = self._partly_hidden(drawn)
        pairs.copy_(drawn)
        flow.copy_(drawn_flow)
        self._drawn += len(pairs)
        if self._drawn > self._echo * (self.rendered - self._capacity):
            self._render()
            if self._exchange:
                self._bank.exchange(self._exchange)

    def _render(self):
        source = self._sources[(self.rendered // self._count) % len(self._sources)]
        batch, place = source.batch(self._count), slice(self._place, self._place + self._count)
        self._pairs[place], self._flow[place] = batch.pairs, batch.flow
        self._place = (self._place + self._count) % self._capacity
        self.rendered += self._count

    def _partly_hidden(self, pairs):
        """Half of the pairs with a rectangle of frame 2 in its mean colour, as RAFT trains."""
        n, random = len(pairs), self._random
        here, size = self._sources[0].here, self._sources[0].size
        low = torch.where(random.rand(n, 1) < 0.5, random.rand(n, 2) * size, OUTSIDE)
        high = low + RECTANGLE[0] + (RECTANGLE[1] - RECTANGLE[0]) * random.rand(n, 2)
        inside = (here >= low[:, :, None, None]) & (here < high[:, :, None, None])
        mean = pairs[:, 1].float().mean((2, 3), keepdim=True).to(torch.uint8)
        hidden = torch.where(inside.all(1, keepdim=True), mean, pairs[:, 1])
        return torch.stack((pairs[:, 0], hidden), 1)

    def state(self) -> dict:
        """What `load_state` continues from; with the pairs, some 2.6 MB each of 320x576."""
        return {
            "pairs": self._pairs,
            "flow": self._flow,
            "counts": (self._place, self.rendered, self._drawn),
            "random": self._random.state(),
            "sources": [source.state() for source in self._sources],
        }

    def load_state(self, state: dict) -> None:
        """Goes on as where `state` was taken.

        Raises:
            ValueError: the state is of pairs of another number or size.
        """
        shapes = [tuple(state[name].shape) for name in ("pairs", "flow")]
        if shapes != [tuple(self._pairs.shape), tuple(self._flow.shape)]:
            raise ValueError(
                "expected the state of a pool of %s, got %s" % (tuple(self._pairs.shape), shapes[0])
            )
        self._pairs.copy_(state["pairs"])
        self._flow.copy_(state["flow"])
        self._place, self.rendered, self._drawn = state["counts"]
        self._random.load_state(state["random"])
        for source, source_state in zip(self._sources, state["sources"]):
            source.load_state(source_state)
