"""The pairs of an item: frames that are kept, some frames apart, at the size to compute at."""

from __future__ import annotations

import os
from collections import deque
from contextlib import closing
from typing import Any, Generator, Iterable, Iterator, NamedTuple

import numpy as np

from pwcnet.archive.items import Item
from pwcnet.archive.options import ExtractOptions
from pwcnet.io.frames import Range, open_frames
from pwcnet.io.lost_frames import Frame, Lost
from pwcnet.io.scaling import scaled_frame
from pwcnet.io.stretches import read_stretch
from pwcnet.io.video import video_facts

FARTHEST = 1e9  # frames: more than any video has


class ArchivePair(NamedTuple):
    """Two frames of an item.

    Attributes:
        number: Of the pair, from 1 on; those of lost pairs are left out.
        frames: The numbers of both frames in the item's file or folder.
        times: Their times in seconds; None where they are unknown.
        frame1: [h, w, 3] uint8 RGB, at the size to compute at.
        frame2: [h, w, 3] uint8 RGB.
        scale: The size of the frames, as a share of that in the item.
    """

    number: int
    frames: tuple[int, int]
    times: tuple[float | None, float | None]
    frame1: np.ndarray
    frame2: np.ndarray
    scale: float


class _Kept(NamedTuple):
    place: int  # among the frames that are kept, from 0 on
    number: int
    time: float | None
    image: np.ndarray
    scale: float


def kept_distance(options: ExtractOptions, rate: float | None) -> int:
    """The distance of the frames of an item that are kept.

    Args:
        options: Of the archive.
        rate: The frames per second of a video; None for a folder, all of whose frames are kept.
    """
    if options.sample_fps is None:
        return options.every
    return max(1, round(min(rate / options.sample_fps, FARTHEST))) if rate else 1


def whole_pairs(
    item: Item, options: ExtractOptions, lost: list[str]
) -> Generator[ArchivePair, None, None]:
    """Reads all pairs of an item.

    Args:
        item: The item.
        options: Of the archive.
        lost: Takes what is wrong with frames that are left out.

    Yields:
        The pairs, in order.

    Raises:
        ValueError: The frames cannot be read, or there are too few of them for a pair.
        OSError: A file cannot be read.
    """
    rate = None if os.path.isdir(item.path) else video_facts(item.path).rate
    wanted = Range(item.first, item.last, kept_distance(options, rate))
    sequence = open_frames([item.path], wanted, options.skip_bad)
    least = options.step * wanted.every + 1
    if sequence.total is not None and wanted.span(sequence.total) < least:
        raise ValueError(
            "%s has %d of the %d frames that a pair takes"
            % (item.path, wanted.span(sequence.total), least)
        )
    yield from _pairs(_kept(sequence.frames, wanted, options, sequence.rate, lost), options.step)


def stretch_pairs(
    item: Item, options: ExtractOptions, first: int, last: int, every: int
) -> Generator[ArchivePair, None, None]:
    """Reads the pairs `first` to `last - 1`, from 0 on, of an item that can be cut.

    Raises:
        IrregularError: It cannot be cut.
        OSError: A file cannot be read.
    """
    start = item.first + first * every
    wanted = Range(start, item.first + (last - 1 + options.step) * every, every)
    rate = None if os.path.isdir(item.path) else video_facts(item.path).rate
    with closing(read_stretch(item.path, wanted)) as frames:
        kept = _kept(frames, Range(item.first, wanted.last, every), options, rate, [])
        yield from _pairs(kept, options.step)


def _kept(
    frames: Iterable[Frame | Lost],
    wanted: Range,
    options: ExtractOptions,
    rate: float | None,
    lost: list[str],
) -> Iterator[_Kept]:
    for frame in frames:
        if isinstance(frame, Lost):
            lost.append(" ".join(str(frame.error).split()))
            continue
        time = frame.time
        if time is None and rate:
            time = (frame.number - 1) / rate
        scale = scale_of(options, frame.image)
        place = (frame.number - wanted.first) // wanted.every
        image = scaled_frame(frame.image, scale)
        yield _Kept(place, frame.number, time, image, scale)


def scale_of(options: ExtractOptions, image: np.ndarray) -> float:
    """The factor by which frames like an image are scaled."""
    if options.short_side:
        return options.short_side / min(image.shape[:2])
    return options.scale


def _pairs(kept: Iterator[_Kept], step: int) -> Iterator[ArchivePair]:
    recent: deque[_Kept] = deque()
    for frame in kept:
        while recent and recent[0].place < frame.place - step:
            recent.popleft()
        if recent and recent[0].place == frame.place - step:
            first = recent[0]
            yield ArchivePair(
                first.place + 1,
                (first.number, frame.number),
                (_rounded(first.time), _rounded(frame.time)),
                first.image,
                frame.image,
                frame.scale,
            )
        recent.append(frame)


def _rounded(time: float | None) -> Any:
    return None if time is None else round(time, 6)
