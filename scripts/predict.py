#!/usr/bin/env python
"""Finds the flow between two pictures, between the pictures of a folder, each and the next, or between the frames of a video."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))     # runs from any directory, without installation

import argparse  # noqa: E402

from scripts.command_line import PRECISIONS, load_tensorflow, positive_float, progress_bar, run  # noqa: E402  first: it checks that the packages are there

import numpy as np  # noqa: E402

from pwcnet.atomic import check_output_folder  # noqa: E402
from pwcnet.data.frames import write_image  # noqa: E402
from pwcnet.data.pairs import frame_pairs  # noqa: E402
from pwcnet.flow.colors import flow_to_color  # noqa: E402
from pwcnet.flow.files import write_flow  # noqa: E402
from pwcnet.overlap import Background, ahead  # noqa: E402
from scripts.device_options import add_device_options, device_config  # noqa: E402

FORMATS = ("flo", "png", "kitti")


def main(argv):
    args = parser().parse_args(argv)
    found = frame_pairs(args.frames)
    check_output(args.output, found.files)

    load_tensorflow()
    from pwcnet.predictor import Predictor
    written = 0
    with Predictor(args.ckpt, device_config(args), args.precision) as predictor, Background() as later:
        for pair, flow in progress_bar(predictor.consecutive(ahead(found.pairs)), total=found.count, unit="pair"):
            check_finite(flow, pair.name, args.ckpt)
            later(save, args, pair.name, flow)
            written += 1
    print("%d %s in %s: %s" % (written, "flow" if written == 1 else "flows", args.output, ", ".join(args.save)))


def check_output(output, files):
    """Raises OSError for what is no folder to write to, ValueError where the pictures would be among the frames, over them or taken for frames the next time."""
    check_output_folder(output)
    for file in files:
        if os.path.realpath(os.path.dirname(os.path.abspath(file))) == os.path.realpath(output):
            raise ValueError("expected an output folder other than that of the frames, got %s; try --output %s" % (output, os.path.join(output, "flow")))


def check_finite(flow, name, ckpt):
    """Raises ValueError where a flow is not finite: no reader could use it."""
    wrong = int((~np.isfinite(flow)).any(axis=-1).sum())
    if wrong:
        raise ValueError("expected finite flow, got %d pixels with NaN or infinity for the pair %s from %s; try scripts/inspect_checkpoint.py, which finds "
                         "such weights, and an earlier checkpoint" % (wrong, name, ckpt))


def save(args, name, flow):
    """Writes a pair's files, each completely or not at all."""
    if "flo" in args.save:
        write_flow(os.path.join(args.output, name + ".flo"), flow)
    if "png" in args.save:
        write_image(os.path.join(args.output, name + ".png"), flow_to_color(flow, args.max_magnitude))
    if "kitti" in args.save:
        write_flow(os.path.join(args.output, "kitti", name + ".png"), flow)


def formats(text):
    """"flo,png" -> ("flo", "png")."""
    chosen = tuple(text.split(","))
    if not set(chosen) <= set(FORMATS):
        raise argparse.ArgumentTypeError("expected some of %s, with commas between, got %r" % (",".join(FORMATS), text))
    return chosen


def parser():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("frames", nargs="+", help="two pictures, one folder of pictures, or one video")
    options.add_argument("--ckpt", required=True, help="checkpoint (pwcnet.ckpt-<step>, or a folder: its latest) or frozen graph (.pb)")
    options.add_argument("--output", default="flow", metavar="DIR", help="write the files here, by default into ./flow; those of the same names are replaced")
    options.add_argument("--precision", default="float32", choices=PRECISIONS, help="the type that features are computed in; bfloat16 needs TensorFlow 2")
    options.add_argument("--save", type=formats, default=("flo", "png"), metavar="FORMATS",
                         help="which of flo (DIR/<name>.flo), png (colours, DIR/<name>.png) and kitti (16-bit PNG, DIR/kitti/<name>.png); default flo,png")
    options.add_argument("--max_magnitude", type=positive_float, metavar="PIXELS",
                         help="motion of full colour, so that pictures compare; by default the largest of each flow")
    add_device_options(options)
    return options


if __name__ == "__main__":
    run(main)
