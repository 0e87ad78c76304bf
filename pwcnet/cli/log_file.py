"""The log of a training run as a file."""

from __future__ import annotations

import logging
import sys
from contextlib import contextmanager, suppress
from typing import Iterator


@contextmanager
def log_file(path: str) -> Iterator[None]:
    """Writes the log to a file too, with times; names that are no UTF-8 are escaped.

    Raises:
        OSError: The file cannot be opened, or, when a message comes, not be written; the error
            names it.
    """
    stream = open(path, "a", encoding="utf-8", errors="backslashreplace")  # noqa: SIM115
    handler = _LogFile(stream)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)
        with suppress(OSError):  # it was raised already
            stream.close()


class _LogFile(logging.StreamHandler):
    """Raises what keeps it from being written, once; logging would print a traceback a line."""

    _failed = False

    def emit(self, record: logging.LogRecord) -> None:
        if not self._failed:
            super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            super().handleError(record)
            return
        self._failed = True
        raise OSError(error.errno, error.strerror, self.stream.name) from error
