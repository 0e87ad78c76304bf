"""Programs for other runtimes: written, run in their runtime, and compared before they appear."""

from __future__ import annotations

import importlib
import json
from contextlib import contextmanager
from typing import Any, Callable, ContextManager, Iterator, NamedTuple

import numpy as np

from pwcnet._checks import require
from pwcnet.export.choices import (
    BATCHED_FORMATS,
    DYNAMIC,
    FLOAT16,
    PROGRAM_FORMATS,
    SAVED_MODEL,
    STABLEHLO,
    TFLITE,
    UINT8_FRAMES,
    UNQUANTIZED,
)
from pwcnet.export.comparison import (
    allowed_difference,
    checkpoint_flow,
    noise_pairs,
    smooth_pairs,
)
from pwcnet.export.signature import Signature, metadata
from pwcnet.io.atomic import atomic_folder, atomic_path, write_text
from pwcnet.runtime.tensorflow import cause
from pwcnet.weights.checkpoint import Checkpoint

MODULES = {form: "pwcnet.export." + form.replace("-", "_") for form in PROGRAM_FORMATS}
CHECK_BATCH = 2  # pairs of the comparison where a program takes any number
SMOOTH, NOISE = "smooth", "noise"
PAIRS = {SMOOTH: smooth_pairs, NOISE: noise_pairs}
MAX_FLOAT = float(np.finfo(np.float32).max)
# How far quantized weights may move the flow of smooth pairs: pixels on average, or a share of the
# largest flow where that is more. What they make of noise is printed, and has to be finite.
QUANTIZED_LIMITS = {FLOAT16: (0.05, 0.005), DYNAMIC: (0.25, 0.05)}


class DifferenceError(ValueError):
    """A program's flow is not its checkpoint's."""


class ComputationError(ValueError):
    """A program of this size cannot be written or run here."""


class Difference(NamedTuple):
    """How far a program's flow is from its checkpoint's, in pixels.

    Attributes:
        pairs: "smooth" or "noise".
        largest: The largest difference.
        mean: The mean difference.
        largest_flow: Of the checkpoint's.
    """

    pairs: str
    largest: float
    mean: float
    largest_flow: float


def export_program(
    form: str,
    path: str,
    checkpoint: Checkpoint,
    signature: Signature,
    quantize: str = UNQUANTIZED,
) -> list[Difference]:
    """Writes a checkpoint's network for another runtime, completely or not at all.

    It is run in that runtime on a smooth pair and on noise, and compared with the checkpoint.

    Args:
        form: One of pwcnet.export.choices.PROGRAM_FORMATS.
        path: The file, or the folder of a SavedModel.
        checkpoint: The weights.
        signature: The inputs.
        quantize: One of pwcnet.export.choices.QUANTIZATIONS; for TFLite alone.

    Returns:
        The differences.

    Raises:
        ValueError: This is TensorFlow 1, the format does not take these options, or a package is
            missing.
        ComputationError: Frames of this size need more than the runtime has; a ValueError.
        DifferenceError: The flow differs by more than is allowed; a ValueError.
        OSError: The file cannot be written.
    """
    check_options(form, signature, quantize)
    module = importlib.import_module(MODULES[form])
    description = json.dumps(metadata(checkpoint, signature, quantize), indent=2) + "\n"
    options = {"quantize": quantize} if form == TFLITE else {}
    with _place(form, path) as temporary, _runtime_errors(form, signature):
        module.write(temporary, checkpoint, signature, description, **options)
        run = module.load(temporary, signature)
        differences = compare(run, checkpoint, signature, quantize)
    if form == STABLEHLO:
        write_text(path + ".json", description)
    return differences


def check_options(form: str, signature: Signature, quantize: str = UNQUANTIZED) -> None:
    """Raises ValueError for options that a format does not take."""
    require(form in PROGRAM_FORMATS, "a format of %s" % ", ".join(PROGRAM_FORMATS), form)
    signature.check()
    if signature.batch is None and form not in BATCHED_FORMATS:
        raise ValueError(
            "%s has a fixed number of pairs; any number is for %s"
            % (form, " and ".join(BATCHED_FORMATS))
        )
    if quantize != UNQUANTIZED and form != TFLITE:
        raise ValueError("Weights in %s are for tflite, not for %s" % (quantize, form))


def compare(
    run: Callable[[dict[str, np.ndarray]], np.ndarray],
    checkpoint: Checkpoint,
    signature: Signature,
    quantize: str = UNQUANTIZED,
) -> list[Difference]:
    """Compares a program with its checkpoint on smooth pairs and on noise.

    Args:
        run: The program: from inputs by name to flow.
        checkpoint: The weights.
        signature: The inputs.
        quantize: How far they may differ: as float32 does, or as quantized weights do.

    Raises:
        DifferenceError: The flow has another shape or differs by more than is allowed.
    """
    differences = []
    for name, make in PAIRS.items():
        pairs = make(signature.batch or CHECK_BATCH, *signature.size)
        if signature.inputs == UINT8_FRAMES:
            pairs = np.round(pairs * 255) / np.float32(255)
        flow, expected = run(signature.feed(pairs)), checkpoint_flow(checkpoint, pairs)
        if flow.shape != expected.shape:
            raise DifferenceError("The program's flow has the shape %s" % (flow.shape,))
        distance = np.abs(flow - expected)
        found = Difference(
            name, float(distance.max()), float(distance.mean()), float(np.abs(expected).max())
        )
        measured, allowed = measure(found, quantize)
        if not measured <= allowed:  # NaN is no agreement
            raise DifferenceError(
                "The program's flow of %s pairs differs by %.2g pixels from that of the checkpoint "
                "%s; at most %.2g are allowed" % (name, measured, checkpoint.path, allowed)
            )
        differences.append(found)
    return differences


def measure(difference: Difference, quantize: str = UNQUANTIZED) -> tuple[float, float]:
    """Returns what is bounded, and by what: the largest difference; of quantized ones the mean."""
    if quantize == UNQUANTIZED:
        return difference.largest, allowed_difference(difference.largest_flow)
    pixels, share = QUANTIZED_LIMITS[quantize]
    bound = max(pixels, share * difference.largest_flow)
    return difference.mean, bound if difference.pairs == SMOOTH else MAX_FLOAT


@contextmanager
def _runtime_errors(form: str, signature: Signature) -> Iterator[None]:
    """Converters and runtimes raise errors of their own kinds, memory that is too small too."""
    try:
        yield
    except (ValueError, OSError):
        raise
    except Exception as error:
        size = "%dx%d" % signature.size
        raise ComputationError(
            "%s cannot be written or run with frames of %s (height x width): %s"
            % (form, size, cause(error))
        ) from error


def _place(form: str, path: str) -> ContextManager[Any]:
    """A temporary file, or folder of a SavedModel, that becomes `path` where all went well."""
    if form == SAVED_MODEL:
        from pwcnet.export.saved_model import MARKER

        return atomic_folder(path, MARKER)
    return atomic_path(path)
