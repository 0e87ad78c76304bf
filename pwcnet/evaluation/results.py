"""The folder of an evaluation: pairs.csv, evaluation.json, and the flow and pictures of its pairs. It is complete, or begun and to be continued."""

import csv
import io
import json
import logging
import os
import platform
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from typing import Any, Dict, List, NamedTuple, Optional

import numpy as np

from pwcnet._version import __version__
from pwcnet.evaluation.scores import PairScores
from pwcnet.evaluation.scoring import Histograms, Result, Totals, check_histograms
from pwcnet.flow.metrics import Mean
from pwcnet.io.atomic import (
    PARTIAL,
    check_output_file,
    check_output_folder,
    os_errors_naming,
    write_text,
)

PAIRS, ABOUT, JOURNAL = "pairs.csv", "evaluation.json", "evaluation.partial.jsonl"
KINDS = {"flow": ".flo", "pictures": ".png"}  # folders of what is kept of each pair
ID, SECONDS, COUNT = (
    "id",
    "seconds",
    " pixels",
)  # columns, and what ends the name of a measure's second one
TOTAL = "per_image", "images", "pooled", "pixels"  # of each measure, as of `Totals.as_dict`

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settings:
    """What was evaluated, and how. An evaluation continues with the same settings only; a path of weights may differ where their files are the same.

    data: a name of `pwcnet.data.datasets.registry.DATASETS`, "offline" for raw files. root: its folder. masked: invalid pixels do not count.
    filters: which of its pairs. weights: of `pwcnet.weights.files.weights_of`. precision: as of pwcnet.inference.predictor. session: what else of the device and its
    options numbers depend on, as text; "" is unknown.
    """

    data: str
    root: str
    masked: bool = False
    filters: Dict[str, Any] = field(default_factory=dict)
    weights: Dict[str, Optional[str]] = field(default_factory=dict)
    precision: str = "float32"
    session: str = ""

    @property
    def fingerprint(self):
        """What must not differ between the parts of one evaluation."""
        return dict(asdict(self), weights=self.weights.get("sha256"), version=__version__)


class Evaluation(NamedTuple):
    """A complete evaluation.

    Attributes:
        summary: The content of evaluation.json; earlier versions wrote no session.
        pairs: The scores of the pairs.
    """

    summary: Dict[str, Any]
    pairs: List[PairScores]


class EvaluationFolder:
    """A folder that an evaluation fills; `with EvaluationFolder(path, settings) as folder:`, `add` for each pair, `finish` at the end.

    kept: which of KINDS are kept of each pair; a pair is done once these were written with its scores, and are there.
    overwrite: what an earlier evaluation wrote is removed, and nothing else. continues: False drops an interrupted one. Nothing is written before the first
    `add`.
    Raises FileExistsError for a folder that holds a complete evaluation, ValueError for one that was begun with other settings or is broken, OSError for one
    that cannot be written.
    """

    def __init__(self, path, settings, kept=(), overwrite=False, continues=True):
        self._path, self._settings, self._kept = path, settings, tuple(kept)
        check_evaluation_folder(path, overwrite)
        if overwrite:
            _clear(path)
        elif not continues:
            _remove([os.path.join(path, JOURNAL)])
        self._journal = Journal(os.path.join(path, JOURNAL), settings.fingerprint)
        self._results, self._written = dict(self._journal.results), dict(self._journal.kept)
        if self._results:
            _remove(_leftovers(path))

    def path_of(self, kind, pair_id):
        """Where a pair's "flow" or "pictures" is."""
        return os.path.join(self._path, kind, pair_id + KINDS[kind])

    def is_done(self, pair_id):
        """Whether a pair was scored, and all that is kept of it is there; a file of that name that was not written with these scores does not count."""
        return pair_id in self._results and all(
            kind in self._written[pair_id] and os.path.isfile(self.path_of(kind, pair_id))
            for kind in self._kept
        )

    def add(self, result):
        """Notes a pair, once what is kept of it is there."""
        self._journal.add(result, self._kept)
        self._results[result.id], self._written[result.id] = result._replace(flow=None), self._kept

    def finish(self, pair_ids, command, tensorflow=None):
        """Writes pairs.csv, then evaluation.json, in the order of the ids; removes the journal. Returns the `Totals`.

        command: the arguments of the program. tensorflow: its version; None where there was none.
        """
        self._journal.close()
        results, totals = [self._results[pair_id] for pair_id in pair_ids], Totals()
        for result in results:
            totals.add(result)
        about = dict(
            asdict(self._settings),
            pairs=len(results),
            command=list(command),
            versions=_versions(tensorflow),
            made=datetime.now(timezone.utc).isoformat(timespec="seconds"),
            mean_seconds=totals.mean_seconds,
            totals=totals.as_dict(),
            histograms=totals.histograms.as_dict(),
        )
        write_text(os.path.join(self._path, PAIRS), _table(results, list(totals.measures)))
        write_text(
            os.path.join(self._path, ABOUT), json.dumps(about, indent=1, ensure_ascii=False) + "\n"
        )
        _remove([os.path.join(self._path, JOURNAL)])
        return totals

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self._journal.close()
        if (
            kind is not None
            and self._results
            and not os.path.exists(os.path.join(self._path, ABOUT))
        ):
            log.warning(
                "stopped; %d pairs are done in %s, the same command continues",
                len(self._results),
                self._path,
            )


