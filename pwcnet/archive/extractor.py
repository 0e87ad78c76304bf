"""A worker of an archive: opens the network once, then computes stretches of items."""

from __future__ import annotations

import errno
import os
import tempfile
import time
from contextlib import closing
from itertools import islice
from typing import Any, Callable, Iterable, Iterator

import numpy as np

from pwcnet.archive.frames import ArchivePair, kept_distance, scale_of, stretch_pairs, whole_pairs
from pwcnet.archive.items import Item
from pwcnet.archive.motion import item_row, pair_row
from pwcnet.archive.options import ExtractOptions
from pwcnet.archive.parts import (
    PairResult,
    PartWriter,
    new_part,
    part_path,
    parts_folder,
    read_lost,
    read_rows,
)
from pwcnet.archive.places import check_place
from pwcnet.archive.results import publish
from pwcnet.archive.tasks import (
    Done,
    Halted,
    Irregular,
    Join,
    Measure,
    Measured,
    Stretch,
    Survey,
    Surveyed,
    Task,
    stretch_length,
)
from pwcnet.flow.occlusion import forward_backward_occlusion
from pwcnet.io.frames import Range
from pwcnet.io.lost_frames import IrregularError
from pwcnet.io.prefetch import BackgroundWriter, prefetch
from pwcnet.io.stretches import read_stretch, survey_sequence
from pwcnet.io.video import video_facts

MEASURE_SECONDS = 8.0
HALTING = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)  # errors that every item would meet


