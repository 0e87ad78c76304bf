"""The better of several flows at each pixel, by how well the frames agree along them."""

from __future__ import annotations

from typing import Sequence

import cv2
import numpy as np

from pwcnet.flow.warping import leaves_frame, warp

RADIUS = 2  # of the census window: 5x5
THRESHOLD = 3  # grey levels within which two pixels count as equal
OUTSIDE = 12.0  # the cost of a pixel that leaves the frame, of 0..48
SMOOTHING = 4.0  # standard deviation of the Gaussian over costs, in pixels


def census(image: np.ndarray) -> np.ndarray:
    """Compares each pixel with its neighbours (ternary census transform).

    Args:
        image: [H, W] uint8.

    Returns:
        [24, H, W] int8: 1, 0 or -1 where the neighbour is brighter, alike or darker.
    """
    height, width = image.shape
    padded = cv2.copyMakeBorder(image, *[RADIUS] * 4, cv2.BORDER_REPLICATE).astype(np.int16)
    centre = image.astype(np.int16)
    size = 2 * RADIUS + 1
    codes = np.empty([size * size - 1, height, width], np.int8)
    offsets = [(y, x) for y in range(size) for x in range(size) if (y, x) != (RADIUS, RADIUS)]
    for code, (y, x) in zip(codes, offsets):
        difference = padded[y : y + height, x : x + width] - centre
        np.subtract(difference > THRESHOLD, difference < -THRESHOLD, out=code, dtype=np.int8)
    return codes


def census_cost(census1: np.ndarray, grey2: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """The distance between the first frame and the second one, warped back along a flow.

    Args:
        census1: [24, H, W] int8, of the first frame.
        grey2: [H, W] uint8, the second frame.
        flow: [H, W, 2] float32, pixels, channels (u, v).

    Returns:
        [H, W] float32, 0..48, smoothed; OUTSIDE, before smoothing, where the flow leaves the frame.
    """
    distance = np.abs(census1 - census(warp(grey2, flow))).sum(axis=0, dtype=np.float32)
    distance[leaves_frame(flow)] = OUTSIDE
    return cv2.GaussianBlur(distance, (0, 0), SMOOTHING)


def choose(grey1: np.ndarray, grey2: np.ndarray, flows: Sequence[np.ndarray]) -> np.ndarray:
    """Takes at each pixel the flow of the smallest census cost; the first of equal ones.

    Args:
        grey1: [H, W] uint8, the first frame.
        grey2: [H, W] uint8, the second frame.
        flows: Each [H, W, 2] float32, pixels, channels (u, v).

    Returns:
        [H, W, 2] float32.
    """
    census1 = census(grey1)
    chosen, lowest = flows[0], census_cost(census1, grey2, flows[0])
    for flow in flows[1:]:
        cost = census_cost(census1, grey2, flow)
        better = cost < lowest
        chosen = np.where(better[..., np.newaxis], flow, chosen)
        lowest = np.minimum(cost, lowest)
    return chosen
