"""stdout and stderr, whatever they are: closed, full, or of a locale that cannot write a name."""

from __future__ import annotations

import logging
import os
import sys
from typing import Any


class Stream:
    """A text stream whose errors do not stop the work.

    Attributes:
        error: The first error; what is written later is lost silently. None before it.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.error: OSError | None = None

    def write(self, text: str) -> int:
        """Writes text, or loses it."""
        try:
            self._stream.write(text)
        except OSError as error:
            self._lose(error)
        return len(text)

    def flush(self) -> None:
        """Writes what is still in memory, or loses it."""
        try:
            self._stream.flush()
        except OSError as error:
            self._lose(error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _lose(self, error: OSError) -> None:
        """Remembers the error, and lets the stream end in nothing: the rest is still in memory."""
        self.error = self.error or error
        try:
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, self._stream.fileno())
            os.close(nothing)
        except (OSError, ValueError):  # no file behind it
            pass


def set_up_streams() -> None:
    """Makes stdout and stderr take every text, and lose it where they are closed or full.

    The numbers 0 to 2 of closed ones are taken: otherwise the next file that is opened gets such a
    number, and the notes of libraries end up in it. What the streams' encoding cannot write is
    escaped (backslashreplace), as stderr does anyway.
    """
    _fill_closed_files()
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if isinstance(stream, Stream):
            continue
        if stream is None or stream.closed:
            stream = open(os.devnull, "w")  # noqa: SIM115
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
        setattr(sys, name, Stream(stream))
    logging.raiseExceptions = False  # messages that stderr cannot take


def lost_output() -> OSError | None:
    """The error of stdout, if a part of what was printed is lost; a closed pipe is no error."""
    sys.stdout.flush()
    error = getattr(sys.stdout, "error", None)
    return None if isinstance(error, BrokenPipeError) else error


def _fill_closed_files() -> None:
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
