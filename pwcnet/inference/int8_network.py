"""The network in int8 on a CPU, run by LiteRT: converted once for each size, and kept."""

from __future__ import annotations

import functools
import glob
import hashlib
import importlib
import logging
import os
import time
from contextlib import suppress
from typing import Any

import numpy as np

from pwcnet import export, model
from pwcnet._version import __version__
from pwcnet.export.int8 import INT8_TENSORS, check_int8, int8_model
from pwcnet.inference.int8_cache import cache_name, find_cached, keep
from pwcnet.runtime.devices import on_npu
from pwcnet.runtime.machine import core_count
from pwcnet.runtime.tensorflow import TF_RELEASE, hold_back_stderr, tf
from pwcnet.weights.checkpoint import Checkpoint
from pwcnet.weights.files import identify_weights

CPU_FACTS = "/proc/cpuinfo"
FAST_FLAGS = {"avx512_vnni", "avx_vnni"}  # x86 processors that multiply int8 fast

log = logging.getLogger(__name__)
_noted: set[str] = set()  # what has been said in this process


class Int8Network:
    """The network of one size in LiteRT's interpreter."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        session_config: tf.ConfigProto,
        precision: str,
        height: int,
        width: int,
    ):
        """Converts the network, or takes the converted one that was kept.

        Args:
            checkpoint: The weights.
            session_config: Its number of threads counts.
            precision: "int8".
            height: Of the frames, padded to a multiple of 64.
            width: Of the frames, padded to a multiple of 64.

        Raises:
            ValueError: The weights are not readable, or LiteRT cannot run the network.
        """
        self.size = height, width
        self._interpreter = _interpreter(
            _converted(checkpoint, height, width), thread_count(session_config)
        )
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._output = self._interpreter.get_output_details()[0]["index"]

    def flows(self, x: np.ndarray) -> np.ndarray:
        """[B, 2, H, W, 3] float32 in 0..1 -> [B, H, W, 2] float32, pair by pair."""
        flows = []
        for pair in x:
            self._interpreter.set_tensor(self._input, pair[np.newaxis])
            try:
                self._interpreter.invoke()
            except RuntimeError as error:
                raise _failure(self.size, error) from error
            flows.append(self._interpreter.get_tensor(self._output)[0])
        return np.stack(flows)

    def close(self) -> None:
        """Frees the interpreter."""
        self._interpreter = None


def check_int8_session(session_config: tf.ConfigProto | None) -> None:
    """Checks, before the work, that int8 can be had here; notes where it may be slow.

    Raises:
        ValueError: As pwcnet.export.int8.check_int8, or the device is an NPU.
    """
    check_int8()
    if on_npu(session_config):
        raise ValueError("int8 is computed on CPUs, not on an Ascend NPU; use --device cpu")
    if is_fast_cpu() is False and "vnni" not in _noted:
        _noted.add("vnni")
        log.warning(
            "This processor has no VNNI: int8 may be slower here than float32 (--precision float32)"
        )


def is_fast_cpu() -> bool | None:
    """Whether the processor multiplies int8 fast; None where it is not known."""
    try:
        with open(CPU_FACTS, encoding="ascii", errors="replace") as stream:
            flags = next((line for line in stream if line.startswith("flags")), None)
    except OSError:
        return None
    return None if flags is None else not FAST_FLAGS.isdisjoint(flags.split())


def thread_count(session_config: tf.ConfigProto) -> int:
    """The threads of a session on a CPU; all cores that this process may use by default."""
    return session_config.intra_op_parallelism_threads or core_count()


def conversion_facts(checkpoint: Checkpoint, height: int, width: int) -> dict[str, Any]:
    """What a conversion depends on."""
    metadata = importlib.import_module("importlib.metadata")  # Python 3.8
    return {
        "weights": identify_weights(checkpoint.path)["sha256"],
        "size": [height, width],
        "int8": INT8_TENSORS,
        "code": code_digest(),
        "pwcnet": __version__,
        "tensorflow": TF_RELEASE,
        "quantizer": metadata.version("litert-quantizer"),
    }


@functools.lru_cache(maxsize=None)
def code_digest() -> str:
    """SHA-256 of the files that make the converted network; of none where they are not to be read.

    The version alone would take what was converted before a change in a checkout.
    """
    digest = hashlib.sha256()
    for module in (model, export):
        with suppress(OSError):  # a package in an archive
            for path in sorted(glob.glob(os.path.join(glob.escape(module.__path__[0]), "*.py"))):
                with open(path, "rb") as stream:
                    digest.update(stream.read())
    return digest.hexdigest()


def _converted(checkpoint: Checkpoint, height: int, width: int) -> bytes:
    name = cache_name(conversion_facts(checkpoint, height, width))
    content = find_cached(name)
    if content is None:
        started = time.monotonic()
        content = int8_model(checkpoint, height, width)
        seconds = time.monotonic() - started
        path = keep(name, content)
        place = "kept in %s" % path if path else "not kept: no folder for it can be written to"
        log.info("int8: converted for %dx%d in %.0f s; %s", height, width, seconds, place)
    return content


def _interpreter(model: bytes, threads: int) -> Any:
    with hold_back_stderr():
        interpreter = importlib.import_module("ai_edge_litert.interpreter").Interpreter(
            model_content=model, num_threads=threads
        )
        try:
            interpreter.allocate_tensors()
        except RuntimeError as error:
            shape = interpreter.get_input_details()[0]["shape"]
            raise _failure(tuple(shape[2:4]), error) from error
    return interpreter


def _failure(size: tuple[int, int], error: Exception) -> ValueError:
    reason = " ".join(str(error).split())[:200]
    return ValueError(
        "LiteRT cannot compute the flow of %dx%d pixels (height x width, padded): %s; try smaller "
        "frames" % (*size, reason)
    )
