"""Prints what a frozen graph (.pb) is made of and whether ATC can be expected to convert it.

Exit code 1: the graph has an operation that ATC has not been seen to take.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from pwcnet._checks import first_names
from pwcnet.cli.arguments import ArgumentParser, network_size, positive_int
from pwcnet.cli.common import remedy
from pwcnet.cli.options import FROZEN_GRAPH_REMEDY
from pwcnet.io.atomic import check_output_file, write_text

NAMED = 5  # nodes that a line names


class InputSizes(NamedTuple):
    """Sizes of the graph's input that are asked for; None for any."""

    batch: int | None = None
    height: int | None = None
    width: int | None = None


def main(argv: list[str], prog: str) -> int:
    """Prints the report; returns the exit code, 1 for an operation that ATC may not take.

    Raises:
        ValueError, OSError: A file that is not there or no frozen graph, other sizes.
    """
    args = parser(prog).parse_args(argv)
    height, width = args.size or (None, None)
    sizes = InputSizes(args.batch_size, height, width)
    return inspect_graph(args.pb, sizes, args.allow_unknown, args.json)


def inspect_graph(path: str, sizes: InputSizes, allow_unknown: bool, json_path: str | None) -> int:
    """Prints the report of a frozen graph, writes it as JSON too, and returns the exit code."""
    if json_path is not None:
        check_output_file(json_path)
    report = describe_graph(path)
    report["input_shape"] = atc_input_shape(report["input"], sizes, path)
    print_report(path, report)
    if json_path is not None:
        write_text(json_path, json.dumps(report, indent=1, sort_keys=True) + "\n")
    return 1 if report["unknown"] and not allow_unknown else 0


def describe_graph(path: str) -> dict[str, Any]:
    """The report as JSON has it; a size that is not fixed is None, and so is an unknown shape."""
    from pwcnet.export.frozen_graph import INPUT, OUTPUT, input_and_output, read_frozen
    from pwcnet.export.graph_report import graph_report
    from pwcnet.export.half_precision import coordinate_ops

    with remedy(FROZEN_GRAPH_REMEDY, (ValueError,)):
        graph_def = read_frozen(path)
    shapes = [
        shape.as_list() if shape.ndims is not None else None
        for shape in input_and_output(graph_def)
    ]
    ends = {
        name: {"name": node, "shape": shape}
        for name, node, shape in zip(("input", "output"), (INPUT, OUTPUT), shapes)
    }
    content = graph_report(graph_def)._asdict()
    return dict(content, ops=dict(content["ops"]), coordinates=coordinate_ops(graph_def), **ends)


def atc_input_shape(placeholder: dict[str, Any], sizes: InputSizes, path: str) -> str | None:
    """ATC's --input_shape, e.g. "x_tnsr:1,2,448,1024,3"; None where a size stays open.

    Raises:
        ValueError: The graph has other sizes than those asked for, or another number of them.
    """
    wanted = (sizes.batch, 2, sizes.height, sizes.width, 3)
    shape = placeholder["shape"] or [None] * 5
    known = [fixed or given for fixed, given in zip(shape, wanted)]
    if len(shape) != 5 or any(size not in (None, other) for size, other in zip(wanted, known)):
        names = tuple(size or "BHW"[index] for index, size in enumerate(sizes))
        raise ValueError(
            "%s has an input of %s, not [%s, 2, %s, %s, 3]; freeze another with pwcnet export"
            % ((path, _shape_text(shape)) + names)
        )
    return None if None in known else "%s:%s" % (placeholder["name"], ",".join(map(str, known)))


def print_report(path: str, report: dict[str, Any]) -> None:
    """Prints the report, one line a fact."""
    print("graph       %s" % path)
    for name in ("input", "output"):
        end = report[name]
        print("%-12s%s %s" % (name, end["name"], _shape_text(end["shape"] or [None])))
    ops = sorted(report["ops"].items(), key=lambda item: (-item[1], item[0]))
    listed = ", ".join("%d %s" % (count, op) for op, count in ops)
    print("nodes       {:,}: {}".format(report["nodes"], listed))
    print("arithmetic  %.1f GFLOP" % report["gflop"])
    print("parameters  {:,} bytes".format(report["parameter_bytes"]))
    print("warp        %d nodes compute its coordinates" % len(report["coordinates"]))
    dynamic = report["dynamic"]
    if dynamic:
        named = first_names(dynamic, NAMED)
        print("shapes      %d nodes are dynamic: %s" % (len(dynamic), named))
    else:
        print("shapes      all static")
    if report["unknown"]:
        print(
            "unknown     %s: not among the ops that ATC has been seen to take; freeze with "
            "--target ascend, or --allow-unknown" % ", ".join(report["unknown"])
        )
    else:
        print("unknown     no op that ATC has not been seen to take")


def _shape_text(shape: list[int | None]) -> str:
    return str(["?" if size is None else size for size in shape])


def parser(prog: str) -> ArgumentParser:
    """The options."""
    options = ArgumentParser(
        prog=prog,
        description=__doc__,
        examples="""pwcnet inspect graph pwcnet.pb
        pwcnet inspect graph pwcnet.pb --size 448x1024 --json report.json""",
    )
    options.add_argument("pb", metavar="PB", help="frozen graph of pwcnet export")
    options.add_argument(
        "--size",
        type=network_size,
        metavar="HxW",
        help="size of the input in pixels: needed where the graph leaves it open, an error where "
        "the graph has another",
    )
    options.add_argument(
        "--batch-size", type=positive_int, metavar="N", help="batch size of the input, likewise"
    )
    add_report_options(options)
    return options


def add_report_options(options: ArgumentParser) -> None:
    """Adds --allow-unknown and --json."""
    options.add_argument(
        "--allow-unknown",
        action="store_true",
        help="exit code 0 also for an operation that ATC has not been seen to take",
    )
    options.add_argument("--json", metavar="FILE", help="write the report here too")
