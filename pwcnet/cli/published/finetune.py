"""Fine-tunes PWC-Net on MPI-Sintel, as the published recipes V1 and V2 do."""

import os

from pwcnet.cli.arguments import ArgumentParser, boolean, positive_int
from pwcnet.cli.training_options import (
    Job,
    add_training_flags,
    given_options,
    run_training,
    validate_every,
    variant,
)


def parser(prog=None):
    made = ArgumentParser(
        prog=prog,
        description=__doc__,
    )
    made.add_argument(
        "--dataset",
        default="./dataset/",
        help="folder that holds MPI-Sintel-complete, or that folder itself",
    )
    made.add_argument(
        "--save_path",
        default="./pwcnet-lg-6-2-multisteps-mpisintelclean-finetuned/",
        help="folder for checkpoints and the log",
    )
    made.add_argument(
        "--iterations",
        type=positive_int,
        default=200000,
        help="steps of batch size 4; other batch sizes scale it by 4 / batch_size",
    )
    made.add_argument(
        "--robust",
        type=boolean,
        default=True,
        help="True: robust loss and SGD; False: multiscale loss and Adam",
    )
    made.add_argument("--render_pass", choices=("clean", "final"), default="clean")
    made.add_argument(
        "--mode",
        choices=("train_noval", "train_with_val"),
        default="train_noval",
        help="train on all pairs, or without 3 %% that validate, every --validate_every steps",
    )
    made.add_argument(
        "--id_files",
        action="store_true",
        help="with train_with_val: take the 3 %% from tfoptflow's id files in the data set's folder",
    )
    add_training_flags(made)
    made.set_defaults(
        batch_size=4,
        crop_height=384,
        crop_width=768,
        augment=True,
        schedule="multisteps",
        weight_decay=0.0004,
        weight_decay_biases=True,
        initializer="published",
        matching=0.0,
        average_decay=0.0,
        precision="float32",
        masked=False,
        display=1000,
        save_every=1000,
        keep=5,
        keep_every=8000,
        keep_best=1,
        seed=1969,
        threads=0,
        readers=0,
    )
    return made


def main(argv, prog=None):
    return run_training(parser(prog).parse_args(argv), job, [os.path.abspath(__file__)] + argv)


def job(args, workers):
    """The Job of the flags for one of so many workers."""
    from pwcnet.data.datasets.sintel import sintel_samples
    from pwcnet.data.input_pipeline import TrainingData

    validation = validation_of(args)
    options = training_options(args, workers, validation)
    config = variant(args, args.variant or "large")
    samples = sintel_samples(args.dataset, args.render_pass, args.mode, id_files=args.id_files)
    data = TrainingData(
        samples,
        options.crop,
        options.augment,
        options.seed,
        masked=args.masked,
        skip_bad=args.skip_bad_samples,
    )
    data.example(0)  # a crop that does not fit is found before anything is written
    notes = []
    if options.steps != args.iterations:
        notes.append(
            "%d iterations of batch size 4 are %d steps of batch size %d"
            % (args.iterations, options.steps, args.batch_size * workers)
        )
    return Job(data, config, options, validation, tuple(notes))


def validation_of(args):
    """Validation on the part that is set aside, or None."""
    from pwcnet.data.datasets.sintel import sintel_samples
    from pwcnet.training.validation import Validation

    if args.mode != "train_with_val" or args.validate_every == 0:
        return None
    return Validation(
        sintel_samples(args.dataset, args.render_pass, args.mode, "val", id_files=args.id_files),
        masked=args.masked,
    )


def training_options(args, workers, validation):
    """TrainingOptions from the flags; steps and schedule scale with the batch size of all workers as the published scripts scale them."""
    from pwcnet.training.choices import scale_steps
    from pwcnet.training.options import training_options as options_of

    return options_of(
        dict(
            given_options(args),
            steps=scale_steps(args.iterations, args.batch_size * workers),
            crop=(args.crop_height, args.crop_width),
            loss="robust" if args.robust else "multiscale",
            augment={} if args.augment else None,
            validate_every=validate_every(args.validate_every, args.save_every, validation),
        )
    )
