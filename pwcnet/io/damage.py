"""Errors of libraries that read damaged files of arrays."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Iterator


@contextmanager
def damage_as_value_error() -> Iterator[None]:
    """Raises ValueError for whatever the block raises.

    For a damaged file NumPy and h5py raise what their own parsers do, those of ZIP archives, of
    zlib and of Python's syntax, or MemoryError and OverflowError for a shape of absurd size.
    """
    try:
        yield
    except Exception as error:
        text = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(text) from error
