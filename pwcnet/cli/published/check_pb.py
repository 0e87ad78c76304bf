"""Prints what a frozen graph (.pb) is made of and whether ATC can be expected to convert it.

Exit code 1: the graph has an operation that ATC has not been seen to take.
"""

from __future__ import annotations

from pwcnet.cli.arguments import ArgumentParser, positive_int
from pwcnet.cli.inspect_graph import InputSizes, add_report_options, inspect_graph


def main(argv: list[str], prog: str) -> int:
    """Prints the report; returns the exit code."""
    args = parser(prog).parse_args(argv)
    sizes = InputSizes(args.batch_size, args.height, args.width)
    return inspect_graph(args.pb, sizes, args.allow_unknown, args.json)


def parser(prog: str) -> ArgumentParser:
    """The published options."""
    options = ArgumentParser(prog=prog, description=__doc__, published=True)
    options.add_argument(
        "pb", metavar="PB", help="frozen graph of offline_infer/convert_ckpt2pb.py"
    )
    for name in ("batch_size", "height", "width"):
        options.add_argument(
            "--" + name,
            type=positive_int,
            help="of the input: needed where the graph leaves it open, an error where the graph "
            "has another",
        )
    add_report_options(options)
    return options
