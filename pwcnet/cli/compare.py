"""Compares two evaluations of the same data: totals, scenes, and the pairs that changed most.

A is the first, B the second; changes are B - A, EPE in pixels.
"""

from __future__ import annotations

from argparse import Namespace
from typing import Any, Sequence

from pwcnet.cli.arguments import ArgumentParser, positive_int
from pwcnet.cli.common import remedy
from pwcnet.evaluation.comparison import Comparison, compare, most_changed, relative_change
from pwcnet.evaluation.html.comparison import write_comparison
from pwcnet.evaluation.html.page import check_page
from pwcnet.evaluation.measures import EPE, format_value
from pwcnet.evaluation.results import read_evaluation
from pwcnet.evaluation.scores import value_of

EXAMPLES = """
pwcnet compare evaluated/before evaluated/after
pwcnet compare evaluated/before evaluated/after --count 30 --report comparison
"""


def main(argv: list[str], prog: str) -> None:
    """Prints the comparison, and writes the page of --report."""
    args = parser(prog).parse_args(argv)
    if args.report:
        check_page(args.report)
    with remedy("`pwcnet evaluate --output DIR` writes evaluations", (FileNotFoundError,)):
        evaluations = [read_evaluation(folder) for folder in (args.first, args.second)]
    comparison = compare(*evaluations)
    print_header(args, comparison)
    print_totals(comparison)
    if comparison.scenes:
        print_changes("scene", comparison.scenes)
    print_changes("the pairs that changed most", most_changed(comparison.pairs)[: args.count])
    if args.report:
        page = write_comparison(args.report, comparison, (args.first, args.second))
        print("\nreport: %s" % page)


def parser(prog: str) -> ArgumentParser:
    """The options of `pwcnet compare`."""
    options = ArgumentParser(prog=prog, description=__doc__, examples=EXAMPLES)
    options.add_argument(
        "first", metavar="RUN_A", help="folder of an evaluation (`pwcnet evaluate --output`)"
    )
    options.add_argument("second", metavar="RUN_B", help="folder of another, of the same data")
    options.add_argument(
        "--count",
        type=positive_int,
        default=10,
        metavar="N",
        help="how many of the pairs that changed most to print",
    )
    options.add_argument(
        "--report",
        metavar="DIR",
        help="write an HTML page to DIR/index.html; needs Jinja2 and matplotlib",
    )
    return options


def print_header(args: Namespace, comparison: Comparison) -> None:
    """Prints the weights of both evaluations and the number of pairs that both have."""
    for label, folder, summary in zip("AB", (args.first, args.second), comparison.summaries):
        weights = (summary.get("weights") or {}).get("path") or "not known"
        print("%s: %s, weights %s" % (label, folder, weights))
    unshared = ""
    if any(comparison.unshared):
        unshared = " (%d only in A and %d only in B do not count)" % comparison.unshared
    print("%d pairs of %s in both%s" % (len(comparison.pairs), comparison.data, unshared))


def print_totals(comparison: Comparison) -> None:
    """Prints both averages of each measure: the mean of the images' means, and over all pixels."""
    rows = []
    for measure, means in comparison.totals.items():
        row = [measure]
        for kind in ("per_image", "pooled"):
            row += format_change(measure, *(getattr(mean, kind).value for mean in means))
        rows.append(row)
    columns = ("A", "B", "change")
    headings = ["%s %s" % (kind, name) for kind in ("per image", "pooled") for name in columns]
    print_table(["measure"] + headings, rows)


def print_changes(heading: str, pairs: Sequence[Any]) -> None:
    """Prints the EPE of scenes or pairs in A and B."""
    rows = []
    for pair in pairs:
        values = [value_of(scores, EPE) for scores in pair]
        rows.append([pair[0].name] + format_change(EPE, *values) + [relative_change(*values)])
    print_table([heading, "EPE A", "EPE B", "change", ""], rows)


def format_change(measure: str, first: float | None, second: float | None) -> list[str]:
    """Both values and their difference."""
    change = None if first is None or second is None else second - first
    return [
        format_value(measure, first),
        format_value(measure, second),
        format_value(measure, change, sign=True),
    ]


def print_table(headings: list[str], rows: list[list[str]]) -> None:
    """Prints columns as wide as their longest text: names to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(headings, *rows)]
    print()
    for row in [headings] + rows:
        cells = [row[0].ljust(widths[0])]
        cells += [text.rjust(width) for text, width in zip(row[1:], widths[1:])]
        print("  ".join(cells).rstrip())
