"""Cuts between frames: pairs that no motion brings to agreement.

Both frames are compared at a small size, by their local correlation: what makes the whole frame
brighter or darker does not count. Where the flow does not bring them to agreement, a shift of the
whole frame may, as in a pan that is too fast for the flow, or in a flash that disturbs it.
"""

from __future__ import annotations

from typing import Iterator

import cv2
import numpy as np

from pwcnet.flow.choice import flow_variation
from pwcnet.flow.warping import leaves_frame, warp
from pwcnet.io.scaling import resized_flow

SAME, CUT, BLANK = "same", "cut", "blank"

LONGEST = 96  # side in pixels of the frames that are compared
BLUR = 0.8  # standard deviation in pixels, against noise
WINDOW = 9  # side in pixels of the square whose correlation is taken
CONTRAST = 2.0  # grey levels; squares that vary less, in either frame, tell nothing
ALIKE = 0.7  # the correlation above which a square agrees
# Flow that differs by more from pixel to pixel fits frames by chance: of those of different shots
# too. Pixels a pixel, horizontally and vertically, of both components, together.
ROUGHEST = 1.0
# The share of the squares below which a pair is a cut. With OpenCV's DIS up to 0.21 agreed at cuts,
# and 0.4 or more within shots (generated films).
ENOUGH = 0.28
FEWEST = 0.05  # share of the frame that must tell something
TEXTURED = 0.2  # share that tells of one frame at which the other, where little does, is blank
SHIFTS = 3  # of the whole frame that are tried


def compare(frame1: np.ndarray, frame2: np.ndarray, flow: np.ndarray) -> str:
    """Compares two frames along a motion.

    Args:
        frame1: [H, W, 3] uint8 RGB.
        frame2: [H, W, 3] uint8 RGB.
        flow: [H, W, 2] float32, pixels, channels (u, v), finite, from frame 1 to frame 2.

    Returns:
        "cut" where neither the flow nor a shift of the whole frame brings them to agreement;
        "blank" where one of them has hardly any texture, as black and overexposed frames, and the
        other has, so that nothing tells; else "same", also where neither has.
    """
    small1, small2 = _small(frame1), _small(frame2)
    share = _share(small1, small2, resized_flow(flow, *small1.shape))
    shifts = _shifts(small1, small2)
    while share is None or share < ENOUGH:
        shift = next(shifts, None)
        if shift is None:
            break
        other = _share(small1, small2, np.broadcast_to(shift, small1.shape + (2,)))
        share = other if share is None else max(share, other or 0.0)
    if share is not None:
        return CUT if share < ENOUGH else SAME
    textured = [float((_variance(small) > CONTRAST**2).mean()) for small in (small1, small2)]
    return BLANK if max(textured) >= TEXTURED else SAME


def _small(frame):
    height, width = frame.shape[:2]
    factor = min(1.0, LONGEST / max(height, width))
    size = max(1, round(width * factor)), max(1, round(height * factor))
    grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    return cv2.GaussianBlur(small, (0, 0), BLUR)


def _mean(image):
    return cv2.blur(image, (WINDOW, WINDOW), borderType=cv2.BORDER_REPLICATE)


def _variance(image):
    return _mean(image * image) - _mean(image) ** 2


def _share(small1, small2, flow):
    """The share of squares that agree along a flow, or None where few tell something."""
    flow = np.ascontiguousarray(flow, np.float32)
    moved = warp(small2, flow)
    mean1, mean2 = _mean(small1), _mean(moved)
    variance1, variance2 = _variance(small1), _variance(moved)
    telling = (np.minimum(variance1, variance2) > CONTRAST**2) & ~leaves_frame(flow)
    if telling.mean() < FEWEST:
        return None
    covariance = _mean(small1 * moved) - mean1 * mean2
    correlation = covariance[telling] / np.sqrt((variance1 * variance2)[telling])
    return float(((correlation > ALIKE) & (_mean(flow_variation(flow))[telling] < ROUGHEST)).mean())


def _shifts(small1: np.ndarray, small2: np.ndarray) -> Iterator[np.ndarray]:
    """[2] float32 each: no shift, and the highest peaks of the phase correlation."""
    yield np.zeros(2, np.float32)
    height, width = small1.shape
    window = np.outer(np.hanning(height), np.hanning(width))
    spectrum1, spectrum2 = (
        np.fft.rfft2((small - small.mean()) * window) for small in (small1, small2)
    )
    product = spectrum2 * spectrum1.conj()
    surface = np.fft.irfft2(product / (np.abs(product) + 1e-3), s=small1.shape)
    surface = cv2.GaussianBlur(surface, (0, 0), 0.7)
    for _ in range(SHIFTS):
        y, x = np.unravel_index(np.argmax(surface), surface.shape)
        surface[max(0, y - 2) : y + 3, max(0, x - 2) : x + 3] = -np.inf
        x, y = x - width * (x > width // 2), y - height * (y > height // 2)
        yield np.array([x, y], np.float32)
