"""Comparison with the checkpoint, options that formats take, and that nothing else is written."""

import os
import sys

import numpy as np
import pytest

from pwcnet.export import onnx, program, stablehlo
from pwcnet.export.program import (
    ComputationError,
    DifferenceError,
    check_options,
    compare,
    export_program,
)
from pwcnet.export.signature import Signature
from pwcnet.runtime.tensorflow import TF_RELEASE
from pwcnet.weights.checkpoint import Checkpoint
from pwcnet.weights.files import shipped_weights
from tests.helpers.programs import needs_tensorflow_2

SIGNATURE = Signature((64, 64))


@pytest.fixture
def checkpoint(monkeypatch):
    """An open checkpoint, whose flow is the first two channels of the first frame."""
    monkeypatch.setattr(program, "checkpoint_flow", lambda _, pairs: pairs[:, 0, ..., :2])
    return Checkpoint(shipped_weights())


@pytest.mark.parametrize(
    "quantize, allowed", [("none", 1e-3), ("float16", 0.05), ("dynamic", 0.25)]
)
def test_how_far_a_program_may_be_from_its_checkpoint(checkpoint, quantize, allowed):
    for distance in (0.9 * allowed, 1.1 * allowed, float("nan")):

        def run(inputs, distance=distance):
            return inputs["x_tnsr"][:, 0, ..., :2] + np.float32(distance)

        if distance < allowed:
            smooth, noise = compare(run, checkpoint, SIGNATURE, quantize)
            assert (smooth.pairs, noise.pairs) == ("smooth", "noise")
            np.testing.assert_allclose([smooth.largest, noise.mean], distance, rtol=1e-2)
        else:
            with pytest.raises(DifferenceError, match="smooth"):
                compare(run, checkpoint, SIGNATURE, quantize)


def test_a_flow_of_another_shape(checkpoint):
    with pytest.raises(DifferenceError, match="64, 63, 2"):
        compare(lambda inputs: inputs["x_tnsr"][:, 0, :, 1:, :2], checkpoint, SIGNATURE)


def test_rounding_to_uint8_is_no_difference(checkpoint):
    signature = Signature((61, 67), None, "uint8-frames")

    def run(inputs):
        assert inputs["second"].dtype == np.uint8 and inputs["second"].shape == (2, 61, 67, 3)
        return inputs["first"][..., :2] / np.float32(255)

    assert max(found.largest for found in compare(run, checkpoint, signature)) < 1e-6


def test_options_that_formats_do_not_take():
    for form, signature, quantize, named in (
        ("tflite", Signature((64, 64), None), "none", "tflite"),
        ("stablehlo", Signature((64, 64), None), "none", "stablehlo"),
        ("onnx", SIGNATURE, "float16", "onnx"),
        ("gguf", SIGNATURE, "none", "gguf"),
        ("onnx", Signature((60, 64)), "none", "64x64"),
        ("onnx", Signature((64, 64), 0), "none", "0"),
        ("onnx", Signature((64, 64), 1, "frames"), "none", "frames"),
    ):
        with pytest.raises(ValueError, match=named):
            check_options(form, signature, quantize)
    check_options("onnx", Signature((60, 64), None, "float-frames"))


@needs_tensorflow_2
@pytest.mark.parametrize("package", ["jax", "tf2onnx.convert", "onnxruntime"])
def test_missing_packages_are_named_with_their_extra(checkpoint, tmp_path, monkeypatch, package):
    for name in ("tf2onnx.convert", "onnxruntime"):
        monkeypatch.setitem(sys.modules, name, onnx)
    monkeypatch.setitem(sys.modules, package, None)
    module, extra = (stablehlo, "jax") if package == "jax" else (onnx, "onnx")
    with pytest.raises(ValueError, match="extra `%s`.*%s" % (extra, package)):
        module.write(str(tmp_path / "x"), checkpoint, SIGNATURE, "")
    assert not os.listdir(str(tmp_path))


@pytest.mark.parametrize("form", ["saved-model", "tflite"])
def test_what_fails_leaves_nothing(checkpoint, tmp_path, monkeypatch, form):
    class Module:
        @staticmethod
        def write(path, *_, **__):
            place = os.path.join(path, "saved_model.pb") if form == "saved-model" else path
            with open(place, "w") as stream:
                stream.write("half")

        @staticmethod
        def load(path, _):
            return lambda inputs: inputs["x_tnsr"][:, 0, ..., 1:] + np.float32(1)

    monkeypatch.setattr(program.importlib, "import_module", lambda _: Module)
    with pytest.raises(DifferenceError):
        export_program(form, str(tmp_path / "out"), checkpoint, SIGNATURE)
    assert not os.listdir(str(tmp_path))


@pytest.mark.parametrize("error", [RuntimeError("failed to prepare"), MemoryError("56 GiB")])
def test_what_a_runtime_cannot_do_is_a_users_error(checkpoint, tmp_path, monkeypatch, error):
    class Module:
        @staticmethod
        def write(path, *_, **__):
            raise error

    monkeypatch.setattr(program.importlib, "import_module", lambda _: Module)
    with pytest.raises(ComputationError, match="onnx.*64x64.*%s" % error):
        export_program("onnx", str(tmp_path / "out"), checkpoint, SIGNATURE)
    assert not os.listdir(str(tmp_path))


@pytest.mark.skipif(not TF_RELEASE.startswith("1."), reason="of TensorFlow 1")
@pytest.mark.parametrize("form", ["saved-model", "tflite", "stablehlo", "onnx"])
def test_tensorflow_1_is_refused(checkpoint, tmp_path, form):
    with pytest.raises(ValueError, match="TensorFlow 2|extra"):
        export_program(form, str(tmp_path / "out"), checkpoint, SIGNATURE)
    assert not os.listdir(str(tmp_path))
