"""Prints the tables of EPE in pwcnet/weights/README.md, README.md and docs/own-frames.md."""

import contextlib
import io
import os
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)

from pwcnet.cli import evaluate  # noqa: E402
from pwcnet.cli.arguments import ArgumentParser  # noqa: E402
from pwcnet.cli.common import run  # noqa: E402
from pwcnet.evaluation.results import read_evaluation  # noqa: E402

LAYERS = "generated=seed=77,pairs=24,height=320,width=512,median=8,largest=160"
WORLDS = "generated=kind=worlds,seed=77,pairs=24,height=320,width=512,median=10,largest=200"
WIDE = "generated=kind=%s,seed=78,pairs=24,height=376,width=1242,median=20,largest=200"
ROWS = {
    "generated layers, seed 77, median motion 8 px, largest 160": [LAYERS],
    "generated worlds, seed 77, median motion 10 px, largest 200": [WORLDS],
    "wide layers, seed 78, 376x1242, median motion 20 px, largest 200": [WIDE % "layers"],
    "wide worlds, likewise": [WIDE % "worlds"],
    "Sintel clean, alley_1": ["sintel-clean", "--scene", "alley_1"],
    "Sintel clean, market_5": ["sintel-clean", "--scene", "market_5"],
    "Sintel final, alley_1": ["sintel-final", "--scene", "alley_1"],
    "Sintel final, market_5": ["sintel-final", "--scene", "market_5"],
    "Middlebury RubberWhale": ["middlebury", "--scene", "RubberWhale"],
    "Middlebury Venus": ["middlebury", "--scene", "Venus"],
    "FlyingChairs": ["chairs"],
    "KITTI 2012": ["kitti2012"],
    "KITTI 2015": ["kitti2015"],
}
METHODS = ["small", "large", "dis", "farneback"]
CLASSICAL = ("dis", "farneback")
BY_MOTION = ("s0-10", "s10-40", "s40+")


def main(argv, prog):
    """Evaluates everything and prints one row after the other, then EPE by motion."""
    parser = ArgumentParser(prog=prog, description=__doc__)
    parser.add_argument(
        "data",
        metavar="DATA",
        help="folder of MPI-Sintel-complete, middlebury, FlyingChairs_release and KITTI",
    )
    parser.add_argument(
        "methods",
        metavar="METHOD",
        nargs="*",
        help="dis, farneback, or weights with the quality level and the precision, where they are "
        "not plain and float32: small:best or small:best:bfloat16 (default: small, large, dis, "
        "farneback)",
    )
    args = parser.parse_args(argv)
    data, methods = args.data, args.methods or METHODS
    heads = ["frames", "pairs", "zero flow", *methods]
    print("| %s |\n|%s" % (" | ".join(heads), "---|" * len(heads)))
    by_motion = []
    for label, (name, *chosen) in ROWS.items():
        source = name if "=" in name else "%s=%s" % (name, data)
        results = [totals(source, chosen, method) for method in methods]
        cells = [label, "%d" % results[0]["EPE"]["images"], number(results[0], "Zero flow")]
        print("| %s |" % " | ".join(cells + [number(result, "EPE") for result in results]))
        by_motion += [(label, results)]
    print(
        "\n| frames, EPE of pixels that move 0 to 10, 10 to 40, above 40 px | %s |"
        % " | ".join(methods)
    )
    print("|" + "---|" * (len(methods) + 1))
    for label, results in by_motion:
        cells = [" / ".join(number(result, name) for name in BY_MOTION) for result in results]
        print("| %s | %s |" % (label, " | ".join(cells)))


def totals(source, chosen, method):
    """The totals of an evaluation by name of the measure."""
    names = ("--classical",) if method in CLASSICAL else ("--weights", "--quality", "--precision")
    how = [part for pair in zip(names, method.split(":")) for part in pair]
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        evaluate.main(["--data", source, *chosen, *how, "--output", folder], "pwcnet evaluate")
        return read_evaluation(folder).summary["totals"]


def number(result, name):
    """The mean over the pairs, or over the pixels where only some pairs have such."""
    values = result.get(name) or {}
    value = values.get("pooled" if name in BY_MOTION else "per_image")
    return "-" if value is None else "%.3f" % value


if __name__ == "__main__":
    run(main)
