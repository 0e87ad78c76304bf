"""What the command lines that train share: their flags, and a run from its checks to its end, with log, workers and signals."""

import argparse
import logging
import os
import signal
import sys
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

from pwcnet.cli.arguments import (
    boolean,
    non_negative_float,
    non_negative_int,
    positive_float,
    positive_int,
)
from pwcnet.cli.common import load_tensorflow
from pwcnet.cli.options import add_device_options, device_config, npu_options
from pwcnet.runtime.choices import PRECISIONS
from pwcnet.training.choices import INITIALIZERS, SCHEDULES

log = logging.getLogger(__name__)

OPTIONS = (
    "batch_size",
    "optimizer",
    "schedule",
    "learning_rate",
    "clip_norm",
    "weight_decay",
    "weight_decay_biases",
    "initializer",
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
)  # flags that are TrainingOptions under the same name


class Job(NamedTuple):
    """What a command line trains.

    data: TrainingData. config: ModelConfig. options: TrainingOptions. validation: pwcnet.training.validation.Validation or None. notes: lines to log first.
    about: what options.json holds besides command, versions, model and options.
    """

    data: Any
    config: Any
    options: Any
    validation: Any = None
    notes: tuple = ()
    about: dict = {}


def add_training_flags(parser):
    """Flags of every run; each is None where it is not given, unless the parser sets another default."""
    parser.add_argument(
        "--pretrained",
        help="checkpoint to start from (or a folder: its latest); without it, random weights",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="continue from the latest checkpoint in --save_path, if there is one",
    )
    parser.add_argument(
        "--variant",
        choices=("large", "small"),
        help="only without --pretrained; a checkpoint knows its own",
    )
    parser.add_argument("--batch_size", type=positive_int, help="of each process")
    parser.add_argument("--crop_height", type=positive_int)
    parser.add_argument("--crop_width", type=positive_int)
    parser.add_argument(
        "--augment", type=boolean, help="flips, shifts and zoom; False: random crops alone"
    )
    parser.add_argument(
        "--optimizer", choices=("adam", "sgd", "momentum"), help="default: the loss's own"
    )
    parser.add_argument(
        "--schedule",
        choices=SCHEDULES,
        help="of the learning rate; its steps are for batches of 4, and scale by 4 / the joint batch size of "
        "all processes",
    )
    parser.add_argument(
        "--learning_rate",
        type=positive_float,
        help="a constant learning rate in the place of the schedule; with --schedule cosine the highest",
    )
    parser.add_argument(
        "--clip_norm",
        type=positive_float,
        help="largest norm of all gradients together; without it, any",
    )
    parser.add_argument(
        "--weight_decay", type=non_negative_float, help="its factor gamma, 0.0004 as published"
    )
    parser.add_argument(
        "--weight_decay_biases", type=boolean, help="whether it pulls biases too, as published"
    )
    parser.add_argument(
        "--initializer",
        "--start",
        choices=INITIALIZERS,
        help="initial values without --pretrained; coarse_to_fine makes the warp right from the first step",
    )
    parser.add_argument(
        "--matching",
        type=non_negative_float,
        help="factor of a loss that teaches the pyramids to match, at the first step; it falls to zero at "
        "half of all steps; 20 suits a start from random weights; without it 0, none",
    )
    parser.add_argument(
        "--average_decay",
        type=non_negative_float,
        help="of a moving average of the weights, which validation and best/ then use; 0.999, for one",
    )
    parser.add_argument(
        "--precision",
        choices=PRECISIONS,
        help="type that features are computed in; variables stay float32",
    )
    parser.add_argument(
        "--loss_scale",
        type=loss_scale,
        metavar="NUMBER|dynamic",
        help="factor on the loss for the gradients alone, for float16",
    )
    parser.add_argument(
        "--masked", type=boolean, help="leave out the pixels of Sintel's invalid masks"
    )
    parser.add_argument(
        "--skip_bad_samples",
        action="store_true",
        help="go on without samples whose files cannot be read, rather than stop",
    )
    parser.add_argument("--display", type=positive_int, help="steps between log lines")
    parser.add_argument(
        "--validate_every",
        type=non_negative_int,
        help="steps; 0: never; not given: --save_every where there are pairs to validate on",
    )
    parser.add_argument("--save_every", type=positive_int)
    parser.add_argument("--keep", type=positive_int, help="latest checkpoints that stay")
    parser.add_argument(
        "--keep_every",
        type=non_negative_int,
        help="checkpoints at its multiples stay for good (176000 among them); 0: none",
    )
    parser.add_argument(
        "--keep_range",
        type=keep_range,
        metavar="FIRST:LAST:EVERY",
        help="checkpoints of the steps FIRST to LAST, every EVERY, that stay for good",
    )
    parser.add_argument(
        "--keep_best", type=positive_int, help="checkpoints that stay for their EPE in validation"
    )
    parser.add_argument("--seed", type=non_negative_int)
    parser.add_argument(
        "--threads", type=non_negative_int, help="CPU threads for TensorFlow; 0: all cores"
    )
    parser.add_argument(
        "--readers",
        "--workers",
        type=non_negative_int,
        help="parallel readers of samples; 0: one a core",
    )
    parser.add_argument(
        "--data_url",
        help="of ModelArts: obs:// URL, copied to --cache once, or folder of the data, in the place of --dataset",
    )
    parser.add_argument(
        "--train_url",
        help="of ModelArts: obs:// URL or folder that every checkpoint is copied to; --resume goes on from what is there",
    )
    parser.add_argument(
        "--cache",
        default="/cache",
        help="folder for what --data_url and --pretrained obs://... bring",
    )
    add_device_options(parser, training=True)


