"""The output folder of an archive: lock, manifests, options that must agree."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from typing import Any, Sequence

from pwcnet._version import __version__
from pwcnet.archive.items import Item
from pwcnet.archive.manifest import (
    USER,
    Ledger,
    ManifestWriter,
    Shard,
    is_extraction,
    lock_name,
    locks,
    manifest_path,
    manifests,
    read_records,
)
from pwcnet.archive.options import ExtractOptions, different_options
from pwcnet.archive.parts import UNFINISHED
from pwcnet.archive.places import remove_result
from pwcnet.io.folder_lock import FolderLock, check_unlocked


def read_ledger(folder: str) -> Ledger:
    """What the manifests of all shards in a folder say, the latest about each item.

    Raises:
        ValueError: A manifest is damaged, or not of an extraction.
        OSError: One cannot be read.
    """
    records = []
    for path in manifests(folder).values():
        for record in read_records(path):
            if not is_extraction(record):
                raise ValueError("%s is no manifest of an extraction" % path)
            records.append(record)
    return Ledger(sorted(records, key=lambda record: record["time"]))


def missing_items(folder: str | None, items: Sequence[Item], skip_bad: bool) -> list[Item]:
    """The items that are not complete in the folder of an archive, which need not exist."""
    if folder is None or not manifests(folder):
        return list(items)
    ledger, missing = read_ledger(folder), []
    for item in items:
        with suppress(OSError):
            if ledger.is_done(item.name, item.fingerprint(), folder, skip_bad):
                continue
        missing.append(item)
    return missing


class ArchiveFolder:
    """The folder that a program extracts to; a context manager that holds the lock of its shard.

    Args:
        path: The folder; it is created where it is missing.
        options: Of this job.
        shard: The part of the items that this job does.
        overwrite: Whether results of earlier jobs are removed.

    Attributes:
        shard: The part of the items that this job does.
        ledger: What is done, by all shards.
        manifest: The writer of this shard's manifest.

    Raises:
        BlockingIOError: Another job writes to the folder.
        FileExistsError: Results there were computed with other options.
        ValueError: A manifest is damaged.
        OSError: The folder cannot be read or written.
    """

    def __init__(self, path: str, options: ExtractOptions, shard: Shard, overwrite: bool):
        self._path, self._options, self.shard = path, options, shard
        self._is_planned = False
        self._lock = FolderLock(path, lock_name(shard), USER)
        try:
            self._check_other_jobs(overwrite)
            self.ledger = read_ledger(path)
            if overwrite:
                self._remove()
            self._check_options()
            self.manifest = ManifestWriter(manifest_path(path, shard))
        except BaseException:
            self._lock.release(remove=True)
            raise

    def begin(self, inputs: Sequence[str], items: Sequence[Item]) -> None:
        """Notes the beginning of a job."""
        facts: dict[str, Any] = {
            "version": __version__,
            "shard": list(self.shard),
            "options": self._options.recorded(),
            "weights": self._options.weights,
            "inputs": [os.path.abspath(path) for path in inputs],
            "items": len(items),
        }
        self.ledger.add(self.manifest.add("job", **facts))

    def plan(self, pairs: int) -> None:
        """Notes, once, the number of pairs that all items of this job have by their headers."""
        if not self._is_planned:
            self._is_planned = True
            self.manifest.add("plan", pairs=pairs)

    def __enter__(self) -> ArchiveFolder:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.manifest.close()
            with suppress(OSError):  # it holds parts, or there is none
                os.rmdir(os.path.join(self._path, UNFINISHED))
        finally:
            self._lock.release(remove=True)

    def _check_other_jobs(self, overwrite: bool) -> None:
        """Raises BlockingIOError where a job runs that may do the same items."""
        for shard in locks(self._path):
            if shard != self.shard and (overwrite or shard.total != self.shard.total):
                check_unlocked(self._path, lock_name(shard), USER)

    def _check_options(self) -> None:
        ours = self._options.recorded()
        for job in self.ledger.jobs:
            different = different_options(ours, job["options"])
            if different:
                raise FileExistsError(
                    "%s holds results with other options: %s"
                    % (
                        self._path,
                        ", ".join(
                            "%s %s, now %s" % (_words(name), job["options"].get(name), ours[name])
                            for name in different
                        ),
                    )
                )

    def _remove(self) -> None:
        """Removes what the manifests name, and the manifests."""
        for record in self.ledger.done.values():
            for result in record["results"]:
                remove_result(os.path.join(self._path, result))
        shutil.rmtree(os.path.join(self._path, UNFINISHED), ignore_errors=True)
        for manifest in manifests(self._path).values():
            os.remove(manifest)
        self.ledger = Ledger()


def _words(name: str) -> str:
    return name.replace("_", " ").replace("sha256", "SHA-256")


def is_running(folder: str) -> bool:
    """Whether a job writes to a folder now; one of another machine may not be seen."""
    for shard in locks(folder):
        try:
            check_unlocked(folder, lock_name(shard), USER)
        except BlockingIOError:
            return True
    return False
