"""Parts of long sequences of frames, read without what is before them.

A folder of images or a video is surveyed once. Where it is regular (every frame is there and has
its place), its frames can be read from any number on; where it turns out not to be while it is
read, IrregularError says so, and it has to be read from its start (`pwcnet.io.frames`).
"""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Generator, Iterator, NamedTuple

import cv2

from pwcnet.io.frames import Range, bad_files
from pwcnet.io.images import list_frames, read_frame
from pwcnet.io.lost_frames import Frame, IrregularError
from pwcnet.io.opencv_frames import find_losses, frame_times, has_index
from pwcnet.io.pyav_frames import VideoSurvey, decode_from, has_pyav, survey_video
from pwcnet.io.video import open_capture, video_facts


class SequenceSurvey(NamedTuple):
    """What is known of a sequence before its frames are read.

    Attributes:
        total: The number of frames, lost ones too.
        is_regular: Whether parts of it can be read.
        is_sought: Whether reading a part costs little more than its own frames; if not, all frames
            before it are decoded.
    """

    total: int
    is_regular: bool
    is_sought: bool


def survey_sequence(path: str) -> SequenceSurvey:
    """Surveys a folder of images or a video: all headers or packets, no frame is decoded by PyAV.

    Raises:
        ValueError: The video cannot be opened.
        OSError: The folder or file cannot be read.
    """
    if os.path.isdir(path):
        files = list_frames(path)
        return SequenceSurvey(len(files), not bad_files(files), True)
    if has_pyav():
        survey = _survey(path)
        return SequenceSurvey(survey.packets.total, survey.is_seekable, True)
    times, claimed = frame_times(path), video_facts(path).frames
    losses = find_losses(path, times, claimed, has_index(path))
    lost = sum(losses.holes.values()) + losses.lost_at_end
    return SequenceSurvey(len(times) + lost, not lost, False)


def read_stretch(path: str, wanted: Range) -> Generator[Frame, None, None]:
    """Reads frames of a regular sequence.

    Args:
        path: A folder of images or a video.
        wanted: The frames; they exist.

    Yields:
        The frames, as `open_frames` gives them.

    Raises:
        IrregularError: The sequence turns out not to be regular.
        OSError: A file cannot be read.
    """
    frames = _images(path, wanted) if os.path.isdir(path) else _video(path, wanted)
    shape = None
    for frame in frames:
        if wanted.last is not None and frame.number > wanted.last:
            return
        if shape not in (None, frame.image.shape):
            raise IrregularError("%s changes its size at frame %d" % (path, frame.number))
        shape = frame.image.shape
        if wanted.holds(frame.number):
            yield frame


def _images(path: str, wanted: Range) -> Iterator[Frame]:
    files = list_frames(path)
    for number in range(wanted.first, (wanted.last or len(files)) + 1, wanted.every):
        try:
            yield Frame(number, read_frame(files[number - 1], upright=True))
        except (IndexError, OSError, ValueError) as error:
            raise IrregularError("%s: frame %d: %s" % (path, number, error)) from error


def _video(path: str, wanted: Range) -> Iterator[Frame]:
    if has_pyav():
        yield from decode_from(path, _survey(path).packets, wanted.first)
        return
    capture = open_capture(path)
    try:
        number = 0
        while capture.grab():
            number += 1
            if number >= wanted.first:
                yield Frame(number, cv2.cvtColor(capture.retrieve()[1], cv2.COLOR_BGR2RGB))
    finally:
        capture.release()


def _survey(path: str) -> VideoSurvey:
    """The survey of a video, kept for the next part of the same one."""
    facts = os.stat(path)
    return _kept_survey(path, facts.st_size, facts.st_mtime_ns)


@lru_cache(maxsize=2)
def _kept_survey(path: str, size: int, time: int) -> VideoSurvey:
    return survey_video(path)
