"""Colors, draws, scores and converts flow files that exist already; no network is needed.

Flow is read from .flo, 16-bit .png (KITTI), .pfm, .npy, .npz and .flo5 (HDF5, needs h5py), and with
--bound from x and y as two 8-bit images (flow_x_00001.jpg and flow_y_00001.jpg).
"""

from __future__ import annotations

import argparse
import logging
import os
from argparse import Namespace
from typing import Any, Sequence

from pwcnet.cli.arguments import ArgumentParser, magnitude, positive_float, positive_int
from pwcnet.cli.common import progress_bar
from pwcnet.cli.flow_conversion import COMMON, FILES, Converter, output_paths
from pwcnet.cli.flow_inputs import FlowInput, flow_inputs
from pwcnet.io.atomic import check_output_folder

EXAMPLES = """
pwcnet convert flow/ --output colors --max-magnitude common --legend
pwcnet convert flow/ --to kitti,npz --output converted
pwcnet convert predicted/ --truth /data/kitti/training/flow_occ
pwcnet convert rgb_flow/ --bound 20 --to flo
"""

log = logging.getLogger(__name__)


def main(argv: list[str], prog: str) -> int:
    """Writes what --to lists and prints the scores; the exit code is 1 if a file was left out."""
    options = parser(prog)
    args = options.parse_args(argv)
    check_options(options, args)
    inputs = flow_inputs(args.flows, args.bound)
    check_output(args, inputs)

    converter, failures = Converter(args, len(inputs) == 1), 0
    for task in (converter.measure, converter) if args.max_magnitude == COMMON else (converter,):
        for flow_input in progress_bar(list(inputs), unit="file"):
            try:
                task(flow_input)
            except (ValueError, OSError) as error:
                if not args.skip_bad or _concerns_others(error, flow_input):
                    raise
                log.warning("left out: %s", error)
                inputs.remove(flow_input)
                failures += 1
    converter.report()
    if args.to:
        noun = "flow" if len(inputs) == 1 else "flows"
        print("%d %s in %s: %s" % (len(inputs), noun, args.output, ", ".join(args.to)))
    if failures:
        print("%d files are left out" % failures)
    return 1 if failures else 0


def _concerns_others(error: Exception, flow_input: FlowInput) -> bool:
    """Whether an error of the system is not about the files of a flow: a full disk, for example."""
    has_code = isinstance(error, OSError) and error.errno is not None
    return has_code and getattr(error, "filename", None) not in flow_input.paths


def parser(prog: str) -> ArgumentParser:
    """The options of `pwcnet convert`."""
    options = ArgumentParser(prog=prog, description=__doc__, examples=EXAMPLES)
    options.add_argument(
        "flows",
        nargs="+",
        metavar="FLOW",
        help="flow files, or folders of them with their subfolders",
    )
    options.add_argument(
        "--truth",
        metavar="PATH",
        help="ground truth, a file or a folder with the same names: print the end-point error and "
        "further measures; nothing is written without --to",
    )
    options.add_argument(
        "--bound",
        type=positive_float,
        metavar="PX",
        help="motion that x and y as 8-bit images have at 255; -PX is 0",
    )
    options.add_argument(
        "--skip-bad",
        action="store_true",
        help="leave out files that cannot be read or written; the exit code is 1 then",
    )
    output = options.add_argument_group("output")
    output.add_argument("--output", default="converted", metavar="DIR", help="folder of the files")
    output.add_argument(
        "--to",
        type=format_list,
        metavar="LIST",
        help="formats with commas between them: png (colors), arrows (NAME_arrows.png), flo, kitti "
        "(16 bits, DIR/kitti/NAME.png), pfm, npy, npz, flo5, xy (NAME_x.png and NAME_y.png, with "
        "--bound); default png, or nothing with --truth",
    )
    _add_drawing_options(options.add_argument_group("images"))
    return options


def _add_drawing_options(drawing: Any) -> None:
    drawing.add_argument(
        "--max-magnitude",
        type=magnitude,
        metavar="PX|common",
        help="motion of full color, in pixels; common: the largest of all flows; by default the "
        "largest of each flow",
    )
    drawing.add_argument(
        "--legend", action="store_true", help="draw the color wheel and its scale in a corner"
    )
    drawing.add_argument(
        "--frames", metavar="DIR", help="draw arrows on the images of the same names; else on white"
    )
    drawing.add_argument(
        "--arrow-spacing",
        type=positive_int,
        metavar="PX",
        help="pixels between arrows; by default a 16th of the shorter side",
    )


def format_list(text: str) -> tuple[str, ...]:
    """The formats of a list with commas, e.g. "flo,png"."""
    formats = tuple(text.split(","))
    if not set(formats) <= set(FILES):
        raise argparse.ArgumentTypeError("expected a list of %s, got %r" % (",".join(FILES), text))
    return formats


def check_options(options: ArgumentParser, args: Namespace) -> None:
    """Completes --to; ends the program with an error for options that do not fit."""
    if args.to is None:
        args.to = () if args.truth else ("png",)
    if "xy" in args.to and args.bound is None:
        options.error("--to xy needs --bound PX, e.g. --bound 20")
    for name, kind in (("max_magnitude", "png"), ("legend", "png"), ("arrow_spacing", "arrows")):
        if getattr(args, name) and kind not in args.to:
            options.error("--%s is for --to %s" % (name.replace("_", "-"), kind))
    if args.frames and "arrows" not in args.to:
        options.error("--frames is for --to arrows")


def check_output(args: Namespace, inputs: Sequence[FlowInput]) -> None:
    """Raises OSError or ValueError if the output cannot be written, or would replace an input."""
    if not args.to:
        return
    check_output_folder(args.output)
    read = {os.path.realpath(path) for flow_input in inputs for path in flow_input.paths}
    if args.frames:
        read.update(os.path.realpath(entry.path) for entry in os.scandir(args.frames))
    for flow_input in inputs:
        for kind in args.to:
            for path in output_paths(args.output, flow_input.name, kind):
                if os.path.realpath(path) in read:
                    raise ValueError("%s would be replaced; try another --output" % path)
