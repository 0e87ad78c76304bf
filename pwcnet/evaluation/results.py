"""The folder of an evaluation, complete or interrupted.

A complete one holds evaluation.json, the settings and totals, and pairs.csv, the scores of each
pair; an interrupted one holds a journal instead, from which the evaluation continues. Flow and
images of the pairs lie in subfolders.
"""

from __future__ import annotations

import json
import logging
import os
import platform
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from typing import Any, Iterable, NamedTuple, Sequence

import numpy as np

from pwcnet._version import __version__
from pwcnet.evaluation.histograms import check_histograms
from pwcnet.evaluation.journal import Journal, check_unused, read_journal_ids
from pwcnet.evaluation.pairs_csv import format_pairs, read_pair_ids, read_pairs
from pwcnet.evaluation.scores import PairScores
from pwcnet.evaluation.scoring import Result, Totals
from pwcnet.io.atomic import check_output_folder, write_text
from pwcnet.io.partial_files import PARTIAL_PREFIX

PAIRS_FILE, SUMMARY_FILE = "pairs.csv", "evaluation.json"
JOURNAL_FILE = "evaluation.partial.jsonl"
EXTENSIONS = {"flow": ".flo", "pictures": ".png"}  # the subfolders of what is saved of each pair
TOTALS_KEYS = "per_image", "images", "pooled", "pixels"  # of each measure, see `Totals.as_dict`

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settings:
    """What is evaluated, and how. An evaluation continues with the same settings only.

    Attributes:
        data: A name of `pwcnet.data.datasets.registry.DATASETS`, or "offline" for raw files.
        root: The folder of the data set.
        masked: Pixels marked invalid do not count.
        filters: Which of the pairs are evaluated.
        weights: From `pwcnet.weights.files.identify_weights`; the path may change, the content
            may not.
        precision: See `pwcnet.inference.predictor.Predictor`.
        session: What else of the device and its options the numbers depend on, as text; "" where
            it is unknown.
        quality: See `pwcnet.inference.predictor.Predictor`.
    """

    data: str
    root: str
    masked: bool = False
    filters: dict[str, Any] = field(default_factory=dict)
    weights: dict[str, str | None] = field(default_factory=dict)
    precision: str = "float32"
    session: str = ""
    quality: str = "plain"

    @property
    def fingerprint(self) -> dict[str, Any]:
        """What must be the same for all pairs of an evaluation, the version included."""
        return dict(asdict(self), weights=self.weights.get("sha256"), version=__version__)


class Evaluation(NamedTuple):
    """A complete evaluation.

    Attributes:
        summary: The content of evaluation.json; earlier versions wrote no "session".
        pairs: The scores of the pairs.
    """

    summary: dict[str, Any]
    pairs: list[PairScores]


class EvaluationFolder:
    """The folder that an evaluation fills.

        with EvaluationFolder(path, settings) as folder:
            for result in results:
                folder.add(result)
            folder.finish(pair_ids, command)

    Nothing is written before the first `add` or `lock`. From then on a lock keeps other evaluations
    out.

    Args:
        path: The folder; it is created if it is missing.
        settings: The settings of the evaluation.
        saved: Which of EXTENSIONS are saved for each pair. A pair is done when these files have
            been written with its scores and still exist.
        overwrite: Remove what an earlier evaluation wrote, and nothing else.
        resume: Continue an interrupted evaluation; False drops it.

    Raises:
        FileExistsError: The folder holds a complete evaluation.
        ValueError: The folder holds an evaluation with other settings, or a damaged one.
        BlockingIOError: Another evaluation is writing there.
        OSError: The folder cannot be written.
    """

    def __init__(
        self,
        path: str,
        settings: Settings,
        saved: Iterable[str] = (),
        overwrite: bool = False,
        resume: bool = True,
    ):
        self._path, self._settings, self._kinds = path, settings, tuple(saved)
        check_unused(path)
        check_evaluation_folder(path, overwrite)
        if overwrite:
            _remove_evaluation(path)
        elif not resume:
            _remove([os.path.join(path, JOURNAL_FILE)])
        self._journal = Journal(os.path.join(path, JOURNAL_FILE), settings.fingerprint)
        self._results, self._saved = dict(self._journal.results), dict(self._journal.saved)
        if self._results:
            _remove(_partial_files(path))

    def path_of(self, kind: str, pair_id: str) -> str:
        """The path of a pair's "flow" or "pictures"."""
        return os.path.join(self._path, kind, pair_id + EXTENSIONS[kind])

    def is_done(self, pair_id: str) -> bool:
        """Whether a pair was scored and its files, written with these scores, exist."""
        return pair_id in self._results and all(
            kind in self._saved[pair_id] and os.path.isfile(self.path_of(kind, pair_id))
            for kind in self._kinds
        )

    def lock(self) -> None:
        """Keeps other evaluations out, before files of pairs are written; `add` does so too.

        Raises:
            BlockingIOError: As `add` says.
        """
        self._journal.lock()

    def add(self, result: Result) -> None:
        """Records a scored pair whose files have been written.

        Raises:
            BlockingIOError: Another evaluation has begun to write there, or has done so meanwhile.
        """
        self._journal.add(result, self._kinds)
        self._results[result.id] = result._replace(flow=None)
        self._saved[result.id] = frozenset(self._kinds)

    def finish(
        self, pair_ids: Iterable[str], command: Sequence[str], tensorflow: str | None = None
    ) -> Totals:
        """Writes pairs.csv, then evaluation.json, and removes the journal.

        Args:
            pair_ids: The pairs, in the order of the table.
            command: The arguments of the program.
            tensorflow: The version of TensorFlow; None where it was not used.

        Returns:
            The totals.

        Raises:
            FileExistsError: The folder holds a complete evaluation by now.
            BlockingIOError: Another evaluation has begun to write there.
            OSError: A file cannot be written.
        """
        check_evaluation_folder(self._path)  # another evaluation may have completed it meanwhile
        self._journal.lock()
        results, totals = [self._results[pair_id] for pair_id in pair_ids], Totals()
        for result in results:
            totals.add(result)
        pairs = [PairScores(result.id, result.scores, result.seconds) for result in results]
        summary = dict(
            asdict(self._settings),
            pairs=len(results),
            command=list(command),
            versions=_versions(tensorflow),
            made=datetime.now(timezone.utc).isoformat(timespec="seconds"),
            mean_seconds=totals.mean_seconds,
            totals=totals.as_dict(),
            histograms=totals.histograms.as_dict(),
        )
        text = json.dumps(summary, indent=1, ensure_ascii=False) + "\n"
        write_text(os.path.join(self._path, PAIRS_FILE), format_pairs(pairs, list(totals.measures)))
        write_text(os.path.join(self._path, SUMMARY_FILE), text)
        self._journal.remove()
        return totals

    def __enter__(self) -> EvaluationFolder:
        return self

    def __exit__(self, kind: Any, *_: Any) -> None:
        try:
            self._journal.close()
        finally:
            if kind is not None and self._results and not is_complete(self._path):
                log.warning(
                    "stopped; %d pairs are done in %s, the same command continues",
                    len(self._results),
                    self._path,
                )


