"""What the beginning of an item says about its length and size, in milliseconds."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import NamedTuple

import cv2

from pwcnet.archive.frames import kept_distance
from pwcnet.archive.items import Item
from pwcnet.archive.options import ExtractOptions
from pwcnet.io.frames import Range
from pwcnet.io.image_headers import read_header
from pwcnet.io.images import list_frames
from pwcnet.io.video import MAX_FRAME_COUNT, MAX_FRAME_RATE, open_capture

PROPERTIES = (
    cv2.CAP_PROP_FRAME_COUNT,
    cv2.CAP_PROP_FRAME_HEIGHT,
    cv2.CAP_PROP_FRAME_WIDTH,
    cv2.CAP_PROP_FPS,
)


class Probe(NamedTuple):
    """Estimates; 0 where nothing is known.

    Attributes:
        frames: The number of frames of an item.
        height: Of its frames, pixels.
        width: Likewise.
        rate: Frames per second of a video.
    """

    frames: int
    height: int
    width: int
    rate: float = 0.0

    def pairs(self, options: ExtractOptions) -> int:
        """The number of pairs of the item."""
        kept = -(-self.frames // kept_distance(options, self.rate or None))
        return max(0, kept - options.step)

    def computed_size(self, options: ExtractOptions) -> tuple[int, int]:
        """(height, width) that the flow is computed at."""
        if not self.height or not self.width:
            return 0, 0
        scale = options.scale
        if options.short_side:
            scale = options.short_side / min(self.height, self.width)
        height, width = (max(1, int(round(side * scale))) for side in (self.height, self.width))
        return height, width


def probe(item: Item) -> Probe:
    """Looks at an item. What cannot be read is unknown; computing it will say why."""
    with suppress(OSError, ValueError):
        found = _folder(item.path) if os.path.isdir(item.path) else _video(item.path)
        return found._replace(frames=Range(item.first, item.last).span(found.frames))
    return Probe(0, 0, 0)


def _folder(path: str) -> Probe:
    files = list_frames(path)
    header = read_header(files[0])
    return Probe(len(files), *(header.upright_size if header else (0, 0)))


def _video(path: str) -> Probe:
    if not os.path.isfile(path):
        return Probe(0, 0, 0)
    capture = open_capture(path)
    frames, height, width, rate = (capture.get(kind) for kind in PROPERTIES)
    capture.release()
    return Probe(
        int(frames) if 1 <= frames <= MAX_FRAME_COUNT else 0,
        int(height),
        int(width),
        rate if 0 < rate < MAX_FRAME_RATE else 0.0,
    )
