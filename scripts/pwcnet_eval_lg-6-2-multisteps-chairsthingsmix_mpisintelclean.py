#!/usr/bin/env python
"""Evaluates a checkpoint or a frozen graph on the training frames of MPI-Sintel, whose true flow is known: the average end-point error (EPE)."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))     # runs from any directory, without installation

import argparse  # noqa: E402

from scripts.command_line import PRECISIONS, load_tensorflow, progress_bar, run  # noqa: E402  first: it checks that the packages are there

from pwcnet.atomic import check_output_file  # noqa: E402
from pwcnet.data.frames import write_image  # noqa: E402
from pwcnet.data.sintel import PARTS, RENDER_PASSES, sintel_samples  # noqa: E402
from pwcnet.evaluation.rows import results_table  # noqa: E402
from pwcnet.evaluation.scoring import Totals, evaluate_samples  # noqa: E402
from pwcnet.flow.colors import flow_to_color  # noqa: E402
from pwcnet.flow.files import write_flow  # noqa: E402
from pwcnet.overlap import Background  # noqa: E402
from scripts.device_options import add_device_options, device_config  # noqa: E402


def main(argv):
    options = parser()
    args = options.parse_args(argv)
    if (args.save_flow or args.save_pictures) and not args.output:
        options.error("--save_flow and --save_pictures need --output DIR")
    samples = sintel_samples(args.dataset, args.render_pass, args.mode)
    table = os.path.join(args.output, "epe.csv") if args.output else None
    if table:
        check_output_file(table)

    load_tensorflow()
    from pwcnet.predictor import Predictor
    totals = Totals()
    with Predictor(args.ckpt, device_config(args), args.precision) as predictor, results_table(table) as add_row, Background() as later:
        for result in progress_bar(evaluate_samples(predictor, samples, args.masked), total=len(samples), unit="pair"):
            later(save, args, result, add_row)
            totals.add(result)
    report(args, samples, totals)


def save(args, result, add_row):
    """Writes a pair's flow and its colours, where they are wanted, each completely or not at all; then its row: what the table names is there."""
    if args.save_flow:
        write_flow(os.path.join(args.output, result.id + ".flo"), result.flow)
    if args.save_pictures:
        write_image(os.path.join(args.output, result.id + ".png"), flow_to_color(result.flow))
    add_row(result)


def report(args, samples, totals):
    """Prints both averages and, last, the line of the published program."""
    epe = totals.measures["EPE"]
    counted = "dense, every pixel of known flow counts, as in published numbers"
    if args.masked:
        counted = "masked, without Sintel's invalid pixels (%d of the pairs have a mask)" % sum(sample.invalid is not None for sample in samples)
    print("{} pairs of Sintel training {}: {}".format(len(samples), args.render_pass, counted))
    print("Zero flow: {:.6f} pixels, for scale".format(totals.measures["Zero flow"].per_image))
    print("Average EPE: {:.6f} pixels, the mean of the images' means; {:.6f} pooled over {:,} pixels".format(epe.per_image, epe.pooled, epe.pooled.count))
    print("Average EPE={:.2f}, mean inference time={:.2f}ms".format(epe.per_image, 1000 * totals.mean_seconds))


def parser():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--dataset", required=True, help="folder that holds MPI-Sintel-complete")
    options.add_argument("--ckpt", required=True, help="checkpoint (pwcnet.ckpt-<step>, or a folder: its latest) or frozen graph (.pb)")
    options.add_argument("--precision", default="float32", choices=PRECISIONS, help="the type that features are computed in; bfloat16 needs TensorFlow 2")
    options.add_argument("--mode", default="val_notrain", choices=[mode for mode in PARTS if mode != "test"],
                         help="which pairs: val_notrain (the default) is all; the others are parts of a training run's split")
    options.add_argument("--render_pass", default="clean", choices=RENDER_PASSES, help="clean (the default) or final")
    options.add_argument("--masked", action="store_true", help="leave out the pixels that Sintel marks invalid; published numbers count them")
    options.add_argument("--output", metavar="DIR", help="write epe.csv, a row a pair, here")
    options.add_argument("--save_flow", action="store_true", help="with --output: write each flow to DIR/<scene>/frames_<n>_<n+1>.flo")
    options.add_argument("--save_pictures", action="store_true", help="with --output: write each flow's colours to DIR/<scene>/frames_<n>_<n+1>.png")
    add_device_options(options)
    return options


if __name__ == "__main__":
    run(main)
