"""Frozen graphs in OpenVINO, by the lines of the manual."""

import pytest

from pwcnet.export.frozen_graph import freeze, write_frozen
from pwcnet.weights.checkpoint import Checkpoint
from tests.helpers.programs import assert_golden

openvino = pytest.importorskip("openvino")
pytestmark = pytest.mark.full


@pytest.mark.parametrize("target", ["host", "ascend"])
def test_flow_is_golden(small_checkpoint, tmp_path, target):
    path = str(tmp_path / "a.pb")
    write_frozen(path, freeze(Checkpoint(small_checkpoint), 1, 64, 128, target=target))
    core = openvino.Core()
    compiled = core.compile_model(core.read_model(path), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    assert_golden(lambda inputs: compiled(inputs["x_tnsr"])[0])
