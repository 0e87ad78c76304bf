"""Arrays that are read, or mapped into memory, when they are used."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Sequence as AbcSequence
from typing import Any, Callable

import numpy as np

from pwcnet.io.damage import damage_as_value_error

LOCAL_HEADER = 30  # bytes of a zip archive's header of a member, without its name and extra field
NAME_LENGTH = 26  # where the lengths of these are in it, two bytes each


class LazyArray(AbcSequence):
    """Arrays of one shape, one for each pair, each read when it is asked for.

    `array[3]` is one of them, `array[2:5]` a stack of some, `np.asarray(array)` a stack of all.
    """

    def __init__(self, length: int, read: Callable[[int], np.ndarray], empty: np.ndarray):
        """empty: What a stack of none is."""
        self._length, self._read, self._empty = length, read, empty

    def __len__(self) -> int:
        return self._length

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the stack of all; the first array is read."""
        return (self._length, *(self._read(0).shape if self._length else self._empty.shape[1:]))

    @property
    def dtype(self) -> np.dtype:
        """Of the values."""
        return self._empty.dtype

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            places = range(*index.indices(self._length))
            return np.stack([self._read(place) for place in places]) if places else self._empty
        if not isinstance(index, (int, np.integer)):
            return np.stack([self[int(place)] for place in index]) if len(index) else self._empty
        place = int(index)
        place += self._length if place < 0 else 0
        if not 0 <= place < self._length:
            raise IndexError("pair %d of %d" % (index, self._length))
        return self._read(place)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self[:], dtype)


def map_arrays(path: str) -> dict[str, np.ndarray]:
    """Maps the arrays of an uncompressed .npz into memory.

    Args:
        path: The file.

    Returns:
        {name: array}, read-only; what is not used is not read.

    Raises:
        ValueError: The file is absent, damaged or compressed.
    """
    try:
        with damage_as_value_error():
            return _mapped(path)
    except ValueError as error:
        raise ValueError("%s cannot be mapped (%s)" % (path, error)) from error


def _mapped(path: str) -> dict[str, np.ndarray]:
    arrays: dict[str, np.ndarray] = {}
    with zipfile.ZipFile(path) as archive, open(path, "rb") as stream:
        for info in archive.infolist():
            if info.compress_type != zipfile.ZIP_STORED:
                raise ValueError("it is compressed")
            stream.seek(info.header_offset + NAME_LENGTH)
            lengths = np.frombuffer(stream.read(4), "<u2")
            stream.seek(info.header_offset + LOCAL_HEADER + int(lengths.sum()))
            np.lib.format.read_magic(stream)
            shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
            name = os.path.splitext(info.filename)[0]
            if 0 in shape:
                arrays[name] = np.zeros(shape, dtype)
                continue
            arrays[name] = np.memmap(path, dtype, "r", stream.tell(), shape)
    return arrays
