"""The published fine-tuning on MPI-Sintel, as in the recipes V1 and V2."""

from __future__ import annotations

import functools
from argparse import Namespace
from typing import TYPE_CHECKING, Any, Sequence

from pwcnet.cli.arguments import ArgumentParser, boolean, positive_int
from pwcnet.cli.training_options import (
    TRAINING_OPTIONS,
    add_checkpoint_options,
    add_data_options,
    add_device_groups,
    add_optimization_options,
    add_option,
    add_start_options,
    given_options,
)
from pwcnet.cli.training_run import Job, Places, choose_config, run_training, validation_steps
from pwcnet.data.datasets.sintel import RENDER_PASSES, sintel_samples
from pwcnet.training.choices import scale_steps
from pwcnet.training.options import TrainingOptions, training_options

if TYPE_CHECKING:
    from pwcnet.training.validation import Validation

DESCRIPTION = """Fine-tunes PWC-Net on MPI-Sintel, as the published recipes V1 and V2 do.
`pwcnet train` does the same for any data set."""
EXAMPLES = """
python scripts/pwcnet_finetune_lg-6-2-multisteps-mpisintelclean.py --dataset /data --pretrained pretrained/pwcnet.ckpt-595000
python scripts/pwcnet_finetune_lg-6-2-multisteps-mpisintelclean.py --dataset /data --iterations 600000 --robust False --pretrained run/pwcnet.ckpt-176000 --save_path run-step2
"""  # noqa: E501 (commands to copy)
OUTPUT = "./pwcnet-lg-6-2-multisteps-mpisintelclean-finetuned/"


def main(argv: Sequence[str], prog: str) -> int:
    """Trains; returns the exit code."""
    args = parser(prog).parse_args(argv)
    make_job = functools.partial(_make_job, args)
    return run_training(args, args.output, make_job, prog.split() + list(argv))


def parser(prog: str | None = None) -> ArgumentParser:
    """Returns the parser, with the published names and defaults. It imports no TensorFlow."""
    options = ArgumentParser(
        prog=prog,
        description=DESCRIPTION,
        examples=EXAMPLES,
        usage="%(prog)s [options]",
        published=True,
        allow_abbrev=False,
    )
    _add_data_group(options.add_argument_group("data"))
    add_start_options(options.add_argument_group("model and start"))
    _add_optimization_group(options.add_argument_group("optimization"))
    options.add_argument_group("augmentation").add_argument(
        "--augment",
        type=boolean,
        default=True,
        metavar="BOOL",
        help="random flips, shifts and zoom; False: random crops alone",
    )
    group = options.add_argument_group("checkpoints and log")
    add_option(group, "output", metavar="DIR", default=OUTPUT)
    add_checkpoint_options(group)
    add_device_groups(options)
    options.set_defaults(
        masked=False,
        **{name: getattr(TrainingOptions, name) for name in TRAINING_OPTIONS},
    )
    return options


def _add_data_group(group: Any) -> None:
    group.add_argument(
        "--dataset",
        default="./dataset/",
        metavar="DIR",
        help="folder that holds MPI-Sintel-complete, or that folder itself",
    )
    group.add_argument(
        "--render_pass", choices=RENDER_PASSES, default="clean", help="rendering of the frames"
    )
    group.add_argument(
        "--mode",
        choices=("train_noval", "train_with_val"),
        default="train_noval",
        help="train on all pairs, or without 3 %% of them, which then validate",
    )
    group.add_argument(
        "--id_files",
        action="store_true",
        help="with train_with_val: take the 3 %% from tfoptflow's id files in the folder of the "
        "data set",
    )
    add_data_options(group)


def _add_optimization_group(group: Any) -> None:
    group.add_argument(
        "--iterations",
        type=positive_int,
        default=200000,
        metavar="N",
        help="steps of batch size 4; for other batch sizes they scale by 4 / batch size",
    )
    group.add_argument(
        "--robust",
        type=boolean,
        default=True,
        metavar="BOOL",
        help="True: robust loss and SGD; False: multiscale loss and Adam",
    )
    for index, side in enumerate(("height", "width")):
        add_option(group, "crop-" + side, positive_int, "N", default=TrainingOptions.crop[index])
    add_optimization_options(group)


def _make_job(args: Namespace, places: Places, worker_count: int) -> Job:
    """The Job of the options for one of so many workers."""
    from pwcnet.data.input_pipeline import TrainingData

    validation = _validation(args, places)
    options = _training_options(args, worker_count, validation)
    dataset = places.dataset or args.dataset
    samples = sintel_samples(dataset, args.render_pass, args.mode, id_files=args.id_files)
    data = TrainingData(
        samples,
        options.crop,
        options.augment,
        options.seed,
        masked=args.masked,
        skip_bad=args.skip_bad,
    )
    data.load(0)  # a crop that does not fit is found before anything is written
    notes = []
    if options.steps != args.iterations:
        notes.append(
            "%d iterations of batch size 4 are %d steps of batch size %d"
            % (args.iterations, options.steps, args.batch_size * worker_count)
        )
    config = choose_config(places, args.variant, "large", options.grow)
    return Job(data, config, options, validation, tuple(notes))


def _validation(args: Namespace, places: Places) -> Validation | None:
    """Validation on the part that is set aside; None for none."""
    from pwcnet.training.validation import Validation

    if args.mode != "train_with_val" or args.validate_every == 0:
        return None
    samples = sintel_samples(
        places.dataset or args.dataset, args.render_pass, args.mode, "val", id_files=args.id_files
    )
    return Validation(samples, masked=args.masked)


def _training_options(
    args: Namespace, worker_count: int, validation: Validation | None
) -> TrainingOptions:
    """Steps and schedule scale with the batch size of all workers, as in the published scripts."""
    every = validation_steps(args.validate_every, args.save_every, validation)
    return training_options(
        dict(
            given_options(args),
            steps=scale_steps(args.iterations, args.batch_size * worker_count),
            crop=(args.crop_height, args.crop_width),
            loss="robust" if args.robust else "multiscale",
            augment={} if args.augment else None,
            validate_every=every,
        )
    )
