"""The better of several flows at each pixel: the frames agree along it, and it is smooth."""

from __future__ import annotations

from typing import Sequence

import cv2
import numpy as np

from pwcnet.flow.warping import leaves_frame, warp
from pwcnet.io.scaling import resized_flow

RADIUS = 2  # of the census window: 5x5
THRESHOLD = 3  # grey levels within which two pixels count as equal
OUTSIDE = 12.0  # the cost of a pixel that leaves the frame, of 0..48
VARIATION, LARGEST_VARIATION = 2.0, 5.0  # cost a pixel of difference to the neighbours; up to it
SMOOTHING = 6.0  # standard deviation of the Gaussian over costs, in pixels of half of the size
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
    cost += VARIATION * np.minimum(flow_variation(flow), LARGEST_VARIATION)
    return cv2.GaussianBlur(cost, (0, 0), SMOOTHING)


def flow_variation(flow: np.ndarray) -> np.ndarray:
    """[H, W] float32: how flow [H, W, 2] differs from the pixels above and at the left, summed."""
    variation = np.zeros(flow.shape[:2], np.float32)
    variation[:, 1:] += np.abs(np.diff(flow, axis=1)).sum(axis=-1)
    variation[1:] += np.abs(np.diff(flow, axis=0)).sum(axis=-1)
    return variation


def choose(grey1: np.ndarray, grey2: np.ndarray, flows: Sequence[np.ndarray]) -> np.ndarray:
    """Takes at each pixel the flow of the smallest cost, at half of the size; prefers the first.

    Args:
        grey1: [H, W] uint8, the first frame.
        grey2: [H, W] uint8, the second frame.
        flows: Each [H, W, 2] float32, pixels, channels (u, v).

    Returns:
        [H, W, 2] float32.
    """
    height, width = grey1.shape
    half = max(1, height // 2), max(1, width // 2)
    small1, small2 = (
        cv2.resize(grey, half[::-1], interpolation=cv2.INTER_AREA) for grey in (grey1, grey2)
    )
    census1 = census(small1)
    chosen, lowest = flows[0], np.float32(np.inf)
    for flow in flows:
        cost = flow_cost(census1, small2, resized_flow(flow, *half))
        cost = cv2.resize(cost, (width, height), interpolation=cv2.INTER_LINEAR)
        if flow is flows[0]:
            lowest = cost - np.float32(PREFERENCE)
            continue
        chosen = np.where((cost < lowest)[..., np.newaxis], flow, chosen)
        lowest = np.minimum(cost, lowest)
    return chosen
