"""The network for LiteRT on CPUs, with the weights of its convolutions in int8 by channel.

What a convolution reads is quantized on the way, part by part; costs, flows and the coordinates of
warps stay in float32, and so do two levels of the pyramid and the convolutions of flows, where int8
does most of its harm.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import io
import logging
import sys
from typing import Any, Iterator

from pwcnet.export.equalization import channel_divisors
from pwcnet.export.frozen_graph import INPUT, OUTPUT
from pwcnet.model.lite_network import FLOAT_SCOPE, lite_pwc_net
from pwcnet.runtime.tensorflow import TF_RELEASE, hold_back_stderr, tf
from pwcnet.weights.checkpoint import Checkpoint

PACKAGES = ("ai_edge_litert", "litert_quantizer")
# Of the tensors that convolutions make: those that are computed in int8.
INT8_TENSORS = r"^(?!.*(featpyr/conv[12]|%s)).*" % FLOAT_SCOPE


def check_int8() -> None:
    """Checks that int8 can be had here.

    Raises:
        ValueError: This is TensorFlow 1, or a package is missing.
    """
    if TF_RELEASE.startswith("1."):
        raise ValueError(
            "int8 needs TensorFlow 2; this is TensorFlow %s, which has float32 and float16"
            % TF_RELEASE
        )
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise ValueError(
            'int8 lacks %s: %s -m pip install "pwcnet-tf[int8]" (Python 3.10 or later)'
            % (" and ".join(name.replace("_", "-") for name in missing), sys.executable)
        )


def int8_model(checkpoint: Checkpoint, height: int, width: int) -> bytes:
    """Converts a checkpoint's network for one size.

    Args:
        checkpoint: An open checkpoint or archive.
        height: Of the input, a multiple of 64.
        width: Of the input, a multiple of 64.

    Returns:
        A TFLite file's content: from one pair [1, 2, height, width, 3] float32, RGB in 0..1, to
        its flow [1, height, width, 2] float32, pixels, channels (u, v).

    Raises:
        ValueError: As `check_int8`; the size is no multiple of 64, or a weight is missing or not
            readable.
    """
    check_int8()
    return quantized(float_model(checkpoint, height, width))


def float_model(checkpoint: Checkpoint, height: int, width: int) -> bytes:
    """The same in float32, before it is quantized."""
    divisors = channel_divisors(checkpoint)
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [1, 2, height, width, 3], name=INPUT)
        with checkpoint.as_constants():
            flow = tf.identity(lite_pwc_net(x, checkpoint.config, divisors), name=OUTPUT)
        with _quiet():
            return tf.lite.TFLiteConverter.from_session(session, [x], [flow]).convert()


def quantized(model: bytes) -> bytes:
    """Returns a TFLite file's content with the convolutions of `INT8_TENSORS` in int8."""
    with _quiet():
        quantizer: Any = importlib.import_module("litert_quantizer.quantizer").Quantizer(model)
        operations: Any = importlib.import_module("litert_quantizer.qtyping").TFLOperationName
        quantizer.add_dynamic_config(
            regex=INT8_TENSORS, operation_name=operations.CONV_2D, num_bits=8
        )
        return bytes(quantizer.quantize().quantized_model)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without the progress bars and notes of the converter and the quantizer."""
    loggers = logging.getLogger(), logging.getLogger("absl")  # those that they write to directly
    nowhere = io.StringIO()
    with contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
        for logger in loggers:
            logger.addFilter(_is_error)
        try:
            with hold_back_stderr():
                yield
        finally:
            for logger in loggers:
                logger.removeFilter(_is_error)


def _is_error(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.ERROR
