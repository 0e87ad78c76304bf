"""What goes into an exported program and what comes out: names, shapes, types, meaning."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from pwcnet._checks import require
from pwcnet._version import __version__
from pwcnet.export.choices import INPUTS, PAIR, UINT8_FRAMES
from pwcnet.export.comparison import INPUT
from pwcnet.flow.padding import check_network_size, padded_size
from pwcnet.weights.checkpoint import Checkpoint
from pwcnet.weights.files import identify_weights

FIRST, SECOND, FLOW = "first", "second", "flow"


class Signature(NamedTuple):
    """The inputs of an exported program; its output is `flow` [B, H, W, 2] float32.

    Attributes:
        size: (height, width) in pixels; of a pair, multiples of 64.
        batch: Pairs a run; None for any number.
        inputs: "pair": `x_tnsr` [B, 2, H, W, 3] float32, RGB in 0..1. "uint8-frames" and
            "float-frames": `first` and `second` [B, H, W, 3], RGB in uint8, or in float32 in 0..1;
            scaling, padding to multiples of 64 and cropping are part of the program.
    """

    size: tuple[int, int]
    batch: int | None = 1
    inputs: str = PAIR

    def check(self) -> None:
        """Raises ValueError for a size or inputs that there are not."""
        require(self.inputs in INPUTS, "inputs %s" % ", ".join(INPUTS), self.inputs)
        require(self.batch is None or self.batch >= 1, "pairs of 1 or more", self.batch)
        if self.inputs == PAIR:
            check_network_size(*self.size)
        padded_size(*self.size)

    def shapes(self) -> dict[str, list[int | None]]:
        """The shapes of the inputs by name, in their order; None for an unknown batch."""
        if self.inputs == PAIR:
            return {INPUT: [self.batch, 2, *self.size, 3]}
        return {name: [self.batch, *self.size, 3] for name in (FIRST, SECOND)}

    def dtype(self) -> str:
        """The type of the inputs."""
        return "uint8" if self.inputs == UINT8_FRAMES else "float32"

    def feed(self, pairs: np.ndarray) -> dict[str, np.ndarray]:
        """Turns pairs [B, 2, H, W, 3] float32 in 0..1 into the inputs by name."""
        if self.inputs == UINT8_FRAMES:
            pairs = np.round(pairs * 255).astype(np.uint8)
        if self.inputs == PAIR:
            return {INPUT: pairs}
        return {FIRST: np.ascontiguousarray(pairs[:, 0]), SECOND: pairs[:, 1].copy()}


def metadata(checkpoint: Checkpoint, signature: Signature, quantize: str) -> dict[str, Any]:
    """Describes an exported program for those who meet it later.

    Args:
        checkpoint: Its weights.
        signature: Its inputs.
        quantize: One of pwcnet.export.choices.QUANTIZATIONS.

    Returns:
        What JSON can hold; a batch of any number is null.
    """
    scale = "0..255" if signature.dtype() == "uint8" else "0..1"
    return {
        "model": "PWC-Net",
        "variant": checkpoint.config.name,
        "weights_sha256": identify_weights(checkpoint.path)["sha256"],
        "step": checkpoint.step,
        "averaged": checkpoint.averaged,
        "quantize": quantize,
        "inputs": {
            name: {"shape": shape, "type": signature.dtype(), "channels": "RGB", "values": scale}
            for name, shape in signature.shapes().items()
        },
        "output": {
            "name": FLOW,
            "shape": [signature.batch, *signature.size, 2],
            "type": "float32",
            "channels": "u (right), v (down), from the first frame to the second",
            "unit": "pixel",
        },
        "pwcnet_version": __version__,
    }