class Extractor:
    """Does the tasks of an archive.

    Args:
        output: The folder of the archive.
        options: What is computed and written.
        predictor: What has the methods of Predictor; a classical method has but `flow`.
        batch_size: Pairs that the network takes at once, where it takes several.
    """

    def __init__(self, output: str, options: ExtractOptions, predictor: Any, batch_size: int = 1):
        self._output, self._options = output, options
        self._predictor, self._batch_size = predictor, batch_size

    def __call__(self, task: Task) -> Any:
        """Does a task and returns its value, `Irregular` or `Halted`.

        Raises:
            ValueError: The item cannot be read.
            OSError: A file of it cannot be read.
        """
        try:
            if isinstance(task, Survey):
                return self._survey(task.item)
            if isinstance(task, Measure):
                return self._measure(task.item)
            started = time.time()
            done = self._compute(task) if isinstance(task, Stretch) else self._join(task)
            return done._replace(seconds=round(time.time() - started, 3))
        except IrregularError as error:
            return Irregular(str(error))
        except OSError as error:
            if error.errno in HALTING:
                return Halted(error.errno, os.fspath(error.filename or self._output))
            raise

    def _compute(self, task: Stretch) -> Done:
        lost: list[str] = []
        check_place(self._output, task.item, self._options)
        pairs = self._pairs(task, lost)
        folder = parts_folder(self._output, task.item, task.signature)
        # One that is not cut has a part of its own name, which no stretch is taken for.
        index = None if task.last is None else task.part
        with new_part(folder, index) as part:
            count = self._fill(part, pairs, lost)
            if task.last is not None and count != task.last - task.first:
                raise IrregularError("%s lacks frames" % task.item.path)
        if task.last is None:
            return self._publish(task.item, [part_path(folder, index)])
        return Done(count)

    def _survey(self, item: Item) -> Surveyed:
        options = self._options
        survey = survey_sequence(item.path)
        rate = None if os.path.isdir(item.path) else video_facts(item.path).rate
        every = kept_distance(options, rate)
        kept = -(-Range(item.first, item.last).span(survey.total) // every)
        pairs = max(0, kept - options.step)
        if not survey.is_regular or not pairs:
            return Surveyed(0, every, 0)
        with closing(read_stretch(item.path, Range(item.first, item.first))) as frames:
            pair = next(frames)
        height, width = (side * scale_of(options, pair.image) for side in pair.image.shape[:2])
        length = stretch_length(int(height), int(width), options.classical is not None)
        return Surveyed(pairs, every, length if survey.is_sought else max(length, -(-pairs // 8)))

    def _measure(self, item: Item) -> Measured:
        """Computes two pairs, and more for some seconds."""
        times: list[float] = []

        def timed() -> Iterator[ArchivePair]:
            for pair in whole_pairs(item, self._options, []):
                times.append(time.time())
                yield pair
                if len(times) > 2 and time.time() - times[1] > MEASURE_SECONDS:
                    return

        with tempfile.TemporaryDirectory() as folder:
            count = self._fill(folder, timed(), [])
            if not count:
                raise ValueError("%s has no pair of frames that can be read" % item.path)
            seconds = (time.time() - times[min(1, count - 1)]) / max(1, count - 1)
            rows = read_rows(folder)
            size = sum(entry.stat().st_size for entry in os.scandir(folder))
        height, width = rows[0]["size"]
        return Measured(seconds, size / count, height * width)

    def _pairs(self, task: Stretch, lost: list[str]) -> Iterator[ArchivePair]:
        if task.last is None:
            return whole_pairs(task.item, self._options, lost)
        return stretch_pairs(task.item, self._options, task.first, task.last, task.every)

    def _fill(self, part: str, pairs: Iterable[ArchivePair], lost: list[str]) -> int:
        """Computes and writes the pairs; returns how many there were."""
        writer, count = PartWriter(part, self._options), 0
        try:
            with BackgroundWriter() as background, closing(prefetch(pairs)) as read:
                for pair, flows in self._flows(read):
                    background.submit(self._write, writer, pair, flows)
                    count += 1
        finally:
            writer.close(lost)
        return count

    def _write(self, writer: PartWriter, pair: ArchivePair, flows: list[np.ndarray]) -> None:
        options = self._options
        flow, backward = flows[0], flows[1] if len(flows) > 1 else None
        if not np.isfinite(flow).all():
            raise ValueError("The flow of frame %d has NaN or infinity" % pair.frames[0])
        occlusion = forward_backward_occlusion(*flows) if options.occlusion else None
        motion = None
        if "motion" in options.save:
            motion = pair_row(pair.frame1, pair.frame2, flow, options.still, pair.scale)
        writer.add(
            PairResult(pair.number, pair.frames, pair.times, flow, backward, occlusion, motion)
        )

    def _flows(self, pairs: Iterable[ArchivePair]) -> Iterator[tuple[Any, list[np.ndarray]]]:
        """Yields (pair, flows), one flow or both."""
        predictor, both = self._predictor, self._options.both_ways
        if self._options.classical:
            for pair in pairs:
                frames = [(pair.frame1, pair.frame2), (pair.frame2, pair.frame1)]
                yield pair, [predictor.flow(*each) for each in frames[: 1 + both]]
        elif self._batch_size > 1:
            yield from self._batches(iter(pairs))
        else:
            predict: Callable = predictor.both_ways if both else predictor.consecutive
            for pair, *flows in predict(pairs):
                yield pair, flows

    def _batches(self, pairs: Iterator[ArchivePair]) -> Iterator[tuple[Any, list[np.ndarray]]]:
        while True:
            batch = list(islice(pairs, self._batch_size))
            if not batch:
                return
            flows = [self._predictor.flows(batch)]
            if self._options.both_ways:
                reverse = [(pair.frame2, pair.frame1) for pair in batch]
                flows.append(self._predictor.flows(reverse))
            yield from zip(batch, map(list, zip(*flows)))

    def _join(self, task: Join) -> Done:
        folder = parts_folder(self._output, task.item, task.signature)
        return self._publish(task.item, [part_path(folder, index) for index in range(task.parts)])

    def _publish(self, item: Item, parts: list[str]) -> Done:
        rows = [row for part in parts for row in read_rows(part)]
        results = publish(self._output, item, parts, rows, self._options)
        lost = [text for part in parts for text in read_lost(part)]
        motion = item_row(rows) if "motion" in self._options.save else None
        return Done(len(rows), 0.0, tuple(results), tuple(lost), motion)
