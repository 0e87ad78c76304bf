"""The folder of a submission to a benchmark: its flow files, their checks, the archive."""

from __future__ import annotations

import json
import logging
import os
import zipfile
from typing import Any, Callable, ContextManager, Iterable

import numpy as np

from pwcnet._checks import first_names
from pwcnet.data.sample import Sample
from pwcnet.io.atomic import atomic_path, write_text
from pwcnet.io.flow_files import (
    KITTI_MAX,
    KITTI_MIN,
    clip_to_kitti,
    read_flow,
    valid_pixels,
    write_flow,
)
from pwcnet.io.folder_lock import folder_locked
from pwcnet.io.images import read_frame
from pwcnet.io.partial_files import PARTIAL_PREFIX

MANIFEST = ".submission.json"  # the settings of the flows; in the folder, never in the archive
LOCK = ".submission.lock", "submission"  # the name of its file, and what holds it
FILE_MODE = 0o100644 << 16  # of a plain file, as zip archives hold it

log = logging.getLogger(__name__)


class SubmissionFolder:
    """The files of one submission, all made with the same weights and settings.

    One program at a time may use the folder: hold `submission_lock` meanwhile.

    Args:
        folder: The folder; it is created if it is missing. Otherwise it must be empty, or hold
            flows of an earlier run with the same settings and no files but the planned ones.
        files: {path in the folder: sample}, see `pwcnet.evaluation.submission_plan.Plan`.
        settings: What the numbers depend on, as JSON holds it.

    Raises:
        ValueError: The folder is another one; nothing has been written then.
    """

    def __init__(self, folder: str, files: dict[str, Sample], settings: dict[str, Any]):
        self.folder, self._files = os.fspath(folder), files
        self._sizes: dict[str, tuple[int, ...]] = {}  # of the frames, as far as they are known
        self._start(settings)

    def remaining(self) -> dict[str, Sample]:
        """The files to predict: those that are missing, damaged or not of their frame's size."""
        return {
            path: sample for path, sample in self._files.items() if not self._is_done(path, sample)
        }

    def write(self, path: str, flow: np.ndarray) -> None:
        """Writes one of the files, completely or not at all.

        KITTI's files hold -512 to 511.98 pixels; other values are clipped to that, as the
        benchmark's own programs do, and a warning has the number of pixels.

        Args:
            path: A key of the planned files.
            flow: [H, W, 2] float32, pixels, channels (u, v), of the frame without padding.

        Raises:
            ValueError: A value is not finite, or beyond 1e9, which .flo files take for unknown.
        """
        unknown = int((~valid_pixels(flow)).sum())
        if unknown:
            raise ValueError(
                "The flow for %s has %d pixels with NaN, infinity or more than 1e9"
                % (path, unknown)
            )
        if path.endswith(".png"):
            flow, changed = clip_to_kitti(flow)
            if changed:
                log.warning(
                    "%s: %d pixels of flow are clipped to %g..%.2f, the range of the file",
                    path,
                    changed,
                    KITTI_MIN,
                    KITTI_MAX,
                )
        write_flow(self._path(path), flow)
        self._sizes[path] = flow.shape[:2]

    def verify(self) -> None:
        """Checks all files: no other is there, each is readable, finite and of its frame's size.

        Raises:
            ValueError: A file is missing, unplanned or damaged; the message names it.
        """
        present = set(self._list_files())
        missing = [path for path in self._files if path not in present]
        if missing:
            raise ValueError(
                "%d of %d flows are missing in %s (%s)"
                % (len(missing), len(self._files), self.folder, first_names(missing))
            )
        self._refuse_others(present)
        for path, sample in self._files.items():
            self._check(path, sample)

    def pack(self, archive: str, progress: Callable[[Iterable[str]], Iterable[str]] = iter) -> None:
        """Writes a zip archive of the files, completely or not at all; call `verify` before.

        The paths are those in the folder, without MANIFEST. The same files give the same bytes.

        Args:
            archive: The path of the archive.
            progress: Wraps the iterable of paths, for example with a progress bar.

        Raises:
            ValueError: The archive lies in the folder or has another extension than .zip.
        """
        check_archive(archive, self.folder)
        with atomic_path(archive) as temporary, zipfile.ZipFile(temporary, "w") as packed:
            for path in progress(sorted(self._files)):
                entry = zipfile.ZipInfo(path)
                entry.external_attr = FILE_MODE
                with open(self._path(path), "rb") as stream:
                    packed.writestr(entry, stream.read(), zipfile.ZIP_DEFLATED)

    def _start(self, settings: dict[str, Any]) -> None:
        present, manifest = self._list_files(), self._path(MANIFEST)
        # Without flows there is nothing to mix: the settings of a run that failed do not matter.
        if present and os.path.isfile(manifest):
            _check_settings(manifest, settings)
        elif present:
            raise ValueError(
                "%s is neither empty nor the folder of an earlier run: it has %d other files (%s)"
                % (self.folder, len(present), first_names(present))
            )
        self._refuse_others(present)
        for path in self._list_files(partial=True):  # of a run that was killed
            os.remove(self._path(path))
        write_text(manifest, json.dumps(settings, indent=2, sort_keys=True) + "\n")

    def _list_files(self, partial: bool = False) -> list[str]:
        """The sorted paths of the complete or of the partial files, without MANIFEST."""
        paths = [
            os.path.relpath(os.path.join(parent, name), self.folder)
            for parent, _, names in os.walk(self.folder)
            for name in names
            if name.startswith(PARTIAL_PREFIX) == partial
        ]
        files = set(paths) - {MANIFEST, LOCK[0]}
        return sorted(path.replace(os.sep, "/") for path in files)

    def _refuse_others(self, present: Iterable[str]) -> None:
        others = sorted(set(present) - set(self._files))
        if others:
            raise ValueError(
                "%s has %d files besides the %d flows of the submission (%s)"
                % (self.folder, len(others), len(self._files), first_names(others))
            )

    def _is_done(self, path: str, sample: Sample) -> bool:
        if not os.path.isfile(self._path(path)):
            return False
        try:
            self._check(path, sample)
        except ValueError as error:
            log.warning("%s is predicted again: %s", path, error)
            return False
        return True

    def _check(self, path: str, sample: Sample) -> None:
        if path not in self._sizes:
            self._sizes[path] = read_frame(sample.frame1).shape[:2]
        flow, valid = read_flow(self._path(path))
        if flow.shape[:2] != self._sizes[path]:
            raise ValueError(
                "%s has %dx%d pixels (height x width), its frame %s has %dx%d"
                % (self._path(path), *flow.shape[:2], sample.frame1, *self._sizes[path])
            )
        if not valid.all():
            raise ValueError(
                "%s has %d pixels without a finite flow" % (self._path(path), (~valid).sum())
            )

    def _path(self, path: str) -> str:
        return os.path.join(self.folder, *path.split("/"))


