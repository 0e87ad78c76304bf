"""Scores raw predictions of msame, ais_bench or `pwcnet ascend infer` against ground truth.

Prints all measures, the average end-point error (EPE) last. Files are matched by their names.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import Iterator, NamedTuple

from pwcnet.ascend.raw_files import list_raw_files, score_raw_files
from pwcnet.ascend.result_folders import find_results
from pwcnet.cli.arguments import ArgumentParser, image_size
from pwcnet.cli.common import progress_bar, remedy
from pwcnet.cli.options import RAW_FILES_REMEDY
from pwcnet.evaluation.measures import format_totals
from pwcnet.evaluation.pairs_csv import epe_csv
from pwcnet.evaluation.results import EvaluationFolder, Settings, check_evaluation_folder
from pwcnet.evaluation.scoring import Totals
from pwcnet.io.atomic import check_output_file


class Scoring(NamedTuple):
    """What is scored, and where the scores go.

    Attributes:
        ground_truth: Folder of raw ground truth.
        predictions: Folder of raw predictions, or of folders of them.
        size: (height, width) of the raw files, in pixels.
        frame_size: (height, width) of the frames, whose pixels count.
        csv: File of one row a pair.
        output: Folder of a complete evaluation.
        overwrite: Remove the evaluation in `output`.
    """

    ground_truth: str
    predictions: str
    size: tuple[int, int]
    frame_size: tuple[int, int]
    csv: str | None = None
    output: str | None = None
    overwrite: bool = False


def main(argv: list[str], prog: str) -> None:
    """Scores the predictions and prints the totals.

    Raises:
        ValueError, OSError: Folders that are not there, files that are missing, too many or of
            another size, an evaluation in the way.
    """
    args = parser(prog).parse_args(argv)
    fields = {name: getattr(args, name) for name in Scoring._fields}
    score_predictions(Scoring(**fields), prog.split() + argv)


def score_predictions(scoring: Scoring, command: list[str]) -> None:
    """Scores the predictions and prints the totals. command: is noted in the evaluation."""
    if scoring.csv is not None:
        check_output_file(scoring.csv)
    if scoring.output is not None:
        with remedy("--overwrite replaces it, another --output keeps both"):
            check_evaluation_folder(scoring.output, scoring.overwrite)
    folder = find_results(scoring.predictions)
    with remedy(RAW_FILES_REMEDY, (FileNotFoundError,)):
        list_raw_files(scoring.ground_truth)
    count, results = score_raw_files(scoring.ground_truth, folder, scoring.size, scoring.frame_size)
    totals, ids = Totals(), []
    with evaluation_folder(scoring, folder) as evaluation:
        with epe_csv(scoring.csv) as add_row:
            for result in progress_bar(results, total=count, unit="pair"):
                totals.add(result)
                ids.append(result.id)
                add_row(result)
                if evaluation:
                    evaluation.add(result)
        if evaluation:
            evaluation.finish(ids, command)
    rows, columns = scoring.frame_size
    print(
        "%d predictions in %s, first %d rows and %d columns, every pixel of known flow counts"
        % (count, folder, rows, columns)
    )
    print_totals(totals)


def print_totals(totals: Totals) -> None:
    """Prints all measures, and the EPE with all its digits as the last line."""
    epe = totals.measures["EPE"]
    pooled = "pooled over {:,} pixels: {:.6f}".format(epe.pooled.count, epe.pooled)
    print(format_totals(totals.as_dict()))
    print(pooled + "; the mean of the images' means:")
    print("Average EPE =  {:.6f}".format(epe.per_image))


@contextmanager
def evaluation_folder(scoring: Scoring, predictions: str) -> Iterator[EvaluationFolder | None]:
    """Yields the EvaluationFolder of `scoring.output`, or None.

    An interrupted evaluation starts from scratch: the predictions may have changed since.
    """
    if scoring.output is None:
        yield None
        return
    names = ("height", "width", "frame_height", "frame_width")
    settings = Settings(
        "offline",
        os.path.abspath(scoring.ground_truth),
        filters=dict(zip(names, scoring.size + scoring.frame_size)),
        weights={"path": os.path.abspath(predictions), "sha256": None, "kind": "predictions"},
    )
    with EvaluationFolder(
        scoring.output, settings, overwrite=scoring.overwrite, resume=False
    ) as folder:
        yield folder


def parser(prog: str) -> ArgumentParser:
    """The options."""
    options = ArgumentParser(
        prog=prog,
        description=__doc__,
        examples="""pwcnet ascend score --ground-truth raw/gt --predictions results
        pwcnet ascend score --ground-truth raw/gt --predictions results --output evaluation""",
    )
    options.add_argument(
        "--ground-truth",
        required=True,
        metavar="DIR",
        help="folder of ground truth: gt/ of pwcnet ascend prepare",
    )
    options.add_argument(
        "--predictions",
        required=True,
        metavar="DIR",
        help="folder of predictions, or of folders of them, of which the newest by name is taken",
    )
    options.add_argument(
        "--size",
        type=image_size,
        default="448x1024",
        metavar="HxW",
        help="size of the network's input in pixels, as in pwcnet ascend prepare",
    )
    options.add_argument(
        "--frame-size",
        type=image_size,
        default="436x1024",
        metavar="HxW",
        help="size of the frames in pixels, without what was added to them; these pixels count",
    )
    add_output_options(options)
    return options


def add_output_options(options: ArgumentParser) -> None:
    """Adds --csv, --output and --overwrite."""
    options.add_argument("--csv", metavar="FILE", help="write one row a pair here")
    options.add_argument(
        "--output",
        metavar="DIR",
        help="write pairs.csv and evaluation.json here, as pwcnet evaluate does",
    )
    options.add_argument(
        "--overwrite",
        action="store_true",
        help="with --output: remove the evaluation that is there",
    )
