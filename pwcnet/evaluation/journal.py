"""The journal of an evaluation: scored pairs, line by line, from which it continues."""

from __future__ import annotations

import json
import os
from typing import Any, Iterable, TextIO

import numpy as np

from pwcnet.evaluation.histograms import Histograms
from pwcnet.evaluation.scoring import Result
from pwcnet.flow.averages import Mean
from pwcnet.io.atomic import os_errors_naming, sync_file, write_text
from pwcnet.io.folder_lock import FolderLock, check_unlocked

LOCK = ".evaluation.lock", "evaluation"  # the name of its file, and what holds it


class Journal:
    """A file of JSON lines: the settings first, then a line for each scored pair.

    The file appears with the first `add`, which locks its folder until `close`. A last line that
    was cut off is ignored.

    Args:
        path: The file; where it exists, its pairs are read.
        settings: The settings of the evaluation, as JSON holds them.

    Attributes:
        results: {id: Result without its flow}, the pairs in the file.
        saved: {id: the kinds of files that were written for the pair}; empty where an earlier
            version wrote the line.

    Raises:
        ValueError: The file is no journal, or one of other settings; the message names it.
        OSError: The file cannot be read.
    """

    def __init__(self, path: str, settings: dict[str, Any]):
        self._path = path
        self._stream: TextIO | None = None
        self._lock: FolderLock | None = None
        self._stamp = self._current_stamp()
        self._settings = json.loads(json.dumps(settings))  # as JSON gives it back
        self._lines = self._read_lines() if os.path.lexists(path) else []
        self.saved: dict[str, frozenset[str]] = {}
        self.results = {result.id: result for result in map(self._parse_result, self._lines)}

    def add(self, result: Result, saved: Iterable[str] = ()) -> None:
        """Appends a scored pair.

        Args:
            result: The pair.
            saved: The kinds of files that were written for it.

        Raises:
            BlockingIOError: Another evaluation is writing to the folder, or has written the file
                since it was read.
            OSError: The file cannot be written; the error names it.
        """
        self.lock()
        with os_errors_naming(self._path):
            if self._stream is None:
                lines = [json.dumps({"settings": self._settings})] + self._lines
                write_text(self._path, "".join(line + "\n" for line in lines))
                self._stream = open(self._path, "a", encoding="utf-8")  # noqa: SIM115
            self._stream.write(_format_result(result, saved) + "\n")
            self._stream.flush()

    def close(self) -> None:
        """Closes the file and makes it survive a loss of power; lets go of the lock."""
        try:
            if self._stream is not None:
                stream, self._stream = self._stream, None
                with os_errors_naming(self._path), stream:
                    sync_file(stream.fileno())
        finally:
            self._release_lock()

    def remove(self) -> None:
        """Closes and removes the file, once its pairs are written elsewhere."""
        try:
            if self._stream is not None:
                self._stream.close()
                self._stream = None
            if os.path.lexists(self._path):
                os.remove(self._path)
        finally:
            self._release_lock()

    def lock(self) -> None:
        """Keeps other evaluations out of the folder until `close`; `add` does so too.

        Raises:
            BlockingIOError: As `add` says.
        """
        if self._lock is not None:
            return
        folder = os.path.dirname(self._path)
        lock = FolderLock(folder, *LOCK)
        if self._current_stamp() != self._stamp:
            lock.release(remove=True)
            raise BlockingIOError("Another evaluation has written to %s meanwhile" % folder)
        self._lock = lock

    def _release_lock(self) -> None:
        if self._lock is not None:
            self._lock.release(remove=True)
            self._lock, self._stamp = None, self._current_stamp()

    def _current_stamp(self) -> tuple[int, int] | None:
        """What changes where another evaluation writes to the file; None where there is none."""
        if not os.path.exists(self._path):
            return None
        status = os.stat(self._path)
        return status.st_size, status.st_mtime_ns

    def _read_lines(self) -> list[str]:
        """The complete lines after that of the settings, which must be the same."""
        with open(self._path, encoding="utf-8", errors="replace") as stream:
            lines = stream.read().split("\n")[:-1]
        settings = self._parse_json(lines[0] if lines else "").get("settings")
        if not isinstance(settings, dict):
            raise self._damaged()
        different = [
            "%s (%s there, %s now)"
            % (key, json.dumps(settings.get(key)), json.dumps(self._settings.get(key)))
            for key in sorted(set(settings) | set(self._settings))
            if settings.get(key) != self._settings.get(key)
        ]
        if different:
            raise ValueError(
                "{} is of an evaluation with another {}".format(self._path, ", ".join(different))
            )
        return lines[1:]

    def _parse_result(self, line: str) -> Result:
        content = self._parse_json(line)
        try:
            self.saved[content["id"]] = frozenset(content.get("kept", ()))
            return Result(
                content["id"],
                {name: Mean(*mean) for name, mean in content["scores"].items()},
                None,
                content["seconds"],
                content["first"],
                _parse_histograms(content["histograms"]),
            )
        except (KeyError, TypeError, AttributeError):
            raise self._damaged() from None

    def _parse_json(self, line: str) -> dict[str, Any]:
        try:
            content = json.loads(line)
        except ValueError:
            raise self._damaged() from None
        if not isinstance(content, dict):
            raise self._damaged()
        return content

    def _damaged(self) -> ValueError:
        return ValueError("%s is not the journal of an evaluation, or it is damaged" % self._path)


def check_unused(folder: str) -> None:
    """Raises BlockingIOError where another evaluation is writing to a folder."""
    check_unlocked(folder, *LOCK)


def read_journal_ids(path: str) -> list[str]:
    """The ids of the pairs in a journal of any settings, as far as its lines can be read."""
    ids = []
    if os.path.isfile(path):
        with open(path, encoding="utf-8", errors="replace") as stream:
            for line in stream.read().splitlines():
                try:
                    ids.append(json.loads(line)["id"])
                except (ValueError, LookupError, TypeError):
                    continue
    return [pair_id for pair_id in ids if isinstance(pair_id, str)]


def _parse_histograms(lists: list[list[float]]) -> Histograms | None:
    return Histograms(*(np.array(values, np.float64) for values in lists)) if lists else None


def _format_result(result: Result, saved: Iterable[str]) -> str:
    return json.dumps(
        {
            "id": result.id,
            "kept": list(saved),
            "scores": result.scores,
            "seconds": result.seconds,
            "first": result.first,
            "histograms": [values.tolist() for values in result.histograms or ()],
        }
    )
