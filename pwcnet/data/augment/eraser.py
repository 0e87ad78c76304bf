"""RAFT's eraser: random rectangles of frame 2 are painted over.

The network learns to go on where a pixel is hidden.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pwcnet._checks import require


@dataclass(frozen=True)
class EraserOptions:
    """How often, how many and how large.

    Attributes:
        probability: how often frame 2 changes, in 0..1.
        rectangles: at most so many in a frame.
        smallest, largest: sides in pixels, both included.

    Raises:
        ValueError: for values out of range.
    """

    probability: float = 0.5
    rectangles: int = 2
    smallest: int = 50
    largest: int = 100

    def __post_init__(self):
        require(0.0 <= self.probability <= 1.0, "probability in 0..1", self.probability)
        require(
            self.rectangles >= 1 and 1 <= self.smallest <= self.largest,
            "1 or more rectangles and sides with 1 <= smallest <= largest",
            (self.rectangles, self.smallest, self.largest),
        )


def erase(frame2: np.ndarray, options: EraserOptions, random: np.random.RandomState) -> np.ndarray:
    """Frame 2 with rectangles of its mean colour, anywhere, cut off at the frame's border.

    The flow stays valid everywhere: a pixel whose target is painted over is occluded there, and its
    flow is still where it went.

    Args:
        frame2: [H, W, 3] uint8.
        options: how often, how many and how large.
        random: draws the rectangles.
    """
    if random.uniform() >= options.probability:
        return frame2
    erased, color = frame2.copy(), np.rint(cv2.mean(frame2)[:3]).astype(np.uint8)
    for _ in range(random.randint(1, options.rectangles + 1)):
        top, left = (random.randint(size) for size in frame2.shape[:2])
        height, width = random.randint(options.smallest, options.largest + 1, 2)
        erased[top : top + height, left : left + width] = color
    return erased
