"""Locks of folders."""

import errno
import fcntl
import os

import pytest

from pwcnet.io import folder_lock
from pwcnet.io.folder_lock import FolderLock, check_unlocked


def test_one_at_a_time(tmp_path):
    folder = str(tmp_path / "run")
    check_unlocked(folder, ".lock", "run")
    lock = FolderLock(folder, ".lock", "run")
    for refused in (FolderLock, check_unlocked):
        with pytest.raises(BlockingIOError, match="run .*" + folder):
            refused(folder, ".lock", "run")
    lock.release()
    check_unlocked(folder, ".lock", "run")
    assert os.listdir(folder) == [".lock"]
    FolderLock(folder, ".lock", "run").release(remove=True)
    assert not os.listdir(folder)


def test_a_file_that_its_holder_removes_is_no_lock(tmp_path, monkeypatch):
    """The holder lets go between another program's opening of the file and its lock."""
    first = FolderLock(str(tmp_path), ".lock", "run")
    real, files = folder_lock._lock, []

    def slow(file):
        files.append(file)
        first.release(remove=True)
        return real(file)

    monkeypatch.setattr(folder_lock, "_lock", slow)
    FolderLock(str(tmp_path), ".lock", "run")
    assert len(files) == 2 and os.listdir(str(tmp_path)) == [".lock"]


def test_file_systems_without_locks(tmp_path, monkeypatch):
    def unsupported(*_):
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", unsupported)
    FolderLock(str(tmp_path), ".lock", "run").release()
    check_unlocked(str(tmp_path), ".lock", "run")
