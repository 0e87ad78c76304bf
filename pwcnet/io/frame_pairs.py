"""Pairs of frames to find the flow between: two pictures, a folder of pictures, or a video, with a name for each pair."""

import logging
import os
from typing import Iterator, NamedTuple, Optional, Tuple

import numpy as np

from pwcnet.io.images import list_frames, read_frame
from pwcnet.io.video import is_video, read_video, video_facts

WHOLE = 0.9  # of the frames that a container counts: some counts are estimates

log = logging.getLogger(__name__)


class Pair(NamedTuple):
    """name: for files, without an ending. frame1, frame2: [H, W, 3] uint8 RGB of one size."""

    name: str
    frame1: np.ndarray
    frame2: np.ndarray


class FramePairs(NamedTuple):
    """pairs: read one after the other, in order. count: how many will come; of a video what its container says, if anything, which may be wrong.

    files, names: the pictures that they are read from, and the names of the pairs; none for a video. title: the name of the folder, or of the video without
    its ending; None for two pictures. rate: a video's frames a second as its container says, None where it says nothing.
    """

    pairs: Iterator[Pair]
    count: Optional[int]
    files: Tuple[str, ...] = ()
    names: Tuple[str, ...] = ()
    title: Optional[str] = None
    rate: Optional[float] = None


def frame_pairs(paths):
    """Finds the frames of two pictures, one folder (each picture with the next) or one video (each frame with the next): a `FramePairs`.

    A pair is named after its first picture; where a folder has a.png and a.jpg, after the whole file name; in a video after that and the number of the first
    frame from 1, as clip_000001. At most two frames are in memory. Raises at once ValueError or FileNotFoundError for other paths; broken pictures and those of
    another size raise ValueError when they are reached, as OpenCV tells a size only by decoding the picture; the pairs before them have been given by then. A
    video that ends well before its container says is warned of in the log, as OpenCV reports no error.
    """
    paths = [os.fspath(path) for path in paths]
    if len(paths) == 2 and not any(os.path.isdir(path) or is_video(path) for path in paths):
        return _picture_pairs(paths)
    if len(paths) == 1 and os.path.isdir(paths[0]):
        return _picture_pairs(list_frames(paths[0]), os.path.basename(os.path.realpath(paths[0])))
    if len(paths) == 1 and is_video(paths[0]):
        return _video_pairs(paths[0])
    if len(paths) == 1 and not os.path.exists(paths[0]):
        raise FileNotFoundError(
            "expected a folder or a video, got none at %s; try another name" % paths[0]
        )
    raise ValueError(
        "expected two pictures, one folder or one video, got %s; try one of these"
        % (", ".join(paths) or "nothing")
    )


def _picture_pairs(files, title=None):
    for file in files:
        if not os.path.isfile(file):
            raise FileNotFoundError("expected a picture, got none at %s; try another name" % file)
    names = [os.path.splitext(os.path.basename(file))[0] for file in files[:-1]]
    if len(set(names)) < len(names):
        names = [os.path.basename(file) for file in files[:-1]]
    return FramePairs(_of_files(files, names), len(files) - 1, tuple(files), tuple(names), title)


def _video_pairs(path):
    frames, facts, stem = (
        read_video(path),
        video_facts(path),
        os.path.splitext(os.path.basename(path))[0],
    )
    return FramePairs(
        _of_video(frames, path, stem, facts.count),
        None if facts.count is None else max(1, facts.count - 1),
        title=stem,
        rate=facts.rate,
    )


def _of_files(files, names):
    earlier = read_frame(files[0])
    for index, name in enumerate(names):
        frame = read_frame(files[index + 1])
        if frame.shape != earlier.shape:
            raise ValueError(
                "expected frames of one size, got %dx%d (height x width) in %s and %dx%d in %s; try scaling one of them"
                % (earlier.shape[:2] + (files[index],) + frame.shape[:2] + (files[index + 1],))
            )
        yield Pair(name, earlier, frame)
        earlier = frame


def _of_video(frames, path, stem, count):
    earlier, number = next(frames), 0
    for number, frame in enumerate(frames, 1):
        yield Pair("%s_%06d" % (stem, number), earlier, frame)
        earlier = frame
    if not number:
        raise ValueError(
            "expected a video of at least two frames, got one in %s; try another" % path
        )
    if count and number + 1 < WHOLE * count:
        log.warning(
            "read %d frames of about %d in %s: it may be cut off or damaged",
            number + 1,
            count,
            path,
        )
