#!/usr/bin/env python
"""Fine-tunes PWC-Net on MPI-Sintel, as the published recipes V1 and V2 do."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))     # runs from any directory, without installation

import argparse  # noqa: E402
import logging  # noqa: E402
import signal  # noqa: E402

from scripts.command_line import boolean, load_tensorflow, non_negative_int, positive_float, positive_int, run  # noqa: E402

log = logging.getLogger(__name__)


def parser():
    made = argparse.ArgumentParser(description=__doc__, allow_abbrev=False, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    made.add_argument("--dataset", default="./dataset/", help="folder that holds MPI-Sintel-complete, or that folder itself")
    made.add_argument("--save_path", default="./pwcnet-lg-6-2-multisteps-mpisintelclean-finetuned/", help="folder for checkpoints and the log")
    made.add_argument("--pretrained", help="checkpoint to start from (or a folder: its latest); without it, random weights")
    made.add_argument("--iterations", type=positive_int, default=200000, help="steps of batch size 4; other batch sizes scale it by 4 / batch_size")
    made.add_argument("--batch_size", type=positive_int, default=4)
    made.add_argument("--display", type=positive_int, default=1000, help="steps between log lines")
    made.add_argument("--robust", type=boolean, default=True, help="True: robust loss and SGD; False: multiscale loss and Adam")
    made.add_argument("--data_url", help="given by ModelArts; without effect elsewhere")
    made.add_argument("--train_url", help="given by ModelArts; without effect elsewhere")
    made.add_argument("--resume", action="store_true", help="continue from the latest checkpoint in --save_path, if there is one")
    made.add_argument("--render_pass", choices=("clean", "final"), default="clean")
    made.add_argument("--mode", choices=("train_noval", "train_with_val"), default="train_noval", help="train on all pairs, or without the 3 %% for validation")
    made.add_argument("--variant", choices=("large", "small"), default="large", help="only without --pretrained; a checkpoint knows its own")
    made.add_argument("--crop_height", type=positive_int, default=384)
    made.add_argument("--crop_width", type=positive_int, default=768)
    made.add_argument("--augment", type=boolean, default=True, help="flips, shifts and zoom; False: random crops alone")
    made.add_argument("--optimizer", choices=("adam", "sgd", "momentum"), help="default: the loss's own")
    made.add_argument("--schedule", default="multisteps", choices=("multisteps", "multisteps-long", "cyclic", "cyclic-long", "constant"))
    made.add_argument("--learning_rate", type=positive_float, help="a constant learning rate in the place of the schedule")
    made.add_argument("--save_every", type=positive_int, default=1000)
    made.add_argument("--keep", type=positive_int, default=5, help="latest checkpoints that stay")
    made.add_argument("--keep_every", type=non_negative_int, default=8000, help="checkpoints at its multiples stay for good (176000 among them); 0: none")
    made.add_argument("--seed", type=non_negative_int, default=1969)
    made.add_argument("--threads", type=non_negative_int, default=0, help="CPU threads for TensorFlow; 0: all cores")
    made.add_argument("--workers", type=non_negative_int, default=0, help="parallel readers of samples; 0: one a core")
    return made


def main(argv):
    args = parser().parse_args(argv)
    signal.signal(signal.SIGTERM, signal.default_int_handler)           # a platform's stop saves too
    load_tensorflow()

    from pwcnet.data.pipeline import TrainingData
    from pwcnet.data.sintel import sintel_samples
    from pwcnet.training.keeper import Keeper
    from pwcnet.training.trainer import Start, train

    options = training_options(args)
    config = variant(args)
    data = TrainingData(sintel_samples(args.dataset, args.render_pass, args.mode), options.crop, options.augment, options.seed, masked=False)
    data.example(0)                                                     # a crop that does not fit is found before anything is written
    with Keeper(args.save_path, options.keep, options.keep_every) as keeper:
        keep_log(os.path.join(args.save_path, "train.log"))
        log.info("%s, %d pairs, %d steps of batch size %d, %s loss, %s", config.name, len(data.samples), options.steps, options.batch_size, options.loss,
                 options.optimizer_name)
        if options.steps != args.iterations:
            log.info("%d iterations of batch size 4 are %d steps of batch size %d", args.iterations, options.steps, args.batch_size)
        if args.data_url or args.train_url:
            log.info("--data_url and --train_url have no effect here: data is read from --dataset, results go to --save_path")
        log.info("done: %s", train(data, config, options, keeper, Start(args.pretrained, args.resume), about(argv)))
    return 0


def variant(args):
    """The ModelConfig of the run to resume, of the pretrained weights, or of --variant."""
    from pwcnet.checkpoint import Checkpoint, list_checkpoints
    from pwcnet.config import ModelConfig
    source = args.save_path if args.resume and list_checkpoints(args.save_path) else args.pretrained
    if not source:
        return ModelConfig.from_name(args.variant)
    checkpoint = Checkpoint(source)
    checkpoint.check_readable()
    return checkpoint.config


def keep_log(path):
    """Writes the log to a file too, with times."""
    handler = logging.FileHandler(path)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    logging.getLogger().addHandler(handler)


def training_options(args):
    """TrainingOptions from the flags; steps and schedule scale with the batch size as the published scripts scale them."""
    from pwcnet.data.augment import AugmentOptions
    from pwcnet.training.options import TrainingOptions
    from pwcnet.training.schedules import scaled
    return TrainingOptions(
        steps=scaled(args.iterations, args.batch_size), batch_size=args.batch_size, crop=(args.crop_height, args.crop_width),
        loss="robust" if args.robust else "multiscale", optimizer=args.optimizer, schedule="constant" if args.learning_rate else args.schedule,
        learning_rate=args.learning_rate, augment=AugmentOptions() if args.augment else None, seed=args.seed, display=args.display,
        save_every=args.save_every, keep=args.keep, keep_every=args.keep_every, threads=args.threads, workers=args.workers)


def about(argv):
    """What is written beside the checkpoints with the options: command and versions."""
    import platform

    import numpy

    from pwcnet import __version__
    from pwcnet.runtime import TF_RELEASE
    versions = {"pwcnet": __version__, "python": platform.python_version(), "tensorflow": TF_RELEASE, "numpy": numpy.__version__}
    return {"command": [sys.executable, os.path.abspath(__file__)] + list(argv), "versions": versions}


if __name__ == "__main__":
    run(main)
