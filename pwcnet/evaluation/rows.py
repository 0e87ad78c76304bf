"""The table of the published command lines: a CSV file with a row a pair, of the EPE alone."""
import csv
import logging
import os
from contextlib import contextmanager

from pwcnet.io.atomic import check_output_file, naming

COLUMNS = ("id", "epe", "valid_pixels", "seconds")

log = logging.getLogger(__name__)


@contextmanager
def results_table(path):
    """Yields a function that adds a Result to a CSV file with COLUMNS; where path is None it does nothing.

    Rows go to <name>.partial.csv as they come, so that nothing is lost to whatever kills the program; the file gets its own name when the block ends well.
    A complete table of an earlier run is therefore never replaced by a part of one. Raises OSError, which names `path`: at once where it cannot be written.
    """
    if path is None:
        yield lambda result: None
        return
    check_output_file(path)
    partial = "%s.partial%s" % os.path.splitext(path)
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    rows = 0

    def add(result):
        nonlocal rows
        epe, seconds = result.scores["EPE"], result.seconds
        write([result.id, format(epe, ".6f"), epe.count, "" if seconds is None else "%.6f" % seconds])
        rows += 1

    def write(row, mode="a"):
        with naming(path), open(partial, mode, newline="", encoding="utf-8") as stream:
            csv.writer(stream, lineterminator="\n").writerow(row)

    try:
        write(COLUMNS, "w")
        yield add
        with naming(path), open(partial, "rb") as stream:
            os.fsync(stream.fileno())
    except BaseException:
        if rows:
            log.warning("stopped; the %d pairs done until then are in %s", rows, partial)
        elif os.path.isfile(partial):
            os.remove(partial)
        raise
    os.replace(partial, path)
