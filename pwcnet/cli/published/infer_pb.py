"""Runs a frozen graph on this machine over raw files and writes the files that msame would.

The predictions are OUTPUT/<time>/NAME_output_0.bin, for offline_infer/evaluation.py.
"""

from __future__ import annotations

from pwcnet.cli.arguments import ArgumentParser
from pwcnet.cli.ascend.infer import add_infer_options, infer_files


def main(argv: list[str], prog: str) -> None:
    """Infers the flow of every file and prints the average time."""
    infer_files(parser(prog).parse_args(argv))


def parser(prog: str) -> ArgumentParser:
    """The published options."""
    options = ArgumentParser(prog=prog, description=__doc__, published=True)
    add_infer_options(
        options, "--pb", "offline_infer/convert_ckpt2pb.py", "offline_infer/dataprep.py"
    )
    return options
