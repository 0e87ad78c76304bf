"""Forward flow and the backward flow where it leads to."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pwcnet.flow.warping import warp
from pwcnet.io.flow_files import valid_pixels


class RoundTrip(NamedTuple):
    """Forward flow f and backward flow b, read at x + f(x), on the pixels x of frame 1.

    Attributes:
        forward: [H, W, 2] float32, f(x), pixels, channels (u, v); 0 where it is unknown.
        back: [H, W, 2] float32, b(x + f(x)), read bilinearly. Outside of the frame it is that of
            the nearest pixel.
        known: [H, W] bool, where neither is unknown.
    """

    forward: np.ndarray
    back: np.ndarray
    known: np.ndarray


def round_trip(forward: np.ndarray, backward: np.ndarray) -> RoundTrip:
    """Follows the forward flow and reads the backward flow there.

    Args:
        forward: [H, W, 2], floating, pixels, channels (u, v), f from frame 1 to frame 2.
        backward: [H, W, 2], floating, pixels, channels (u, v), b from frame 2 to frame 1.

    Raises:
        ValueError: The shapes differ or are others.
    """
    forward, backward = np.asarray(forward, np.float32), np.asarray(backward, np.float32)
    shape = forward.shape
    if len(shape) != 3 or shape[2] != 2 or backward.shape != shape or not forward.size:
        raise ValueError(
            "Forward and backward flow must have one shape [H, W, 2], got %s and %s"
            % (shape, backward.shape)
        )
    known, known_backward = valid_pixels(forward), valid_pixels(backward)
    forward = np.where(known[..., np.newaxis], forward, 0)
    backward = np.where(known_backward[..., np.newaxis], backward, 0)
    known &= warp((~known_backward).astype(np.float32), forward) == 0
    return RoundTrip(forward, warp(backward, forward), known)
