"""ONNX files: flow in onnxruntime, names, batches, metadata."""

import json

import pytest

from pwcnet.export import onnx
from pwcnet.export.program import export_program
from pwcnet.export.signature import Signature
from pwcnet.weights.checkpoint import Checkpoint
from pwcnet.weights.files import shipped_weights
from tests.helpers.programs import assert_as_checkpoint, assert_golden, needs_tensorflow_2

pytestmark = [needs_tensorflow_2, pytest.mark.full]


def test_flow_is_golden(small_checkpoint, tmp_path):
    pytest.importorskip("tf2onnx")
    path, signature = str(tmp_path / "a.onnx"), Signature((64, 128))
    onnx.write(path, Checkpoint(small_checkpoint), signature, "")
    assert_golden(onnx.load(path, signature))


@pytest.mark.parametrize(
    "inputs, size, batch", [("pair", (128, 192), 1), ("uint8-frames", (118, 187), None)]
)
def test_what_is_written_agrees(tmp_path, inputs, size, batch):
    pytest.importorskip("tf2onnx")
    runtime = pytest.importorskip("onnxruntime")
    path, signature = str(tmp_path / "a.onnx"), Signature(size, batch, inputs)
    assert_as_checkpoint(export_program("onnx", path, Checkpoint(shipped_weights()), signature))
    session = runtime.InferenceSession(path, providers=["CPUExecutionProvider"])
    assert [entry.name for entry in session.get_inputs()] == list(signature.shapes())
    assert [entry.name for entry in session.get_outputs()] == ["flow"]
    described = json.loads(session.get_modelmeta().custom_metadata_map["pwcnet.json"])
    assert described["output"]["shape"] == [batch, *size, 2]