def check_evaluation_folder(path, overwrite=False):
    """Raises FileExistsError for a complete evaluation that is not to be overwritten, OSError where the folder cannot be written; leaves no trace."""
    check_output_folder(path)
    about = os.path.join(path, ABOUT)
    if os.path.lexists(about) and not overwrite:
        raise FileExistsError(
            "expected a folder without a complete evaluation, got %s; try --overwrite, which starts anew, or another --output"
            % about
        )


def read_evaluation(folder):
    """The `Evaluation` in a folder. Raises FileNotFoundError for none, or one that is not complete, and ValueError for broken files; they name the file."""
    path = os.path.join(folder, ABOUT)
    if not os.path.isfile(path):
        begun = os.path.isfile(os.path.join(folder, JOURNAL))
        raise FileNotFoundError(
            "expected a complete evaluation, got %s; try %s"
            % (
                ("an interrupted one in %s" if begun else "no file %s")
                % (folder if begun else path),
                "its command again, which continues" if begun else "scripts/evaluate.py --output",
            )
        )
    try:
        with open(path, encoding="utf-8") as stream:
            about = json.load(stream)
        count, totals = int(about["pairs"]), dict(about["totals"])
        if not isinstance(about["data"], str) or any(
            set(TOTAL) - set(total) for total in totals.values()
        ):
            raise ValueError("no name of the data, or totals without %s" % ", ".join(TOTAL))
        if about.get("histograms"):
            check_histograms(about["histograms"])
    except (ValueError, LookupError, TypeError) as error:
        raise ValueError(
            "expected the results of an evaluation, got something else in %s (%s: %s); try evaluating again"
            % (path, type(error).__name__, error)
        ) from error
    return Evaluation(about, _read_table(os.path.join(folder, PAIRS), list(totals), count))


def _table(results, measures):
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(
        [ID] + [column for name in measures for column in (name, name + COUNT)] + [SECONDS]
    )
    for result in results:
        means = [result.scores.get(name, Mean(None, 0)) for name in measures]
        table.writerow(
            [result.id]
            + [cell for mean in means for cell in (_cell(mean.value), mean.count)]
            + [_cell(result.seconds)]
        )
    return text.getvalue()


