"""Evaluates a checkpoint or a frozen graph on MPI-Sintel: the average end-point error (EPE).

This is the published command. `pwcnet evaluate` takes any data set, and its results can be compared
and shown as a page.
"""

from __future__ import annotations

import os
from argparse import Namespace
from typing import Any

from pwcnet.cli.arguments import ArgumentParser
from pwcnet.cli.evaluation_options import (
    add_evaluation_options,
    add_saving_options,
    check_saving,
    evaluate_pairs,
    print_totals,
    save_result,
)
from pwcnet.cli.options import chosen_weights
from pwcnet.cli.prediction_options import open_predictor
from pwcnet.data.datasets.sintel import RENDER_PASSES, sintel_samples
from pwcnet.evaluation.pairs_csv import epe_csv
from pwcnet.evaluation.scoring import Result, Totals, check_samples
from pwcnet.io.atomic import check_output_file
from pwcnet.io.prefetch import BackgroundWriter


def main(argv: list[str], prog: str) -> None:
    """Evaluates the pairs, prints both averages and writes what --output asks for."""
    options = parser(prog)
    args = options.parse_args(argv)
    check_saving(options, args, args.output)
    weights = chosen_weights(args)
    samples = sintel_samples(args.dataset, args.render_pass, args.mode)
    check_samples(samples, args.masked)
    table = os.path.join(args.output, "epe.csv") if args.output else None
    if table:
        check_output_file(table)

    totals = Totals()
    with open_predictor(args, weights) as predictor, epe_csv(
        table
    ) as add_row, BackgroundWriter() as writer:
        for result in evaluate_pairs(predictor, samples, args.masked):
            writer.submit(_save, args, result, add_row)
            totals.add(result)
    data = "Sintel training " + args.render_pass
    print_totals(samples, data, args.masked, totals, averages(totals))


def parser(prog: str) -> ArgumentParser:
    """The published options, and those that were added to them."""
    options = ArgumentParser(prog=prog, description=__doc__, published=True)
    options.add_argument(
        "--dataset", required=True, metavar="FOLDER", help="folder that holds MPI-Sintel-complete"
    )
    options.add_argument("--render-pass", default="clean", choices=RENDER_PASSES)
    add_evaluation_options(options, "--ckpt")
    output = options.add_argument_group("output")
    output.add_argument("--output", metavar="DIR", help="write DIR/epe.csv, a row per pair")
    name = "DIR/SCENE/frames_N_M."
    add_saving_options(output, name + "flo", name + "png")
    return options


def averages(totals: Totals) -> tuple[str, str]:
    """Both averages of the EPE and that of zero flow, with six decimals."""
    epe, zero = totals.measures["EPE"], totals.measures["Zero flow"].per_image
    return (
        "Zero flow: {:.6f} pixels, for scale".format(zero),
        "Average EPE: {:.6f} pixels, the mean of the images' means; {:.6f} pooled over {:,} "
        "pixels".format(epe.per_image, epe.pooled, epe.pooled.count),
    )


def _save(args: Namespace, result: Result, add_row: Any) -> None:
    """Writes the files of a pair, then its row, so that every row's files exist."""
    path = os.path.join(args.output, result.id) if args.output else ""
    save_result(
        result,
        path + ".flo" if args.save_flow else None,
        path + ".png" if args.save_pictures else None,
    )
    add_row(result)