def loss_scale(text):
    """ "dynamic", or a number above zero."""
    try:
        return text if text == "dynamic" else positive_float(text)
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError("expected a number above 0, or dynamic, got %r" % text)


def keep_range(text):
    """FIRST:LAST:EVERY, steps."""
    numbers = text.split(":")
    if len(numbers) != 3 or not all(number.isdigit() for number in numbers):
        raise argparse.ArgumentTypeError("expected FIRST:LAST:EVERY in steps, got %r" % text)
    return tuple(map(int, numbers))


def given_options(args):
    """The flags that were given, or have defaults, as values of `pwcnet.training.options.training_options`; not crop, augment and validate_every."""
    given = {name: getattr(args, name) for name in OPTIONS if getattr(args, name) is not None}
    if args.learning_rate and args.schedule != "cosine":
        given["schedule"] = "constant"
    return given


def validate_every(given, save_every, validation):
    """Steps between validations. given: the flag's value or None. validation: Validation or None. Raises ValueError for some without pairs to validate on."""
    if given and not validation:
        raise ValueError(
            "expected pairs to validate on for --validate_every %d, got none; try --mode train_with_val"
            % given
        )
    return given if given is not None else save_every if validation else 0


def variant(args, default):
    """The ModelConfig of the run to resume, of the pretrained weights, or of the name `default`. Raises ValueError where the first two are not --variant."""
    from pwcnet.model.config import ModelConfig
    from pwcnet.weights.checkpoint import Checkpoint, list_checkpoints

    source = args.save_path if args.resume and list_checkpoints(args.save_path) else args.pretrained
    if not source:
        return ModelConfig.from_name(default)
    checkpoint = Checkpoint(source)
    checkpoint.check_readable()
    if args.variant and ModelConfig.from_name(args.variant).name != checkpoint.config.name:
        raise ValueError(
            "expected weights of --variant %s, got %s in %s; leave --variant out, or start without --pretrained"
            % (args.variant, checkpoint.config.name, checkpoint.path)
        )
    return checkpoint.config