def _read_table(path, measures, count):
    try:
        with open(path, newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
        pairs = [
            PairScores(
                row[ID],
                {name: _mean(row[name], row[name + COUNT]) for name in measures},
                _value(row[SECONDS]),
            )
            for row in rows
        ]
    except (csv.Error, KeyError, ValueError, TypeError) as error:
        raise ValueError(
            "expected a table of pairs with two columns a measure, got something else in %s (%s: %s); try evaluating again"
            % (path, type(error).__name__, error)
        ) from error
    if len(pairs) != count:
        raise ValueError(
            "expected %d pairs, got %d in %s; try evaluating again" % (count, len(pairs), path)
        )
    return pairs


def _mean(value, count):
    """A Mean of two cells: a finite value, or none where no pixel counts."""
    mean = Mean(_value(value), int(count))
    if (mean.value is None) != (mean.count == 0) or not np.isfinite(mean.value or 0):
        raise ValueError("%r on %s pixels" % (value, count))
    return mean


def _cell(value):
    return "" if value is None else "%.6f" % value


def _value(cell):
    return None if cell == "" else float(cell)


def _versions(tensorflow):
    return {
        "pwcnet": __version__,
        "tensorflow": tensorflow,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }


def _clear(path):
    for pair_id in _earlier_ids(path):
        _remove([os.path.join(path, kind, pair_id + ending) for kind, ending in KINDS.items()])
    _remove([os.path.join(path, name) for name in (ABOUT, PAIRS, JOURNAL)])


def _earlier_ids(path):
    """The ids in the table and in the journal of an evaluation, as far as they can be read."""
    ids = set()
    for name, id_of in (
        (PAIRS, lambda line: next(csv.reader([line]))[0]),
        (JOURNAL, lambda line: json.loads(line)[ID]),
    ):
        lines = ()
        if os.path.isfile(os.path.join(path, name)):
            with open(os.path.join(path, name), encoding="utf-8", errors="replace") as stream:
                lines = stream.read().splitlines()
        for line in lines:
            try:
                ids.add(id_of(line))
            except (ValueError, LookupError, TypeError, StopIteration, csv.Error):
                continue
    return {
        pair_id
        for pair_id in ids
        if isinstance(pair_id, str)
        and ".." not in pair_id.split("/")
        and not os.path.isabs(pair_id)
    }


def _leftovers(path):
    """Files that a killed program was writing."""
    own = [
        os.path.join(path, name)
        for name in os.listdir(path)
        if name.startswith(PARTIAL) and name.endswith((PAIRS, ABOUT, JOURNAL))
    ]
    return own + [
        os.path.join(folder, name)
        for kind in KINDS
        for folder, _, names in os.walk(os.path.join(path, kind))
        for name in names
        if name.startswith(PARTIAL)
    ]


def _remove(paths):
    for path in paths:
        if os.path.lexists(path):
            os.remove(path)


class Journal:
    """A file that grows by a line for each `add`; it appears with the first one, and begins with the settings.

    results: {id: Result without flow}, those that were in the file. A last line that was cut off is left out.
    kept: {id: the kinds of files that were written for it}; none where a line does not say.
    Raises ValueError, which names the file, where it has other settings or is no journal; OSError where it cannot be read.
    """

    def __init__(self, path, settings):
        self._path, self._stream, self.kept = path, None, {}
        self._settings = json.loads(json.dumps(settings))  # as a file gives them back
        self._lines = self._whole_lines() if os.path.lexists(path) else []
        self.results = {result.id: result for result in map(self._parsed, self._lines)}

    def add(self, result, kept=()):
        """Notes a pair, with the kinds of files that were written for it; a program that is killed later finds it again."""
        with os_errors_naming(self._path):
            if self._stream is None:
                write_text(
                    self._path,
                    "".join(
                        line + "\n"
                        for line in [json.dumps({"settings": self._settings})] + self._lines
                    ),
                )
                self._stream = open(self._path, "a", encoding="utf-8")
            self._stream.write(_line(result, kept) + "\n")
            self._stream.flush()

    def close(self):
        """Makes what was noted last through a loss of power."""
        if self._stream is not None:
            with os_errors_naming(self._path):
                os.fsync(self._stream.fileno())
                self._stream.close()
            self._stream = None

    def _whole_lines(self):
        with open(self._path, encoding="utf-8", errors="replace") as stream:
            lines = stream.read().split("\n")[:-1]
        begun = self._json(lines[0] if lines else "").get("settings")
        if not isinstance(begun, dict):
            raise self._broken()
        other = sorted(
            key
            for key in set(begun) | set(self._settings)
            if begun.get(key) != self._settings.get(key)
        )
        if other:
            raise ValueError(
                "expected the settings of the evaluation begun in %s, got another %s; try --overwrite, which starts anew, or another --output"
                % (
                    self._path,
                    ", ".join(
                        "%s (%s there, %s now)"
                        % (key, json.dumps(begun.get(key)), json.dumps(self._settings.get(key)))
                        for key in other
                    ),
                )
            )
        return lines[1:]

    def _parsed(self, line):
        stored = self._json(line)
        try:
            self.kept[stored["id"]] = frozenset(stored.get("kept", ()))
            return Result(
                stored["id"],
                {name: Mean(*mean) for name, mean in stored["scores"].items()},
                None,
                stored["seconds"],
                stored["first"],
                Histograms(*(np.array(values, np.float64) for values in stored["histograms"])),
            )
        except (KeyError, TypeError, AttributeError):
            raise self._broken() from None

    def _json(self, line):
        try:
            content = json.loads(line)
        except ValueError:
            raise self._broken() from None
        if not isinstance(content, dict):
            raise self._broken()
        return content

    def _broken(self):
        return ValueError(
            "expected the journal of an evaluation, got something else in %s; try --overwrite, which starts anew"
            % self._path
        )


def _line(result, kept):
    return json.dumps(
        {
            "id": result.id,
            "kept": list(kept),
            "scores": result.scores,
            "seconds": result.seconds,
            "first": result.first,
            "histograms": [values.tolist() for values in result.histograms],
        }
    )


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
        write(
            [result.id, format(epe, ".6f"), epe.count, "" if seconds is None else "%.6f" % seconds]
        )
        rows += 1

    def write(row, mode="a"):
        with os_errors_naming(path), open(partial, mode, newline="", encoding="utf-8") as stream:
            csv.writer(stream, lineterminator="\n").writerow(row)

    try:
        write(COLUMNS, "w")
        yield add
        with os_errors_naming(path), open(partial, "rb") as stream:
            os.fsync(stream.fileno())
    except BaseException:
        if rows:
            log.warning("stopped; the %d pairs done until then are in %s", rows, partial)
        elif os.path.isfile(partial):
            os.remove(partial)
        raise
    os.replace(partial, path)
