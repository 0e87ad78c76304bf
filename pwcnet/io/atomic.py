"""Atomic files: complete or absent, whatever stops the program."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import tempfile
from contextlib import contextmanager, suppress
from typing import Iterator

from pwcnet.io.names import escape_names
from pwcnet.io.partial_files import is_partial, partial_prefix, remove_abandoned

LONG_NAME = 100  # bytes; the temporary name of a longer name is not longer than that
# What a file system answers that has no fsync.
NO_FSYNC = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP)

_written = 0
_cleared: set[tuple[int, str]] = set()  # (process, folder) in which `atomic_path` has written


def files_written() -> int:
    """The number of files that this process has completed with `atomic_path`."""
    return _written


@contextmanager
def atomic_path(path: str) -> Iterator[str]:
    """Yields a temporary path to write to, which becomes `path` when the block ends.

    The temporary file lies in the same folder and has the same extension; it is removed where the
    block raises. The folder is created if it is missing; the first file that a process writes in a
    folder removes what killed programs were writing there, see `pwcnet.io.partial_files`.

    Args:
        path: The file.

    Raises:
        IsADirectoryError: At once, where `path` is a folder.
        OSError: As the file system does (disk full, no permission); the error names `path`, or the
            folder that cannot be created.
    """
    path = os.fspath(path)
    _refuse_folder(path)
    folder, name = os.path.split(os.path.abspath(path))
    os.makedirs(folder, exist_ok=True)
    with os_errors_naming(path):
        _clear(folder)
        temporary = _create_beside(folder, name)
        try:
            yield temporary
            with open(temporary, "rb") as written:
                sync_file(written.fileno())
            os.replace(temporary, path)
        except BaseException:
            if os.path.exists(temporary):
                os.remove(temporary)
            raise
    global _written
    _written += 1
    sync_folder(folder)


@contextmanager
def atomic_folder(path: str, marker: str) -> Iterator[str]:
    """Yields a temporary folder to fill, which becomes `path` when the block ends.

    It lies beside `path` and is removed where the block raises.

    Args:
        path: The folder. One that exists is replaced where it is empty or holds a file `marker`.
        marker: The name of a file that only folders of this kind have.

    Raises:
        FileExistsError: At once, where `path` is another folder.
        OSError: As `atomic_path`.
    """
    check_replaceable(path, marker)
    path = os.path.abspath(path)
    folder = os.path.dirname(path)
    os.makedirs(folder, exist_ok=True)
    with os_errors_naming(path):
        _clear(folder)
        scratch = tempfile.mkdtemp(prefix=partial_prefix(), dir=folder)
        temporary, replaced = os.path.join(scratch, "new"), os.path.join(scratch, "old")
        try:
            os.mkdir(temporary)  # with the permissions of a new folder, which mkdtemp's has not
            yield temporary
            _sync_files(temporary)
            if os.path.isdir(path):
                os.rename(path, replaced)
            try:
                os.rename(temporary, path)
            except OSError:
                if os.path.isdir(replaced):
                    os.rename(replaced, path)
                raise
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    global _written
    _written += 1
    sync_folder(folder)


def check_replaceable(path: str, marker: str) -> None:
    """Raises FileExistsError for what `atomic_folder` leaves alone; "" is the current folder."""
    place = os.path.abspath(path)
    if os.path.isfile(place):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), os.fspath(path))
    if os.path.isdir(place) and os.listdir(place) and marker not in os.listdir(place):
        raise FileExistsError(
            "%s holds files, but no %s: it is not replaced" % (os.fspath(path) or place, marker)
        )


@contextmanager
def os_errors_naming(path: str) -> Iterator[None]:
    """OSErrors of the block name `path` where they name no file or a temporary one."""
    try:
        yield
    except OSError as error:
        if error.errno is None or not (error.filename is None or is_partial(error.filename)):
            raise
        raise OSError(error.errno, error.strerror, os.fspath(path)) from error


def check_output_file(path: str) -> None:
    """Checks, before the work and without a trace, that a file can be written.

    Raises:
        OSError: What writing the file would raise: it is a folder, a file stands where a folder
            must be, no permission.
    """
    _refuse_folder(path)
    check_output_folder(os.path.dirname(os.path.abspath(path)))


def check_output_folder(path: str) -> None:
    """Checks, before the work and without a trace, that a folder can be created and written to.

    Raises:
        OSError: What creating the folder, or a file in it, would raise.
    """
    existing = os.path.abspath(path)
    while not os.path.lexists(existing):
        existing = os.path.dirname(existing)
    if not os.path.isdir(existing):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), existing)
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
    except FileNotFoundError:  # what /proc reports, where nothing can be created
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), existing) from None
    except OSError as error:
        raise OSError(error.errno, error.strerror, existing) from error


def sync_file(handle: int) -> None:
    """Makes the content of an open file survive a loss of power, where its file system can.

    Args:
        handle: Its file descriptor.

    Raises:
        OSError: The content could not be written (disk full, broken device).
    """
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in NO_FSYNC:
            raise


def sync_folder(path: str) -> None:
    """Makes the names in a folder survive a loss of power, where its file system can.

    The files are complete by then: as in SQLite, no error is raised.
    """
    with suppress(OSError):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def write_bytes(path: str, data: bytes) -> None:
    """Writes a file, completely or not at all; see `atomic_path`."""
    with atomic_path(path) as temporary, open(temporary, "wb") as stream:
        stream.write(data)


def write_text(path: str, text: str) -> None:
    """Writes a file of UTF-8 text, completely or not at all; see `atomic_path`.

    Names of files that are no UTF-8 are escaped, see `pwcnet.io.names`.
    """
    write_bytes(path, escape_names(text).encode("utf-8"))


def _sync_files(folder: str) -> None:
    for parent, _, files in os.walk(folder):
        for file in files:
            with open(os.path.join(parent, file), "rb") as written:
                sync_file(written.fileno())


def _refuse_folder(path: str) -> None:
    if os.path.isdir(os.path.abspath(path)):
        name = os.fspath(path) or os.curdir
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), name)


def _clear(folder: str) -> None:
    """Removes, once a process, what killed programs were writing in a folder."""
    key = os.getpid(), folder
    if key not in _cleared:
        _cleared.add(key)
        remove_abandoned(folder)


def _create_beside(folder: str, name: str) -> str:
    """An empty new file with the end of this name, where a file of this name fits too.

    The system gives it the permissions of a new file: mounts without chmod take it, and the umask
    need not be known.
    """
    while True:
        start = "%s%s-" % (partial_prefix(), secrets.token_hex(4))
        end = name
        while len(os.fsencode(start + end)) > max(LONG_NAME, len(os.fsencode(name))):
            end = end[1:]
        path = os.path.join(folder, start + end)
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666))
            return path
