"""Quality levels: which passes of the network, at which sizes, make a flow.

plain     one pass at the frames' size, as published.
balanced  the same, refined (pwcnet.flow.refinement).
best      for frames with a side of 1000 pixels or more, also a pass at half of the size and a
          residual pass from there, each refined; at each pixel the better of the two
          (pwcnet.flow.choice). Then a residual pass at this or, for smaller frames, 1.5 times the
          size, whose changes count where they are small, for detail.

Frames with a side above 2000 pixels: these passes take place at the first half, quarter, ... of
the size whose sides are at most that. From there residual passes in tiles double the size:
balanced ends at half of the frames' size, best at their size; both end below 32767 pixels a side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Tuple

import numpy as np

from pwcnet.flow.choice import choose
from pwcnet.flow.warping import TALLEST
from pwcnet.inference.passes import FrameSizes, Network, first_pass, residual_pass
from pwcnet.io.scaling import resized_flow
from pwcnet.runtime.choices import BALANCED, BEST, PLAIN, QUALITIES
from pwcnet.runtime.memory import MemoryBoundError

LARGEST_WHOLE = 2000  # pixels of the longer side that a pass takes as a whole
COARSE, SMALLEST_COARSE = 0.5, 1000  # size of the coarse pass; pixels of the longer side with one
FINE = 1.5, 1.0  # sizes of the fine pass, of frames without and with a coarse pass
LARGEST_CHANGE = 3.0  # pixels that a fine pass changes at most
TILE, SMALLEST_TILE = (768, 1024), (384, 512)  # (height, width); the small one to save memory

Fits = Callable[[Tuple[int, int]], bool]  # whether a pass at (height, width) has the memory


@dataclass(frozen=True)
class Plan:
    """The sizes (height, width) of the passes of a level.

    Attributes:
        whole: Of the pass at the frames' size, or the largest half of it that goes without tiles.
        coarse: Of the coarse pass; None where there is none.
        fine: Of the fine pass; None where there is none.
        tiled: Of the residual passes in tiles that follow.
        tile: Of the tiles.
    """

    whole: tuple[int, int]
    coarse: tuple[int, int] | None
    fine: tuple[int, int] | None
    tiled: tuple[tuple[int, int], ...]
    tile: tuple[int, int]


def check_quality(name: str) -> None:
    """Raises ValueError for a level that does not exist."""
    if name not in QUALITIES:
        raise ValueError("Unknown quality %r; levels are %s" % (name, ", ".join(QUALITIES)))


def plan(quality: str, size: tuple[int, int], fits: Fits) -> Plan:
    """Returns the passes of a level other than plain.

    Args:
        quality: One of pwcnet.runtime.choices.QUALITIES.
        size: (height, width) of the frames.
        fits: Whether a pass at (height, width) fits into the memory that may be taken.

    Raises:
        MemoryBoundError: Not even a pass over a small tile fits.
    """
    halvings = 0
    while max(size) > LARGEST_WHOLE * 2**halvings or not fits(_scaled(size, 0.5**halvings)):
        halvings += 1
        if max(size) < SMALLEST_TILE[0] * 2**halvings:
            break
    tile = next((tile for tile in (TILE, SMALLEST_TILE) if fits(tile)), None)
    if halvings and tile is None:
        raise MemoryBoundError(
            "The memory that may be taken does not suffice for frames of %dx%d pixels (height x "
            'width), in tiles either; use smaller frames; for small ones, the level "plain" needs '
            "less" % size
        )
    whole = _scaled(size, 0.5**halvings)
    is_best, has_coarse = quality == BEST, max(whole) >= SMALLEST_COARSE
    fine = _scaled(whole, FINE[has_coarse])
    last = 1 if quality == BALANCED and max(size) > LARGEST_WHOLE else 0
    while max(size) > TALLEST * 2**last:
        last += 1
    return Plan(
        whole,
        _scaled(whole, COARSE) if is_best and has_coarse else None,
        fine if is_best and not halvings else None,
        tuple(_scaled(size, 0.5**half) for half in range(halvings - 1, last - 1, -1)),
        tile or TILE,
    )


def quality_flow(
    quality: str,
    network: Network,
    frame1: FrameSizes,
    frame2: FrameSizes,
    fits: Fits = lambda size: True,
) -> np.ndarray:
    """Predicts the flow between two frames at a level.

    Args:
        quality: One of pwcnet.runtime.choices.QUALITIES.
        network: Predicts the flow between two frames of one size.
        frame1: The first frame.
        frame2: The second frame, of the same size.
        fits: As of `plan`.

    Returns:
        [H, W, 2] float32, pixels, channels (u, v).

    Raises:
        ValueError: As `plan`, or this build of OpenCV has no variational refinement.
    """
    size = frame1.size
    if quality == PLAIN:
        return network(frame1.at(size), frame2.at(size))
    passes = plan(quality, size, fits)
    flow = _whole(passes, network, frame1, frame2, fits)
    for larger in passes.tiled:
        flow = residual_pass(
            network, frame1, frame2, larger, flow, passes.tile, limit=LARGEST_CHANGE
        )
    return resized_flow(flow, *size)


def _whole(
    passes: Plan, network: Network, frame1: FrameSizes, frame2: FrameSizes, fits: Fits
) -> np.ndarray:
    """The flow at the size `passes.whole`."""
    size = passes.whole
    flow = first_pass(network, frame1, frame2, size)
    if passes.coarse:
        start = first_pass(network, frame1, frame2, passes.coarse)
        other = residual_pass(network, frame1, frame2, size, start)
        flow = choose(frame1.at(size).grey, frame2.at(size).grey, [flow, other])
    if passes.fine:
        tile = None if fits(passes.fine) else passes.tile
        flow = residual_pass(network, frame1, frame2, passes.fine, flow, tile, limit=LARGEST_CHANGE)
    return resized_flow(flow, *size)


def _scaled(size: tuple[int, int], scale: float) -> tuple[int, int]:
    height, width = (max(1, int(round(side * scale))) for side in size)
    return height, width
