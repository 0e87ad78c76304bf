"""Data, weights and results between this machine and ModelArts: OBS URLs (obs://...) through moxing, or folders that are mounted.

Every card of a server runs its own process on the same disk: what is copied in is copied by one of them, while the others wait.
"""
import fcntl
import importlib
import logging
import os
import re
import shutil
import tempfile
from contextlib import contextmanager

from pwcnet.atomic import atomic_path, write_text
from pwcnet.checkpoint import list_checkpoints

OBS = "obs://"
LATEST = "checkpoint"                           # the file that names the latest checkpoint of a folder
DATA, INDEX, META = ".data-00000-of-00001", ".index", ".meta"

log = logging.getLogger(__name__)


def fetch_data(url, folder):
    """The local folder that holds a data set. A mounted folder is its own; an OBS URL is copied into `folder`, once: `folder`.complete is written after it.

    A copy that failed is made again the next time. Raises FileNotFoundError for a URL that is not there, ValueError without moxing, OSError when copying
    fails or `folder` holds the copy of another URL.
    """
    if not is_obs(url):
        if not os.path.isdir(url):
            raise FileNotFoundError("expected a folder or an %s URL of data, found no %s" % (OBS, url))
        return url
    files, marker, folder = _moxing(url), folder.rstrip("/") + ".complete", folder.rstrip("/")
    with _alone(folder):
        if os.path.exists(marker):
            with open(marker) as stream:
                copied = stream.read().strip()
            if copied != url:
                raise OSError("expected %s to be free for %s, but it holds the copy of %s; choose another folder, or remove it with %s" % (
                    folder, url, copied, marker))
            log.info("%s is in %s already", url, folder)
            return folder
        if not files.exists(url):
            raise FileNotFoundError("expected data at %s, found none" % url)
        log.info("copying %s to %s", url, folder)
        os.makedirs(folder, exist_ok=True)
        with _copying(url, folder):
            files.copy_parallel(url, folder)
        write_text(marker, url + "\n")
    return folder


def fetch_weights(prefix, folder):
    """The local prefix of a checkpoint: a local path is its own; an OBS one is copied into `folder`, its index last, unless it is there.

    Raises as fetch_data.
    """
    if not prefix or not is_obs(prefix):
        return prefix
    prefix = re.sub(r"\.(index|meta|data-00000-of-00001)$", "", prefix)
    source, name = prefix.rsplit("/", 1)
    local = os.path.join(folder, name)
    with _alone(local):
        if not os.path.exists(local + INDEX) and not _fetch_checkpoint(_Place(source), name, folder):
            raise FileNotFoundError("expected a checkpoint, found no %s%s" % (prefix, INDEX))
    return local


