"""CSV files with one row per pair: all scores of an evaluation, or the end-point error alone."""

from __future__ import annotations

import csv
import io
import logging
import os
from contextlib import contextmanager
from typing import Callable, Iterator, Sequence

import numpy as np

from pwcnet.evaluation.scores import PairScores
from pwcnet.evaluation.scoring import Result
from pwcnet.flow.averages import Mean
from pwcnet.io.atomic import check_output_file, os_errors_naming, sync_file
from pwcnet.io.folder_lock import folder_locked
from pwcnet.io.names import escape_names, restore_names

ID, SECONDS = "id", "seconds"
PIXELS_SUFFIX = " pixels"  # column "EPE pixels": the number of pixels of the column "EPE"
EPE_COLUMNS = ("id", "epe", "valid_pixels", "seconds")

log = logging.getLogger(__name__)


def format_pairs(pairs: Sequence[PairScores], measures: Sequence[str]) -> str:
    """The scores of pairs as CSV.

    Args:
        pairs: One row each.
        measures: Two columns each: the value, with six decimals, and the number of pixels. A value
            without pixels is empty, and so is an unknown time.

    Returns:
        The text of the file; the first row has the names of the columns.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns = [column for name in measures for column in (name, name + PIXELS_SUFFIX)]
    writer.writerow([ID] + columns + [SECONDS])
    for pair in pairs:
        means = [pair.means.get(name, Mean(None, 0)) for name in measures]
        cells = [cell for mean in means for cell in (_format(mean.value), mean.count)]
        writer.writerow([pair.name] + cells + [_format(pair.seconds)])
    return text.getvalue()


def read_pairs(path: str, measures: Sequence[str], count: int) -> list[PairScores]:
    """Reads the scores of pairs from a file that `format_pairs` made.

    Args:
        path: The file.
        measures: The measures that it must have.
        count: The number of pairs that it must have.

    Returns:
        The scores, in the order of the rows.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file is damaged; the message names it and what is wrong.
    """
    try:
        with open(path, newline="", encoding="utf-8") as stream:
            pairs = [
                PairScores(
                    restore_names(row[ID]),
                    {name: _parse_mean(row[name], row[name + PIXELS_SUFFIX]) for name in measures},
                    _parse(row[SECONDS]),
                )
                for row in csv.DictReader(stream)
            ]
    except (csv.Error, KeyError, ValueError, TypeError) as error:
        raise ValueError(
            "%s is not a table with two columns per measure (%s: %s)"
            % (path, type(error).__name__, error)
        ) from error
    if len(pairs) != count:
        raise ValueError("%s has %d pairs, expected %d" % (path, len(pairs), count))
    return pairs


def read_pair_ids(path: str) -> list[str]:
    """The first cell of each line of a CSV file, as far as the lines can be read."""
    ids: list[str] = []
    if os.path.isfile(path):
        with open(path, encoding="utf-8", errors="replace") as stream:
            for line in stream.read().splitlines():
                try:
                    ids += map(restore_names, next(csv.reader([line]), [])[:1])
                except csv.Error:
                    continue
    return ids


@contextmanager
def epe_csv(path: str | None) -> Iterator[Callable[[Result], None]]:
    """Writes the end-point error of each pair as it comes, with the columns EPE_COLUMNS.

    Rows go to <name>.partial.csv, so that nothing is lost if the program is killed; the file gets
    its name when the block ends without an error. A partial table never replaces the complete table
    of an earlier run.

    Args:
        path: The file; its folder is created if it is missing. None writes nothing.

    Yields:
        A function that adds the row of a result.

    Raises:
        BlockingIOError: Another evaluation is writing the file; the message names its folder.
        OSError: At once, where the file cannot be written; the error names `path`.
    """
    if path is None:
        yield lambda result: None
        return
    check_output_file(path)
    folder, name = os.path.split(os.path.abspath(path))
    with folder_locked(folder, ".%s.lock" % name, "evaluation"), _table(path) as add:
        yield add


@contextmanager
def _table(path: str) -> Iterator[Callable[[Result], None]]:
    partial = "{}.partial{}".format(*os.path.splitext(path))
    rows = 0

    def add(result: Result) -> None:
        nonlocal rows
        epe = result.scores["EPE"]
        write([escape_names(result.id), format(epe, ".6f"), epe.count, _format(result.seconds)])
        rows += 1

    def write(row: Sequence, mode: str = "a") -> None:
        size = os.path.getsize(partial) if mode == "a" else 0
        try:
            with os_errors_naming(path), open(
                partial, mode, newline="", encoding="utf-8"
            ) as stream:
                csv.writer(stream, lineterminator="\n").writerow(row)
        except OSError:
            if os.path.exists(partial):
                os.truncate(partial, size)  # half a row could be taken for a whole one
            raise

    try:
        write(EPE_COLUMNS, "w")
        yield add
        with os_errors_naming(path), open(partial, "rb") as stream:
            sync_file(stream.fileno())
    except BaseException:
        if rows:
            log.warning("stopped; the %d pairs done so far are in %s", rows, partial)
        elif os.path.isfile(partial):
            os.remove(partial)
        raise
    os.replace(partial, path)


def _format(value: float | None) -> str:
    return "" if value is None else "%.6f" % value


def _parse(cell: str) -> float | None:
    return None if cell == "" else float(cell)


def _parse_mean(value: str, count: str) -> Mean:
    """A finite value, or an empty one where no pixel counts."""
    mean = Mean(_parse(value), int(count))
    if (mean.value is None) != (mean.count == 0) or not np.isfinite(mean.value or 0):
        raise ValueError("%r on %s pixels" % (value, count))
    return mean
