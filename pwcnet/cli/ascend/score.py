"""Scores predictions in raw files, of msame, ais_bench or infer_pb.py, against the ground truth of the same names: the average end-point error (EPE)."""

import os
from contextlib import contextmanager

from pwcnet.ascend.raw_files import evaluate_bins
from pwcnet.ascend.result_folders import find_results
from pwcnet.cli.arguments import ArgumentParser, positive_int
from pwcnet.cli.common import progress_bar, remedy
from pwcnet.evaluation.measures import format_totals
from pwcnet.evaluation.pairs_csv import epe_csv
from pwcnet.evaluation.results import (
    EvaluationFolder,
    Settings,
    check_evaluation_folder,
)
from pwcnet.evaluation.scoring import Totals
from pwcnet.io.atomic import check_output_file


def main(argv, prog=None):
    args = parser(prog).parse_args(argv)
    if args.csv is not None:
        check_output_file(args.csv)
    if args.output is not None:
        with remedy("--overwrite replaces it, another --output keeps both"):
            check_evaluation_folder(args.output, args.overwrite)
    folder = find_results(args.output_path)
    count, results = evaluate_bins(
        args.gt_path, folder, (args.height, args.width), (args.frame_height, args.frame_width)
    )
    totals, ids = Totals(), []
    with epe_csv(args.csv) as add_row, evaluation_folder(args, folder) as keep:
        for result in progress_bar(results, total=count, unit="pair"):
            totals.add(result)
            ids.append(result.id)
            add_row(result)
            if keep:
                keep.add(result)
        if keep:
            keep.finish(ids, [os.path.basename(__file__)] + argv)
    epe = totals.measures["EPE"]
    print(
        "%d predictions in %s, first %d rows and %d columns, every pixel of known flow counts"
        % (count, folder, args.frame_height, args.frame_width)
    )
    print(format_totals(totals.as_dict()))
    print(
        "pooled over {:,} pixels: {:.6f}; the mean of the images' means:".format(
            epe.pooled.count, epe.pooled
        )
    )
    print("Average EPE =  {:.6f}".format(epe.per_image))


@contextmanager
def evaluation_folder(args, predictions):
    """Yields the EvaluationFolder that --output asks for, or None. One that was interrupted begins anew: the predictions may be others by now."""
    if args.output is None:
        yield None
        return
    size = {
        name: getattr(args, name) for name in ("height", "width", "frame_height", "frame_width")
    }
    weights = {"path": os.path.abspath(predictions), "sha256": None, "kind": "predictions"}
    with EvaluationFolder(
        args.output,
        Settings("offline", os.path.abspath(args.gt_path), filters=size, weights=weights),
        (),
        args.overwrite,
        False,
    ) as folder:
        yield folder


def parser(prog=None):
    options = ArgumentParser(prog=prog, description=__doc__)
    options.add_argument(
        "--gt_path", required=True, help="folder of ground truth: gt/ of offline_infer/dataprep.py"
    )
    options.add_argument(
        "--output_path",
        required=True,
        help="folder of predictions, or of folders of predictions, of which the newest by name is taken",
    )
    options.add_argument(
        "--height", type=positive_int, default=448, help="pixels of the network's input"
    )
    options.add_argument(
        "--width", type=positive_int, default=1024, help="pixels of the network's input"
    )
    options.add_argument(
        "--frame_height",
        type=positive_int,
        default=436,
        help="rows of the frames themselves, which are scored",
    )
    options.add_argument(
        "--frame_width",
        type=positive_int,
        default=1024,
        help="columns of the frames themselves, which are scored",
    )
    options.add_argument("--csv", metavar="FILE", help="write a row a pair here")
    options.add_argument(
        "--output",
        metavar="DIR",
        help="write pairs.csv and evaluation.json here, as scripts/evaluate.py does",
    )
    options.add_argument(
        "--overwrite",
        action="store_true",
        help="with --output: remove the evaluation that is there",
    )
    return options
