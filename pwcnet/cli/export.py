"""Exports weights as a program for another runtime, as NumPy arrays, or as a checkpoint.

Programs: frozen graph (.pb), SavedModel (a folder), TFLite (.tflite), StableHLO (.mlir), ONNX
(.onnx). Each has one size. It takes x_tnsr [B, 2, H, W, 3], RGB in 0..1, or with --inputs two
frames, and gives flow [B, H, W, 2] in pixels. It is run in its runtime and compared with the
checkpoint before it is written. All but the frozen graph need TensorFlow 2.
"""

from __future__ import annotations

import os
from argparse import ArgumentTypeError, Namespace
from typing import Any, NamedTuple

from pwcnet.cli.arguments import ArgumentParser, image_size, network_size, positive_int
from pwcnet.cli.common import remedy
from pwcnet.cli.export_program import ANY, add_program_options, export_program
from pwcnet.cli.options import (
    FINITE_REMEDY,
    add_weights_option,
    chosen_weights,
    open_checkpoint,
)
from pwcnet.export.choices import BATCHED_FORMATS, ONNX, PAIR, PROGRAM_FORMATS, STABLEHLO, TFLITE
from pwcnet.io.atomic import check_output_file, check_output_folder

FROZEN, ARCHIVE, CHECKPOINT = "pb", "npz", "checkpoint"
FORMATS = {  # by the extension of the output
    ".pb": FROZEN,
    ".npz": ARCHIVE,
    ".tflite": TFLITE,
    ".mlir": STABLEHLO,
    ".onnx": ONNX,
    "": CHECKPOINT,
}
TAKEN_BY = {  # the formats of the options that not all take
    "size": (FROZEN, *PROGRAM_FORMATS),
    "batch_size": (FROZEN, *PROGRAM_FORMATS),
    "target": (FROZEN,),
    "inputs": PROGRAM_FORMATS,
    "quantize": (TFLITE,),
    "grow": (ARCHIVE, CHECKPOINT),
}
TARGETS = ("host", "ascend")


class GraphOptions(NamedTuple):
    """What a frozen graph is made for.

    Attributes:
        size: (height, width) of the input in pixels, multiples of 64.
        batch_size: Pairs a run.
        target: "host" or "ascend".
    """

    size: tuple[int, int] = (448, 1024)
    batch_size: int = 1
    target: str = "host"


def main(argv: list[str], prog: str) -> None:
    """Exports the weights and prints what was written.

    Raises:
        ValueError, OSError: Weights that are not there or damaged, an output that cannot be
            written, a frozen graph whose flow is not the checkpoint's.
    """
    options = parser(prog)
    args = options.parse_args(argv)
    form = args.format or output_format(args.output)
    check_options(options, args, form)
    given = {
        name: getattr(args, name)
        for name in GraphOptions._fields
        if getattr(args, name) is not None
    }
    if form == FROZEN:
        export_graph(args, GraphOptions(**given))
    elif form in PROGRAM_FORMATS:
        export_program(args, form, args.size or GraphOptions().size, args.batch_size)
    else:
        export_weights(args, form)


def check_options(options: ArgumentParser, args: Namespace, form: str) -> None:
    """Ends the program for an option, or a name of the output, that the format does not take."""
    extensions = [name for name, kind in FORMATS.items() if name and kind == form]
    is_ours = os.path.splitext(args.output)[1].lower() in ("", *extensions)
    if extensions and not is_ours and os.path.isfile(args.output):
        options.error(
            "--output %s is a file of another kind; a new one ends in %s"
            % (args.output, " or ".join(extensions))
        )
    for name, formats in TAKEN_BY.items():
        if getattr(args, name) is not None and form not in formats:
            options.error(
                "--%s is for --format %s, got --format %s"
                % (name.replace("_", "-"), ", ".join(formats), form)
            )
    if args.batch_size == ANY and form not in BATCHED_FORMATS:
        options.error(
            "--format %s has a fixed number of pairs; --batch-size any is for %s"
            % (form, " and ".join(BATCHED_FORMATS))
        )
    if args.size and args.inputs in (None, PAIR):
        try:
            network_size("%dx%d" % args.size)
        except ArgumentTypeError as error:
            other = "" if form == FROZEN else ", or --inputs uint8-frames"
            options.error("argument --size: %s%s" % (error, other))


def output_format(path: str) -> str:
    """The format that the output's extension names; without an extension it is a checkpoint.

    Raises:
        ValueError: Another extension.
    """
    extension = os.path.splitext(path.rstrip(os.sep))[1]
    if extension.lower() not in FORMATS:
        raise ValueError(
            "--output %s has no extension of a known format (%s, or none for the folder of a "
            "checkpoint); name the --format" % (path, ", ".join(filter(None, FORMATS)))
        )
    return FORMATS[extension.lower()]


