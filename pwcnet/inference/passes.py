"""One pass of the network: at a size, from zero or from an earlier flow, whole or in tiles."""

from __future__ import annotations

from typing import Any, Callable, Iterator

import numpy as np

from pwcnet.flow.refinement import grey, refine
from pwcnet.flow.warping import Area, compose, on_grid, warp
from pwcnet.io.scaling import resized_flow, resized_frame

OVERLAP = 128  # pixels that neighbouring tiles share


class Frame:
    """A frame at one size, with what was computed from it.

    Attributes:
        rgb: [h, w, 3] uint8, or float32 in 0..1.
        features: Its pyramid, where a pass computed it and a later one may take it; None before.
    """

    def __init__(self, rgb: np.ndarray):
        self.rgb = rgb
        self.features: Any = None
        self._grey: np.ndarray | None = None

    @property
    def size(self) -> tuple[int, int]:
        """(height, width), pixels."""
        return self.rgb.shape[0], self.rgb.shape[1]

    @property
    def rgb_float(self) -> np.ndarray:
        """[h, w, 3] float32 in 0..1."""
        if self.rgb.dtype == np.uint8:
            return np.asarray(self.rgb, np.float32) / 255
        return self.rgb

    @property
    def grey(self) -> np.ndarray:
        """[h, w] uint8."""
        if self._grey is None:
            self._grey = grey(self.rgb)
        return self._grey


class FrameSizes:
    """A frame at the sizes of several passes; each size is made once.

    Args:
        rgb: [H, W, 3] uint8, or float32 in 0..1.
    """

    def __init__(self, rgb: np.ndarray):
        self.rgb = rgb
        self.size = rgb.shape[0], rgb.shape[1]
        self._frames = {self.size: Frame(rgb)}

    def at(self, size: tuple[int, int]) -> Frame:
        """The frame at (height, width): averaged where it is smaller, cubic where it is larger."""
        if size not in self._frames:
            self._frames[size] = Frame(resized_frame(self.rgb, *size))
        return self._frames[size]


Network = Callable[[Frame, Frame], np.ndarray]  # frames of one size -> [h, w, 2] float32


def first_pass(
    network: Network, frame1: FrameSizes, frame2: FrameSizes, size: tuple[int, int]
) -> np.ndarray:
    """Predicts the flow at a size and refines it.

    Returns:
        [h, w, 2] float32, pixels of the size, channels (u, v).
    """
    first, second = frame1.at(size), frame2.at(size)
    return refine(first.grey, second.grey, network(first, second))


def residual_pass(
    network: Network,
    frame1: FrameSizes,
    frame2: FrameSizes,
    size: tuple[int, int],
    start: np.ndarray,
    tile: tuple[int, int] | None = None,
    limit: float = float("inf"),
) -> np.ndarray:
    """Predicts what a flow lacks, from frame 1 to frame 2 as it looks along that flow; refines it.

    Args:
        network: Predicts the flow between two frames of one size.
        frame1: The first frame.
        frame2: The second frame.
        size: (height, width) of the pass.
        start: [h, w, 2] float32, a flow at any size, in its pixels.
        tile: (height, width) of tiles to go in, one after another; None for the whole.
        limit: Where the flow would change by more than these pixels, it stays as it was.

    Returns:
        [height, width, 2] float32, pixels of the size, channels (u, v).
    """
    first, second = frame1.at(size), frame2.at(size)
    start = on_grid(resized_flow(start, *size))
    if tile is None or (tile[0] >= size[0] and tile[1] >= size[1]):
        area = slice(0, size[0]), slice(0, size[1])
        return _limited(_residual(network, first, second, start, area), start, limit)
    total = np.zeros([*size, 2], np.float32)
    weights = np.zeros([*size, 1], np.float32)
    for area in tiles(size, tile):
        flow = _residual(network, Frame(first.rgb[area]), second, start, area)
        ramp = _ramp(area, size)
        total[area] += ramp * _limited(flow, start[area], limit)
        weights[area] += ramp
    total /= weights
    return total


def _limited(flow: np.ndarray, start: np.ndarray, limit: float) -> np.ndarray:
    change = np.square(flow - start).sum(axis=-1, keepdims=True)
    return np.where(change > limit**2, start, flow)


def tiles(size: tuple[int, int], tile: tuple[int, int]) -> Iterator[Area]:
    """The areas (rows, columns) of equal tiles that cover a size and overlap by 128 or more."""
    for rows in _spans(size[0], tile[0]):
        for columns in _spans(size[1], tile[1]):
            yield rows, columns


def _spans(length: int, part: int) -> list[slice]:
    if part >= length:
        return [slice(0, length)]
    count = -(-(length - OVERLAP) // (part - OVERLAP))
    starts = np.round(np.linspace(0, length - part, count)).astype(int)
    return [slice(int(start), int(start) + part) for start in starts]


def _ramp(area: Area, size: tuple[int, int]) -> np.ndarray:
    """[h, w, 1] float32: 1 inside of a tile, falling to its borders but those of the frame."""
    sides = []
    for span, length in zip(area, size):
        side = np.ones(span.stop - span.start, np.float32)
        slope = (np.arange(OVERLAP, dtype=np.float32) + 1) / (OVERLAP + 1)
        if span.start > 0:
            side[:OVERLAP] = slope
        if span.stop < length:
            side[-OVERLAP:] = np.minimum(side[-OVERLAP:], slope[::-1])
        sides.append(side)
    return (sides[0][:, np.newaxis] * sides[1])[..., np.newaxis]


def _residual(
    network: Network, first: Frame, second: Frame, start: np.ndarray, area: Area
) -> np.ndarray:
    """The flow of an area, whose first frame is `first`; `second` and `start` are whole."""
    along = Frame(warp(second.rgb, start[area], area))
    residual = network(first, along)
    if first.size == second.size:
        return refine(first.grey, second.grey, compose(residual, start, area))
    residual = refine(first.grey, along.grey, residual)  # what is outside of a tile is not at hand
    return compose(residual, start, area)
