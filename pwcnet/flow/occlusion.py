"""Occlusion from the disagreement of the flow there with the flow back."""

import cv2
import numpy as np

from pwcnet.io.flow_files import valid_pixels

RELATIVE, ABSOLUTE = (
    0.01,
    0.5,
)  # of the squared motions; squared pixels (Sundaram, Brox, Keutzer, Dense Point Trajectories, ECCV 2010, equation 5)


def forward_backward_occlusion(forward, backward):
    """Where the way there and back does not end near its start (Sundaram et al. 2010): |f(x) + b(x + f(x))|^2 >= 0.01 (|f(x)|^2 + |b(x + f(x))|^2) + 0.5.

    forward: [H, W, 2] floating, pixels, channels (u, v), from frame 1 to frame 2. backward: the same size, from frame 2 to frame 1; read between its pixels
    bilinearly. Returns [H, W] bool, on the pixels of frame 1. Pixels that leave the frame (the centres of its outermost pixels bound it) are occluded, as are
    those whose flow, or the flow at their target, is unknown (`valid_pixels`). Raises ValueError for other shapes.
    """
    forward, backward = np.asarray(forward, np.float32), np.asarray(backward, np.float32)
    if (
        forward.ndim != 3
        or forward.shape[2] != 2
        or forward.shape != backward.shape
        or not forward.size
    ):
        raise ValueError(
            "expected forward and backward flow of one shape [H, W, 2], got %s and %s; try flows of the same pair"
            % (forward.shape, backward.shape)
        )
    height, width = forward.shape[:2]
    known, known_back = valid_pixels(forward), valid_pixels(backward)
    forward, backward = (
        np.where(known[..., np.newaxis], forward, 0),
        np.where(known_back[..., np.newaxis], backward, 0),
    )
    x = np.arange(width, dtype=np.float32) + forward[..., 0]
    y = np.arange(height, dtype=np.float32)[:, np.newaxis] + forward[..., 1]
    outside = (x < 0) | (x > width - 1) | (y < 0) | (y > height - 1)
    back = _at(backward, x, y)
    unknown = ~known | (_at((~known_back).astype(np.float32), x, y) > 0)
    gap = np.square(forward + back).sum(axis=-1)
    return (
        outside
        | unknown
        | (
            gap
            >= RELATIVE * (np.square(forward).sum(axis=-1) + np.square(back).sum(axis=-1))
            + ABSOLUTE
        )
    )


def _at(field, x, y):
    return cv2.remap(field, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
