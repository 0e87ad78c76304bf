"""StableHLO modules: flow in JAX, both kinds of inputs."""

import json

import pytest

from pwcnet.export import stablehlo
from pwcnet.export.program import export_program
from pwcnet.export.signature import Signature
from pwcnet.weights.checkpoint import Checkpoint
from pwcnet.weights.files import shipped_weights
from tests.helpers.programs import assert_as_checkpoint, assert_golden, needs_tensorflow_2

pytestmark = [needs_tensorflow_2, pytest.mark.full]


def test_flow_is_golden(small_checkpoint, tmp_path):
    pytest.importorskip("jax")
    path, signature = str(tmp_path / "a.mlir"), Signature((64, 128))
    stablehlo.write(path, Checkpoint(small_checkpoint), signature, "")
    assert_golden(stablehlo.load(path, signature))


@pytest.mark.parametrize(
    "inputs, size, batch", [("pair", (128, 192), 2), ("uint8-frames", (118, 187), 1)]
)
def test_what_is_written_agrees(tmp_path, inputs, size, batch):
    pytest.importorskip("jax")
    path, signature = str(tmp_path / "a.mlir"), Signature(size, batch, inputs)
    assert_as_checkpoint(
        export_program("stablehlo", path, Checkpoint(shipped_weights()), signature)
    )
    with open(path, "rb") as stream:
        assert b"StableHLO_v" in stream.read(100)  # a portable artifact
    with open(path + ".json") as stream:
        assert list(json.load(stream)["inputs"]) == list(signature.shapes())
