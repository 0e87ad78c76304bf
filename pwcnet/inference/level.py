"""The passes of a quality level, run by a Predictor's networks."""

from __future__ import annotations

import logging
from typing import Any, Callable, Iterable, Iterator, List, Tuple

import numpy as np

from pwcnet.flow.padding import crop, padded_size
from pwcnet.flow.refinement import can_refine, check_refinement
from pwcnet.inference.frames import check_same_size, check_same_sizes, checked_frame, frames_of
from pwcnet.inference.memory import MemoryBounds
from pwcnet.inference.networks import OpenNetworks, StreamNetwork
from pwcnet.inference.passes import Frame, FrameSizes
from pwcnet.inference.quality import Fits, check_quality, plan, quality_flow
from pwcnet.runtime.choices import PLAIN

GRAPHS = {"balanced": 1, "best": 3}  # that a level keeps open for one size of frames

log = logging.getLogger(__name__)

# Pairs of [H, W, 3] float32 RGB in 0..1 -> flows [H, W, 2] float32 of one pass.
PairFlows = Callable[[List[Tuple[np.ndarray, np.ndarray]]], List[np.ndarray]]


def checked_quality(name: str | None, default: str) -> str:
    """Returns the name of a quality level that is available here.

    Args:
        name: Of the level; None for the default, or, where this build of OpenCV lacks what that
            needs, for plain.
        default: The name for None.

    Raises:
        ValueError: The name is unknown, or the level needs what this build of OpenCV lacks.
    """
    if name is None:
        return default if can_refine() else PLAIN
    check_quality(name)
    if name != PLAIN:
        check_refinement()
    return name


class Level:
    """Predicts flow at a level other than plain.

    Args:
        quality: "balanced" or "best".
        networks: Of a checkpoint in floats, whose passes share pyramids; None where they cannot.
        pair_flows: One pass over pairs, for networks that cannot share pyramids.
        memory: What passes may take.
    """

    def __init__(
        self,
        quality: str,
        networks: OpenNetworks | None,
        pair_flows: PairFlows,
        memory: MemoryBounds,
    ):
        self._quality, self._memory = quality, memory
        self._networks, self._pair_flows = networks, pair_flows
        self._noted: set[tuple[int, int]] = set()  # sizes of frames that memory is short for

    def flows(self, pairs: Iterable[Any], value_range: float) -> list[np.ndarray]:
        """Predicts the flows of pairs of one size; as Predictor.flows."""
        frames = []
        for pair in pairs:
            frame1, frame2 = frames_of(pair)
            rgb1 = checked_frame(frame1, value_range, "frame1")
            rgb2 = checked_frame(frame2, value_range, "frame2")
            check_same_size(rgb1, rgb2)
            frames.append((rgb1, rgb2))
        check_same_sizes([rgb1 for rgb1, _ in frames])
        return [self._flow(FrameSizes(rgb1), FrameSizes(rgb2)) for rgb1, rgb2 in frames]

    def in_turn(
        self, pairs: Iterable[Any], directions: int, value_range: float
    ) -> Iterator[tuple[Any, list[np.ndarray]]]:
        """Yields (pair, flows), one flow or both; neighbouring pairs share what they can."""
        previous: Any = None  # frame2 of the pair before, and what was computed from it
        sizes1: FrameSizes | None = None
        for pair in pairs:
            frame1, frame2 = frames_of(pair)
            if sizes1 is None or frame1 is not previous:
                sizes1 = FrameSizes(checked_frame(frame1, value_range, "frame1"))
            rgb2 = checked_frame(frame2, value_range, "frame2")
            check_same_size(sizes1.rgb, rgb2)
            sizes2 = FrameSizes(rgb2)
            both = [(sizes1, sizes2), (sizes2, sizes1)]
            flows = [self._flow(*frames) for frames in both[:directions]]
            previous, sizes1 = frame2, sizes2
            yield pair, flows

    def _flow(self, frame1: FrameSizes, frame2: FrameSizes) -> np.ndarray:
        fits = self._memory.fits(frame1.size, GRAPHS[self._quality])
        self._note_short_memory(frame1.size, fits)
        return quality_flow(self._quality, self._pass, frame1, frame2, fits)

    def _note_short_memory(self, size: tuple[int, int], fits: Fits) -> None:
        """Says once for each size of frames that less memory changes the passes."""
        passes, usual = plan(self._quality, size, fits), plan(self._quality, size, lambda _: True)
        if passes != usual and size not in self._noted:
            self._noted.add(size)
            log.warning(
                "Memory is short for the level %s at %dx%d (height x width): its passes begin at "
                "%dx%d and go in tiles of %dx%d",
                *(self._quality, *size, *passes.whole, *passes.tile),
            )

    def _pass(self, first: Frame, second: Frame) -> np.ndarray:
        """One pass; the pyramids stay with their frames."""
        if self._networks is None:
            return self._pair_flows([(first.rgb_float, second.rgb_float)])[0]
        network = self._networks.get(StreamNetwork, *padded_size(*first.size))
        if first.features is None:
            first.features = network.features(first.rgb_float)
        if second.features is None:
            flows, second.features = network.flow(first.features, second.rgb_float)
        else:
            flows = network.flow_between(first.features, second.features)
        return crop(flows[0], *first.size)
