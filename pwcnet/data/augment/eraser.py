"""Random rectangles of frame 2 are painted over, so that a network learns to go on where a pixel is hidden (RAFT's eraser)."""

from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True)
class EraserOptions:
    """probability: in 0..1, how often. rectangles: at most so many a frame. smallest, largest: sides in pixels, both included."""

    probability: float = 0.5
    rectangles: int = 2
    smallest: int = 50
    largest: int = 100

    def __post_init__(self):
        if not 0.0 <= self.probability <= 1.0:
            raise ValueError("expected probability in 0..1, got %r" % (self.probability,))
        if self.rectangles < 1 or not 1 <= self.smallest <= self.largest:
            raise ValueError(
                "expected 1 or more rectangles and sides with 1 <= smallest <= largest, got %r"
                % ((self.rectangles, self.smallest, self.largest),)
            )


def erase(frame2, options, random):
    """Frame 2 with rectangles of its mean colour, anywhere, cut off at the frame's end. frame2: [H, W, 3] uint8. random: np.random.RandomState.

    The flow stays valid everywhere: a pixel whose target is painted over is occluded there, and its flow is still where it went.
    """
    if random.uniform() >= options.probability:
        return frame2
    erased, colour = frame2.copy(), np.rint(cv2.mean(frame2)[:3]).astype(np.uint8)
    for _ in range(random.randint(1, options.rectangles + 1)):
        top, left = (random.randint(size) for size in frame2.shape[:2])
        height, width = random.randint(options.smallest, options.largest + 1, 2)
        erased[top : top + height, left : left + width] = colour
    return erased
