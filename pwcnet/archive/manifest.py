"""The manifest of an archive: JSON lines, appended by one process, read by any.

Lines are objects with a "kind":

job    when a program began: time, options, version, shard, inputs
plan   the number of pairs of all items of the job, by their headers
item   an item is complete: name, path, fingerprint, pairs, seconds, results, lost, motion
error  an item failed: name, path, fingerprint, error, attempt

A line that a killed program did not finish is left out. Each shard has a manifest of its own.
"""

from __future__ import annotations

import json
import os
import re
import time
from contextlib import suppress
from typing import Any, Iterable, Iterator, NamedTuple

from pwcnet.io.atomic import os_errors_naming, sync_file
from pwcnet.io.names import escape_names

NAME = re.compile(r"manifest(?:-(\d+)-of-(\d+))?\.jsonl$")
LOCK_NAME = re.compile(r"\.extract(?:-(\d+)-of-(\d+))?\.lock$")
LONGEST = 2**20  # bytes of a record
USER = "extraction"  # what writes, in messages about locks
# The facts that say whether an item is the one that was done.
FINGERPRINT = ("bytes", "mtime_ns", "first", "last")
# What readers rely on, of the kinds of records that they read.
KEYS: dict[str, dict[str, Any]] = {
    "job": {"options": dict, "items": int},
    "plan": {"pairs": int},
    "item": {"name": str, "path": str, "pairs": int, "seconds": (int, float), "results": list},
    "error": {"name": str, "error": str},
}


class Shard(NamedTuple):
    """A part of the items: number `number` of `total`, from 1 on."""

    number: int = 1
    total: int = 1

    @property
    def suffix(self) -> str:
        """Of names of files that each shard has."""
        return "" if self.total == 1 else "-%d-of-%d" % self


def manifest_path(folder: str, shard: Shard) -> str:
    """The manifest of a shard."""
    return os.path.join(folder, "manifest%s.jsonl" % shard.suffix)


def lock_name(shard: Shard) -> str:
    """The name of the file that the writer of a manifest locks."""
    return ".extract%s.lock" % shard.suffix


def manifests(folder: str) -> dict[Shard, str]:
    """The manifests in a folder: {shard: path}; none where there is no such folder."""
    return _files(folder, NAME)


def locks(folder: str) -> dict[Shard, str]:
    """The locks in a folder, of writers that may have been killed: {shard: path}."""
    return _files(folder, LOCK_NAME)


def _files(folder: str, pattern: re.Pattern[str]) -> dict[Shard, str]:
    if not os.path.isdir(folder):
        return {}
    found = {}
    for name in sorted(os.listdir(folder)):
        match = pattern.match(name)
        if match:
            shard = Shard(*map(int, match.groups())) if match.group(1) else Shard()
            found[shard] = os.path.join(folder, name)
    return found


def read_records(path: str) -> Iterator[dict[str, Any]]:
    """The records of a manifest.

    Raises:
        ValueError: A line is none of a manifest; a last line that breaks off is left out.
        OSError: The file cannot be read.
    """
    with open(path, "rb") as stream:
        for number, line in enumerate(stream, 1):
            if not line.endswith(b"\n"):
                return  # it is being written, or its writer was killed
            try:
                record = json.loads(line)
                record["kind"]
            except (ValueError, TypeError, KeyError):
                if not line.strip():
                    continue
                raise ValueError("Line %d of %s is none of a manifest" % (number, path)) from None
            yield record


def is_extraction(record: dict[str, Any]) -> bool:
    """Whether a record is one of an extraction, whose results lie in its folder."""
    keys = KEYS.get(str(record["kind"]), {})
    if not all(isinstance(record.get(key), kind) for key, kind in keys.items()):
        return False
    results = record["results"] if record["kind"] == "item" else []
    return isinstance(record.get("time"), (int, float)) and all(
        isinstance(path, str)
        and not os.path.isabs(path)
        and not {"", os.curdir, os.pardir} & set(path.split("/"))
        for path in results
    )


class Ledger:
    """What manifests say about items: the last word about each counts."""

    def __init__(self, records: Iterable[dict[str, Any]] = ()):
        self.jobs: list[dict[str, Any]] = []
        self.done: dict[str, dict[str, Any]] = {}
        self.failed: dict[str, dict[str, Any]] = {}
        for record in records:
            self.add(record)

    def add(self, record: dict[str, Any]) -> None:
        """Takes a record into account."""
        kind = record["kind"]
        if kind == "job":
            self.jobs.append(record)
        elif kind == "item":
            self.done[record["name"]] = record
            self.failed.pop(record["name"], None)
        elif kind == "error":
            self.failed[record["name"]] = record
            self.done.pop(record["name"], None)

    def is_done(
        self, name: str, fingerprint: dict[str, Any], folder: str, skip_bad: bool = True
    ) -> bool:
        """Whether an item is complete: the same input as now, and its results are there.

        Args:
            name: Of the item.
            fingerprint: Of its input now.
            folder: Of the archive.
            skip_bad: Whether it may lack frames.
        """
        record = self.done.get(name)
        return (
            record is not None
            and (skip_bad or not record.get("lost"))
            and all(record.get(key) == fingerprint[key] for key in FINGERPRINT)
            and all(os.path.exists(os.path.join(folder, path)) for path in record["results"])
        )


class ManifestWriter:
    """Appends records; the caller holds the lock of the shard.

    Args:
        path: The file; it is created where it is missing.
    """

    def __init__(self, path: str):
        self._path = path
        with os_errors_naming(path):
            _cut_after_last_line(path)
            self._file = open(path, "ab")  # noqa: SIM115  closed by `close`

    def add(self, kind: str, **facts: Any) -> dict[str, Any]:
        """Appends a record, on disk when this returns; returns it."""
        record = {"kind": kind, "time": round(time.time(), 3), **facts}
        line = escape_names(json.dumps(record, ensure_ascii=False, allow_nan=False)) + "\n"
        with os_errors_naming(self._path):
            self._file.write(line.encode("utf-8"))
            self._file.flush()
            sync_file(self._file.fileno())
        return record

    def close(self) -> None:
        """Closes the file, without what could not be written before."""
        with suppress(OSError):
            self._file.close()


def _cut_after_last_line(path: str) -> None:
    """Removes the record that a killed program did not finish."""
    if not os.path.exists(path):
        return
    with open(path, "r+b") as stream:
        end = stream.seek(0, os.SEEK_END)
        start = max(0, end - LONGEST)
        stream.seek(start)
        kept = start + stream.read().rfind(b"\n") + 1
        if kept < end:
            stream.truncate(kept)
