"""A lock on a folder, so that one program at a time writes there."""

from __future__ import annotations

import errno
import fcntl
import os
from contextlib import contextmanager
from typing import IO, Iterator

# File systems without locks: nothing can be told there, and the work goes on.
NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)


class FolderLock:
    """Holds the lock on a folder until `release`, or until the process ends, however it ends.

    Args:
        folder: The folder; it is created where it is missing.
        name: The name of the lock's file in it.
        user: What writes there, for the message: "training run".

    Raises:
        BlockingIOError: Another program holds the lock; the message names the folder.
        OSError: The folder cannot be written.
    """

    def __init__(self, folder: str, name: str, user: str) -> None:
        self._path = os.path.join(folder, name)
        os.makedirs(folder, exist_ok=True)
        while True:
            self._file = open(self._path, "w")  # noqa: SIM115  open as long as the lock is held
            if not _lock(self._file):
                self._file.close()
                raise _taken(folder, user)
            if _is_the_file_at(self._file, self._path):
                return
            self._file.close()  # its holder removed it meanwhile

    def release(self, remove: bool = False) -> None:
        """Lets other programs use the folder; `remove` leaves no file behind."""
        if self._file.closed:
            return
        if remove and _is_the_file_at(self._file, self._path):
            os.remove(self._path)
        self._file.close()


@contextmanager
def folder_locked(folder: str, name: str, user: str) -> Iterator[None]:
    """Holds the lock on a folder until the block ends, and leaves no file of it; see `FolderLock`.

    Args:
        folder: The folder; it is created where it is missing.
        name: The name of the lock's file in it.
        user: What writes there, for the message.

    Raises:
        BlockingIOError: Another program holds the lock; the message names the folder.
        OSError: The folder cannot be written.
    """
    lock = FolderLock(folder, name, user)
    try:
        yield
    finally:
        lock.release(remove=True)


def check_unlocked(folder: str, name: str, user: str) -> None:
    """Checks, without a trace, that no other program holds the lock on a folder.

    Raises:
        BlockingIOError: One does; see `FolderLock`.
    """
    try:
        with open(os.path.join(folder, name)) as file:
            if not _lock(file):
                raise _taken(folder, user)
    except FileNotFoundError:
        return


def _lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
    return True


def _is_the_file_at(file: IO[str], path: str) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.stat(path))
    except FileNotFoundError:
        return False


def _taken(folder: str, user: str) -> BlockingIOError:
    return BlockingIOError("Another %s is writing to %s" % (user, folder))
