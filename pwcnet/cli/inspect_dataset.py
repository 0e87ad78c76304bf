"""Prints what data sets hold: pairs, sizes, known pixels, motion, broken files; draws a sheet of pairs to look at."""

import random

from pwcnet.cli.arguments import ArgumentParser, non_negative_int, positive_int
from pwcnet.cli.common import progress_bar
from pwcnet.data.contact_sheet import Row, contact_sheet
from pwcnet.data.datasets.registry import DATASETS, dataset_samples, parse_source
from pwcnet.data.sample import load_sample
from pwcnet.data.splits import PARTS
from pwcnet.data.statistics import PERCENTILES, Survey, evenly
from pwcnet.io.atomic import check_output_file
from pwcnet.io.images import write_image
from pwcnet.io.prefetch import prefetch


def main(argv, prog=None):
    """Looks at each data set; returns 0, or 2 where files are broken. Raises ValueError and FileNotFoundError for wrong names and layouts."""
    arguments = parser(prog).parse_args(argv)
    sources = [parse_source(text) for text in arguments.sources]
    if arguments.sheet:
        check_output_file(arguments.sheet)
    listed = [
        dataset_samples(source.name, source.root, arguments.mode, arguments.part)
        for source in sources
    ]
    rows, broken = [], 0
    for source, samples in zip(sources, listed):
        chosen = chosen_samples(samples, arguments)
        drawn = {sample.id for sample in evenly(chosen, arguments.rows)} if arguments.sheet else ()
        survey, failures, shown = look(source.name, chosen, drawn)
        print_report(source, samples, chosen, survey, failures)
        rows, broken = rows + shown, broken + len(failures)
    if rows:
        write_image(arguments.sheet, contact_sheet(rows))
        print("sheet        %s: %d pairs" % (arguments.sheet, len(rows)))
    return 2 if broken else 0


def parser(prog=None):
    options = ArgumentParser(
        prog=prog, description=__doc__, epilog="Data sets: %s." % ", ".join(DATASETS)
    )
    options.add_argument(
        "sources",
        nargs="+",
        metavar="NAME=FOLDER",
        help="a data set and the folder that holds it, as chairs=/data/FlyingChairs_release",
    )
    options.add_argument(
        "--mode",
        default="train_noval",
        choices=list(PARTS),
        help="which pairs (default: %(default)s, all that train without validation)",
    )
    options.add_argument(
        "--part",
        choices=("train", "val", "test"),
        help="of mode train_with_val: train (default) or val",
    )
    options.add_argument(
        "--samples",
        type=non_negative_int,
        default=100,
        help="pairs to read of each set, 0 for all (default: %(default)s)",
    )
    options.add_argument(
        "--seed",
        type=non_negative_int,
        help="read pairs drawn at random with this seed (default: at equal distances)",
    )
    options.add_argument(
        "--sheet",
        metavar="PICTURE",
        help="draw some of them into this picture: both frames, flow and masks",
    )
    options.add_argument(
        "--rows",
        type=positive_int,
        default=4,
        help="pairs of each set on the sheet (default: %(default)s)",
    )
    return options


def chosen_samples(samples, arguments):
    """Those to read, in the order of the set."""
    if arguments.seed is None or not 0 < arguments.samples < len(samples):
        return evenly(samples, arguments.samples)
    return [
        samples[index]
        for index in sorted(
            random.Random(arguments.seed).sample(range(len(samples)), arguments.samples)
        )
    ]


def look(name, samples, drawn):
    """(Survey, the errors of broken samples, the Rows of the samples whose ids are in `drawn`)."""
    survey, failures, rows = Survey(), [], []
    with progress_bar(total=len(samples), unit="pair", desc=name, leave=False) as progress:
        for sample, loaded, error in prefetch(map(loaded_or_error, samples)):
            progress.update()
            if error is not None:
                failures.append(error)
                continue
            survey.add(loaded)
            if sample.id in drawn:
                rows.append(Row("%s  %s" % (name, sample.id), loaded))
    return survey, failures, rows


def loaded_or_error(sample):
    try:
        return sample, load_sample(sample, masked=True), None
    except (ValueError, OSError) as error:
        return sample, None, error


def print_report(source, samples, chosen, survey, failures):
    print("%s in %s" % (source.name, source.root))
    print(
        "pairs        {:,} listed, {:,} read, {:,} broken".format(
            len(samples), len(chosen), len(failures)
        )
    )
    print(
        "sizes        %s"
        % (
            ", ".join(
                "%dx%d (%d)" % (size + (count,)) for size, count in sorted(survey.sizes.items())
            )
            or "none"
        )
    )
    if survey.valid_share is None:
        print("truth        none")
    else:
        print("valid        %.2f %% of the pixels" % (100.0 * survey.valid_share))
    if survey.motion:
        motion = survey.motion
        values = (
            (motion.mean,)
            + tuple(motion.percentiles[percent] for percent in PERCENTILES)
            + (motion.largest,)
        )
        print("flow, px     mean %.2f, median %.2f, 90 %% %.2f, 99 %% %.2f, max %.2f" % values)
        print(
            "speeds       %s"
            % ", ".join(
                "%s %.1f %%" % (name, 100.0 * share) for name, share in motion.speeds.items()
            )
        )
    for error in failures:
        print("broken       %s" % " ".join(str(error).split()))
