"""The copy of a run folder at a URL: ModelArts may stop a job and start it again elsewhere."""

from __future__ import annotations

import logging
import os
import re
import time
from typing import Sequence

from pwcnet.ascend.modelarts import INDEX, copy_checkpoint
from pwcnet.ascend.obs import RemoteFolder, copy_file, is_obs, one_process
from pwcnet.io.atomic import write_text
from pwcnet.io.text_files import read_text
from pwcnet.weights.files import list_checkpoints

LATEST = "checkpoint"  # the file that names the latest checkpoint of a folder
FINISHED = "finished"  # the file that says that the leader's last checkpoint is written
NOT_FINISHED_TEXT = "not finished\n"  # in that file at the URL while a finished run goes on
POLL_SECONDS = 1.0  # between looks for the leader's last checkpoint

log = logging.getLogger(__name__)


class RemoteRun:
    """The copy of a run folder at a URL. Nothing at the URL is ever removed.

    Args:
        url: An OBS URL, or a folder that is mounted.
        folder: The run folder.

    Raises:
        ValueError: The URL is one of OBS, and moxing is missing.
    """

    def __init__(self, url: str, folder: str) -> None:
        self.url, self.folder = url, folder
        self._remote = RemoteFolder(url, folder)
        # A folder of its own, which is small to copy.
        self._signals = RemoteFolder(url.rstrip("/") + "/signals", folder)
        self._same = not is_obs(url) and os.path.realpath(url) == os.path.realpath(folder)
        self._uploaded: set[str] = set()

    def download(self, checkpoints: Sequence[str] = ()) -> str | None:
        """Copies the latest checkpoint, options.json and train.log from the URL.

        Args:
            checkpoints: Names of further checkpoints to copy, where they exist.

        Returns:
            The prefix of the latest checkpoint. None where there is nothing at the URL, or where
            the folder has checkpoints already and goes on from these.

        Raises:
            OSError: Copying fails, or the latest checkpoint is missing at the URL.
            ValueError: The file at the URL that names the latest checkpoint is damaged.
        """
        if self._same:
            return None
        with one_process(self.folder):
            if list_checkpoints(self.folder) or not self._remote.exists(LATEST):
                return None
            latest = self._download(checkpoints)
            self._uploaded.update(list_checkpoints(self.folder).values())
        log.info("went back to %s/%s", self.url, latest)
        return os.path.join(self.folder, latest)

    def mark_unfinished(self) -> None:
        """Tells the followers that a run that was finished goes on. For the leader.

        Raises:
            OSError: Copying fails.
        """
        if not self._same and self._signals.exists(FINISHED):
            self._signals.put_text(FINISHED, NOT_FINISHED_TEXT)

    def wait_for_leader(self, seconds: float, checkpoints: Sequence[str] = ()) -> None:
        """Waits until the leader's last checkpoint is in the folder. For a follower.

        It comes from a leader on this machine or from the URL.

        Args:
            seconds: How long to wait.
            checkpoints: Names of further checkpoints to copy with it.

        Raises:
            TimeoutError: There is none after so many seconds.
            OSError: Copying fails.
        """
        deadline, marker = time.time() + seconds, os.path.join(self.folder, FINISHED)
        while not os.path.exists(marker):
            with one_process(self.folder):
                if not os.path.exists(marker) and not self._same and self._finished():
                    latest = self._download(checkpoints)
                    log.info("the leader's last checkpoint is %s/%s", self.url, latest)
                    write_text(marker, FINISHED + "\n")
            if time.time() > deadline:
                raise TimeoutError(
                    "The leader wrote no last checkpoint within %g seconds: there is no %s, nor "
                    "one in %s; look into the log of RANK_ID 0, then start the job again"
                    % (seconds, marker, self.url)
                )
            time.sleep(min(POLL_SECONDS, max(0, deadline - time.time())))

    def upload_checkpoints(self, _: object = None) -> bool:
        """Copies the checkpoints that are not at the URL yet, each index after its data.

        Then it says at the URL which is the latest, and whether the run is finished. It can be
        called after each checkpoint: a failure is logged, and what could not be copied is tried
        again with the next call.

        Returns:
            Whether all are at the URL.
        """
        if self._same:
            return True
        # Looked for first: the checkpoint that it promises is then there to be copied.
        finished = os.path.exists(os.path.join(self.folder, FINISHED))
        checkpoints = sorted(list_checkpoints(self.folder).items())
        waiting = [prefix for _, prefix in checkpoints if prefix not in self._uploaded]
        try:
            for prefix in waiting:
                self._upload_checkpoint(os.path.basename(prefix))
                self._uploaded.add(prefix)
            if waiting:
                latest = os.path.basename(waiting[-1])
                self._remote.put_text(LATEST, 'model_checkpoint_path: "%s"\n' % latest)
            if finished and FINISHED not in self._uploaded:
                self._signals.put_text(FINISHED, FINISHED + "\n")
                self._uploaded.add(FINISHED)
        except OSError as error:
            log.warning("%s; it is tried again with the next checkpoint", error)
            return False
        return True

    def upload_everything(self) -> None:
        """Copies what is left: checkpoints, then logs and all other files.

        Raises:
            OSError: Not all of it could be copied.
        """
        if self._same or not os.path.isdir(self.folder):
            return
        if not self.upload_checkpoints():
            raise OSError(
                "Not all checkpoints of %s could be copied to %s; copy the folder by hand"
                % (self.folder, self.url)
            )
        prefixes = self._uploaded | set(list_checkpoints(self.folder).values())
        checkpoints = {os.path.basename(prefix) for prefix in prefixes}
        files = {}
        for base, folders, names in os.walk(self.folder):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                path = os.path.relpath(os.path.join(base, name), self.folder)
                prefix = re.sub(r"\.(index|meta|data-.*)$", "", name)
                uploaded = path in (LATEST, FINISHED) or (
                    base == self.folder and prefix in checkpoints
                )
                if not name.startswith(".") and not uploaded:
                    files[path] = os.path.join(base, name)
        self._remote.put(files)

    def _download(self, checkpoints: Sequence[str]) -> str:
        """Copies what `download` says; returns the name of the latest checkpoint."""
        with self._remote.fetched() as copy:
            latest = self._latest_name(copy)
            for name in ("options.json", "train.log"):
                if os.path.exists(os.path.join(copy, name)):
                    copy_file(copy, name, self.folder)
            # The latest is last: once it is in the folder, nothing is copied the next time.
            for name in sorted({latest, *checkpoints}, key=lambda name: name == latest):
                if os.path.exists(os.path.join(copy, name + INDEX)):
                    copy_checkpoint(copy, name, self.folder)
                elif name == latest:
                    raise FileNotFoundError(
                        "%s names %s as the latest checkpoint, which is missing there; copy the "
                        "folder again" % (self.url, latest)
                    )
        return latest

    def _latest_name(self, copy: str) -> str:
        """Name of the latest checkpoint in a copy of the files at the URL."""
        text = read_text(os.path.join(copy, LATEST))
        match = re.match(r'model_checkpoint_path: "([^"]*[^"/])"', text)
        if not match:
            raise ValueError(
                '%s/%s does not begin with model_checkpoint_path: "NAME"; copy the folder again'
                % (self.url, LATEST)
            )
        return match.group(1).rsplit("/", 1)[-1]

    def _finished(self) -> bool:
        """Whether the run is finished by what the URL says."""
        if not self._signals.exists(FINISHED):
            return False
        with self._signals.fetched() as copy, open(os.path.join(copy, FINISHED)) as stream:
            return stream.read() != NOT_FINISHED_TEXT

    def _upload_checkpoint(self, name: str) -> None:
        """Copies the files of a checkpoint, the index last: no reader takes one without index."""
        files = [file for file in os.listdir(self.folder) if file.startswith(name + ".")]
        for index in (False, True):
            self._remote.put(
                {
                    file: os.path.join(self.folder, file)
                    for file in files
                    if file.endswith(INDEX) == index
                }
            )
