"""StableHLO modules, for XLA, JAX and IREE: weights inside, no TensorFlow where they run."""

from __future__ import annotations

import dataclasses
from typing import Any, Callable

import numpy as np

from pwcnet._checks import require
from pwcnet.export.network_function import network_function
from pwcnet.export.signature import Signature
from pwcnet.io.atomic import write_bytes
from pwcnet.weights.checkpoint import Checkpoint

MISSING = "StableHLO needs the package jax (the extra `jax`), which is missing (%s)"


def write(path: str, checkpoint: Checkpoint, signature: Signature, description: str) -> None:
    """Writes a StableHLO module as a portable artifact, which later releases of StableHLO read.

    Args:
        path: The file.
        checkpoint: The weights, which become constants.
        signature: The inputs, with a known batch: the module's arguments in their order.
        description: Unused: a portable artifact has no place for it.

    Raises:
        ValueError: This is TensorFlow 1, the batch is unknown, or JAX is missing.
    """
    require(signature.batch is not None, "a number of pairs for StableHLO", signature.batch)
    _jax()
    function = network_function(checkpoint, signature, jit_compile=True)
    compiler_ir = function.experimental_get_compiler_ir(*function.input_signature)
    write_bytes(path, _portable(compiler_ir(stage="stablehlo_serialized")))


def load(path: str, signature: Signature) -> Callable[[dict[str, np.ndarray]], np.ndarray]:
    """Opens a module in JAX; returns the function from inputs by name to flow.

    Raises:
        ValueError: JAX is missing.
    """
    jax = _jax()
    shapes = [
        jax.ShapeDtypeStruct(shape, signature.dtype()) for shape in signature.shapes().values()
    ]
    result = (signature.batch, *signature.size, 2)

    def zeros(*_: Any) -> Any:
        return jax.numpy.zeros(result, "float32")

    # An exported function of the same arguments and result, whose module is replaced.
    like = jax.export.export(jax.jit(zeros, keep_unused=True))(*shapes)
    with open(path, "rb") as stream:
        exported = dataclasses.replace(like, mlir_module_serialized=stream.read())
    call = jax.jit(exported.call)
    return lambda inputs: np.asarray(call(*inputs.values()))


def _portable(module: Any) -> bytes:
    """The oldest version of the format that JAX's StableHLO writes."""
    from jaxlib.mlir.dialects import stablehlo

    return stablehlo.serialize_portable_artifact_str(module, stablehlo.get_minimum_version())


def _jax() -> Any:
    try:
        import jax
        import jax.export
        import jax.numpy
    except ImportError as error:
        raise ValueError(MISSING % error)
    return jax
