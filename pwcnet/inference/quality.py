"""Quality levels: which passes of the network, at which sizes, make a flow.

plain     one pass at the frames' size, as published.
balanced  a pass at a quarter of the size, then a residual pass at the frames' size.
best      that and a plain pass, the better of both at each pixel; from there a residual pass at
          1.5 times the size, and again the better at each pixel.

All but plain are refined after each pass (pwcnet.flow.refinement); "better" is what the census
distance says (pwcnet.flow.choice). Frames with a side above 2000 pixels: these passes begin at the
first half, quarter, ... of the size whose sides are at most that; balanced ends at half of the
frames' size, best at their size. The passes on the way double the size and go in tiles.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Tuple

import numpy as np

from pwcnet.flow.choice import choose
from pwcnet.inference.passes import FrameSizes, Network, first_pass, residual_pass
from pwcnet.io.scaling import resized_flow
from pwcnet.runtime.choices import BALANCED, BEST, PLAIN

LARGEST_WHOLE = 2000  # pixels of the longer side that a pass takes as a whole
COARSE, FINE = 0.25, 1.5  # sizes of passes beside 1
SMALLEST_COARSE = 32  # pixels of the shorter side; smaller frames have no coarse pass
TILE, SMALLEST_TILE = (768, 1024), (384, 512)  # (height, width); the small one to save memory


Fits = Callable[[Tuple[int, int]], bool]  # whether a pass at (height, width) has the memory


@dataclass(frozen=True)
class Plan:
    """The sizes (height, width) of the passes of a level.

    Attributes:
        whole: Of the pass at the frames' size, or the largest half of it that goes without tiles.
        coarse: Of the pass before; None where the frames are too small for one.
        fine: Of the pass after; None where the level has none.
        tiled: Of the residual passes in tiles that follow.
        tile: Of the tiles.
    """

    whole: tuple[int, int]
    coarse: tuple[int, int] | None
    fine: tuple[int, int] | None
    tiled: tuple[tuple[int, int], ...]
    tile: tuple[int, int]


def plan(quality: str, size: tuple[int, int], fits: Fits) -> Plan:
    """Returns the passes of a level other than plain.

    Args:
        quality: One of pwcnet.runtime.choices.QUALITIES.
        size: (height, width) of the frames.
        fits: Whether a pass at (height, width) fits into the memory that may be taken.

    Raises:
        ValueError: Not even a pass over a small tile fits.
    """
    halvings = 0
    while max(size) > LARGEST_WHOLE * 2**halvings or not fits(_scaled(size, 0.5**halvings)):
        halvings += 1
        if max(size) < SMALLEST_TILE[0] * 2**halvings:
            break
    tile = next((tile for tile in (TILE, SMALLEST_TILE) if fits(tile)), None)
    if halvings and tile is None:
        raise ValueError(
            "The memory that may be taken does not suffice for frames of %dx%d pixels (height x "
            "width), in tiles either; use smaller frames" % size
        )
    whole = _scaled(size, 0.5**halvings)
    coarse, fine = _scaled(whole, COARSE), _scaled(whole, FINE)
    last = 1 if quality == BALANCED and max(size) > LARGEST_WHOLE else 0
    return Plan(
        whole,
        coarse if min(coarse) >= SMALLEST_COARSE else None,
        fine if quality == BEST and max(fine) <= LARGEST_WHOLE else None,
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
    flow = _whole(quality, passes, network, frame1, frame2, fits)
    for larger in passes.tiled:
        flow = residual_pass(network, frame1, frame2, larger, flow, passes.tile)
    return resized_flow(flow, *size)


def _whole(
    quality: str,
    passes: Plan,
    network: Network,
    frame1: FrameSizes,
    frame2: FrameSizes,
    fits: Fits,
) -> np.ndarray:
    """The flow at the size `passes.whole`."""
    grey1, grey2 = (frame.at(passes.whole).grey for frame in (frame1, frame2))
    flows = []
    if quality == BEST or passes.coarse is None:
        flows.append(first_pass(network, frame1, frame2, passes.whole))
    if passes.coarse:
        start = first_pass(network, frame1, frame2, passes.coarse)
        flows.append(residual_pass(network, frame1, frame2, passes.whole, start))
    flow = choose(grey1, grey2, flows)
    if passes.fine:
        tile = None if fits(passes.fine) else passes.tile
        fine = residual_pass(network, frame1, frame2, passes.fine, flow, tile)
        flow = choose(grey1, grey2, [resized_flow(fine, *passes.whole), *flows])
    return flow


def _scaled(size: tuple[int, int], scale: float) -> tuple[int, int]:
    height, width = (max(1, int(round(side * scale))) for side in size)
    return height, width
