"""Prints what data sets hold: pairs, sizes, known pixels, motion, broken files; draws a sheet.

Exit code 2: files are broken.
"""

from __future__ import annotations

import os
import random
from argparse import Namespace
from typing import Any, Collection, Iterable, NamedTuple, Sequence

from pwcnet.cli.arguments import ArgumentParser, non_negative_int, positive_int
from pwcnet.cli.common import progress_bar
from pwcnet.data.contact_sheet import Row, contact_sheet
from pwcnet.data.datasets.registry import DATASETS, parse_source
from pwcnet.data.ground_truth import LARGEST_MOTION
from pwcnet.data.splits import PARTS
from pwcnet.data.statistics import PERCENTILES, Survey, evenly
from pwcnet.io.atomic import check_output_file
from pwcnet.io.images import write_image, written_extension
from pwcnet.io.prefetch import prefetch


class Reading(NamedTuple):
    """What reading samples gave.

    Attributes:
        survey: The statistics of all samples that could be read.
        errors: Those of the broken samples.
        rows: Rows of the contact sheet.
    """

    survey: Survey
    errors: list[Exception]
    rows: list[Row]


def main(argv: list[str], prog: str) -> int:
    """Prints a report of each data set; returns the exit code, 2 for broken files.

    Raises:
        ValueError, OSError: Wrong names, folders that hold no such data set.
    """
    args = parser(prog).parse_args(argv)
    sources = [parse_source(text) for text in args.data]
    if args.sheet:
        written_extension(args.sheet)
        check_output_file(args.sheet)
    listed = [source.samples(args.mode, args.part) for source in sources]
    if args.sheet and os.path.exists(args.sheet):
        check_no_input(args.sheet, listed)
    rows: list[Row] = []
    broken = 0
    for source, samples in zip(sources, listed):
        chosen = choose_samples(samples, args)
        drawn = {sample.id for sample in evenly(chosen, args.rows)} if args.sheet else set()
        reading = read_samples(source.name, chosen, drawn)
        print("%s in %s" % (source.name, source.argument))
        print_report(len(samples), len(chosen), reading)
        rows, broken = rows + reading.rows, broken + len(reading.errors)
    if rows:
        write_image(args.sheet, contact_sheet(rows))
        print("sheet        %s: %d pairs" % (args.sheet, len(rows)))
    return 2 if broken else 0


def check_no_input(path: str, listed: Sequence[Any]) -> None:
    """Raises ValueError where a file belongs to a sample of the data sets."""
    for samples in listed:
        for sample in samples if isinstance(samples, list) else ():
            if any(os.path.samefile(path, file) for file in sample.paths() if os.path.exists(file)):
                raise ValueError("%s belongs to the data; try another --sheet" % path)


def choose_samples(samples: Any, args: Namespace) -> list[Any]:
    """The samples to read, in the order of the data set."""
    if args.seed is None or not 0 < args.samples < len(samples):
        return evenly(samples, args.samples)
    indices = random.Random(args.seed).sample(range(len(samples)), args.samples)
    return [samples[index] for index in sorted(indices)]


def read_samples(name: str, samples: list[Any], drawn: Collection[str]) -> Reading:
    """Reads samples; those whose ids are in `drawn` become rows of the sheet."""
    survey, errors, rows = Survey(), [], []
    with progress_bar(total=len(samples), unit="pair", desc=name, leave=False) as progress:
        for sample, content, error in prefetch(_loaded(samples)):
            progress.update()
            if error is not None:
                errors.append(error)
                continue
            survey.add(content)
            if sample.id in drawn:
                rows.append(Row("%s  %s" % (name, sample.id), content))
    return Reading(survey, errors, rows)


def _loaded(samples: Iterable[Any]) -> Iterable[tuple[Any, Any, Exception | None]]:
    """(sample, its content, None), or (sample, None, the error) where it is broken."""
    for sample in samples:
        try:
            yield sample, sample.load(masked=True), None
        except (ValueError, OSError) as error:
            yield sample, None, error


def print_report(listed: int, read: int, reading: Reading) -> None:
    """Prints what was read of a data set, one line a fact."""
    survey = reading.survey
    counts = (listed, read, len(reading.errors))
    print("pairs        {:,} listed, {:,} read, {:,} broken".format(*counts))
    sizes = ["%dx%d (%d)" % (size + (count,)) for size, count in sorted(survey.sizes.items())]
    print("sizes        %s" % (", ".join(sizes) or "none"))
    if survey.valid_share is None:
        print("ground truth none")
    else:
        print("valid        %.2f %% of the pixels" % (100.0 * survey.valid_share))
    if survey.beyond:
        print("unknown      {:,} pixels, beyond {:,.0f} px".format(survey.beyond, LARGEST_MOTION))
    if survey.motion:
        print_motion(survey.motion)
    for error in reading.errors:
        print("broken       %s" % " ".join(str(error).split()))


def print_motion(motion: Any) -> None:
    """Prints a `pwcnet.data.statistics.Motion`: lengths in pixels, and the share of each speed."""
    percentiles = tuple(motion.percentiles[percent] for percent in PERCENTILES)
    values = (motion.mean,) + percentiles + (motion.largest,)
    print("flow, px     mean %.2f, median %.2f, 90 %% %.2f, 99 %% %.2f, max %.2f" % values)
    shares = ["%s %.1f %%" % (name, 100.0 * share) for name, share in motion.speeds.items()]
    print("speeds       %s" % ", ".join(shares))


def parser(prog: str) -> ArgumentParser:
    """The options."""
    options = ArgumentParser(
        prog=prog,
        description=__doc__,
        examples="""pwcnet inspect dataset chairs=/data/FlyingChairs_release
        pwcnet inspect dataset kitti2015=/data hd1k=/data --samples 20 --sheet sheet.png
        pwcnet inspect dataset generated=kind=worlds,median=6,photos=DIR --sheet sheet.png""",
    )
    options.add_argument(
        "data",
        nargs="+",
        metavar="NAME=FOLDER",
        help="a data set and its folder; the names are " + ", ".join(DATASETS),
    )
    options.add_argument(
        "--mode",
        default="train_noval",
        choices=list(PARTS),
        help="which pairs; train_noval: all that train without validation",
    )
    options.add_argument(
        "--part",
        choices=("train", "val", "test"),
        help="of mode train_with_val: train or val (default: train)",
    )
    options.add_argument(
        "--samples",
        type=non_negative_int,
        default=100,
        metavar="N",
        help="pairs to read of each set, 0 for all",
    )
    options.add_argument(
        "--seed",
        type=non_negative_int,
        metavar="N",
        help="read pairs drawn at random with this seed (default: at equal distances)",
    )
    options.add_argument(
        "--sheet",
        metavar="IMAGE",
        help="draw some of them into this image: both frames, flow and masks",
    )
    options.add_argument(
        "--rows",
        type=positive_int,
        default=4,
        metavar="N",
        help="pairs of each set on the sheet",
    )
    return options
