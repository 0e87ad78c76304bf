"""Freezes a checkpoint to a .pb file for one input size, for ATC by default.

The graph has the placeholder x_tnsr [B, 2, H, W, 3], RGB in 0..1, and the node output [B, H, W, 2],
flow in pixels. It is compared with the checkpoint before it is written.
"""

from __future__ import annotations

import os
from argparse import Namespace

import pwcnet
from pwcnet.cli.arguments import ArgumentParser, positive_int
from pwcnet.cli.export import TARGETS, GraphOptions, export_graph
from pwcnet.cli.options import add_weights_option
from pwcnet.cli.published.dataprep import add_size_options
from pwcnet.flow.padding import check_network_size

CHECKOUT = os.path.dirname(os.path.dirname(os.path.abspath(pwcnet.__file__)))
OUTPUT = os.path.join(CHECKOUT, "offline_infer", "pwcnet.pb")


def main(argv: list[str], prog: str) -> None:
    """Freezes the checkpoint and prints what was written."""
    args = parser(prog).parse_args(argv)
    check_network_size(args.height, args.width)
    options = GraphOptions((args.height, args.width), args.batch_size, args.target)
    export_graph(Namespace(weights=args.weights, output=args.output, averaged=False), options)


def parser(prog: str) -> ArgumentParser:
    """The published options."""
    options = ArgumentParser(prog=prog, description=__doc__, published=True)
    add_weights_option(options, "--ckpt", frozen=False)
    options.add_argument(
        "--output",
        default=OUTPUT,
        help="the file to write (default: offline_infer/pwcnet.pb of this checkout)",
    )
    add_size_options(options, "a multiple of 64")
    options.add_argument(
        "--target",
        choices=TARGETS,
        default="ascend",
        help="ascend: only operations that ATC has been seen to take; host: faster on a CPU or GPU",
    )
    options.add_argument("--batch_size", type=positive_int, default=1, help="pairs a run")
    return options
