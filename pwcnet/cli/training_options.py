"""Options that the commands that train share: `pwcnet train` and the published fine-tuning."""

from __future__ import annotations

import argparse
from argparse import Namespace
from typing import Any

from pwcnet.cli.arguments import (
    ArgumentParser,
    boolean,
    non_negative_float,
    non_negative_int,
    positive_float,
    positive_int,
)
from pwcnet.cli.options import add_device_options
from pwcnet.runtime.choices import PRECISIONS
from pwcnet.training.choices import INITIALIZERS, SCHEDULES
from pwcnet.training.options import TrainingOptions

# Options that are values of TrainingOptions under the same name.
TRAINING_OPTIONS = (
    "batch_size",
    "optimizer",
    "schedule",
    "learning_rate",
    "clip_norm",
    "weight_decay",
    "weight_decay_biases",
    "initializer",
    "grow",
    "matching",
    "average_decay",
    "precision",
    "loss_scale",
    "seed",
    "display",
    "save_every",
    "keep",
    "keep_every",
    "keep_range",
    "keep_best",
    "threads",
    "readers",
)


# By the names of `pwcnet train`; "{default}" stands for the default of TrainingOptions.
HELP = {
    "masked": "whether the pixels of Sintel's invalid masks are left out",
    "skip-bad": "continue without samples whose files cannot be read, instead of stopping",
    "readers": "threads that read and augment samples, 0: one per core ({default})",
    "weights": "start from the weights of this checkpoint (run/pwcnet.ckpt-1000), folder (its "
    "latest checkpoint) or .npz, or from the shipped ones, small or large; without it, from random "
    "weights",
    "resume": "continue from the latest checkpoint in the run folder, if there is one",
    "variant": "network of a start from random weights; a checkpoint knows its own (default: as "
    "the preset, else large)",
    "initializer": "random weights: as published, or such that the warp is right from the first "
    "step ({default})",
    "grow": "with the weights of a small network: train the large one (or --variant), which begins "
    "by computing the same",
    "batch-size": "samples per step of each process ({default})",
    "crop": "training crops, in pixels, multiples of 64 (default: %dx%d)" % TrainingOptions.crop,
    "crop-height": "height of the training crops in pixels, a multiple of 64 (default: %d)"
    % TrainingOptions.crop[0],
    "crop-width": "width of the training crops in pixels, a multiple of 64 (default: %d)"
    % TrainingOptions.crop[1],
    "optimizer": "default: that of the loss; robust: sgd, others: adam",
    "schedule": "learning rate over the steps; its boundaries are for batches of 4 and scale by "
    "4 / the batch size of all processes together ({default})",
    "learning-rate": "a constant learning rate instead of the schedule; with the schedule cosine, "
    "its highest",
    "clip-norm": "largest norm of all gradients together (default: no clipping)",
    "weight-decay": "factor gamma of the regularizer ({default})",
    "weight-decay-biases": "whether the regularizer covers biases too ({default})",
    "matching": "factor, at the first step, of a loss that teaches the pyramids to match; it falls "
    "to zero at half of all steps. 20 suits random weights; 0: none ({default})",
    "average-decay": "decay of a moving average of the weights, e.g. 0.999, which validation and "
    "best/ then use; 0: none ({default})",
    "precision": "type that features are computed in; variables stay float32 ({default})",
    "loss-scale": "factor on the loss for the gradients alone, for float16 (default: none)",
    "seed": "of initial weights, order of the samples and augmentation ({default})",
    "output": "run folder: checkpoints, log, options and TensorBoard's events",
    "display": "steps between log lines ({default})",
    "validate-every": "steps between validations, 0: never (default: as between checkpoints, where "
    "there are pairs to validate on)",
    "save-every": "steps between checkpoints ({default})",
    "keep": "how many of the latest checkpoints are kept ({default})",
    "keep-every": "checkpoints at multiples of this are kept for good, 0: none ({default})",
    "keep-range": "checkpoints of the steps FIRST to LAST, every EVERY, are kept for good, too",
    "keep-best": "how many of the best checkpoints by validation EPE are kept in best/ ({default})",
    "data-url": "obs:// URL, which is copied to --cache once, or folder of the data",
    "train-url": "obs:// URL or folder that every checkpoint is copied to; a run continues from "
    "what is there",
    "cache": "folder for copies of the data and of weights at an obs:// URL",
}
# Names from the time before `pwcnet`, which are accepted too.
OLD_NAMES = {
    "weights": "pretrained",
    "output": "save-path",
    "skip-bad": "skip-bad-samples",
    "initializer": "start",
    "readers": "workers",
}

LISTED_AS_PUBLISHED = ("weights", "output", "skip-bad")  # by their old names


