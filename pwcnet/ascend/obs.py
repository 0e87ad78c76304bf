"""Files between this machine and a URL: one of OBS (obs://...), through moxing, or a folder that is mounted.

Of moxing only `file.copy_parallel` between folders, `file.exists` and `file.make_dirs` are used, which are documented for every release: single files go out
in a hidden folder of their own, and come in with the whole folder that they are in.
"""

import importlib
import os
import shutil
import tempfile
from contextlib import contextmanager

from pwcnet.io.atomic import atomic_path, write_text

OBS = "obs://"


def is_obs(url):
    """Whether a URL is one of OBS."""
    return url.startswith(OBS)


def moxing_files(url):
    try:
        return importlib.import_module("moxing").file
    except ImportError as error:
        raise ValueError(
            "expected moxing for %s, got %r; run where ModelArts provides it, or copy the files here and name their folder"
            % (url, str(error))
        )


class Place:
    """Files at a URL, and `beside`, a local folder in which they are for a moment."""

    def __init__(self, url, beside):
        self.url, self._beside, self._files = (
            url.rstrip("/"),
            beside,
            moxing_files(url) if is_obs(url) else None,
        )

    def exists(self, name):
        return (
            bool(self._files.exists(self._of(name)))
            if self._files
            else os.path.exists(self._of(name))
        )

    @contextmanager
    def fetched(self):
        """Yields a local folder with all that is there: a mounted one is its own, one of OBS is copied and removed afterwards."""
        if not self._files:
            yield self.url
            return
        with self._hidden() as folder:
            with copying(self.url, self._beside):
                self._files.copy_parallel(self.url, folder)
            yield folder

    def put(self, files):
        """Copies {name: local path}, each complete or not at all; a file that the run removed meanwhile is left out."""
        if not self._files:
            for name, path in files.items():
                with copying(path, self._of(name)), _unless_removed(path), atomic_path(
                    self._of(name)
                ) as temporary:
                    shutil.copyfile(path, temporary)
            return
        with self._hidden() as folder:
            for name, path in files.items():
                with _unless_removed(path):
                    _link(path, os.path.join(folder, name))
            with copying(", ".join(sorted(files)) or self._beside, self.url):
                self._files.make_dirs(self.url)
                self._files.copy_parallel(folder, self.url)

    def put_text(self, name, text):
        """Writes a file of that text there."""
        with tempfile.TemporaryDirectory() as scratch:
            write_text(os.path.join(scratch, name), text)
            self.put({name: os.path.join(scratch, name)})

    def _of(self, name):
        return self.url + "/" + name

    @contextmanager
    def _hidden(self):
        os.makedirs(self._beside, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".copying-", dir=self._beside) as folder:
            yield folder


def take(there, name, folder):
    """Copies a file; it is complete or absent."""
    source, target = os.path.join(there, name), os.path.join(folder, name)
    with copying(source, target), atomic_path(target) as temporary:
        shutil.copyfile(source, temporary)


def _link(path, other):
    """The same file under another name, without copying its bytes where the disk can do so."""
    os.makedirs(os.path.dirname(other), exist_ok=True)
    try:
        os.link(path, other)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copyfile(path, other)


@contextmanager
def _unless_removed(path):
    """A run removes its old checkpoints whenever it saves."""
    try:
        yield
    except FileNotFoundError:
        if os.path.exists(path):
            raise


@contextmanager
def copying(source, target):
    """Whatever copying raises, moxing's own exceptions too, as an OSError that says what was copied."""
    try:
        yield
    except Exception as error:
        raise OSError(
            "expected to copy %s to %s, but: %s; try again"
            % (source, target, " ".join(str(error).split()) or type(error).__name__)
        ) from error
