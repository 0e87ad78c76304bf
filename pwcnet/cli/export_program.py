"""The part of `pwcnet export` that writes programs for other runtimes."""

from __future__ import annotations

import os
from argparse import Namespace
from typing import Any

from pwcnet.cli.common import remedy
from pwcnet.cli.options import FINITE_REMEDY, chosen_weights, open_checkpoint
from pwcnet.export.choices import (
    INPUTS,
    PAIR,
    QUANTIZATIONS,
    SAVED_MODEL,
    UNQUANTIZED,
)
from pwcnet.io.atomic import check_output_file, check_output_folder, check_replaceable

ANY = "any"
SIZE_REMEDY = "choose a smaller --size or --batch-size"
TENSORFLOW_2_REMEDY = (
    "`bash scripts/setup.sh tf2` makes an environment with TensorFlow 2, which reads the same "
    "checkpoints"
)


def add_program_options(parser: Any) -> None:
    """Adds --inputs and --quantize."""
    group = parser.add_argument_group("saved-model, tflite, stablehlo, onnx")
    group.add_argument(
        "--inputs",
        choices=INPUTS,
        help="pair: x_tnsr [B, 2, H, W, 3] float32 in 0..1, multiples of 64; uint8-frames or "
        "float-frames (0..1): first and second [B, H, W, 3] of any size, scaled, padded and "
        "cropped inside (default: %s)" % PAIR,
    )
    group.add_argument(
        "--quantize",
        choices=QUANTIZATIONS,
        help="weights of tflite: float16, or dynamic: int8 by channel, features quantized on the "
        "way (default: %s)" % UNQUANTIZED,
    )


def export_program(
    args: Namespace, form: str, size: tuple[int, int], batch: int | str | None
) -> None:
    """Writes args.weights (averaged if args.averaged) as a program, and prints its differences.

    Args:
        args: The command's.
        form: One of pwcnet.export.choices.PROGRAM_FORMATS.
        size: (height, width).
        batch: A number, "any", or None for the format's default: any for a SavedModel, else 1.

    Raises:
        ValueError, OSError: As the library does.
    """
    if form == SAVED_MODEL:
        check_output_folder(os.path.dirname(os.path.abspath(args.output)))
        with remedy("choose another folder"):
            check_replaceable(args.output, "saved_model.pb")
    else:
        check_output_file(args.output)
    weights = chosen_weights(args)
    from pwcnet.runtime.tensorflow import tensorflow_2

    with remedy(TENSORFLOW_2_REMEDY):
        tensorflow_2("--format " + form)
    checkpoint = open_checkpoint(weights, args.averaged)
    from pwcnet.export import program
    from pwcnet.export.signature import Signature

    batch = batch or (ANY if form == SAVED_MODEL else 1)
    signature = Signature(size, None if batch == ANY else int(batch), args.inputs or PAIR)
    quantize = args.quantize or UNQUANTIZED
    program.check_options(form, signature, quantize)
    with remedy(FINITE_REMEDY, (program.DifferenceError,)), remedy(
        SIZE_REMEDY, (program.ComputationError,)
    ):
        differences = program.export_program(form, args.output, checkpoint, signature, quantize)
    print("checkpoint  %s (%s)" % (checkpoint.path, checkpoint.config.name))
    print("size        %.1f MB" % (_bytes(args.output) / 1e6))
    for found in differences:
        print(
            "difference  %.2g pixels from the checkpoint at most, %.2g on average, for %s; largest "
            "flow %.4g" % (found.largest, found.mean, found.pairs, found.largest_flow)
        )
    inputs = ["%s %s" % (name, _text(shape)) for name, shape in signature.shapes().items()]
    print(
        "wrote       %s: %s %s -> flow %s"
        % (args.output, ", ".join(inputs), signature.dtype(), _text([signature.batch, *size, 2]))
    )


def _text(shape: list[int | None]) -> str:
    """A shape as in [any, 2, 64, 64, 3]."""
    return "[%s]" % ", ".join(ANY if size is None else str(size) for size in shape)


def _bytes(path: str) -> int:
    """The size of a file, or of all files in a folder."""
    if os.path.isfile(path):
        return os.path.getsize(path)
    return sum(
        os.path.getsize(os.path.join(folder, file))
        for folder, _, files in os.walk(path)
        for file in files
    )
