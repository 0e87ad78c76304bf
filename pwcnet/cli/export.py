"""Turns a checkpoint into an .npz file of float16 weights, as the project ships them, or such a file, or any checkpoint, into a checkpoint of the weights alone."""

import os

from pwcnet.cli.arguments import ArgumentParser
from pwcnet.cli.common import load_tensorflow
from pwcnet.io.atomic import check_output_file, check_output_folder
from pwcnet.weights.files import shipped_weights


def main(argv, prog=None):
    """Writes the weights; returns None. Raises ValueError and OSError for what cannot be read or written."""
    args = parser(prog).parse_args(argv)
    archive = args.output.endswith(".npz")
    (check_output_file if archive else check_output_folder)(args.output)
    load_tensorflow()

    from pwcnet.weights.archive import write_archive, write_checkpoint
    from pwcnet.weights.checkpoint import Checkpoint

    checkpoint = Checkpoint(args.checkpoint or shipped_weights(), args.averaged)
    if archive:
        write_archive(args.output, checkpoint)
        written = "%s, %.1f MB" % (args.output, os.path.getsize(args.output) / 1e6)
    else:
        written = write_checkpoint(args.output, checkpoint)
    print("%s, %s weights of %s" % (written, checkpoint.config.name, checkpoint.path))


def parser(prog=None):
    options = ArgumentParser(prog=prog, description=__doc__)
    options.add_argument(
        "checkpoint",
        nargs="?",
        help="checkpoint (pwcnet.ckpt-<step>, or a folder: its latest) or .npz file; by default the project's own weights",
    )
    options.add_argument(
        "--output", required=True, help="NAME.npz, or a folder, which gets pwcnet.ckpt-<step>"
    )
    options.add_argument(
        "--averaged",
        action="store_true",
        help="the moving averages of a run with --average_decay in the place of its latest weights",
    )
    return options
