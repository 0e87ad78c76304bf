"""Exports weights as a frozen graph (.pb), as float16 NumPy arrays (.npz), or as a checkpoint.

A frozen graph has one size: placeholder x_tnsr [B, 2, H, W, 3], RGB in 0..1, and node output
[B, H, W, 2], flow in pixels. It is compared with the checkpoint before it is written.
"""

from __future__ import annotations

import os
from argparse import Namespace
from typing import Any, NamedTuple

from pwcnet.cli.arguments import ArgumentParser, network_size, positive_int
from pwcnet.cli.common import remedy
from pwcnet.cli.options import (
    FINITE_REMEDY,
    add_weights_option,
    chosen_weights,
    open_checkpoint,
)
from pwcnet.io.atomic import check_output_file, check_output_folder

FORMATS = {".pb": "pb", ".npz": "npz", "": "checkpoint"}  # by the extension of the output
FROZEN, ARCHIVE, CHECKPOINT = "pb", "npz", "checkpoint"
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
    given = {
        name: getattr(args, name)
        for name in GraphOptions._fields
        if getattr(args, name) is not None
    }
    if form != FROZEN and given:
        flag = "--" + next(iter(given)).replace("_", "-")
        options.error("%s is for --format pb, got --format %s" % (flag, form))
    if form == FROZEN:
        export_graph(args, GraphOptions(**given))
    else:
        export_weights(args, form)


def output_format(path: str) -> str:
    """The format that the output's extension names; without an extension it is a checkpoint.

    Raises:
        ValueError: Another extension.
    """
    extension = os.path.splitext(path.rstrip(os.sep))[1]
    if extension not in FORMATS:
        raise ValueError(
            "--output %s has no extension of a known format (.pb, .npz, or none for the folder of "
            "a checkpoint); name the --format" % path
        )
    return FORMATS[extension]


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
    from pwcnet.weights.archive import write_archive
    from pwcnet.weights.saving import write_checkpoint

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
        pwcnet export --output shipped            as shipped/pwcnet.ckpt-<step>""",
    )
    add_weights_option(options, frozen=False)
    options.add_argument(
        "--output",
        required=True,
        metavar="PATH",
        help="NAME.pb, NAME.npz, or a folder, which gets pwcnet.ckpt-<step>",
    )
    options.add_argument(
        "--format",
        choices=(FROZEN, ARCHIVE, CHECKPOINT),
        help="what to write (default: by the extension of the output)",
    )
    options.add_argument(
        "--averaged",
        action="store_true",
        help="the moving averages of a run with --average-decay instead of its latest weights",
    )
    graph = options.add_argument_group("frozen graph")
    graph.add_argument(
        "--size",
        type=network_size,
        metavar="HxW",
        help="size of the input in pixels, multiples of 64 (default: %dx%d)" % defaults.size,
    )
    graph.add_argument(
        "--batch-size",
        type=positive_int,
        metavar="N",
        help="pairs a run (default: %d)" % defaults.batch_size,
    )
    graph.add_argument(
        "--target",
        choices=TARGETS,
        help="host: faster on a CPU or GPU; ascend: only operations that ATC has been seen to take "
        "(default: %s)" % defaults.target,
    )
    return options
