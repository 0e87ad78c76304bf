"""Exports weights as an .npz file or a checkpoint; `pwcnet export` does this and more."""

from __future__ import annotations

from pwcnet.cli.arguments import ArgumentParser
from pwcnet.cli.export import ARCHIVE, CHECKPOINT, export_weights


def main(argv: list[str], prog: str) -> None:
    """Exports the weights and prints what was written."""
    args = parser(prog).parse_args(argv)
    export_weights(args, ARCHIVE if args.output.endswith(".npz") else CHECKPOINT)


def parser(prog: str) -> ArgumentParser:
    """The published options."""
    options = ArgumentParser(prog=prog, description=__doc__, published=True)
    options.add_argument(
        "weights",
        nargs="?",
        metavar="checkpoint",
        help="checkpoint prefix, folder (its latest checkpoint) or .npz; without it, the shipped "
        "weights",
    )
    options.add_argument(
        "--output", required=True, help="NAME.npz, or a folder, which gets pwcnet.ckpt-<step>"
    )
    options.add_argument(
        "--averaged",
        action="store_true",
        help="the moving averages of a run with --average_decay instead of its latest weights",
    )
    return options
