"""Freezes a checkpoint to a .pb file for one input size: placeholder x_tnsr [B, 2, H, W, 3], RGB in 0..1, node output [B, H, W, 2], pixels."""

import os

from pwcnet.cli.arguments import ArgumentParser, positive_int
from pwcnet.cli.common import load_tensorflow
from pwcnet.cli.options import add_weights_option, chosen_weights
from pwcnet.flow.padding import check_network_size
from pwcnet.io.atomic import check_output_file


def main(argv, prog=None):
    args = parser(prog).parse_args(argv)
    check_network_size(args.height, args.width)
    check_output_file(args.output)
    weights = chosen_weights(args)

    load_tensorflow()
    from pwcnet.export.frozen_graph import (
        INPUT,
        OUTPUT,
        allowed_difference,
        check_frozen,
        freeze,
        write_frozen,
    )
    from pwcnet.weights.checkpoint import Checkpoint

    checkpoint = Checkpoint(weights)
    graph_def = freeze(checkpoint, args.batch_size, args.height, args.width, args.target)
    difference, largest = check_frozen(graph_def, checkpoint)
    write_frozen(args.output, graph_def)
    print("checkpoint  %s (%s)" % (checkpoint.path, checkpoint.config.name))
    print("nodes       {:,}".format(len(graph_def.node)))
    print("size        %.1f MB" % (os.path.getsize(args.output) / 1e6))
    print(
        "difference  %.2g pixels from the checkpoint, at most %.2g allowed; largest flow %.4g"
        % (difference, allowed_difference(largest), largest)
    )
    print(
        "wrote       %s: %s [%d, 2, %d, %d, 3] -> %s [%d, %d, %d, 2]"
        % (
            (
                args.output,
                INPUT,
                args.batch_size,
                args.height,
                args.width,
                OUTPUT,
                args.batch_size,
                args.height,
                args.width,
            )
        )
    )


def parser(prog=None):
    options = ArgumentParser(prog=prog, description=__doc__)
    add_weights_option(options, "--ckpt", frozen=False)
    options.add_argument("--output", default="pwcnet.pb", help="the file to write")
    options.add_argument(
        "--height", type=positive_int, default=448, help="pixels, a multiple of 64"
    )
    options.add_argument(
        "--width", type=positive_int, default=1024, help="pixels, a multiple of 64"
    )
    options.add_argument(
        "--target",
        choices=("ascend", "host"),
        default="ascend",
        help="ascend: only ops that ATC has been seen to take; host: faster on a CPU or GPU",
    )
    options.add_argument("--batch_size", type=positive_int, default=1, help="pairs a run")
    return options