def add_option(
    group: Any,
    name: str,
    kind: Any = None,
    metavar: str | None = None,
    note: str = "",
    **settings: Any,
) -> None:
    """Adds an option with its text in HELP, under its old name too.

    Args:
        group: A group of a parser, or the parser.
        name: A key of HELP. A parser of a published command line lists the old name of the option.
        kind: Function of a text to the value, as the `type` of argparse; None for plain text.
        metavar: What stands for the value in the help.
        note: Appended to the text.
        settings: Further ones of `argparse.ArgumentParser.add_argument`.
    """
    dest = name.replace("-", "_")
    settings.update({key: value for key, value in (("type", kind), ("metavar", metavar)) if value})
    default = getattr(TrainingOptions, dest, None)
    text = HELP[name].replace("{default}", "default: %s" % (default,)) + note
    names = [name, OLD_NAMES[name]] if name in OLD_NAMES else [name]
    if group.spelling == "_" and name in LISTED_AS_PUBLISHED:
        names.reverse()
    for listed, option in zip((True, False), names):
        group.add_argument(
            "--" + option, dest=dest, help=text if listed else argparse.SUPPRESS, **settings
        )


def add_data_options(group: Any, masked: str = "False") -> None:
    """Adds what every training command asks about samples. masked: its default, for the help."""
    add_option(group, "masked", boolean, "BOOL", " (default: %s)" % masked)
    add_option(group, "skip-bad", action="store_true")
    add_option(group, "readers", non_negative_int, "N")


def add_start_options(group: Any) -> None:
    """Adds what a run starts from."""
    add_option(group, "weights", metavar="W")
    add_option(group, "resume", action="store_true")
    add_option(group, "variant", choices=("large", "small"))
    add_option(group, "initializer", choices=INITIALIZERS)
    add_option(group, "grow", action="store_const", const=True)


def add_optimization_options(group: Any) -> None:
    """Adds batches, optimizer, schedule, additions to the loss, and precision."""
    add_option(group, "batch-size", positive_int, "N")
    add_option(group, "optimizer", choices=("adam", "sgd", "momentum"))
    add_option(group, "schedule", choices=SCHEDULES)
    add_option(group, "learning-rate", positive_float, "RATE")
    add_option(group, "clip-norm", positive_float, "NORM")
    add_option(group, "weight-decay", non_negative_float, "GAMMA")
    add_option(group, "weight-decay-biases", boolean, "BOOL")
    add_option(group, "matching", non_negative_float, "FACTOR")
    add_option(group, "average-decay", non_negative_float, "DECAY")
    add_option(group, "precision", choices=PRECISIONS)
    add_option(group, "loss-scale", _loss_scale, "FACTOR|dynamic")
    add_option(group, "seed", non_negative_int, "N")


def add_checkpoint_options(group: Any) -> None:
    """Adds the log, validation and checkpoint retention."""
    add_option(group, "display", positive_int, "STEPS")
    add_option(group, "validate-every", non_negative_int, "STEPS")
    add_option(group, "save-every", positive_int, "STEPS")
    add_option(group, "keep", positive_int, "N")
    add_option(group, "keep-every", non_negative_int, "STEPS")
    add_option(group, "keep-range", _keep_range, "FIRST:LAST:EVERY")
    add_option(group, "keep-best", positive_int, "N")


def add_device_groups(parser: ArgumentParser) -> None:
    """Adds the group of URLs of ModelArts, the device, and the options of Ascend NPUs."""
    group = parser.add_argument_group("ModelArts")
    add_option(group, "data-url", metavar="URL")
    add_option(group, "train-url", metavar="URL")
    add_option(group, "cache", metavar="DIR", default="/cache")
    add_device_options(parser, training=True, threads=True)


def given_options(args: Namespace) -> dict[str, Any]:
    """Returns the values of TrainingOptions that were given or have defaults of the parser.

    Without those that need more than one option: steps, crop, loss, augment, validate_every.
    """
    given = {name: getattr(args, name) for name in TRAINING_OPTIONS}
    given = {name: value for name, value in given.items() if value is not None}
    if args.learning_rate and args.schedule != "cosine":
        given["schedule"] = "constant"
    return given


def _loss_scale(text: str) -> float | str:
    try:
        return text if text == "dynamic" else positive_float(text)
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError("expected a number above 0, or dynamic, got %r" % text)


def _keep_range(text: str) -> tuple[int, ...]:
    numbers = text.split(":")
    if len(numbers) != 3 or not all(number.isdigit() for number in numbers):
        raise argparse.ArgumentTypeError("expected FIRST:LAST:EVERY in steps, got %r" % text)
    return tuple(map(int, numbers))
