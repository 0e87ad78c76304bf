"""The better of several flows at each pixel: the frames agree along it, and it is smooth."""

from __future__ import annotations

from typing import Sequence

import cv2
import numpy as np

from pwcnet.flow.warping import leaves_frame, warp

RADIUS = 2  # of the census window: 5x5
THRESHOLD = 3  # grey levels within which two pixels count as equal
OUTSIDE = 12.0  # the cost of a pixel that leaves the frame, of 0..48
VARIATION, LARGEST_VARIATION = 2.0, 5.0  # cost a pixel of difference to the neighbours; up to it
SMOOTHING = 12.0  # standard deviation of the Gaussian over costs, in pixels
PREFERENCE = 0.3  # by which another flow's cost must be lower than that of the first


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


def flow_cost(census1: np.ndarray, grey2: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """What speaks against a flow: the census distance along it, and its variation.

    Args:
        census1: [24, H, W] int8, of the first frame.
        grey2: [H, W] uint8, the second frame.
        flow: [H, W, 2] float32, pixels, channels (u, v).

    Returns:
        [H, W] float32, smoothed: the number of neighbours, of 24, that compare otherwise (those
        that are brighter in one frame and darker in the other count twice; OUTSIDE where the flow
        leaves the frame), and twice the flow's difference to the pixels above and at the left.
    """
    cost = np.abs(census1 - census(warp(grey2, flow))).sum(axis=0, dtype=np.float32)
    cost[leaves_frame(flow)] = OUTSIDE
    variation = np.zeros(flow.shape[:2], np.float32)
    variation[:, 1:] += np.abs(np.diff(flow, axis=1)).sum(axis=-1)
    variation[1:] += np.abs(np.diff(flow, axis=0)).sum(axis=-1)
    cost += VARIATION * np.minimum(variation, LARGEST_VARIATION)
    return cv2.GaussianBlur(cost, (0, 0), SMOOTHING)


def choose(grey1: np.ndarray, grey2: np.ndarray, flows: Sequence[np.ndarray]) -> np.ndarray:
    """Takes at each pixel the flow of the smallest cost; the first one is preferred.

    Args:
        grey1: [H, W] uint8, the first frame.
        grey2: [H, W] uint8, the second frame.
        flows: Each [H, W, 2] float32, pixels, channels (u, v).

    Returns:
        [H, W, 2] float32.
    """
    if len(flows) == 1:
        return flows[0]
    census1 = census(grey1)
    chosen, lowest = flows[0], flow_cost(census1, grey2, flows[0]) - PREFERENCE
    for flow in flows[1:]:
        cost = flow_cost(census1, grey2, flow)
        chosen = np.where((cost < lowest)[..., np.newaxis], flow, chosen)
        lowest = np.minimum(cost, lowest)
    return chosen
