"""`pwcnet train`: training on one data set or a mixture of several."""

from __future__ import annotations

import functools
import json
import textwrap
from argparse import SUPPRESS
from dataclasses import asdict
from typing import Any, Sequence

from pwcnet.cli.arguments import ArgumentParser, boolean, network_size, positive_int
from pwcnet.cli.train_job import AUGMENTATIONS, DATASET, check_arguments, make_job, option_values
from pwcnet.cli.training_options import (
    add_checkpoint_options,
    add_data_options,
    add_device_groups,
    add_optimization_options,
    add_option,
    add_start_options,
)
from pwcnet.cli.training_run import run_training
from pwcnet.data.datasets.registry import DATASETS
from pwcnet.training.choices import LOSSES
from pwcnet.training.options import TrainingOptions, training_options
from pwcnet.training.presets import PRESETS, find_preset

DESCRIPTION = """Trains PWC-Net on one data set or several, by a preset or by options alone.

Options win over the preset; the defaults below are those without a preset. Without --steps, a
preset trains on its number of samples: its steps scale with the batch size of all processes
together, as the boundaries of every schedule do.

""" + textwrap.fill("Data sets: %s." % ", ".join(sorted(DATASETS)), 100, break_on_hyphens=False)
EXAMPLES = """
pwcnet train --list-presets
pwcnet train --preset sintel-mixed --dataset /data --weights pretrained/pwcnet.ckpt-595000
pwcnet train --preset scenes-6 --weights small --photos pictures --output run
pwcnet train --data sintel-clean=/data@0.6 chairs=/data@0.4 --steps 100000 --output run
"""


def main(argv: Sequence[str], prog: str) -> int:
    """Trains, or prints presets; returns the exit code."""
    args = parser(prog).parse_args(argv)
    if args.list_presets:
        for name, entry in PRESETS.items():
            print("%-34s %-10s %s" % (name, entry.origin, entry.description))
        return 0
    if args.show_preset:
        print(json.dumps(_preset_values(args.show_preset), indent=2))
        return 0
    preset = find_preset(args.preset) if args.preset else None
    check_arguments(args, preset)
    job = functools.partial(make_job, args, preset, option_values(args, preset))
    output = args.output or "./pwcnet-%s/" % args.preset
    return run_training(args, output, job, prog.split() + list(argv))


def parser(prog: str | None = None) -> ArgumentParser:
    """Returns the parser. It imports no TensorFlow."""
    options = ArgumentParser(
        prog=prog,
        description=DESCRIPTION,
        examples=EXAMPLES,
        usage="%(prog)s --preset NAME [options]\n"
        "       %(prog)s --data NAME=FOLDER ... --steps N --output DIR [options]",
    )
    options.add_argument("--preset", metavar="NAME", help="a recipe of --list-presets")
    options.add_argument("--list-presets", action="store_true", help="print the presets and exit")
    options.add_argument(
        "--show-preset", metavar="NAME", help="print all values of a preset as JSON and exit"
    )
    _add_data_group(options.add_argument_group("data"))
    add_start_options(options.add_argument_group("model and start"))
    group = options.add_argument_group("optimization")
    group.add_argument(
        "--steps",
        type=positive_int,
        metavar="N",
        help="optimizer steps, whatever the batch size (default: the preset's)",
    )
    group.add_argument("--loss", choices=LOSSES, help="default: " + TrainingOptions.loss)
    add_option(group, "crop", network_size, "HxW")
    for side in ("height", "width"):  # the form before --crop
        group.add_argument("--crop-" + side, type=positive_int, help=SUPPRESS)
    add_optimization_options(group)
    _add_augmentation_group(options.add_argument_group("augmentation"))
    group = options.add_argument_group("checkpoints and log")
    add_option(group, "output", metavar="DIR", note=" (default with --preset: ./pwcnet-NAME/)")
    add_checkpoint_options(group)
    add_device_groups(options)
    return options


def _add_data_group(group: Any) -> None:
    group.add_argument(
        "--data",
        nargs="+",
        metavar="NAME=FOLDER",
        help="data sets to train on instead of the preset's; NAME=FOLDER@WEIGHT sets their shares "
        "of the pairs drawn, which are otherwise in proportion to their pairs; "
        "generated=kind=layers|worlds|both,median=PX,photos=DIR,... are synthetic scenes",
    )
    group.add_argument(
        "--dataset",
        metavar="DIR",
        help="folder that holds the preset's data sets as they are published (default: %s)"
        % DATASET,
    )
    group.add_argument(
        "--photos",
        metavar="DIR",
        help="cut half of the surfaces of the preset's generated scenes from the images in this "
        "folder",
    )
    group.add_argument(
        "--mode",
        choices=("train_noval", "train_with_val"),
        default="train_noval",
        help="train on all pairs, or without the validation part of each set, which then validates",
    )
    group.add_argument(
        "--validate-data",
        nargs="+",
        metavar="NAME=FOLDER",
        help="validate on the validation parts of these data sets instead",
    )
    group.add_argument(
        "--validate-mode",
        choices=("val", "val_notrain"),
        default="val",
        help="of --validate-data: their validation parts, or all their pairs",
    )
    add_data_options(group, "as the preset, else True")


def _add_augmentation_group(group: Any) -> None:
    group.add_argument(
        "--augment",
        type=boolean,
        metavar="BOOL",
        help="random flips, shifts and zoom; False: random crops alone (default: True)",
    )
    for name, text in AUGMENTATIONS.items():
        group.add_argument("--" + name, type=boolean, metavar="BOOL", help=text)


def _preset_values(name: str) -> dict[str, Any]:
    """A preset with the values of all options, as JSON has them."""
    preset = find_preset(name)
    return dict(asdict(preset), name=name, training=asdict(training_options(preset.training)))
