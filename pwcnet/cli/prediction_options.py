"""Options of what predicts with the network, and the open Predictor."""

from __future__ import annotations

import logging
from argparse import Namespace
from typing import Any

from pwcnet.cli.arguments import positive_float
from pwcnet.cli.common import remedy
from pwcnet.cli.options import NOT_FOUND, WEIGHTS_REMEDY, device_config
from pwcnet.flow.classical import ClassicalFlow
from pwcnet.runtime.choices import INFERENCE_PRECISIONS, PLAIN, QUALITIES

MEMORY_REMEDY = "--memory GB allows more"

log = logging.getLogger(__name__)


def add_precision_option(parser: Any) -> None:
    """Adds --precision for inference."""
    parser.add_argument(
        "--precision",
        default="float32",
        choices=INFERENCE_PRECISIONS,
        help="type that features are computed in; bfloat16 and int8 need TensorFlow 2. int8 runs "
        "on the CPU (package extra int8); each size of frames is converted once and kept in "
        "~/.cache/pwcnet",
    )


def add_quality_options(parser: Any, default: str | None) -> None:
    """Adds --quality and --memory; default: None for that of Predictor."""
    parser.add_argument(
        "--quality",
        default=default,
        choices=QUALITIES,
        help="plain: one pass of the network, as published; balanced: the same, refined by OpenCV, "
        "at half of the size where a side is above 2000 pixels; best: more passes for fast motion "
        "and for detail (default: %s)" % (default or "balanced; plain for a frozen graph"),
    )
    parser.add_argument(
        "--memory",
        type=positive_float,
        metavar="GB",
        help="memory that a prediction on the CPU may take; by default three quarters of what is "
        "free. What does not fit goes in tiles, or is refused by the plain level",
    )


def open_predictor(args: Namespace, weights: str, config: Any = None) -> Any:
    """The Predictor for these weights and --precision; imports TensorFlow.

    Args:
        args: the options.
        weights: of `chosen_weights`.
        config: the tf.ConfigProto; by default that of `device_config`.

    Raises:
        FileNotFoundError: there are no such weights.
        ValueError: damaged weights, a device that is not here, options that do not fit.
    """
    from pwcnet.inference.predictor import Predictor

    config = config or device_config(args)
    quality, memory = getattr(args, "quality", PLAIN), getattr(args, "memory", None)
    with remedy(WEIGHTS_REMEDY, NOT_FOUND):
        predictor = Predictor(weights, config, args.precision, quality=quality, memory=memory)
    if "quality" in args:
        log.info("quality: %s", predictor.quality)
    return predictor


def open_method(args: Namespace, weights: str, config: Any = None) -> Any:
    """The method of OpenCV of --classical, or the Predictor as `open_predictor` says."""
    if args.classical:
        return ClassicalFlow(args.classical)
    return open_predictor(args, weights, config)
