"""Runs a frozen graph on this machine over raw files and writes the files that msame would.

The predictions are OUTPUT/<time>/NAME_output_0.bin, for `pwcnet ascend score`.
"""

from __future__ import annotations

from argparse import Namespace
from contextlib import closing
from typing import Any

from pwcnet.ascend.raw_files import check_pairs, infer, list_raw_files
from pwcnet.ascend.result_folders import ResultFolder
from pwcnet.cli.arguments import ArgumentParser
from pwcnet.cli.common import progress_bar, remedy
from pwcnet.cli.options import (
    FROZEN_GRAPH_REMEDY,
    RAW_FILES_REMEDY,
    add_device_options,
    device_config,
)
from pwcnet.evaluation.scoring import mean_without_first
from pwcnet.io.atomic import check_output_folder


def main(argv: list[str], prog: str) -> None:
    """Infers the flow of every file and prints the average time.

    Raises:
        ValueError, OSError: A graph or files that are not there, are damaged or do not fit.
    """
    infer_files(parser(prog).parse_args(argv))


def infer_files(args: Namespace) -> None:
    """Infers the flow of every file of a folder, by options as `parser` has them."""
    if args.keep_coordinates and args.emulate is None:
        raise ValueError("--keep-coordinates needs --emulate; without it everything is float32")
    with remedy(RAW_FILES_REMEDY):
        inputs = list_raw_files(args.input)
    check_output_folder(args.output)

    from pwcnet.export.frozen_graph import frozen_input_shape, frozen_session, read_frozen

    with remedy(FROZEN_GRAPH_REMEDY, (ValueError,)):
        graph_def = read_frozen(args.weights)
        size, times = frozen_input_shape(graph_def, args.weights), []
    check_pairs(inputs, *size[1:])
    if args.emulate is not None:
        graph_def = emulate(graph_def, args.keep_coordinates)
    with frozen_session(graph_def, session_config(args)) as network, progress_bar(
        total=len(inputs), unit="pair"
    ) as progress, ResultFolder(args.output) as results, closing(
        infer(network, inputs, results.path, size)
    ) as runs:  # closed first, so that no file is being written when an error removes the folder
        for names, seconds in runs:
            times.append(seconds)
            progress.update(len(names))
    print("%d predictions in %s, %d a run" % (len(inputs), results.path, size[0]))
    print("Inference average time : %.2f ms" % (1000 * sum(times) / len(times)))
    print("Inference average time without first time: %.2f ms" % (1000 * mean_without_first(times)))


def emulate(graph_def: Any, keep_coordinates: bool) -> Any:
    """The graph with every value rounded to half precision; coordinates of the warp may stay."""
    from pwcnet.export.half_precision import coordinate_ops, emulate_half_precision

    keep = coordinate_ops(graph_def) if keep_coordinates else ()
    print("emulating fp16, %d nodes in float32; the times are not a device's" % len(keep))
    return emulate_half_precision(graph_def, keep)


def session_config(args: Namespace) -> Any:
    """The session's ConfigProto; emulation runs on the CPU by default, as an NPU itself rounds."""
    if args.emulate is not None and args.device == "auto":
        args = Namespace(**dict(vars(args), device="cpu"))
    return device_config(args)


def parser(prog: str) -> ArgumentParser:
    """The options."""
    options = ArgumentParser(
        prog=prog,
        description=__doc__,
        examples="""pwcnet ascend infer --weights pwcnet.pb --input raw/image --output results
        pwcnet ascend infer --weights pwcnet.pb --input raw/image --output half --emulate fp16""",
    )
    add_infer_options(options, "--weights", "pwcnet export", "pwcnet ascend prepare")
    return options


def add_infer_options(options: ArgumentParser, flag: str, export: str, prepare: str) -> None:
    """Adds all options.

    Args:
        options: The parser.
        flag: What the option of the frozen graph is called.
        export: The command that freezes graphs.
        prepare: The command that writes raw files.
    """
    options.add_argument(
        flag,
        dest="weights",
        required=True,
        metavar="PB",
        help="frozen graph of %s; one of batch size N runs N files at a time" % export,
    )
    options.add_argument(
        "--input",
        required=True,
        metavar="DIR",
        help="folder of .bin files, one a pair: image/ of %s" % prepare,
    )
    options.add_argument(
        "--output", required=True, metavar="DIR", help="folder to make the folder of results in"
    )
    options.add_argument(
        "--emulate",
        choices=("fp16",),
        help="round weights and every node's result to half precision, as force_fp16 does, to see "
        "what it costs; on the CPU, unless --device says otherwise",
    )
    options.add_argument(
        "--keep-coordinates",
        action="store_true",
        help="with --emulate: the warp's coordinates stay float32, as with ATC's --keep_dtype",
    )
    add_device_options(options)