def run_training(args, make_job, command):
    """Trains to the end, in this process or as one of several workers; returns the exit code 0.

    make_job: (args, number of workers) -> Job; what it raises is raised before anything is written. command: list, the script and its arguments.
    SIGTERM, a platform's stop, saves as Ctrl-C does.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    load_tensorflow()

    from pwcnet.ascend.hccl import HcclWorkers
    from pwcnet.ascend.session import steps_per_run
    from pwcnet.distributed.engines import open_workers, register_engine
    from pwcnet.runtime.devices import checked_precision, on_npu
    from pwcnet.training.run_folder import RunFolder
    from pwcnet.training.session import check_step_counts
    from pwcnet.training.trainer import train

    register_engine("hccl", HcclWorkers)
    with ExitStack() as stack:
        workers = stack.enter_context(open_workers(device_config(args, args.threads or 0)))
        results = _bring(args)
        job = make_job(args, workers.size)
        options = job.options
        checked_precision(options.precision)
        if not args.resume:
            check_step_counts(options, steps_per_run(workers.config))  # before anything is written
        if on_npu(workers.config):
            _warn_of_overflow(args, options)
        run_folder = stack.enter_context(
            RunFolder(args.save_path, options.retention, workers.leader, results and results.save)
        )
        if results and workers.leader:
            stack.callback(results.finish)  # whatever ends the run
        if workers.leader:
            stack.enter_context(_log_file(os.path.join(args.save_path, "train.log")))
        batch = (
            "%d" % options.batch_size
            if workers.size == 1
            else "%d on each of %d workers" % (options.batch_size, workers.size)
        )
        log.info(
            "%s, %d pairs, %d steps of batch size %s, %s loss, %s",
            job.config.name,
            len(job.data),
            options.steps,
            batch,
            options.loss,
            options.optimizer_name,
        )
        for note in job.notes:
            log.info("%s", note)
        about = dict(_versions(command), **job.about)
        if run_folder.latest() and not args.resume:
            raise ValueError(
                "%s holds a training run already; continue it with --resume, or choose another "
                "--save_path" % args.save_path
            )
        try:
            last = train(
                job.data,
                job.config,
                options,
                run_folder,
                args.pretrained,
                args.resume,
                about,
                job.validation,
                workers,
            )
        except KeyboardInterrupt:
            log.info("continue with --resume")
            raise
        log.info("done: %s", last)
    return 0


def _bring(args):
    """Replaces URLs of ModelArts in the flags by local folders, once they are here; returns the pwcnet.ascend.modelarts.Results of --train_url, or None."""
    from pwcnet.ascend.modelarts import Results, fetch_data, fetch_weights

    if args.data_url:
        args.dataset = fetch_data(args.data_url, os.path.join(args.cache, "data"))
    args.pretrained = fetch_weights(args.pretrained, os.path.join(args.cache, "pretrained"))
    if not args.train_url:
        return None
    results = Results(args.train_url, args.save_path)
    args.resume = (
        bool(results.bring_back()) or args.resume
    )  # a job that the platform starts again goes on
    return results


def _warn_of_overflow(args, options):
    """The 910 saturates where others give infinity, so that nothing else would notice."""
    from pwcnet.ascend.options import NpuOptions

    if (
        npu_options(args) or NpuOptions(graph_run_mode="train")
    ).may_reduce_precision and options.loss_scale is None:
        log.warning(
            "operations may compute in float16 on this NPU, and no --loss_scale is given: small gradients vanish there and overflows go unnoticed"
        )


@contextmanager
def _log_file(path):
    """Writes the log to a file too, with times."""
    handler = logging.FileHandler(path)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)
        handler.close()


def _versions(command):
    """What is written beside the checkpoints with the options: command and versions."""
    import platform

    import numpy

    from pwcnet import __version__
    from pwcnet.runtime.tensorflow import TF_RELEASE

    versions = {
        "pwcnet": __version__,
        "python": platform.python_version(),
        "tensorflow": TF_RELEASE,
        "numpy": numpy.__version__,
    }
    return {"command": [sys.executable] + list(command), "versions": versions}
