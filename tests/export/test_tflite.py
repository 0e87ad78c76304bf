"""TFLite files: flow, operations, metadata, quantized weights."""

import json
import os

import pytest

from pwcnet.export import tflite
from pwcnet.export.program import export_program
from pwcnet.export.signature import Signature
from pwcnet.runtime.tensorflow import tflite_schema
from pwcnet.weights.checkpoint import Checkpoint
from pwcnet.weights.files import shipped_weights
from tests.helpers.programs import assert_as_checkpoint, assert_golden, needs_tensorflow_2

pytestmark = needs_tensorflow_2


def test_flow_is_golden_and_the_file_describes_itself(small_checkpoint, tmp_path):
    path, signature = str(tmp_path / "a.tflite"), Signature((64, 128))
    tflite.write(path, Checkpoint(small_checkpoint), signature, '{"variant": "sm-6-2"}')
    assert_golden(tflite.load(path, signature))
    assert json.loads(tflite.read_metadata(path)) == {"variant": "sm-6-2"}
    with open(path, "rb") as stream:
        model = tflite_schema().ModelT.InitFromPackedBuf(stream.read(), 0)
    assert not [code.customCode for code in model.operatorCodes if code.customCode]  # no Flex


@pytest.mark.full
@pytest.mark.parametrize("inputs, size", [("pair", (128, 192)), ("uint8-frames", (118, 187))])
def test_quantized_weights(tmp_path, inputs, size):
    checkpoint, sizes, means = Checkpoint(shipped_weights()), [], []
    for quantize in ("none", "float16", "dynamic"):
        path = str(tmp_path / quantize)
        written = export_program("tflite", path, checkpoint, Signature(size, 1, inputs), quantize)
        if quantize == "none":
            assert_as_checkpoint(written)
        assert json.loads(tflite.read_metadata(path))["quantize"] == quantize
        sizes.append(os.path.getsize(path))
        means.append(written[0].mean)
    assert sizes[1] < 0.55 * sizes[0] and sizes[2] < 0.3 * sizes[0]
    assert means[0] < 1e-5 and means[1] < 1e-3 and 1e-3 < means[2] < 0.1
