"""Names of formats and of their options, for what must not import TensorFlow."""

from __future__ import annotations

SAVED_MODEL, TFLITE, STABLEHLO, ONNX = "saved-model", "tflite", "stablehlo", "onnx"
PROGRAM_FORMATS = (SAVED_MODEL, TFLITE, STABLEHLO, ONNX)  # graphs that other runtimes run
BATCHED_FORMATS = (SAVED_MODEL, ONNX)  # those that take any number of pairs a run
PAIR, UINT8_FRAMES, FLOAT_FRAMES = "pair", "uint8-frames", "float-frames"
INPUTS = (PAIR, UINT8_FRAMES, FLOAT_FRAMES)
UNQUANTIZED, FLOAT16, DYNAMIC = "none", "float16", "dynamic"
QUANTIZATIONS = (UNQUANTIZED, FLOAT16, DYNAMIC)  # of TFLite's weights
