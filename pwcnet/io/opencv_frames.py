"""Frames of a video by OpenCV, which does not say that it leaves some out: they are counted."""

from __future__ import annotations

import logging
import statistics
from typing import Iterator, NamedTuple

from pwcnet.io.lost_frames import Frame, Lost, lost_of_video
from pwcnet.io.video import open_capture, read_video, video_facts

# A video with a smaller share of the frames that its container estimates is probably cut off.
MIN_FRAME_SHARE = 0.9
MIN_JUMP = 1.5  # intervals
MAX_JUMP_SHARE = 0.1  # of the intervals; more of them are a variable rate
TOLERANCE = 0.05, 2.0  # of an interval, and milliseconds, of times on a regular grid
POSITION_MILLISECONDS = 0  # cv2.CAP_PROP_POS_MSEC
# Boxes that a QuickTime or MP4 file starts with.
MP4_BOXES = (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide")

log = logging.getLogger(__name__)


class Losses(NamedTuple):
    """Frames that OpenCV leaves out.

    Attributes:
        holes: {place in what OpenCV reads: frames lost before it}.
        lost_at_end: Frames lost after the last one.
    """

    holes: dict[int, int]
    lost_at_end: int


def opencv_video(path: str) -> tuple[Iterator[Frame | Lost], int | None, float | None]:
    """Opens a video; it is decoded once before, to count its frames.

    Args:
        path: The file.

    Returns:
        (its frames in order, their number, frames per second).

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: OpenCV cannot open the file, or leaves out frames and it cannot be told which.
    """
    images, facts = read_video(path), video_facts(path)
    times = frame_times(path)
    losses = find_losses(path, times, facts.frames, has_index(path))
    lost = sum(losses.holes.values()) + losses.lost_at_end
    return _numbered(images, path, losses), len(times) + lost or None, facts.rate


def has_index(path: str) -> bool:
    """Whether the container counts its frames (MP4 and its kin, AVI) instead of estimating."""
    with open(path, "rb") as stream:
        head = stream.read(12)
    return head[4:8] in MP4_BOXES or (head[:4], head[8:]) == (b"RIFF", b"AVI ")


def find_losses(path: str, times: list[float], claimed: int | None, is_counted: bool) -> Losses:
    """Compares the frames that were read with what the container says.

    Args:
        path: The file, for messages.
        times: Milliseconds of each frame that OpenCV reads.
        claimed: The number of frames by the container.
        is_counted: Whether that is a count, and no estimate of the duration and rate.

    Raises:
        ValueError: Frames are missing, and the times do not tell where.
    """
    missing = (claimed or 0) - len(times)
    if missing <= 0:
        return Losses({}, 0)
    steps = [max(0.0, after - before) for before, after in zip(times, times[1:])]
    interval = statistics.median(steps) if steps else 0.0
    slack = max(TOLERANCE[0] * interval, TOLERANCE[1])
    jumps, is_regular = {}, interval > 0
    for place, step in enumerate(steps, 1):
        count = round(step / interval) if interval else 0
        if step and abs(step - count * interval) > slack:
            is_regular = False
        if interval and step >= MIN_JUMP * interval:
            jumps[place] = int(count) - 1
    jumped = sum(jumps.values())
    if is_counted:
        if jumped and not (is_regular and jumped <= missing):
            raise ValueError(
                "%s has %d frames, of which OpenCV decodes %d and does not say which"
                % (path, len(times) + missing, len(times))
            )
        return Losses(jumps, missing - jumped)
    few = len(jumps) <= max(1, MAX_JUMP_SHARE * len(steps))
    if is_regular and few and 0 < jumped <= missing:
        return Losses(jumps, 0)
    if len(times) < MIN_FRAME_SHARE * (claimed or 0):
        if is_regular and not jumps:
            return Losses({}, missing)
        log.warning("read %d frames of about %d in %s", len(times), claimed, path)
    return Losses({}, 0)


def frame_times(path: str) -> list[float]:
    """Milliseconds of each frame that OpenCV can read; all are decoded."""
    capture, times = open_capture(path), []
    while capture.grab():
        times.append(capture.get(POSITION_MILLISECONDS))
    capture.release()
    return times


def _numbered(images: Iterator, path: str, losses: Losses) -> Iterator[Frame | Lost]:
    number, reason = 0, "OpenCV cannot decode them"
    for place, image in enumerate(images):
        count = losses.holes.get(place, 0)
        if count:
            yield lost_of_video(path, number + 1, count, reason)
        number += count + 1
        yield Frame(number, image)
    if losses.lost_at_end:
        yield lost_of_video(path, number + 1, losses.lost_at_end, reason)
