"""Runs an offline model (OM) with msame or ais_bench and checks that every file has its prediction.

The times are written to time.json beside the predictions.
"""

from __future__ import annotations

from pwcnet.cli.arguments import ArgumentParser
from pwcnet.cli.ascend.run import add_run_options, run_model


def main(argv: list[str], prog: str) -> None:
    """Runs the model and prints where the results are and the times."""
    run_model(parser(prog).parse_args(argv))


def parser(prog: str) -> ArgumentParser:
    """The published options."""
    options = ArgumentParser(prog=prog, description=__doc__, published=True)
    add_run_options(options, "offline_infer/dataprep.py")
    return options
