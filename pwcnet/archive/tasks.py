"""What the workers of an archive are given to do, and what they give back."""

from __future__ import annotations

from typing import Any, NamedTuple, Union

from pwcnet.archive.items import Item

STRETCH_PAIRS = 256  # of 240x320 pixels; fewer of larger frames
FASTER = 4  # times as many for a classical method
SMALLEST_STRETCH = 16
STRETCH_PIXELS = 240 * 320


class Survey(NamedTuple):
    """Look at an item that may be long; the value is a `Surveyed`."""

    item: Item


class Surveyed(NamedTuple):
    """How an item can be cut.

    Attributes:
        pairs: Of the item; 0 where it cannot be cut.
        every: The distance of the frames that are kept.
        stretch: The pairs of a stretch.
    """

    pairs: int
    every: int
    stretch: int


class Stretch(NamedTuple):
    """Compute a part of an item, or all of it; the value is a `Done`.

    Attributes:
        item: The item.
        signature: Of the folder of its parts.
        part: Its number, from 0 on.
        first: The number of its first pair, from 0 on.
        last: That behind its last pair; None for the whole item, which is published at once.
        every: The distance of the frames that are kept; 0 where it is not known yet.
    """

    item: Item
    signature: str
    part: int = 0
    first: int = 0
    last: int | None = None
    every: int = 0


class Join(NamedTuple):
    """Publish an item whose parts are complete; the value is a `Done`."""

    item: Item
    signature: str
    parts: int


class Measure(NamedTuple):
    """Compute the first pairs of an item and keep nothing; the value is a `Measured`."""

    item: Item


class Measured(NamedTuple):
    """What the first pairs of an item took.

    Attributes:
        seconds: Of a pair, without those of the first one, which builds the network.
        size: Bytes of a pair's results.
        pixels: Of the flow of a pair.
    """

    seconds: float
    size: float
    pixels: int


Task = Union[Survey, Stretch, Join, Measure]


class Irregular(NamedTuple):
    """The value of a `Stretch` that cannot be taken out of its item."""

    reason: str


class Halted(NamedTuple):
    """The value of a task that failed as all others would: the disk is full, for example.

    Attributes:
        errno: Of the OSError.
        path: The file that could not be written.
    """

    errno: int
    path: str


class Done(NamedTuple):
    """What a `Stretch` or `Join` gives.

    Attributes:
        pairs: The number of pairs.
        seconds: How long it took.
        results: Paths relative to the output folder, where the item is complete.
        lost: What is wrong with frames that were left out.
        motion: The statistics of the item, where it is complete and they are asked for.
    """

    pairs: int
    seconds: float = 0.0
    results: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    motion: dict[str, Any] | None = None


def stretch_length(height: int, width: int, classical: bool) -> int:
    """The pairs of a stretch of frames of a size: some seconds of work, whatever the size."""
    pairs = STRETCH_PAIRS * STRETCH_PIXELS // max(1, height * width)
    return max(SMALLEST_STRETCH, min(STRETCH_PAIRS, pairs)) * (FASTER if classical else 1)
