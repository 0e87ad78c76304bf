"""ONNX files, for onnxruntime and what reads ONNX, made by tf2onnx."""

from __future__ import annotations

import importlib
from typing import Any, Callable

import numpy as np

from pwcnet.export.network_function import network_function
from pwcnet.export.signature import FLOW, Signature
from pwcnet.io.atomic import write_bytes
from pwcnet.weights.checkpoint import Checkpoint

OPSET = 17
METADATA = "pwcnet.json"  # the key of our entry among a file's metadata_props


def write(path: str, checkpoint: Checkpoint, signature: Signature, description: str) -> None:
    """Writes an ONNX file.

    Args:
        path: The file.
        checkpoint: The weights, which become constants.
        signature: The inputs.
        description: JSON, written among metadata_props as `pwcnet.json`.

    Raises:
        ValueError: This is TensorFlow 1, or tf2onnx is missing.
    """
    converter, _ = _package("tf2onnx.convert"), _package("onnxruntime")
    function = network_function(checkpoint, signature)
    model, _ = converter.from_function(
        function, input_signature=function.input_signature, opset=OPSET
    )
    entry = model.metadata_props.add()
    entry.key, entry.value = METADATA, description
    write_bytes(path, model.SerializeToString())


def load(path: str, signature: Signature) -> Callable[[dict[str, np.ndarray]], np.ndarray]:
    """Opens an ONNX file in onnxruntime; returns the function from inputs by name to flow.

    Raises:
        ValueError: onnxruntime is missing.
    """
    runtime = _package("onnxruntime")
    session = runtime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return lambda inputs: session.run([FLOW], inputs)[0]


def _package(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ValueError(
            "ONNX files need the packages tf2onnx and onnxruntime (the extra `onnx`), of which one "
            "is missing (%s)" % error
        )
