"""Data, weights and results between this machine and ModelArts: OBS URLs (obs://...) through moxing, or folders that are mounted.

Every card of a server runs its own process on the same disk: what is copied in is copied by one of them, while the others wait.
"""

import fcntl
import logging
import os
import re
import time
from contextlib import contextmanager

from pwcnet.ascend.obs import OBS, Place, copying, is_obs, moxing_files, take
from pwcnet.io.atomic import write_text
from pwcnet.weights.checkpoint import list_checkpoints

LATEST = "checkpoint"  # the file that names the latest checkpoint of a folder
FINISHED, OPEN = (
    "finished",
    "not finished\n",
)  # the file that says that the leader's last checkpoint is there; its text at a URL while a run goes on again
DATA, INDEX, META = ".data-00000-of-00001", ".index", ".meta"

POLL = 1.0  # seconds between looks for the leader's last checkpoint

log = logging.getLogger(__name__)


def fetch_data(url, folder):
    """The local folder that holds a data set. A mounted folder is its own; an OBS URL is copied into `folder`, once: `folder`.complete is written after it.

    A copy that failed is made again the next time. Raises FileNotFoundError for a URL that is not there, ValueError without moxing, OSError when copying
    fails or `folder` holds the copy of another URL.
    """
    if not is_obs(url):
        if not os.path.isdir(url):
            raise FileNotFoundError(
                "expected a folder or an %s URL of data, found no %s" % (OBS, url)
            )
        return url
    files, marker, folder = moxing_files(url), folder.rstrip("/") + ".complete", folder.rstrip("/")
    with _alone(folder):
        if os.path.exists(marker):
            with open(marker) as stream:
                copied = stream.read().strip()
            if copied != url:
                raise OSError(
                    "expected %s to be free for %s, but it holds the copy of %s; choose another folder, or remove it with %s"
                    % (folder, url, copied, marker)
                )
            log.info("%s is in %s already", url, folder)
            return folder
        if not files.exists(url):
            raise FileNotFoundError("expected data at %s, found none" % url)
        log.info("copying %s to %s", url, folder)
        os.makedirs(folder, exist_ok=True)
        with copying(url, folder):
            files.copy_parallel(url, folder)
        write_text(marker, url + "\n")
    return folder


def fetch_weights(prefix, folder):
    """The local prefix of a checkpoint: a local path is its own; an OBS one is copied into `folder`, its index last, unless it is there.

    The whole OBS folder of the checkpoint comes for a moment, so that a folder of its own saves time. Raises as fetch_data.
    """
    if not prefix or not is_obs(prefix):
        return prefix
    prefix = re.sub(r"\.(index|meta|data-00000-of-00001)$", "", prefix)
    source, name = prefix.rsplit("/", 1)
    local = os.path.join(folder, name)
    with _alone(local):
        if not os.path.exists(local + INDEX):
            place = Place(source, folder)
            if not place.exists(name + INDEX):
                raise FileNotFoundError("expected a checkpoint, found no %s%s" % (prefix, INDEX))
            with place.fetched() as there:
                _take_checkpoint(there, name, folder)
    return local