def is_complete(path: str) -> bool:
    """Whether a folder holds a complete evaluation, whose journal goes last."""
    summary, journal = (os.path.join(path, name) for name in (SUMMARY_FILE, JOURNAL_FILE))
    return os.path.lexists(summary) and not os.path.lexists(journal)


def check_evaluation_folder(path: str, overwrite: bool = False) -> None:
    """Checks, without a trace, that an evaluation can be written to a folder.

    Raises:
        FileExistsError: The folder holds a complete evaluation, or a table that is none of ours,
            which is not to be overwritten.
        ValueError: It holds an evaluation that is damaged.
        OSError: The folder cannot be written.
    """
    check_output_folder(path)
    if overwrite:
        return
    table = os.path.join(path, PAIRS_FILE)
    if is_complete(path):
        read_evaluation(path)
        raise FileExistsError(
            "There is a complete evaluation already: %s" % os.path.join(path, SUMMARY_FILE)
        )
    if os.path.lexists(table) and not os.path.lexists(os.path.join(path, JOURNAL_FILE)):
        raise FileExistsError("There is a table of no evaluation already: %s" % table)


def read_evaluation(path: str) -> Evaluation:
    """Reads a complete evaluation.

    Args:
        path: The folder.

    Raises:
        FileNotFoundError: The folder holds no evaluation, or an interrupted one.
        ValueError: A file is damaged; the message names it and what is wrong.
    """
    file = os.path.join(path, SUMMARY_FILE)
    if not os.path.isfile(file):
        if os.path.isfile(os.path.join(path, JOURNAL_FILE)):
            raise FileNotFoundError("The evaluation in %s is not complete (no %s)" % (path, file))
        raise FileNotFoundError("There is no evaluation in %s (no %s)" % (path, file))
    try:
        with open(file, encoding="utf-8") as stream:
            summary = json.load(stream)
        count, totals = int(summary["pairs"]), dict(summary["totals"])
        if not isinstance(summary["data"], str):
            raise ValueError("the name of the data set is no text")
        if any(set(TOTALS_KEYS) - set(total) for total in totals.values()):
            raise ValueError("a measure lacks one of {}".format(", ".join(TOTALS_KEYS)))
        if summary.get("histograms"):
            check_histograms(summary["histograms"])
    except (ValueError, LookupError, TypeError) as error:
        raise ValueError(
            "%s is not the summary of an evaluation (%s: %s)" % (file, type(error).__name__, error)
        ) from error
    return Evaluation(summary, read_pairs(os.path.join(path, PAIRS_FILE), list(totals), count))


def _versions(tensorflow: str | None) -> dict[str, str | None]:
    return {
        "pwcnet": __version__,
        "tensorflow": tensorflow,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }


def _remove_evaluation(path: str) -> None:
    """Removes what an evaluation wrote, damaged or not."""
    ids = read_pair_ids(os.path.join(path, PAIRS_FILE))
    for pair_id in set(ids + read_journal_ids(os.path.join(path, JOURNAL_FILE))):
        if ".." not in pair_id.split("/") and not os.path.isabs(pair_id):
            _remove(
                os.path.join(path, kind, pair_id + extension)
                for kind, extension in EXTENSIONS.items()
            )
    _remove(os.path.join(path, name) for name in (SUMMARY_FILE, PAIRS_FILE, JOURNAL_FILE))


def _partial_files(path: str) -> list[str]:
    """Files that a killed program was writing."""
    files = [
        os.path.join(path, name)
        for name in os.listdir(path)
        if name.startswith(PARTIAL_PREFIX)
        and name.endswith((PAIRS_FILE, SUMMARY_FILE, JOURNAL_FILE))
    ]
    return files + [
        os.path.join(folder, name)
        for kind in EXTENSIONS
        for folder, _, names in os.walk(os.path.join(path, kind))
        for name in names
        if name.startswith(PARTIAL_PREFIX)
    ]


def _remove(paths: Iterable[str]) -> None:
    for path in paths:
        if os.path.lexists(path):
            os.remove(path)
