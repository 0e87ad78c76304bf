"""Frames of a sequence with numbers of their own, and those that are missing among them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class BadFrameError(ValueError):
    """A frame that cannot be used; without it, pairs of other frames are left."""


class IrregularError(ValueError):
    """A part of a sequence whose frames can only be numbered from the first one on."""


class Frame(NamedTuple):
    """A frame of a sequence.

    Attributes:
        number: From 1 on, counting the frames that are lost too.
        image: [H, W, 3] uint8 RGB.
        time: Seconds since the first frame; None where the file does not tell.
    """

    number: int
    image: np.ndarray
    time: float | None = None


class Lost(NamedTuple):
    """Frames that are missing between two frames of a sequence.

    Attributes:
        number: The number of the first of them.
        count: How many; None where only the end of the sequence could tell.
        error: What is wrong, naming the file.
    """

    number: int
    count: int | None  # type: ignore[assignment]
    error: Exception


def bad_frame_error(error: Exception) -> BadFrameError:
    """The error as one of a frame that can be left out."""
    text = str(error)
    if isinstance(error, OSError) and error.strerror:
        text = "%s: %s" % (error.filename, error.strerror)
    return BadFrameError(text)


def lost_of_video(path: str, number: int, count: int | None, reason: str) -> Lost:
    """The `Lost` of a video's frames from `number` on."""
    last = number + (count or 1) - 1
    which = "frame %d" % number if last == number else "frames %d to %d" % (number, last)
    if count is None:
        which = "what follows frame %d" % (number - 1)
    return Lost(number, count, ValueError("%s lacks %s: %s" % (path, which, reason)))