class Results:
    """The copy of a folder of checkpoints and logs at a URL, an OBS one or a mounted folder; what is there is never removed.

    Raises ValueError for an OBS URL without moxing. `save` can be called after each checkpoint; what could not be copied is tried again with the next one.
    """

    def __init__(self, url, folder):
        self.url, self.folder = url, folder
        self._place, self._signals = (
            Place(url, folder),
            Place(url.rstrip("/") + "/signals", folder),
        )  # a folder of its own: it is small to fetch
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
            latest = self._fetch(also)
            self._saved.update(list_checkpoints(self.folder).values())
        log.info("went back to %s/%s", self.url, latest)
        return os.path.join(self.folder, latest)

    def reopen(self):
        """The leader's, before it goes on: a run that was finished is not so any more. Raises OSError when copying fails."""
        if not self._same and self._signals.exists(FINISHED):
            self._signals.put_text(FINISHED, OPEN)

    def wait_finished(self, seconds, also=()):
        """A follower's: waits until the leader's last checkpoint is in the folder, from a leader on this machine or from the URL; with it come those of `also`.

        Raises TimeoutError (an OSError) after so many seconds, OSError when copying fails.
        """
        until, marker = time.time() + seconds, os.path.join(self.folder, FINISHED)
        while not os.path.exists(marker):
            with _alone(self.folder):
                if not os.path.exists(marker) and not self._same and self._finished():
                    log.info("the leader's last checkpoint is %s/%s", self.url, self._fetch(also))
                    write_text(marker, FINISHED + "\n")
            if time.time() > until:
                raise TimeoutError(
                    "expected the leader's last checkpoint, found no %s within %g seconds, nor one in %s; look into the log of RANK_ID 0, "
                    "then start the job again" % (marker, seconds, self.url)
                )
            time.sleep(min(POLL, max(0, until - time.time())))

    def save(self, _=None):
        """Copies the checkpoints that are not at the URL yet, each index after its data, then which is the latest, and whether the run is finished.

        Logs a failure; returns whether all are there.
        """
        if self._same:
            return True
        finished = os.path.exists(
            os.path.join(self.folder, FINISHED)
        )  # looked for first: what it promises is then there to be copied
        waiting = [
            prefix
            for _, prefix in sorted(list_checkpoints(self.folder).items())
            if prefix not in self._saved
        ]
        try:
            for prefix in waiting:
                self._put_checkpoint(os.path.basename(prefix))
                self._saved.add(prefix)
            if waiting:
                self._place.put_text(
                    LATEST, 'model_checkpoint_path: "%s"\n' % os.path.basename(waiting[-1])
                )
            if finished and FINISHED not in self._saved:
                self._signals.put_text(FINISHED, FINISHED + "\n")
                self._saved.add(FINISHED)
        except OSError as error:
            log.warning("%s; it is tried again with the next checkpoint", error)
            return False
        return True

    def finish(self):
        """Copies what is left: checkpoints, then logs and everything else. Raises OSError when not all of it could be copied."""
        if self._same or not os.path.isdir(self.folder):
            return
        if not self.save():
            raise OSError(
                "expected all checkpoints of %s to be copied to %s, but not all are; copy the folder by hand"
                % (self.folder, self.url)
            )
        left, names = (
            {},
            {os.path.basename(prefix) for prefix in self._saved}
            | {os.path.basename(path) for path in list_checkpoints(self.folder).values()},
        )
        for base, folders, files in os.walk(self.folder):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(files):
                path = os.path.relpath(os.path.join(base, name), self.folder)
                copied = (
                    path in (LATEST, FINISHED)
                    or base == self.folder
                    and re.sub(r"\.(index|meta|data-.*)$", "", name) in names
                )
                if not name.startswith(".") and not copied:
                    left[path] = os.path.join(base, name)
        self._place.put(left)

    def _fetch(self, also):
        """Copies what bring_back says into the folder; returns the name of the latest checkpoint."""
        with self._place.fetched() as there:
            latest = self._named(there)
            for name in ("options.json", "train.log"):
                if os.path.exists(os.path.join(there, name)):
                    take(there, name, self.folder)
            for name in sorted(
                {latest} | set(also), key=lambda name: name == latest
            ):  # the latest last: with it, nothing is copied the next time
                if os.path.exists(os.path.join(there, name + INDEX)):
                    _take_checkpoint(there, name, self.folder)
                elif name == latest:
                    raise FileNotFoundError(
                        "expected the latest checkpoint %s, found none in %s; copy the folder again"
                        % (latest, self.url)
                    )
        return latest

    def _named(self, there):
        """Name of the latest checkpoint in a copy of what is at the URL."""
        with open(os.path.join(there, LATEST)) as stream:
            named = re.match(r'model_checkpoint_path: "([^"]*[^"/])"', stream.read())
        if not named:
            raise ValueError(
                'expected model_checkpoint_path: "NAME" in %s/%s, got something else; copy the folder again'
                % (self.url, LATEST)
            )
        return named.group(1).rsplit("/", 1)[-1]

    def _finished(self):
        """Whether the URL says so."""
        if not self._signals.exists(FINISHED):
            return False
        with self._signals.fetched() as there, open(os.path.join(there, FINISHED)) as stream:
            return stream.read() != OPEN

    def _put_checkpoint(self, name):
        files = [each for each in os.listdir(self.folder) if each.startswith(name + ".")]
        for last in (False, True):
            self._place.put(
                {
                    each: os.path.join(self.folder, each)
                    for each in files
                    if each.endswith(INDEX) == last
                }
            )


def _take_checkpoint(there, name, folder):
    """Copies a checkpoint, the index last: without it there is none for any reader."""
    for ending in (DATA, META, INDEX):
        if ending != META or os.path.exists(os.path.join(there, name + META)):
            take(there, name + ending, folder)


@contextmanager
def _alone(path):
    """One process of this machine at a time."""
    folder, name = os.path.split(os.path.abspath(path))
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, ".%s.lock" % name), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
