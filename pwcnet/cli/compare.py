"""Compares two evaluations of the same data: totals, scenes, and the pairs that changed most. A is the first, B the second; a change is B - A."""

from pwcnet.cli.arguments import ArgumentParser, positive_int
from pwcnet.evaluation.comparison import compare, most_changed, relative_change
from pwcnet.evaluation.html.comparison import write_comparison
from pwcnet.evaluation.html.page import check_page
from pwcnet.evaluation.measures import EPE, format_value
from pwcnet.evaluation.results import read_evaluation
from pwcnet.evaluation.scores import value_of


def main(argv, prog=None):
    """Prints the comparison; returns 0. Raises FileNotFoundError and ValueError for folders that hold no evaluation, and for runs of different data."""
    arguments = parser(prog).parse_args(argv)
    if arguments.report:
        check_page(arguments.report)
    comparison = compare(read_evaluation(arguments.first), read_evaluation(arguments.second))
    print_header(arguments, comparison)
    print_totals(comparison)
    if comparison.scenes:
        print_changes("scene", comparison.scenes)
    print_changes("the pairs that changed most", most_changed(comparison.pairs)[: arguments.count])
    if arguments.report:
        print(
            "\nreport: %s"
            % write_comparison(arguments.report, comparison, (arguments.first, arguments.second))
        )
    return 0


def parser(prog=None):
    options = ArgumentParser(prog=prog, description=__doc__)
    options.add_argument(
        "first", metavar="RUN_A", help="the folder that scripts/evaluate.py wrote (--output)"
    )
    options.add_argument("second", metavar="RUN_B", help="another, of the same data")
    options.add_argument(
        "--count",
        type=positive_int,
        default=10,
        metavar="N",
        help="how many of the pairs that changed most (default: %(default)s)",
    )
    options.add_argument(
        "--report",
        metavar="DIR",
        help="write a page to look at, DIR/index.html; needs Jinja2 and matplotlib",
    )
    return options


def print_header(arguments, comparison):
    for label, folder, about in zip(
        "AB", (arguments.first, arguments.second), comparison.summaries
    ):
        print(
            "%s: %s, weights %s"
            % (label, folder, (about.get("weights") or {}).get("path") or "not known")
        )
    alone = (
        " (%d only in A and %d only in B do not count)" % comparison.unshared
        if any(comparison.unshared)
        else ""
    )
    print("%d pairs of %s in both%s" % (len(comparison.pairs), comparison.data, alone))


def print_totals(comparison):
    rows = []
    for measure, means in comparison.totals.items():
        rows.append(
            [measure]
            + [
                text
                for kind in ("per_image", "pooled")
                for text in changed(measure, *(getattr(mean, kind).value for mean in means))
            ]
        )
    print_table(
        ["measure"]
        + [
            "%s %s" % (kind, each)
            for kind in ("per image", "pooled")
            for each in ("A", "B", "change")
        ],
        rows,
    )


def print_changes(heading, pairs):
    rows = []
    for pair in pairs:
        values = [value_of(row, EPE) for row in pair]
        rows.append([pair[0].name] + changed(EPE, *values) + [relative_change(*values)])
    print_table([heading, "EPE A", "EPE B", "change", ""], rows)


def changed(measure, first, second):
    """Both values and the difference, as text."""
    known = first is not None and second is not None
    return [
        format_value(measure, first),
        format_value(measure, second),
        format_value(measure, second - first if known else None, sign=True),
    ]


def print_table(headings, rows):
    """Columns as wide as their longest text; names to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(headings, *rows)]
    print()
    for row in [headings] + rows:
        print(
            "  ".join(
                [row[0].ljust(widths[0])]
                + [text.rjust(width) for text, width in zip(row[1:], widths[1:])]
            ).rstrip()
        )
