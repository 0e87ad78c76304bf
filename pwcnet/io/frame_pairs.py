"""Pairs of frames from two images, a folder of images or a video, with a name for each pair."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Iterator, Sequence

from pwcnet.io.frames import FrameSequence, Range, open_frames
from pwcnet.io.lost_frames import Frame, Lost
from pwcnet.io.scaling import Pair, ScaledPair, scaled_frame

__all__ = ["FramePairs", "Pair", "frame_pairs"]


@dataclass(frozen=True)
class FramePairs:
    """The pairs of a sequence of frames.

    Attributes:
        pairs: The pairs, in order, read one after the other.
        count: The number of pairs if no frame is lost; None where it is unknown.
        files: The images, in order; none for a video.
        names: The names of the pairs; none for a video.
        title: The name of the folder, or of the video without its extension; None for two images.
        rate: The frames per second of a video; None where they are unknown.
        lost: The frames that were left out so far.
    """

    pairs: Iterator[Pair | ScaledPair]
    count: int | None
    files: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    title: str | None = None
    rate: float | None = None
    lost: list[Lost] = field(default_factory=list)

    @property
    def lost_count(self) -> int:
        """The number of frames that were left out so far, as far as it is known."""
        return sum(lost.count or 1 for lost in self.lost)


def frame_pairs(
    paths: Sequence[str], every: int = 1, scale: float = 1.0, skip_bad: bool = False
) -> FramePairs:
    """Opens the frames of two images, one folder or one video; each frame and the next are a pair.

    A pair has the name of its first image, with the extension where a folder has a.png and a.jpg;
    in a video the name of the video and the number of the first frame from 1, as clip_000001. At
    most two frames are in memory.

    Args:
        paths: Two images, one folder or one video.
        every: Take every n-th frame only; the flow is that over n frames.
        scale: Frames are scaled by this factor; other than by 1 the pairs are `ScaledPair`.
        skip_bad: Leave out frames that cannot be read; no pair spans the hole.

    Returns:
        The `FramePairs`. Without `skip_bad` its iterator raises ValueError for a frame that is
        damaged when it is reached; BadFrameError where there are pairs without that frame.

    Raises:
        FileNotFoundError: A path does not exist.
        ValueError: The paths are others, an image has another size or is empty, or there are fewer
            than two frames. BadFrameError where `skip_bad` would help.
        OSError: A file cannot be read.
    """
    frames = open_frames(paths, Range(every=every), skip_bad)
    lost: list[Lost] = []
    where = paths[0]
    if frames.total is not None and frames.total <= every:
        raise ValueError(
            "%s has %d of the %d frames that a pair takes" % (where, frames.total, every + 1)
        )
    count = None if frames.total is None else (frames.total - 1) // every
    names = frames.names[:-1:every][:count]
    pairs = _pairs(frames, every, scale, lost)
    return FramePairs(pairs, count, frames.files, names, frames.title, frames.rate, lost)


def _pairs(
    frames: FrameSequence, every: int, scale: float, lost: list[Lost]
) -> Iterator[Pair | ScaledPair]:
    """Pairs of frames whose numbers are neighbors."""
    before: Frame | None = None
    scaled1: Any = None
    for item in frames.frames:
        if isinstance(item, Lost):
            lost.append(item)
            continue
        scaled2 = scaled_frame(item.image, scale)
        if before is not None and item.number == before.number + every:
            name = frames.name(before.number)
            pair = Pair(name, before.image, item.image)
            yield pair if scale == 1 else ScaledPair(name, scaled1, scaled2, pair)
        before, scaled1 = item, scaled2
