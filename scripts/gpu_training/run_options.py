"""The options of `train.py run`."""

from __future__ import annotations

import math
from argparse import ArgumentTypeError

from pwcnet.cli.arguments import (
    ArgumentParser,
    network_size,
    non_negative_float,
    non_negative_int,
    positive_float,
    positive_int,
)
from scripts.gpu_training.computation_options import add_computation_options
from scripts.gpu_training.options import TrainingOptions


def add_run_options(running: ArgumentParser) -> None:
    """Adds them in groups."""
    _add_files(running)
    _add_schedule(running)
    _add_scenes(running)
    _add_learning(running)
    add_computation_options(running)


def _add_files(running):
    files = running.add_argument_group("files")
    files.add_argument(
        "--output", required=True, metavar="FOLDER", help="folder of weights.npz and log.txt"
    )
    files.add_argument(
        "--start",
        nargs="+",
        default=(),
        metavar="WEIGHTS",
        help="weights to start from: .npz (several files are parts of one), or small or large, the "
        "shipped ones; with --large those of the small network serve too (default: random ones, "
        "with --matching 20)",
    )
    files.add_argument("--large", action="store_true", help="the large network")
    files.add_argument(
        "--photos", metavar="FOLDER", help="images, 0.6 of the surfaces; else all are generated"
    )
    files.add_argument(
        "--validate", metavar="FILE", help="real pairs of `pack`, of which errors are reported"
    )
    files.add_argument(
        "--held-back",
        type=non_negative_int,
        default=TrainingOptions.held_back,
        metavar="PAIRS",
        help="of each kind of scenes, of which errors are reported",
    )
    _add_continuation(files)


def _add_continuation(files):
    files.add_argument(
        "--state", metavar="FILE", help="to go on from, where it exists, and to write at the end"
    )
    files.add_argument("--overwrite", action="store_true", help="replace weights in --output")
    files.add_argument(
        "--part-size",
        type=positive_float,
        default=math.inf,
        metavar="MB",
        help="largest size of a file of weights; see `merge` (default: one file)",
    )


def _add_schedule(running):
    schedule = running.add_argument_group("schedule; the learning rate ends near 0")
    length = schedule.add_mutually_exclusive_group()
    length.add_argument(
        "--budget",
        type=positive_float,
        default=TrainingOptions.budget,
        metavar="SECONDS",
        help="of the whole schedule, start-up included (default: %(default)s)",
    )
    length.add_argument("--steps", type=positive_int, default=0, help="of the whole schedule")
    schedule.add_argument(
        "--stop-after",
        type=positive_float,
        default=math.inf,
        metavar="N",
        help="seconds, with --steps steps, after which this call stops; --state goes on "
        "(default: the end)",
    )
    schedule.add_argument(
        "--log-every",
        type=positive_float,
        default=TrainingOptions.log_every,
        metavar="SECONDS",
        help="between lines of the log, each with errors and with weights saved",
    )


def _add_scenes(running):
    scenes, default = running.add_argument_group("scenes"), TrainingOptions
    scenes.add_argument(
        "--size",
        type=network_size,
        default=default.size,
        metavar="HxW",
        help="pixels, multiples of 64 (default: 320x576)",
    )
    scenes.add_argument(
        "--median-motion",
        type=positive_float,
        default=default.median_motion,
        metavar="PX",
        help="of all scenes, in pixels",
    )
    scenes.add_argument(
        "--largest-motion",
        type=positive_float,
        default=default.largest_motion,
        metavar="PX",
        help="no known motion is larger, in pixels",
    )
    scenes.add_argument(
        "--textures",
        type=positive_int,
        default=default.textures,
        metavar="N",
        help="generated ones in use at a time, and as many outlines",
    )
    scenes.add_argument(
        "--exchange",
        type=non_negative_int,
        default=default.exchange,
        metavar="N",
        help="new textures, and outlines, with each rendering at most; 0 makes runs repeatable",
    )
    _add_pool(scenes)


def _add_pool(scenes):
    default = TrainingOptions
    scenes.add_argument(
        "--pool", type=positive_int, default=default.pool, metavar="PAIRS", help="kept to draw from"
    )
    scenes.add_argument(
        "--render", type=positive_int, default=default.render, metavar="PAIRS", help="at once"
    )
    scenes.add_argument(
        "--echo",
        type=positive_float,
        default=default.echo,
        metavar="TIMES",
        help="how often a pair is used on average",
    )


def _add_learning(running):
    learning, default = running.add_argument_group("learning"), TrainingOptions
    learning.add_argument(
        "--batch-size",
        type=positive_int,
        default=default.batch_size,
        metavar="PAIRS",
        help="a step",
    )
    learning.add_argument(
        "--learning-rate",
        type=positive_float,
        default=default.learning_rate,
        metavar="RATE",
        help="of AdamW, the largest",
    )
    learning.add_argument(
        "--weight-decay",
        type=non_negative_float,
        default=default.weight_decay,
        metavar="DECAY",
        help="of AdamW; 0 for revived levels, which it may take again",
    )
    learning.add_argument(
        "--clip-norm",
        type=positive_float,
        default=default.clip_norm,
        metavar="NORM",
        help="of gradients",
    )
    learning.add_argument(
        "--average-decay",
        type=non_negative_float,
        default=default.average_decay,
        metavar="DECAY",
        help="of the average of the weights, which is what is written",
    )
    _add_losses(learning)


def _add_losses(learning):
    default = TrainingOptions
    learning.add_argument(
        "--robust-after",
        type=non_negative_float,
        default=default.robust_after,
        metavar="SHARE",
        help="of the schedule, from which the loss is the robust one",
    )
    learning.add_argument(
        "--matching",
        type=non_negative_float,
        default=default.matching,
        metavar="WEIGHT",
        help="of a loss that teaches to match, fading out by half of the schedule: 20 from random "
        "weights, 2 for revived levels (default: 0)",
    )
    learning.add_argument(
        "--matching-levels",
        type=level,
        nargs="+",
        default=default.matching_levels,
        metavar="LEVEL",
        help="of that loss: 4 5 6 for revived levels (default: 2 3 4)",
    )
    learning.add_argument(
        "--levels",
        type=level,
        nargs="+",
        default=(),
        metavar="LEVEL",
        help="whose weights alone are trained (default: all)",
    )


def level(text: str) -> int:
    """A level of the network, 2 to 6."""
    if text not in ("2", "3", "4", "5", "6"):
        raise ArgumentTypeError("expected a level of 2 to 6, got %r" % text)
    return int(text)
