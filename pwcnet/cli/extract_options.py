"""The options of `pwcnet extract`."""

from __future__ import annotations

import argparse
import re
from argparse import Namespace
from typing import Any

from pwcnet.archive.manifest import Shard
from pwcnet.archive.motion import TABLES
from pwcnet.archive.options import DTYPES, KINDS, ExtractOptions
from pwcnet.cli.arguments import ArgumentParser, positive_float, positive_int
from pwcnet.cli.engine import add_engine_options, check_engine_options
from pwcnet.cli.options import add_device_options, add_weights_option
from pwcnet.cli.prediction_options import add_precision_option, add_quality_options
from pwcnet.flow.classical import METHODS
from pwcnet.flow.motion import STILL
from pwcnet.flow.refinement import can_refine
from pwcnet.runtime.choices import DEFAULT_QUALITY, PLAIN

SHARD = re.compile(r"(\d+)/(\d+)$")


def add_extract_options(options: ArgumentParser) -> None:
    """Adds all options."""
    options.add_argument(
        "inputs",
        nargs="*",
        metavar="INPUT",
        help="videos, folders of frames, folders of those, and patterns (quote them): "
        "'clips/**/*.mp4'",
    )
    options.add_argument(
        "--list",
        action="append",
        default=[],
        metavar="FILE",
        help="text file with one input a line, which the numbers of its first and last frame may "
        "follow; relative to the folder of the list",
    )
    add_weights_option(options)
    add_precision_option(options)
    add_quality_options(options, None)
    options.add_argument(
        "--classical", choices=sorted(METHODS), help="a method of OpenCV instead of the network"
    )
    _add_reading_options(options.add_argument_group("frames"))
    _add_output_options(options.add_argument_group("output"))
    _add_work_options(options.add_argument_group("work"))
    add_device_options(options, threads=True)


def _add_reading_options(reading: Any) -> None:
    reading.add_argument(
        "--step", type=positive_int, default=1, metavar="N", help="pairs of frames N apart"
    )
    reading.add_argument(
        "--every", type=positive_int, default=1, metavar="N", help="keep every N-th frame only"
    )
    reading.add_argument(
        "--sample-fps",
        type=positive_float,
        metavar="RATE",
        help="keep about so many frames of each second of a video",
    )
    reading.add_argument(
        "--scale",
        type=positive_float,
        default=1.0,
        metavar="S",
        help="frames S times as large; flow has their size, and is in their pixels",
    )
    reading.add_argument(
        "--short-side",
        type=positive_int,
        metavar="PX",
        help="frames whose shorter side has PX pixels, likewise",
    )
    reading.add_argument(
        "--skip-bad",
        action="store_true",
        help="leave out frames that cannot be read; otherwise their item fails",
    )


def _add_output_options(output: Any) -> None:
    output.add_argument("--output", metavar="DIR", help="folder of the results and the manifest")
    output.add_argument(
        "--save",
        type=_kinds,
        default=("npz",),
        metavar="LIST",
        help="with commas between them: npz (one file an item, arrays), flo (Middlebury, a file a "
        "pair), xy-jpg (x and y as images of 8 bits, flow_x_00001.jpg, flow_y_00001.jpg), motion "
        "(statistics); default npz",
    )
    output.add_argument(
        "--dtype", choices=DTYPES, default="float16", help="of flow in npz (default: float16)"
    )
    output.add_argument(
        "--bound",
        type=positive_float,
        default=20.0,
        metavar="PX",
        help="motion at the ends of xy-jpg's 8 bits",
    )
    output.add_argument(
        "--still",
        type=positive_float,
        default=STILL,
        metavar="PX",
        help="motion up to which a pixel counts as still",
    )
    output.add_argument(
        "--pair-rows", action="store_true", help="motion of each pair too, NAME.motion.jsonl"
    )
    output.add_argument(
        "--table",
        choices=TABLES,
        default="jsonl",
        help="format of the tables of motion; parquet needs pyarrow, the extra `parquet` (default: "
        "jsonl)",
    )
    output.add_argument(
        "--report",
        action="store_true",
        help="also write an HTML page about the motion of all complete items, "
        "DIR/report/index.html; needs Jinja2 and matplotlib",
    )
    output.add_argument(
        "--backward", action="store_true", help="also the flow from the second to the first frame"
    )
    output.add_argument(
        "--occlusion", action="store_true", help="also where forward and backward flow disagree"
    )
    output.add_argument(
        "--overwrite",
        action="store_true",
        help="remove what the manifest in the folder names, and start from scratch",
    )


def _add_work_options(work: Any) -> None:
    add_engine_options(work, "1")
    work.add_argument(
        "--batch-size",
        type=positive_int,
        default=1,
        metavar="N",
        help="pairs that the network takes at once; for GPUs",
    )
    work.add_argument(
        "--shard",
        type=_shard,
        metavar="I/N",
        help="do the I-th of N parts of the items, as a task of a job array",
    )
    work.add_argument(
        "--dry-run",
        action="store_true",
        help="print the number of items and pairs, and what disk and time they will take",
    )
    work.add_argument("--status", metavar="DIR", help="print how far the job in DIR is, and exit")


def check_options(options: ArgumentParser, args: Namespace) -> None:
    """Ends the program where options do not fit together."""
    if args.status:
        return
    if not args.inputs and not args.list:
        options.error("pass videos or folders, or --list")
    if not args.output and not args.dry_run:
        options.error("--output is missing")
    check_engine_options(options, args)
    if args.classical:
        for name in ("weights", "quality", "memory"):
            if getattr(args, name):
                options.error("--classical takes no --%s" % name)
        if args.precision != "float32":
            options.error("--classical takes no --precision but float32")
    if args.occlusion and not {"npz", "flo", "xy-jpg"} & set(args.save):
        options.error("--occlusion is written with npz, flo or xy-jpg")
    for name in ("pair_rows", "table", "report"):
        if getattr(args, name) not in (False, "jsonl") and "motion" not in args.save:
            options.error("--%s is for --save motion" % name.replace("_", "-"))


def extract_options(args: Namespace, weights: str, sha256: str | None) -> ExtractOptions:
    """The options that results depend on.

    Raises:
        ValueError: Options that do not fit together.
    """
    return ExtractOptions(
        save=args.save,
        weights=weights or None,
        weights_sha256=sha256,
        classical=args.classical,
        quality=None if args.classical else args.quality or _default_quality(weights),
        precision=args.precision,
        step=args.step,
        every=args.every,
        sample_fps=args.sample_fps,
        scale=args.scale,
        short_side=args.short_side,
        backward=args.backward,
        occlusion=args.occlusion,
        skip_bad=args.skip_bad,
        bound=args.bound,
        dtype=args.dtype,
        still=args.still,
        pair_rows=args.pair_rows,
        table=args.table,
    )


def _default_quality(weights: str) -> str:
    """The level of a predictor that is not told one; results name it."""
    return DEFAULT_QUALITY if can_refine() and not weights.endswith(".pb") else PLAIN


def _kinds(text: str) -> tuple[str, ...]:
    kinds = tuple(dict.fromkeys(text.split(",")))
    if not set(kinds) <= set(KINDS):
        raise argparse.ArgumentTypeError("expected a list of %s, got %r" % (",".join(KINDS), text))
    return kinds


def _shard(text: str) -> Shard:
    match = SHARD.match(text)
    shard = Shard(*map(int, match.groups())) if match else Shard(0, 0)
    if not 1 <= shard.number <= shard.total:
        raise argparse.ArgumentTypeError("expected I/N with I from 1 to N, got %r" % text)
    return shard
