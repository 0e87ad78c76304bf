"""Says what a frozen graph is made of and whether ATC can be expected to take it; exit code 1 where it holds an op that ATC has not been seen to take."""

import json

from pwcnet._checks import first_names
from pwcnet.cli.arguments import ArgumentParser, positive_int
from pwcnet.cli.common import load_tensorflow
from pwcnet.io.atomic import check_output_file, write_text


def main(argv, prog=None):
    args = parser(prog).parse_args(argv)
    if args.json is not None:
        check_output_file(args.json)

    load_tensorflow()
    found = described(args.pb)
    found["input_shape"] = input_shape(
        found["input"], (args.batch_size, args.height, args.width), args.pb
    )
    print_lines(args.pb, found)
    if args.json is not None:
        write_text(args.json, json.dumps(found, indent=1, sort_keys=True) + "\n")
    return 1 if found["unknown"] and not args.allow_unknown else 0


def described(path):
    """What the report says, JSON-able; sizes that are not fixed are None, and so is a shape that is not known at all."""
    from pwcnet.export.frozen_graph import INPUT, OUTPUT, input_and_output, read_frozen
    from pwcnet.export.graph_report import report
    from pwcnet.export.half_precision import coordinate_ops

    graph_def = read_frozen(path)
    shapes = [
        shape.as_list() if shape.ndims is not None else None
        for shape in input_and_output(graph_def)
    ]
    found = report(graph_def)._asdict()
    named = {
        name: {"name": node, "shape": shape}
        for name, node, shape in zip(("input", "output"), (INPUT, OUTPUT), shapes)
    }
    return dict(found, ops=dict(found["ops"]), coordinates=coordinate_ops(graph_def), **named)


def input_shape(placeholder, wanted, path):
    """ATC's --input_shape, "x_tnsr:1,2,448,1024,3"; None where the graph leaves sizes open that `wanted` (batch, height, width; None for any) does not give."""
    batch, height, width = wanted
    shape = placeholder["shape"] or [None] * 5
    sizes = [own or given for own, given in zip(shape, (batch, 2, height, width, 3))]
    if len(shape) != 5 or any(
        given not in (None, size) for given, size in zip((batch, 2, height, width, 3), sizes)
    ):
        raise ValueError(
            "expected an input [%s, 2, %s, %s, 3], got %s in %s; freeze one of this size with offline_infer/convert_ckpt2pb.py"
            % (
                tuple(size or "B H W".split()[index] for index, size in enumerate(wanted))
                + (["?" if size is None else size for size in shape], path)
            )
        )
    return None if None in sizes else "%s:%s" % (placeholder["name"], ",".join(map(str, sizes)))


def print_lines(path, found):
    print("graph       %s" % path)
    for name in ("input", "output"):
        print(
            "%-12s%s %s"
            % (
                name,
                found[name]["name"],
                ["?" if size is None else size for size in found[name]["shape"] or [None]],
            )
        )
    ops = sorted(found["ops"].items(), key=lambda item: (-item[1], item[0]))
    print(
        "nodes       {:,}: {}".format(
            found["nodes"], ", ".join("%d %s" % (count, op) for op, count in ops)
        )
    )
    print("arithmetic  %.1f GFLOP" % found["gflop"])
    print("parameters  {:,} bytes".format(found["parameter_bytes"]))
    print("warp        %d nodes compute its coordinates" % len(found["coordinates"]))
    print(
        "shapes      %s"
        % (
            "all static"
            if not found["dynamic"]
            else "%d nodes are dynamic: %s"
            % (len(found["dynamic"]), first_names(found["dynamic"], 5))
        )
    )
    if found["unknown"]:
        print(
            "unknown     %s: not among the ops that ATC has been seen to take; freeze with --target ascend, or --allow_unknown"
            % ", ".join(found["unknown"])
        )
    else:
        print("unknown     no op that ATC has not been seen to take")


def parser(prog=None):
    options = ArgumentParser(prog=prog, description=__doc__)
    options.add_argument(
        "pb", metavar="PB", help="frozen graph of offline_infer/convert_ckpt2pb.py"
    )
    for name in ("batch_size", "height", "width"):
        options.add_argument(
            "--" + name,
            type=positive_int,
            help="of the input: needed where the graph leaves it open, an error where the graph has another",
        )
    options.add_argument(
        "--allow_unknown", action="store_true", help="exit with 0 where there is an unknown op too"
    )
    options.add_argument("--json", metavar="FILE", help="write the report here too")
    return options
