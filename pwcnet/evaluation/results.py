"""The folder of an evaluation: pairs.csv, evaluation.json, and the flow and pictures of its pairs. It is complete, or begun and to be continued."""
import csv
import io
import json
import logging
import os
import platform
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

import numpy as np

import pwcnet
from pwcnet.io.atomic import PARTIAL, check_output_folder, write_text
from pwcnet.evaluation.histograms import check_histograms
from pwcnet.evaluation.journal import Journal
from pwcnet.evaluation.scoring import Totals
from pwcnet.flow.metrics import Mean

PAIRS, ABOUT, JOURNAL = "pairs.csv", "evaluation.json", "evaluation.partial.jsonl"
KINDS = {"flow": ".flo", "pictures": ".png"}                # folders of what is kept of each pair
ID, SECONDS, COUNT = "id", "seconds", " pixels"             # columns, and what ends the name of a measure's second one
TOTAL = "per_image", "images", "pooled", "pixels"           # of each measure, as of `Totals.as_dict`

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settings:
    """What was evaluated, and how. An evaluation continues with the same settings only; a path of weights may differ where their files are the same.

    data: a name of `pwcnet.data.datasets.registry.DATASETS`, "offline" for raw files. root: its folder. masked: invalid pixels do not count.
    filters: which of its pairs. weights: of `pwcnet.evaluation.weights.weights_of`. precision: as of pwcnet.inference.predictor. session: what else of the device and its
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
        return dict(asdict(self), weights=self.weights.get("sha256"), version=pwcnet.__version__)


class Evaluation(NamedTuple):
    """A complete evaluation. about: what is in evaluation.json; earlier versions wrote no session. pairs: [(id, {measure: Mean}, seconds or None)]."""
    about: Dict[str, Any]
    pairs: List[Tuple[str, Dict[str, Mean], Optional[float]]]


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
            kind in self._written[pair_id] and os.path.isfile(self.path_of(kind, pair_id)) for kind in self._kept)

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
        about = dict(asdict(self._settings), pairs=len(results), command=list(command), versions=_versions(tensorflow),
                     made=datetime.now(timezone.utc).isoformat(timespec="seconds"), mean_seconds=totals.mean_seconds,
                     totals=totals.as_dict(), histograms=totals.histograms.as_dict())
        write_text(os.path.join(self._path, PAIRS), _table(results, list(totals.measures)))
        write_text(os.path.join(self._path, ABOUT), json.dumps(about, indent=1, ensure_ascii=False) + "\n")
        _remove([os.path.join(self._path, JOURNAL)])
        return totals

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self._journal.close()
        if kind is not None and self._results and not os.path.exists(os.path.join(self._path, ABOUT)):
            log.warning("stopped; %d pairs are done in %s, the same command continues", len(self._results), self._path)


def check_evaluation_folder(path, overwrite=False):
    """Raises FileExistsError for a complete evaluation that is not to be overwritten, OSError where the folder cannot be written; leaves no trace."""
    check_output_folder(path)
    about = os.path.join(path, ABOUT)
    if os.path.lexists(about) and not overwrite:
        raise FileExistsError("expected a folder without a complete evaluation, got %s; try --overwrite, which starts anew, or another --output" % about)


def read_evaluation(folder):
    """The `Evaluation` in a folder. Raises FileNotFoundError for none, or one that is not complete, and ValueError for broken files; they name the file."""
    path = os.path.join(folder, ABOUT)
    if not os.path.isfile(path):
        begun = os.path.isfile(os.path.join(folder, JOURNAL))
        raise FileNotFoundError("expected a complete evaluation, got %s; try %s" % (
            ("an interrupted one in %s" if begun else "no file %s") % (folder if begun else path),
            "its command again, which continues" if begun else "scripts/evaluate.py --output"))
    try:
        with open(path, encoding="utf-8") as stream:
            about = json.load(stream)
        count, totals = int(about["pairs"]), dict(about["totals"])
        if not isinstance(about["data"], str) or any(set(TOTAL) - set(total) for total in totals.values()):
            raise ValueError("no name of the data, or totals without %s" % ", ".join(TOTAL))
        if about.get("histograms"):
            check_histograms(about["histograms"])
    except (ValueError, LookupError, TypeError) as error:
        raise ValueError("expected the results of an evaluation, got something else in %s (%s: %s); try evaluating again" % (
            path, type(error).__name__, error)) from error
    return Evaluation(about, _read_table(os.path.join(folder, PAIRS), list(totals), count))


def _table(results, measures):
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow([ID] + [column for name in measures for column in (name, name + COUNT)] + [SECONDS])
    for result in results:
        means = [result.scores.get(name, Mean(None, 0)) for name in measures]
        table.writerow([result.id] + [cell for mean in means for cell in (_cell(mean.value), mean.count)] + [_cell(result.seconds)])
    return text.getvalue()


def _read_table(path, measures, count):
    try:
        with open(path, newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
        pairs = [(row[ID], {name: _mean(row[name], row[name + COUNT]) for name in measures}, _value(row[SECONDS])) for row in rows]
    except (csv.Error, KeyError, ValueError, TypeError) as error:
        raise ValueError("expected a table of pairs with two columns a measure, got something else in %s (%s: %s); try evaluating again" % (
            path, type(error).__name__, error)) from error
    if len(pairs) != count:
        raise ValueError("expected %d pairs, got %d in %s; try evaluating again" % (count, len(pairs), path))
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
    return {"pwcnet": pwcnet.__version__, "tensorflow": tensorflow, "numpy": np.__version__, "python": platform.python_version()}


def _clear(path):
    for pair_id in _earlier_ids(path):
        _remove([os.path.join(path, kind, pair_id + ending) for kind, ending in KINDS.items()])
    _remove([os.path.join(path, name) for name in (ABOUT, PAIRS, JOURNAL)])


def _earlier_ids(path):
    """The ids in the table and in the journal of an evaluation, as far as they can be read."""
    ids = set()
    for name, id_of in ((PAIRS, lambda line: next(csv.reader([line]))[0]), (JOURNAL, lambda line: json.loads(line)[ID])):
        lines = ()
        if os.path.isfile(os.path.join(path, name)):
            with open(os.path.join(path, name), encoding="utf-8", errors="replace") as stream:
                lines = stream.read().splitlines()
        for line in lines:
            try:
                ids.add(id_of(line))
            except (ValueError, LookupError, TypeError, StopIteration, csv.Error):
                continue
    return {pair_id for pair_id in ids if isinstance(pair_id, str) and ".." not in pair_id.split("/") and not os.path.isabs(pair_id)}


def _leftovers(path):
    """Files that a killed program was writing."""
    own = [os.path.join(path, name) for name in os.listdir(path) if name.startswith(PARTIAL) and name.endswith((PAIRS, ABOUT, JOURNAL))]
    return own + [os.path.join(folder, name) for kind in KINDS for folder, _, names in os.walk(os.path.join(path, kind))
                  for name in names if name.startswith(PARTIAL)]


def _remove(paths):
    for path in paths:
        if os.path.lexists(path):
            os.remove(path)