def export_graph(args: Namespace, options: GraphOptions) -> None:
    """Freezes args.weights (averaged if args.averaged) to args.output and prints the difference."""
    check_output_file(args.output)
    weights = chosen_weights(args)
    checkpoint = open_checkpoint(weights, args.averaged)
    from pwcnet.export.frozen_graph import check_frozen, freeze, write_frozen

    with remedy(FINITE_REMEDY):
        graph_def = freeze(checkpoint, options.batch_size, *options.size, target=options.target)
        difference, largest = check_frozen(graph_def, checkpoint)
    write_frozen(args.output, graph_def)
    print("checkpoint  %s (%s)" % (checkpoint.path, checkpoint.config.name))
    print_graph(graph_def, args.output, options, difference, largest)


def print_graph(
    graph_def: Any, path: str, options: GraphOptions, difference: float, largest: float
) -> None:
    """Prints a written graph's size, its difference from the checkpoint, and its shapes."""
    from pwcnet.export.frozen_graph import INPUT, OUTPUT, allowed_difference

    (height, width), batch = options.size, options.batch_size
    print("nodes       {:,}".format(len(graph_def.node)))
    print("size        %.1f MB" % (os.path.getsize(path) / 1e6))
    print(
        "difference  %.2g pixels from the checkpoint, at most %.2g allowed; largest flow %.4g"
        % (difference, allowed_difference(largest), largest)
    )
    print(
        "wrote       %s: %s [%d, 2, %d, %d, 3] -> %s [%d, %d, %d, 2]"
        % (path, INPUT, batch, height, width, OUTPUT, batch, height, width)
    )


def export_weights(args: Namespace, form: str) -> None:
    """Writes args.weights (averaged if args.averaged) as an .npz file or a checkpoint."""
    (check_output_file if form == ARCHIVE else check_output_folder)(args.output)
    weights = chosen_weights(args)
    checkpoint = open_checkpoint(weights, args.averaged)
    from pwcnet.model.config import ModelConfig
    from pwcnet.weights.archive import write_archive
    from pwcnet.weights.growing import GrownWeights
    from pwcnet.weights.saving import write_checkpoint

    if args.grow:
        with remedy("leave --grow out"):
            checkpoint = GrownWeights(checkpoint, ModelConfig.large())
    if form == ARCHIVE:
        write_archive(args.output, checkpoint)
        written = "%s, %.1f MB" % (args.output, os.path.getsize(args.output) / 1e6)
    else:
        written = write_checkpoint(args.output, checkpoint)
    print("%s, %s weights of %s" % (written, checkpoint.config.name, checkpoint.path))


def parser(prog: str) -> ArgumentParser:
    """The options."""
    defaults = GraphOptions()
    options = ArgumentParser(
        prog=prog,
        description=__doc__,
        examples="""pwcnet export --weights run/pwcnet.ckpt-1000 --output pwcnet.pb
        pwcnet export --target ascend --size 448x1024 --output pwcnet.pb
        pwcnet export --weights run --averaged --output weights.npz
        pwcnet export --output shipped            as shipped/pwcnet.ckpt-<step>
        pwcnet export --format saved-model --size 436x1024 --inputs uint8-frames --output models/1
        pwcnet export --size 448x1024 --quantize float16 --output pwcnet.tflite""",
    )
    add_weights_option(options, frozen=False)
    options.add_argument(
        "--output",
        required=True,
        metavar="PATH",
        help="NAME.pb, .npz, .tflite, .mlir, .onnx, the folder of a SavedModel, or a folder, which "
        "gets pwcnet.ckpt-<step>",
    )
    options.add_argument(
        "--format",
        choices=(FROZEN, ARCHIVE, CHECKPOINT, *PROGRAM_FORMATS),
        help="what to write (default: by the extension of the output; saved-model has none)",
    )
    options.add_argument(
        "--averaged",
        action="store_true",
        help="the moving averages of a run with --average-decay instead of its latest weights",
    )
    options.add_argument(
        "--grow",
        action="store_const",
        const=True,
        help="of a small network's weights, make a large one that computes the same, to train on",
    )
    graph = options.add_argument_group("all programs")
    graph.add_argument(
        "--size",
        type=image_size,
        metavar="HxW",
        help="size of the input in pixels; of a pair, multiples of 64 (default: %dx%d)"
        % defaults.size,
    )
    graph.add_argument(
        "--batch-size",
        type=batch_size,
        metavar="N",
        help="pairs a run, or any, for %s (default: any for saved-model, else %d)"
        % (" and ".join(BATCHED_FORMATS), defaults.batch_size),
    )
    options.add_argument_group("frozen graph").add_argument(
        "--target",
        choices=TARGETS,
        help="host: faster on a CPU or GPU; ascend: only operations that ATC has been seen to take "
        "(default: %s)" % defaults.target,
    )
    add_program_options(options)
    return options


def batch_size(text: str) -> int | str:
    """A whole number above 0, or "any"."""
    return ANY if text == ANY else positive_int(text)
