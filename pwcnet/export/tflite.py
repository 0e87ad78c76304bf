"""TFLite files, for phones and small CPUs: weights in float32, float16, or int8 by channel."""

from __future__ import annotations

import warnings
from typing import Any, Callable

import numpy as np

from pwcnet._checks import require
from pwcnet.export.choices import DYNAMIC, FLOAT16, QUANTIZATIONS, UNQUANTIZED
from pwcnet.export.network_function import network_function
from pwcnet.export.signature import FLOW, Signature
from pwcnet.io.atomic import write_bytes
from pwcnet.runtime.tensorflow import hold_back_stderr, tensorflow_2, tflite_schema
from pwcnet.weights.checkpoint import Checkpoint

METADATA = "pwcnet.json"  # the name of our entry among a file's metadata
IDENTIFIER = b"TFL3"


def write(
    path: str,
    checkpoint: Checkpoint,
    signature: Signature,
    description: str,
    quantize: str = UNQUANTIZED,
) -> None:
    """Writes a TFLite file; arguments as `convert`."""
    data = convert(checkpoint, signature, quantize)
    write_bytes(path, with_metadata(data, description))


def convert(checkpoint: Checkpoint, signature: Signature, quantize: str = UNQUANTIZED) -> bytes:
    """Converts a checkpoint's network to TFLite's own operations; nothing needs the Flex delegate.

    Args:
        checkpoint: The weights.
        signature: The inputs, with a known batch.
        quantize: "none", "float16" (weights stored as float16, everything computed in float32), or
            "dynamic" (weights of convolutions in int8 by channel, features quantized on the way).

    Returns:
        The file's content; its signature is `serving_default`.

    Raises:
        ValueError: This is TensorFlow 1, the batch is unknown, or the quantization is.
    """
    tf2 = tensorflow_2("A TFLite file")
    require(quantize in QUANTIZATIONS, "quantization %s" % ", ".join(QUANTIZATIONS), quantize)
    require(signature.batch is not None, "a number of pairs for TFLite", signature.batch)
    module = tf2.Module()
    module.function = network_function(checkpoint, signature)
    concrete = module.function.get_concrete_function()
    converter = tf2.lite.TFLiteConverter.from_concrete_functions([concrete], module)
    converter.target_spec.supported_ops = [tf2.lite.OpsSet.TFLITE_BUILTINS]
    if quantize in (FLOAT16, DYNAMIC):
        converter.optimizations = [tf2.lite.Optimize.DEFAULT]
    if quantize == FLOAT16:
        converter.target_spec.supported_types = [tf2.float16]
    return converter.convert()


def with_metadata(data: bytes, description: str) -> bytes:
    """Adds a text to a TFLite file's metadata, as the entry `pwcnet.json`."""
    import flatbuffers  # part of TensorFlow 2

    schema = tflite_schema()
    model = schema.ModelT.InitFromPackedBuf(data, 0)
    buffer, entry = schema.BufferT(), schema.MetadataT()
    buffer.data = np.frombuffer(description.encode("utf-8"), np.uint8)
    model.buffers.append(buffer)
    entry.name, entry.buffer = METADATA, len(model.buffers) - 1
    model.metadata.append(entry)
    builder = flatbuffers.Builder(len(data) + len(description) + 4096)
    builder.Finish(model.Pack(builder), file_identifier=IDENTIFIER)
    return bytes(builder.Output())


def read_metadata(path: str) -> str:
    """Returns the text that `with_metadata` added, "" without one."""
    with open(path, "rb") as stream:
        model = tflite_schema().ModelT.InitFromPackedBuf(stream.read(), 0)
    for entry in model.metadata or []:
        if bytes(entry.name) == METADATA.encode():
            return bytes(model.buffers[entry.buffer].data).decode("utf-8")
    return ""


def load(
    path: str, signature: Signature, threads: int | None = None
) -> Callable[[dict[str, np.ndarray]], np.ndarray]:
    """Opens a TFLite file in LiteRT.

    Args:
        path: The file.
        signature: Its inputs.
        threads: On the CPU; None for the interpreter's own choice, which is one.

    Returns:
        The function from inputs by name to flow.
    """
    interpreter_class = _interpreter_class()
    with hold_back_stderr(), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # TensorFlow's own is to be deleted one day
        interpreter = interpreter_class(model_path=path, num_threads=threads)
        interpreter.allocate_tensors()
        run = interpreter.get_signature_runner()
    return lambda inputs: run(**inputs)[FLOW]


def _interpreter_class() -> Any:
    """LiteRT's interpreter where it is installed, else the one that came with TensorFlow.

    Raises:
        ValueError: There is neither.
    """
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        try:
            return tensorflow_2("A TFLite file").lite.Interpreter
        except AttributeError as error:
            raise ValueError(
                "TFLite files are run by the package ai-edge-litert (the extra `tflite`), which "
                "is missing (%s)" % error
            )
    return Interpreter
