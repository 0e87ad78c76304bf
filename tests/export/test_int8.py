"""int8: which convolutions it takes, and how far its flow is from float32's."""

import importlib.util

import numpy as np
import pytest

from pwcnet.export import int8
from pwcnet.export.frozen_graph import freeze, run_frozen, smooth_pairs
from pwcnet.export.int8 import check_int8, float_model, int8_model, quantized
from pwcnet.runtime.tensorflow import TF_RELEASE
from pwcnet.weights.checkpoint import Checkpoint
from pwcnet.weights.files import shipped_weights
from tests.helpers.checkpoints import write_checkpoint
from tests.helpers.golden import golden_weights

X = smooth_pairs(1, 64, 128)
pytestmark = pytest.mark.usefixtures("small_scenes")
ON_TF1 = TF_RELEASE.startswith("1.")
needs_packages = pytest.mark.skipif(
    ON_TF1 or None in map(importlib.util.find_spec, int8.PACKAGES),
    reason="int8 needs TensorFlow 2 and the extra int8",
)


@pytest.fixture(scope="module")
def checkpoint():
    return Checkpoint(shipped_weights())


@pytest.fixture(scope="module")
def model(checkpoint, small_scenes):
    """The network in float32."""
    return float_model(checkpoint, 64, 128)


def opened(model):
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=model, num_threads=1)
    interpreter.allocate_tensors()
    return interpreter


def flow_of(model):
    interpreter = opened(model)
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], X)
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


def convolutions(model):
    """{name of what a convolution makes: type of its kernel}."""
    interpreter = opened(model)
    tensors = {tensor["index"]: tensor for tensor in interpreter.get_tensor_details()}
    return {
        tensors[operation["outputs"][0]]["name"]: tensors[operation["inputs"][1]]["dtype"]
        for operation in interpreter._get_ops_details()
        if operation["op_name"] == "CONV_2D"
    }


@needs_packages
def test_flow_is_near_that_of_float32(checkpoint, model):
    expected = run_frozen(freeze(checkpoint, 1, 64, 128), X)
    np.testing.assert_allclose(flow_of(model), expected, atol=1e-4)
    difference = np.abs(flow_of(quantized(model)) - expected)
    assert 0 < difference.mean() < 0.05 and difference.max() < 0.5


@needs_packages
def test_flows_and_the_first_levels_stay_in_float(model):
    kernels = convolutions(quantized(model))
    in_float = {name for name, dtype in kernels.items() if dtype == np.float32}
    assert set(kernels.values()) == {np.dtype(np.int8).type, np.dtype(np.float32).type}
    for level in (5, 4, 3):
        assert any("up_flow%d/" % (level + 1) in name for name in in_float)
    for level, layers in ((2, "a aa b".split()), (1, "a aa b".split())):
        for layer in layers:
            assert any("featpyr/conv%d%s/" % (level, layer) in name for name in in_float)
    for level in (5, 4, 3, 2):
        parts = {name for name in kernels if "conv%d_0" % level in name}
        assert len(parts & in_float) == 1 and len(parts) == 2
    assert len(in_float) < len(kernels) / 2


def test_channels_are_equalized(checkpoint, monkeypatch):
    class BuildError(Exception):
        pass

    def build(pair, config, divisors):
        raise BuildError(divisors)

    found = {"conv2_0": np.ones(128, np.float32)}
    monkeypatch.setattr(int8, "channel_divisors", lambda weights: found)
    monkeypatch.setattr(int8, "lite_pwc_net", build)
    with pytest.raises(BuildError) as caught:
        float_model(checkpoint, 64, 128)
    assert caught.value.args[0] is found


@pytest.mark.full
@needs_packages
def test_the_large_network(tmp_path):
    weights = golden_weights("lg", 0)  # one grown from a small network has zeros of many shapes
    for name, channels in (("conv2_1", 128), ("conv2_3", 96), ("conv2_4", 64)):
        weights["pwcnet/predict_flow/%s/kernel" % name][:, :, channels:] = 0
    weights["pwcnet/ctxt/dc_conv37/kernel"][:] = 0
    large = Checkpoint(write_checkpoint(tmp_path, weights))
    expected = run_frozen(freeze(large, 1, 64, 128), X)
    largest = np.abs(expected).max()
    model = float_model(large, 64, 128)
    assert np.abs(flow_of(model) - expected).max() < 1e-3 * largest
    assert np.abs(flow_of(quantized(model)) - expected).mean() < 0.1 * largest


@pytest.mark.skipif(ON_TF1, reason="int8 needs TensorFlow 2")
@pytest.mark.parametrize("missing", [int8.PACKAGES, int8.PACKAGES[:1], int8.PACKAGES[1:]])
def test_missing_packages_are_named(missing, checkpoint, monkeypatch):
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name in missing else object()
    )
    for call in (check_int8, lambda: int8_model(checkpoint, 64, 128)):
        with pytest.raises(ValueError, match=r'pip install "pwcnet-tf\[int8\]"') as caught:
            call()
        for name in int8.PACKAGES:
            assert (name.replace("_", "-") in str(caught.value)) == (name in missing)


def test_tensorflow_1_is_refused(monkeypatch):
    monkeypatch.setattr(int8, "TF_RELEASE", "1.15.0")
    with pytest.raises(ValueError, match=r"TensorFlow 2.*1\.15\.0"):
        check_int8()
