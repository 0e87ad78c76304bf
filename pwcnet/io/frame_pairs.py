"""Pairs of frames from two images, a folder of images or a video, with a name for each pair."""

from __future__ import annotations

import logging
import os
from typing import Iterator, NamedTuple, Sequence

import numpy as np

from pwcnet.io.images import list_frames, read_frame
from pwcnet.io.video import is_video, read_video, video_facts

# A video with a smaller share of the frames that its container reports is probably cut off; some
# containers only estimate the number.
MIN_FRAME_SHARE = 0.9

log = logging.getLogger(__name__)


class Pair(NamedTuple):
    """Two frames.

    Attributes:
        name: A name for files, without an extension.
        frame1: [H, W, 3] uint8 RGB.
        frame2: [H, W, 3] uint8 RGB, of the same size.
    """

    name: str
    frame1: np.ndarray
    frame2: np.ndarray


class FramePairs(NamedTuple):
    """The pairs of a sequence of frames.

    Attributes:
        pairs: The pairs, in order, read one after the other.
        count: The number of pairs; for a video what its container reports, which may be wrong, or
            None.
        files: The images, in order; none for a video.
        names: The names of the pairs; none for a video.
        title: The name of the folder, or of the video without its extension; None for two images.
        rate: The frames per second of a video; None where they are unknown.
    """

    pairs: Iterator[Pair]
    count: int | None  # type: ignore[assignment]
    files: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    title: str | None = None
    rate: float | None = None


def frame_pairs(paths: Sequence[str]) -> FramePairs:
    """Opens the frames of two images, one folder or one video; each frame and the next are a pair.

    A pair has the name of its first image, with the extension where a folder has a.png and a.jpg;
    in a video the name of the video and the number of the first frame from 1, as clip_000001. At
    most two frames are in memory.

    Args:
        paths: Two images, one folder or one video.

    Returns:
        The `FramePairs`. Its iterator raises ValueError for an image that is damaged or of another
        size when it is reached: OpenCV knows a size only after decoding the image. A video that
        ends well before its container says is reported in the log, as OpenCV reports no error.

    Raises:
        FileNotFoundError: A path does not exist.
        ValueError: The paths are others.
    """
    paths = [os.fspath(path) for path in paths]
    if len(paths) == 2 and not any(os.path.isdir(path) or is_video(path) for path in paths):
        return _image_pairs(paths)
    if len(paths) == 1 and os.path.isdir(paths[0]):
        return _image_pairs(list_frames(paths[0]), os.path.basename(os.path.realpath(paths[0])))
    if len(paths) == 1 and is_video(paths[0]):
        return _video_pairs(paths[0])
    if len(paths) == 1 and not os.path.exists(paths[0]):
        raise FileNotFoundError("No folder or video at %s" % paths[0])
    raise ValueError(
        "Frames must be two images, one folder or one video, got %s"
        % (", ".join(paths) or "nothing")
    )


def _image_pairs(files: Sequence[str], title: str | None = None) -> FramePairs:
    for file in files:
        if not os.path.isfile(file):
            raise FileNotFoundError("No image at %s" % file)
    names = [os.path.splitext(os.path.basename(file))[0] for file in files[:-1]]
    if len(set(names)) < len(names):
        names = [os.path.basename(file) for file in files[:-1]]
    pairs = _read_image_pairs(files, names)
    return FramePairs(pairs, len(files) - 1, tuple(files), tuple(names), title)


def _video_pairs(path: str) -> FramePairs:
    frames, facts = read_video(path), video_facts(path)
    title = os.path.splitext(os.path.basename(path))[0]
    pairs = _read_video_pairs(frames, path, title, facts.frames)
    count = None if facts.frames is None else max(1, facts.frames - 1)
    return FramePairs(pairs, count, title=title, rate=facts.rate)


def _read_image_pairs(files: Sequence[str], names: Sequence[str]) -> Iterator[Pair]:
    previous = read_frame(files[0])
    for index, name in enumerate(names):
        frame = read_frame(files[index + 1])
        if frame.shape != previous.shape:
            raise ValueError(
                "%s has %dx%d pixels (height x width), %s has %dx%d; both frames must have one size"
                % (files[index + 1], *frame.shape[:2], files[index], *previous.shape[:2])
            )
        yield Pair(name, previous, frame)
        previous = frame


def _read_video_pairs(
    frames: Iterator[np.ndarray], path: str, title: str, expected: int | None
) -> Iterator[Pair]:
    previous, number = next(frames), 0
    for number, frame in enumerate(frames, 1):
        yield Pair("%s_%06d" % (title, number), previous, frame)
        previous = frame
    if not number:
        raise ValueError("%s has only one frame; a video must have at least two" % path)
    if expected and number + 1 < MIN_FRAME_SHARE * expected:
        log.warning(
            "read %d frames of about %d in %s: it may be cut off or damaged",
            number + 1,
            expected,
            path,
        )
