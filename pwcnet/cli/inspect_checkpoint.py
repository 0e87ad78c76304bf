"""Prints what a checkpoint holds: variant, step, parameters, and what is missing or extra.

Exit code 1: variables of the network are missing, of another shape, or not finite.
"""

from __future__ import annotations

from typing import Any

from pwcnet.cli.arguments import ArgumentParser
from pwcnet.cli.options import chosen_weights, open_checkpoint


def main(argv: list[str], prog: str) -> int:
    """Prints the report; returns the exit code, 1 for a checkpoint that is not complete.

    Raises:
        ValueError, OSError: A checkpoint that is not there, damaged, or of another network.
    """
    args = parser(prog).parse_args(argv)
    checkpoint = open_checkpoint(chosen_weights(args))
    inspection = checkpoint.inspect()
    print("checkpoint  %s" % checkpoint.path)
    return 0 if print_inspection(inspection) else 1


def print_inspection(inspection: Any) -> bool:
    """Prints a `pwcnet.weights.checkpoint.Inspection`, one line a fact; whether it is complete."""
    config = inspection.config
    print(
        "variant     %s (dense connections: %s, context network at every level: %s)"
        % (config.name, _yes_no(config.dense), _yes_no(config.context_everywhere))
    )
    print("step        %s" % ("not stored" if inspection.step is None else inspection.step))
    print("parameters  {:,}".format(inspection.parameters))
    for name in inspection.missing:
        print("missing     %s" % name)
    for name, stored, expected in inspection.reshaped:
        print("reshaped    %s is %s, expected %s" % (name, list(stored), list(expected)))
    for name in inspection.not_finite:
        print("not finite  %s" % name)
    for name in inspection.extra:
        print("extra       %s" % name)
    complete = not (inspection.missing or inspection.reshaped or inspection.not_finite)
    print("complete    %s" % _yes_no(complete))
    return complete


def parser(prog: str) -> ArgumentParser:
    """The options."""
    options = ArgumentParser(
        prog=prog,
        description=__doc__,
        examples="""pwcnet inspect checkpoint pretrained/pwcnet.ckpt-595000
        pwcnet inspect checkpoint run""",
    )
    options.add_argument(
        "weights",
        nargs="?",
        metavar="W",
        help="checkpoint prefix, one of its files, folder (its latest checkpoint) or .npz; without "
        "it, the shipped weights",
    )
    return options


def _yes_no(value: bool) -> str:
    return "yes" if value else "no"