def submission_lock(folder: str) -> ContextManager[None]:
    """Keeps other submissions out of a folder, which is created if it is missing.

    Raises:
        BlockingIOError: Another submission is writing to the folder; the message names it.
        OSError: The folder cannot be written.
    """
    return folder_locked(folder, *LOCK)


def check_archive(archive: str, folder: str) -> None:
    """Checks the path of an archive of a folder.

    Raises:
        ValueError: The extension is not .zip, or the archive lies in the folder, where it would be
            one file too many.
    """
    if not str(archive).endswith(".zip"):
        raise ValueError("The archive must have the extension .zip, got %s" % archive)
    parent = os.path.realpath(os.path.dirname(os.path.abspath(archive))) + os.sep
    if parent.startswith(os.path.realpath(folder) + os.sep):
        raise ValueError("The archive %s lies in %s, which it packs" % (archive, folder))


def _check_settings(manifest: str, settings: dict[str, Any]) -> None:
    try:
        with open(manifest, encoding="utf-8") as stream:
            earlier = dict(json.load(stream))
    except (ValueError, TypeError):
        raise ValueError("%s is damaged" % manifest) from None
    now = json.loads(json.dumps(settings))
    if "quality" in now:
        earlier.setdefault("quality", "plain")  # earlier versions knew no other
    for name in sorted(set(earlier) | set(now)):
        if earlier.get(name) != now.get(name):
            raise ValueError(
                "The flows in the folder have another %s: %r in %s, %r now; flows of different "
                "settings must not be mixed" % (name, earlier.get(name), manifest, now.get(name))
            )
