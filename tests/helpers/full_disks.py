"""Disks that are full, read-only or too small, for tests of what a program leaves there."""

import builtins
import io
import os
import re
import subprocess
from contextlib import contextmanager

import pytest

from pwcnet.cli.common import REMEDIES
from pwcnet.io.partial_files import PARTIAL_PREFIX

# What the clock puts into evaluation.json and tables of pairs.
TIMES = re.compile(rb'("made": "[^"]*"|"(mean_)?seconds": [\d.e+-]+|,[\d.]+$)', re.MULTILINE)
PAGE = 4096  # bytes that tmpfs gives to a file at once


class FailingDisk:
    """Lets what needs space below a folder fail in this process, from one operation on.

    Operations are: creating a file or folder, writing to a file of Python's (half of the bytes
    still fit at the first failure), fsync and renaming. A context manager.

    Args:
        folder: The folder.
        number: The first operation to fail, from 1.
        code: The error, e.g. errno.ENOSPC.

    Attributes:
        failed: How many operations have failed.
    """

    def __init__(self, folder, number, code):
        self._folder, self._number, self._code = os.path.realpath(str(folder)), number, code
        self._done = self.failed = 0
        self._patch = pytest.MonkeyPatch()

    def __enter__(self):
        for name in ("open", "fsync", "replace", "rename", "mkdir"):
            self._patch.setattr(os, name, self._checked(getattr(os, name)))
        for module in (builtins, io):
            self._patch.setattr(module, "open", self._open)
        return self

    def __exit__(self, *_):
        self._patch.undo()

    def is_full(self):
        """Counts an operation; whether it fails."""
        self._done += 1
        self.failed += self._done >= self._number
        return self._done >= self._number

    def error(self, *path):
        """The error of an operation; system calls with a path name it."""
        return OSError(self._code, os.strerror(self._code), *path)

    def holds(self, path):
        """Whether a path, or an open file, lies below the folder."""
        if isinstance(path, int):
            path = os.readlink("/proc/self/fd/%d" % path)
        return (os.path.realpath(os.fspath(path)) + os.sep).startswith(self._folder + os.sep)

    def _checked(self, function):
        def call(path, *arguments, **options):
            reads = function.__name__ == "open" and not arguments[0] & os.O_CREAT
            folder = isinstance(path, int) and os.path.isdir("/proc/self/fd/%d" % path)
            if not reads and not folder and self.holds(path) and self.is_full():
                raise self.error(*() if isinstance(path, int) else (path,))
            return function(path, *arguments, **options)

        return call

    def _open(self, file, mode="r", buffering=-1, encoding=None, errors=None, newline=None, **more):
        writes = not (isinstance(file, int) or more) and set(mode) & set("wax+")
        if not writes or not self.holds(file):  # or of the module tempfile, with an opener
            return _OPEN(file, mode, buffering, encoding, errors, newline, **more)
        if not os.path.exists(file) and self.is_full():
            raise self.error(os.fspath(file))
        raw = _File(file, mode.replace("b", "").replace("t", ""))
        raw.disk = self
        binary = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        if "b" in mode:
            return binary
        return io.TextIOWrapper(binary, encoding, errors, newline, line_buffering=buffering == 1)


class _File(io.FileIO):
    def write(self, data):
        if not self.disk.is_full():
            return super().write(data)
        if self.disk.failed == 1:
            super().write(bytes(data)[: len(data) // 2])
        raise self.disk.error()


_OPEN = open


@contextmanager
def small_disk(folder, size):
    """Mounts a tmpfs of `size` bytes; skips the test where that is not allowed.

    Yields:
        A function that mounts it again with other options: `remount("size=1m")`.
    """
    os.makedirs(str(folder), exist_ok=True)

    def mount(*options):
        return subprocess.run(["mount", *options, str(folder)], capture_output=True).returncode

    try:
        failed = mount("-t", "tmpfs", "-o", "size=%d" % size, "tmpfs")
    except FileNotFoundError:
        failed = True
    if failed:
        pytest.skip("mounting a tmpfs is not allowed")
    try:
        yield lambda options: mount("-o", "remount," + options)
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def contents(folder):
    """{path below the folder: bytes} of all files."""
    files = {}
    for parent, _, names in os.walk(str(folder)):
        for name in names:
            path = os.path.join(parent, name)
            with open(path, "rb") as stream:
                files[os.path.relpath(path, str(folder))] = stream.read()
    return files


def fill(folder, files):
    """Replaces all that is in a folder by {path below it: bytes}."""
    for parent, folders, names in os.walk(str(folder), topdown=False):
        for name in names:
            os.remove(os.path.join(parent, name))
        for name in folders:
            os.rmdir(os.path.join(parent, name))
    for path, data in files.items():
        path = os.path.join(str(folder), path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as stream:
            stream.write(data)


def same(files, changing=()):
    """{path: bytes} without what the clock has put there.

    Of files with the ends of names `changing`, only the number of pages is compared.
    """
    return {
        path: len(data) // PAGE
        if path.endswith(tuple(changing))
        else TIMES.sub(b"", data)
        if path.endswith((".json", ".csv"))
        else data
        for path, data in files.items()
    }


def check_line(line, place, code):
    """A line of error names a place, and says what to do about this errno."""
    assert str(place) in line and PARTIAL_PREFIX not in line and "\n" not in line.strip(), line
    assert REMEDIES[code] in line


def check_files(now, before, whole, unfinished, changing=()):
    """What was there is as it was, or replaced whole; the rest is whole.

    Files with the names `unfinished` are those from which a program goes on.
    """
    unfinished = tuple(unfinished)
    leftovers = [path for path in now if PARTIAL_PREFIX in path or path.endswith("lock")]
    assert not [path for path in leftovers if not path.endswith(unfinished)]
    assert not set(before) - set(now)
    for path, data in now.items():
        if data != before.get(path) and not path.endswith(unfinished):
            assert path in whole, path
            alone = ({path: data}, {path: whole[path]})
            assert same(alone[0], changing) == same(alone[1], changing), path