class Results:
    """The copy of a folder of checkpoints and logs at a URL, an OBS one or a mounted folder; what is there is never removed.

    Raises ValueError for an OBS URL without moxing. `save` can be called after each checkpoint; what could not be copied is tried again with the next one.
    """

    def __init__(self, url, folder):
        self.url, self.folder = url, folder
        self._place = _Place(url)
        self._same = not is_obs(url) and os.path.realpath(url) == os.path.realpath(folder)
        self._saved = set()

    def bring_back(self, also=()):
        """Copies the latest checkpoint, the checkpoints named in `also`, options.json and train.log from the URL, where the folder has no checkpoint yet.

        Returns the prefix of the latest, or None where there is nothing at the URL or the folder goes on from its own. Raises OSError when copying fails.
        """
        if self._same:
            return None
        with _alone(self.folder):
            if list_checkpoints(self.folder) or not self._place.exists(LATEST):
                return None
            latest = self._named()
            for name in ("options.json", "train.log"):
                if self._place.exists(name):
                    self._place.get(name, os.path.join(self.folder, name))
            for name in sorted({latest} | set(also), key=lambda name: name == latest):      # the latest last: with it, nothing is copied the next time
                if not _fetch_checkpoint(self._place, name, self.folder) and name == latest:
                    raise FileNotFoundError("expected the latest checkpoint %s, found none in %s; copy the folder again" % (latest, self.url))
            self._saved.update(list_checkpoints(self.folder).values())
        log.info("went back to %s/%s", self.url, latest)
        return os.path.join(self.folder, latest)

    def save(self, _=None):
        """Copies the checkpoints that are not at the URL yet, each index after its data, then which is the latest. Logs a failure; returns whether all are."""
        if self._same:
            return True
        waiting = [prefix for _, prefix in sorted(list_checkpoints(self.folder).items()) if prefix not in self._saved]
        try:
            for prefix in waiting:
                self._put_checkpoint(os.path.basename(prefix))
                self._saved.add(prefix)
            if waiting:
                with tempfile.TemporaryDirectory() as scratch:
                    write_text(os.path.join(scratch, LATEST), 'model_checkpoint_path: "%s"\n' % os.path.basename(waiting[-1]))
                    self._place.put(os.path.join(scratch, LATEST), LATEST)
        except OSError as error:
            log.warning("%s; it is tried again with the next checkpoint", error)
            return False
        return True

    def finish(self):
        """Copies what is left: checkpoints, then logs and everything else. Raises OSError when not all of it could be copied."""
        if self._same or not os.path.isdir(self.folder):
            return
        if not self.save():
            raise OSError("expected all checkpoints of %s to be copied to %s, but not all are; copy the folder by hand" % (self.folder, self.url))
        names = {os.path.basename(prefix) for prefix in self._saved} | {os.path.basename(path) for path in list_checkpoints(self.folder).values()}
        for base, folders, files in os.walk(self.folder):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(files):
                path = os.path.relpath(os.path.join(base, name), self.folder)
                if not name.startswith(".") and path != LATEST and not (base == self.folder and re.sub(r"\.(index|meta|data-.*)$", "", name) in names):
                    self._place.put(os.path.join(base, name), path)

    def _named(self):
        """Name of the latest checkpoint at the URL."""
        with tempfile.TemporaryDirectory() as scratch:
            self._place.get(LATEST, os.path.join(scratch, LATEST))
            with open(os.path.join(scratch, LATEST)) as stream:
                named = re.match(r'model_checkpoint_path: "([^"]*[^"/])"', stream.read())
        if not named:
            raise ValueError('expected model_checkpoint_path: "NAME" in %s/%s, got something else; copy the folder again' % (self.url, LATEST))
        return named.group(1).rsplit("/", 1)[-1]

    def _put_checkpoint(self, name):
        files = sorted(each for each in os.listdir(self.folder) if each.startswith(name + "."))
        for each in sorted(files, key=lambda each: each.endswith(INDEX)):
            if os.path.exists(os.path.join(self.folder, each)):         # the run may have removed an old checkpoint meanwhile
                self._place.put(os.path.join(self.folder, each), each)


class _Place:
    """Single files at a URL."""

    def __init__(self, url):
        self.url, self._files = url.rstrip("/"), _moxing(url) if is_obs(url) else None

    def exists(self, name):
        return bool(self._files.exists(self._of(name))) if self._files else os.path.exists(self._of(name))

    def get(self, name, path):
        """The file is complete or absent."""
        with _copying(self._of(name), path), atomic_path(path) as temporary:
            self._files.copy(self._of(name), temporary) if self._files else shutil.copyfile(self._of(name), temporary)

    def put(self, path, name):
        """The same the other way; OBS has only complete objects."""
        with _copying(path, self._of(name)):
            if not self._files:
                with atomic_path(self._of(name)) as temporary:
                    shutil.copyfile(path, temporary)
                return
            self._files.make_dirs(self._of(name).rsplit("/", 1)[0])
            self._files.copy(path, self._of(name))

    def _of(self, name):
        return self.url + "/" + name


def is_obs(url):
    """Whether a URL is one of OBS."""
    return url.startswith(OBS)


def _moxing(url):
    try:
        return importlib.import_module("moxing").file
    except ImportError as error:
        raise ValueError("expected moxing for %s, got %r; run where ModelArts provides it, or copy the files here and name their folder" % (url, str(error)))


def _fetch_checkpoint(place, name, folder):
    """Whether the checkpoint is at the place; copies it, the index last: without it there is no checkpoint for any reader."""
    if not place.exists(name + INDEX):
        return False
    for ending in (DATA, META, INDEX):
        if ending != META or place.exists(name + META):
            place.get(name + ending, os.path.join(folder, name + ending))
    return True


@contextmanager
def _copying(source, target):
    """Whatever copying raises, moxing's own exceptions too, as an OSError that says what was copied."""
    try:
        yield
    except Exception as error:
        raise OSError("expected to copy %s to %s, but: %s; try again" % (source, target, " ".join(str(error).split()) or type(error).__name__)) from error


@contextmanager
def _alone(path):
    """One process of this machine at a time."""
    folder, name = os.path.split(os.path.abspath(path))
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, ".%s.lock" % name), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
