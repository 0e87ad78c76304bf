"""Evaluates a checkpoint or a frozen graph on the training frames of MPI-Sintel, whose true flow is known: the average end-point error (EPE).

The published command; scripts/evaluate.py does the same for any data set, into a folder that other commands read.
"""

import os

from pwcnet.cli.arguments import ArgumentParser
from pwcnet.cli.common import load_tensorflow
from pwcnet.cli.evaluation_options import (
    add_evaluation_options,
    check_saving,
    evaluated,
    report,
    save,
)
from pwcnet.cli.options import chosen_weights, device_config
from pwcnet.data.datasets.sintel import RENDER_PASSES, sintel_samples
from pwcnet.evaluation.pairs_csv import epe_csv
from pwcnet.evaluation.scoring import Totals, check_samples
from pwcnet.io.atomic import check_output_file
from pwcnet.io.prefetch import BackgroundWriter


def main(argv, prog=None):
    options = parser(prog)
    args = options.parse_args(argv)
    args.weights = chosen_weights(args)
    check_saving(options, args)
    samples = sintel_samples(args.dataset, args.render_pass, args.mode)
    check_samples(samples, args.masked)
    table = os.path.join(args.output, "epe.csv") if args.output else None
    if table:
        check_output_file(table)

    load_tensorflow()
    from pwcnet.inference.predictor import Predictor

    totals = Totals()
    with Predictor(args.weights, device_config(args), args.precision) as predictor, epe_csv(
        table
    ) as add_row, BackgroundWriter() as writer:
        for result in evaluated(predictor, samples, args.masked):
            writer.submit(keep, args, result, add_row)
            totals.add(result)
    report(samples, "Sintel training " + args.render_pass, args.masked, totals, averages(totals))


def keep(args, result, add_row):
    """Writes what is kept of a pair, then its row: what the table names is there."""
    flow, picture = (
        os.path.join(args.output, result.id + ending) if wanted else None
        for ending, wanted in ((".flo", args.save_flow), (".png", args.save_pictures))
    )
    save(result, flow, picture)
    add_row(result)


def averages(totals):
    """Both averages of the EPE and that of no motion, with all their digits."""
    epe = totals.measures["EPE"]
    return (
        "Zero flow: {:.6f} pixels, for scale".format(totals.measures["Zero flow"].per_image),
        "Average EPE: {:.6f} pixels, the mean of the images' means; {:.6f} pooled over {:,} pixels".format(
            epe.per_image, epe.pooled, epe.pooled.count
        ),
    )


def parser(prog=None):
    options = ArgumentParser(prog=prog, description=__doc__)
    options.add_argument("--dataset", required=True, help="folder that holds MPI-Sintel-complete")
    add_evaluation_options(options)
    options.add_argument(
        "--render_pass", default="clean", choices=RENDER_PASSES, help="clean (the default) or final"
    )
    options.add_argument("--output", metavar="DIR", help="write epe.csv, a row a pair, here")
    options.add_argument(
        "--save_flow",
        action="store_true",
        help="with --output: write each flow to DIR/<scene>/frames_<n>_<n+1>.flo",
    )
    options.add_argument(
        "--save_pictures",
        action="store_true",
        help="with --output: write each flow's colours to DIR/<scene>/frames_<n>_<n+1>.png",
    )
    return options
