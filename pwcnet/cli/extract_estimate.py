"""How much there is to extract: while it runs, and before (--dry-run)."""

from __future__ import annotations

import threading
from argparse import Namespace
from typing import Any, Sequence

from pwcnet.archive.items import Item
from pwcnet.archive.manifest import Ledger
from pwcnet.archive.options import ExtractOptions
from pwcnet.archive.probe import Probe, probe
from pwcnet.archive.tasks import Measure, Measured
from pwcnet.cli.common import progress_bar
from pwcnet.cli.extract_worker import open_extractors

SHOWN = 5  # items of unknown length
MEASURED_ITEMS = 3  # tried, until one can be measured


class Totals:
    """Counts pairs by the headers of items in a background thread, for the progress bar.

    A context manager: the thread ends with the block.

    Attributes:
        complete: Pairs of items that are complete from the beginning.
        pairs: Of the other items, as far as they are counted.
        is_complete: Whether all are counted.
    """

    def __init__(self, items: Sequence[Item], options: ExtractOptions, ledger: Ledger):
        done = ledger.done
        self._items = [item for item in items if item.name not in done]
        self.complete = sum(done[item.name]["pairs"] for item in items if item.name in done)
        self._options = options
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._count, daemon=True)
        self.pairs = 0
        self.is_complete = False

    def __enter__(self) -> Totals:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _count(self) -> None:
        for item in self._items:
            if self._ended.is_set():
                return
            self.pairs += probe(item).pairs(self._options)
        self.is_complete = True


def print_estimate(args: Namespace, options: ExtractOptions, items: Sequence[Item]) -> int:
    """Prints what a job will take, by the headers of all items and the first pairs of one.

    Returns:
        The exit code: 1 where nothing can be read.
    """
    probes: list[Probe] = []
    with progress_bar(items, total=len(items), unit="item") as bar:
        probes.extend(map(probe, bar))
    pairs = [facts.pairs(options) for facts in probes]
    unknown = [item.name for item, count in zip(items, pairs) if not count]
    print("items: %d" % len(items))
    for name in unknown[:SHOWN]:
        print("unknown length: %s" % name)
    if len(unknown) > SHOWN:
        print("unknown length: %d more" % (len(unknown) - SHOWN))
    print("pairs: %d" % sum(pairs))
    measured = _measured(args, options, items, pairs)
    if measured is None:
        print("no item could be read")
        return 1
    pixels = [_pixels(facts, options) or measured.pixels for facts in probes]
    share = sum(count * size for count, size in zip(pairs, pixels)) / measured.pixels
    workers = args.workers or 1
    print("disk: %s" % size_text(share * measured.size))
    print(
        "time: %s with %d worker%s (%.3g s for a pair of %d pixels)"
        % (
            duration_text(share * measured.seconds / workers),
            workers,
            "s" * (workers > 1),
            measured.seconds,
            measured.pixels,
        )
    )
    return 0


def size_text(size: float) -> str:
    """Bytes in words."""
    for unit, name in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB")):
        if size >= unit:
            return "%.3g %s" % (size / unit, name)
    return "%.3g kB" % (size / 1e3)


def duration_text(seconds: float) -> str:
    """A duration in words."""
    for unit, name in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * unit:
            return "%.3g %s" % (seconds / unit, name)
    return "%.2g seconds" % seconds


def _measured(
    args: Namespace, options: ExtractOptions, items: Sequence[Item], pairs: Sequence[int]
) -> Any:
    """The `Measured` of the first item that can be measured."""
    candidates = [item for item, count in zip(items, pairs) if count > 1] or list(items)
    with open_extractors(args, options) as engine:
        for outcome in engine.map(map(Measure, candidates[:MEASURED_ITEMS])):
            if isinstance(outcome.value, Measured):
                return outcome.value
            print("%s" % (outcome.error or ", ".join(map(str, outcome.value))))
    return None


def _pixels(facts: Probe, options: ExtractOptions) -> int:
    height, width = facts.computed_size(options)
    return height * width
