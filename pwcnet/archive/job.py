"""The driver of an archive: which tasks there are, what becomes of them, and the manifest.

Only the driver decides and only it writes the manifest. An item that is long is surveyed and cut
into stretches; their parts stay in the output folder until the item is complete, so that a job
which is killed goes on behind them. Items that fail are tried once more at the end.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Iterator, NamedTuple, Sequence

from pwcnet.archive.items import Item
from pwcnet.archive.manifest import Ledger, ManifestWriter
from pwcnet.archive.options import ExtractOptions
from pwcnet.archive.parts import part_path, parts_folder, remove_parts
from pwcnet.archive.probe import probe
from pwcnet.archive.tasks import (
    Done,
    Halted,
    Irregular,
    Join,
    Stretch,
    Survey,
    Surveyed,
    Task,
    stretch_length,
)
from pwcnet.jobs.tasks import LATER, Outcome

TRIES = 2  # of an item
CUT_FROM = 1.5  # stretches in an item that is cut
UNKNOWN_LENGTH = 2e7  # bytes of a video that is surveyed where its header does not count frames


@dataclass
class _Open:
    """An item that is being worked on.

    Attributes:
        item: The item.
        fingerprint: Of its input when it was begun.
        signature: Of the folder of its parts.
        parts: The number of its parts; 0 before they are known.
        missing: The parts that are not complete.
        seconds: That its tasks took so far.
        pairs: That are counted in the progress so far.
    """

    item: Item
    fingerprint: dict[str, Any]
    signature: str
    parts: int = 0
    missing: set[int] = field(default_factory=set)
    seconds: float = 0.0
    pairs: int = 0


class Progress(NamedTuple):
    """What an outcome changes.

    Attributes:
        pairs: That were computed.
        record: Of the manifest, where an item was completed or failed.
    """

    pairs: int = 0
    record: dict[str, Any] | None = None


class ArchiveJob:
    """The tasks of an archive's items.

    Args:
        output: The folder of the archive.
        options: What is computed.
        items: Those that are to be done, in order.
        ledger: What is done already; it takes what is done here.
        manifest: Where this is written.

    Attributes:
        skipped: The number of items that were complete before.
    """

    def __init__(
        self,
        output: str,
        options: ExtractOptions,
        items: Sequence[Item],
        ledger: Ledger,
        manifest: ManifestWriter,
    ):
        self._output, self._options = output, options
        self._ledger, self._manifest = ledger, manifest
        self._new: deque[Item] = deque(items)
        self._again: list[Item] = []
        self._tries: dict[str, int] = {}
        self._tasks: deque[Task] = deque()
        self._open: dict[str, _Open] = {}
        self.skipped = 0

    def tasks(self) -> Iterator[Any]:
        """The tasks; LATER where those that run decide what there is to do."""
        while True:
            if self._tasks:
                yield self._tasks.popleft()
            elif self._new:
                self._begin(self._new.popleft())
            elif self._open:
                yield LATER
            elif self._again:
                self._new.extend(self._again)
                self._again = []
            else:
                return

    def settle(self, outcome: Outcome) -> Progress:
        """Takes the outcome of a task.

        Returns:
            What it changes.

        Raises:
            OSError: The task failed as all others would.
        """
        task, value = outcome.task, outcome.value
        state = self._open.get(task.item.name)
        if isinstance(value, Halted):
            raise OSError(value.errno, os.strerror(value.errno), value.path)
        is_part = isinstance(task, Stretch) and task.last is not None
        if state is None or (is_part and task.part not in state.missing):
            return Progress()  # the item has failed, or is computed as a whole meanwhile
        if outcome.error is not None:
            if isinstance(task, Join):  # its parts may be damaged: the next try has new ones
                remove_parts(self._output, task.item)
            return self._fail(state, outcome.error)
        if isinstance(value, Surveyed):
            self._cut(state, value)
            return Progress()
        if isinstance(value, Irregular):
            if isinstance(task, Stretch) and task.last is None:
                return self._fail(state, value.reason)
            return self._compute_whole(state)
        return self._count(state, task, value)

    def _begin(self, item: Item) -> None:
        try:
            fingerprint = item.fingerprint()
        except OSError as error:
            text = "%s: %s" % (error.filename or item.path, error.strerror or error)
            self._note_failure(item, {}, text)
            return
        if self._ledger.is_done(item.name, fingerprint, self._output, self._options.skip_bad):
            self.skipped += 1
            remove_parts(self._output, item)  # a killed job may not have come to it
            return
        facts = json.dumps([self._options.recorded(), fingerprint], sort_keys=True)
        signature = hashlib.sha256(facts.encode()).hexdigest()[:8]
        self._open[item.name] = state = _Open(item, fingerprint, signature)
        if os.path.isdir(self._part(state, 0)) or self._is_long(item, fingerprint["bytes"]):
            self._tasks.append(Survey(item))
        else:
            self._compute_whole(state)

    def _is_long(self, item: Item, size: int) -> bool:
        """Whether it may be worth cutting."""
        facts = probe(item)
        if not facts.frames:
            return size > UNKNOWN_LENGTH
        length = stretch_length(
            *facts.computed_size(self._options), self._options.classical is not None
        )
        return facts.pairs(self._options) > CUT_FROM * length

    def _compute_whole(self, state: _Open) -> Progress:
        self._drop_tasks(state)
        state.parts, state.missing = 0, set()
        undone, state.pairs = -state.pairs, 0
        self._tasks.append(Stretch(state.item, state.signature))
        return Progress(undone)

    def _cut(self, state: _Open, surveyed: Surveyed) -> None:
        pairs, length = surveyed.pairs, surveyed.stretch
        if pairs <= CUT_FROM * length:
            self._compute_whole(state)
            return
        state.parts = -(-pairs // length)
        bounds = [pairs * index // state.parts for index in range(state.parts + 1)]
        for index, (first, last) in enumerate(zip(bounds, bounds[1:])):
            if not os.path.isdir(self._part(state, index)):
                state.missing.add(index)
                self._tasks.append(
                    Stretch(state.item, state.signature, index, first, last, surveyed.every)
                )
        if not state.missing:
            self._tasks.append(Join(state.item, state.signature, state.parts))

    def _part(self, state: _Open, index: int) -> str:
        return part_path(parts_folder(self._output, state.item, state.signature), index)

    def _count(self, state: _Open, task: Task, done: Done) -> Progress:
        state.seconds += done.seconds
        if isinstance(task, Stretch) and task.last is not None:
            state.missing.discard(task.part)
            state.pairs += done.pairs
            if not state.missing:
                self._tasks.appendleft(Join(state.item, state.signature, state.parts))
            return Progress(done.pairs)
        del self._open[state.item.name]
        record = self._manifest.add(
            "item",
            name=state.item.name,
            path=state.item.path,
            **state.fingerprint,
            pairs=done.pairs,
            seconds=round(state.seconds, 3),
            results=list(done.results),
            lost=list(done.lost),
            **({} if done.motion is None else {"motion": done.motion}),
        )
        self._ledger.add(record)
        remove_parts(self._output, state.item)
        return Progress(done.pairs - state.pairs, record)

    def _fail(self, state: _Open, error: str) -> Progress:
        self._drop_tasks(state)
        del self._open[state.item.name]
        return Progress(-state.pairs, self._note_failure(state.item, state.fingerprint, error))

    def _note_failure(self, item: Item, fingerprint: dict[str, Any], error: str) -> dict[str, Any]:
        attempt = self._tries[item.name] = self._tries.get(item.name, 0) + 1
        record = self._manifest.add(
            "error", name=item.name, path=item.path, **fingerprint, error=error, attempt=attempt
        )
        self._ledger.add(record)
        if attempt < TRIES:
            self._again.append(item)
        return record

    def _drop_tasks(self, state: _Open) -> None:
        self._tasks = deque(task for task in self._tasks if task.item.name != state.item.name)
