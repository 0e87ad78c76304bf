"""Files at a URL: one of OBS (obs://...), through moxing, or a folder that is mounted.

Of moxing only `file.copy_parallel` between folders, `file.exists` and `file.make_dirs` are used,
which are documented for every release. So single files are sent from a temporary folder of their
own, and to fetch a file its whole folder is copied temporarily.
"""

from __future__ import annotations

import fcntl
import importlib
import os
import shutil
import tempfile
from contextlib import contextmanager
from typing import Any, Iterator, Mapping

from pwcnet.io.atomic import atomic_path, write_text

OBS = "obs://"


def is_obs(url: str) -> bool:
    """Returns whether a URL is one of OBS."""
    return url.startswith(OBS)


def moxing_files(url: str) -> Any:
    """Returns moxing.file.

    Args:
        url: What it is needed for, for the message.

    Raises:
        ValueError: moxing is missing.
    """
    try:
        return importlib.import_module("moxing").file
    except ImportError as error:
        raise ValueError(
            "%s needs moxing, which cannot be imported (%s); run where ModelArts provides it, or "
            "copy the files here and name their folder" % (url, error)
        )


class RemoteFolder:
    """The files at a URL.

    Args:
        url: An OBS URL, or a folder.
        scratch: A local folder, in which temporary folders are created; on one disk with the files
            to send, these need not be copied.

    Raises:
        ValueError: The URL is one of OBS, and moxing is missing.
    """

    def __init__(self, url: str, scratch: str) -> None:
        self.url, self._scratch = url.rstrip("/"), scratch
        self._files = moxing_files(url) if is_obs(url) else None

    def exists(self, name: str) -> bool:
        """Returns whether there is a file of that name."""
        path = self._path_of(name)
        return bool(self._files.exists(path)) if self._files else os.path.exists(path)

    @contextmanager
    def fetched(self) -> Iterator[str]:
        """Yields a local folder with all files.

        A mounted folder is yielded itself; from OBS the whole folder is copied temporarily.

        Raises:
            OSError: Copying fails.
        """
        if not self._files:
            yield self.url
            return
        with self._temporary_folder() as folder:
            with copy_errors(self.url, self._scratch):
                self._files.copy_parallel(self.url, folder)
            yield folder

    def put(self, files: Mapping[str, str]) -> None:
        """Copies files to the URL, each completely or not at all.

        Args:
            files: Local path by name. A file that was removed meanwhile is left out: a run removes
                old checkpoints whenever it saves.

        Raises:
            OSError: Copying fails.
        """
        if not self._files:
            for name, path in files.items():
                target = self._path_of(name)
                with copy_errors(path, target), _unless_removed(path), atomic_path(
                    target
                ) as temporary:
                    shutil.copyfile(path, temporary)
            return
        with self._temporary_folder() as folder:
            for name, path in files.items():
                with _unless_removed(path):
                    _link(path, os.path.join(folder, name))
            with copy_errors(", ".join(sorted(files)) or self._scratch, self.url):
                self._files.make_dirs(self.url)
                self._files.copy_parallel(folder, self.url)

    def put_text(self, name: str, text: str) -> None:
        """Writes a text file at the URL. Raises OSError where copying fails."""
        with tempfile.TemporaryDirectory() as folder:
            write_text(os.path.join(folder, name), text)
            self.put({name: os.path.join(folder, name)})

    def _path_of(self, name: str) -> str:
        return self.url + "/" + name

    @contextmanager
    def _temporary_folder(self) -> Iterator[str]:
        os.makedirs(self._scratch, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".copying-", dir=self._scratch) as folder:
            yield folder


def copy_file(folder: str, name: str, target_folder: str) -> None:
    """Copies a file between local folders; the copy is complete or absent.

    Raises:
        OSError: Copying fails.
    """
    source, target = os.path.join(folder, name), os.path.join(target_folder, name)
    with copy_errors(source, target), atomic_path(target) as temporary:
        shutil.copyfile(source, temporary)


@contextmanager
def one_process(path: str) -> Iterator[None]:
    """Lets one process of this machine at a time work on a path; the others wait."""
    folder, name = os.path.split(os.path.abspath(path))
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, ".%s.lock" % name), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def copy_errors(source: str, target: str) -> Iterator[None]:
    """Raises whatever copying raises, moxing's own exceptions too, as an OSError that says what."""
    try:
        yield
    except Exception as error:
        raise OSError(
            "Cannot copy %s to %s: %s"
            % (source, target, " ".join(str(error).split()) or type(error).__name__)
        ) from error


def _link(path: str, other: str) -> None:
    """The same file under another name, without copying its bytes where the disk can do so."""
    os.makedirs(os.path.dirname(other), exist_ok=True)
    try:
        os.link(path, other)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copyfile(path, other)


@contextmanager
def _unless_removed(path: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        if os.path.exists(path):
            raise
