"""Predicting in int8: near float32, converted once, refused where it cannot be."""

import importlib.util
import os
import shutil

import numpy as np
import pytest

from pwcnet import model
from pwcnet.cli import predict
from pwcnet.cli.options import device_config
from pwcnet.export.int8 import PACKAGES
from pwcnet.inference import int8_network
from pwcnet.inference.int8_network import code_digest, conversion_facts, is_fast_cpu, thread_count
from pwcnet.inference.predictor import Predictor
from pwcnet.io.frame_pairs import Pair
from pwcnet.runtime.devices import session_config
from pwcnet.runtime.tensorflow import TF_RELEASE
from pwcnet.weights.checkpoint import Checkpoint
from pwcnet.weights.files import shipped_weights
from tests.helpers.flows import read_flo
from tests.helpers.frames import moving_frames, write_images
from tests.helpers.subcommands import call, only_line, run

FRAMES = moving_frames(3, 60, 120)
pytestmark = pytest.mark.usefixtures("small_scenes")
ON_TF1 = TF_RELEASE.startswith("1.")
needs_packages = pytest.mark.skipif(
    ON_TF1 or None in map(importlib.util.find_spec, PACKAGES),
    reason="int8 needs TensorFlow 2 and the extra int8",
)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """The folder of conversions of this module."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        yield folder / "pwcnet"


@pytest.fixture(scope="module")
def converted(cache, small_scenes):
    """The folder with the conversion of the shipped weights for 64x128."""
    with Predictor(precision="int8", quality="plain") as predictor:
        predictor.flow(*FRAMES[:2])
    return cache


@pytest.fixture
def no_conversion(monkeypatch):
    def stop(*_):
        raise AssertionError("converted again")

    monkeypatch.setattr(int8_network, "int8_model", stop)


@needs_packages
def test_flow_is_near_that_of_float32(converted, no_conversion):
    with Predictor(quality="plain") as exact, Predictor(
        precision="int8", quality="plain"
    ) as predictor:
        expected = [exact.flow(*pair) for pair in (FRAMES[:2], FRAMES[1:])]
        back = exact.flow(*FRAMES[1::-1])
        flows = predictor.flows([FRAMES[:2], FRAMES[1:]])
        pairs = [Pair("a", *FRAMES[:2]), Pair("b", *FRAMES[1:])]
        streamed = [flow for _, flow in predictor.consecutive(pairs)]
        ((_, *both),) = predictor.both_ways(pairs[:1])
    assert flows[0].shape == (60, 120, 2) and flows[0].dtype == np.float32
    for flow, other in zip(flows + streamed + both, expected * 2 + [expected[0], back]):
        difference = np.abs(flow - other)
        assert 0 < difference.mean() < 0.05 and difference.max() < 0.5
    np.testing.assert_array_equal(streamed, flows)
    assert len(os.listdir(str(converted))) == 1


@needs_packages
def test_a_damaged_conversion_is_made_again(converted, monkeypatch, caplog):
    caplog.set_level("INFO")
    (name,) = os.listdir(str(converted))
    content = (converted / name).read_bytes()
    (converted / name).write_bytes(content[:-1])
    monkeypatch.setattr(int8_network, "int8_model", lambda *_: content[:-32])
    with Predictor(precision="int8", quality="plain") as predictor:
        predictor.flow(*FRAMES[:2])
        predictor.flow(*FRAMES[1:])
    assert (converted / name).read_bytes() == content
    (message,) = [text for text in caplog.messages if "converted for 64x128 in" in text]
    assert str(converted / name) in message


@needs_packages
def test_runs_where_nothing_can_be_kept(converted, monkeypatch, caplog):
    caplog.set_level("INFO")
    (name,) = os.listdir(str(converted))
    content = (converted / name).read_bytes()
    monkeypatch.setattr(int8_network, "int8_model", lambda *_: content[:-32])
    monkeypatch.setenv("XDG_CACHE_HOME", str(converted / name))
    monkeypatch.setattr("tempfile.tempdir", str(converted / name))
    with Predictor(precision="int8", quality="plain") as predictor:
        assert predictor.flow(*FRAMES[:2]).shape == (60, 120, 2)
    assert any("converted for 64x128" in text and "not kept" in text for text in caplog.messages)


@needs_packages
def test_a_conversion_depends_on_weights_and_size(tmp_path):
    shipped = Checkpoint(shipped_weights())
    with open(shipped_weights(), "rb") as stream:
        (tmp_path / "other.npz").write_bytes(stream.read() + b"x")
    facts = conversion_facts(shipped, 64, 128)
    other = conversion_facts(Checkpoint(tmp_path / "other.npz"), 64, 128)
    assert other["weights"] != facts["weights"]
    assert facts != conversion_facts(shipped, 128, 64)
    assert {"pwcnet", "tensorflow", "quantizer", "int8", "code"} <= set(facts)


def test_a_conversion_depends_on_the_code_of_the_network(monkeypatch, tmp_path):
    """Within one version too: what a checkout converted before a change is not taken after it."""
    code_digest.cache_clear()
    before = code_digest()
    for name in os.listdir(model.__path__[0]):
        if name.endswith(".py"):
            shutil.copy(os.path.join(model.__path__[0], name), str(tmp_path))
    monkeypatch.setattr(model, "__path__", [str(tmp_path)])
    code_digest.cache_clear()
    assert code_digest() == before
    with open(str(tmp_path / "lite_network.py"), "a") as stream:
        stream.write("# changed")
    code_digest.cache_clear()
    assert code_digest() != before
    code_digest.cache_clear()


@needs_packages
def test_command_lines(converted, no_conversion, tmp_path, tiny_sintel, capsys):
    folder = write_images(tmp_path / "frames", ["1.png", "2.png", "3.png"], FRAMES)
    arguments = ["--precision", "int8", "--threads", 1, "--output", tmp_path / "out"]
    assert call("predict", folder, "--save", "flo", *arguments) == 0
    with Predictor(precision="int8") as predictor:
        expected = predictor.flow(*FRAMES[:2])
    np.testing.assert_allclose(read_flo(tmp_path / "out" / "1.flo"), expected, atol=1e-4)
    call("evaluate", "--data", "sintel-clean=" + tiny_sintel, "--precision", "int8")
    assert "Average EPE=" in capsys.readouterr().out


@pytest.mark.skipif(ON_TF1, reason="on TensorFlow 1 everything is refused")
def test_a_missing_package_is_a_users_error(monkeypatch, tmp_path):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ValueError, match="ai-edge-litert"):
        Predictor(precision="int8")


def test_frozen_graphs_are_refused(small_frozen):
    with pytest.raises(ValueError, match="TensorFlow 2" if ON_TF1 else "fixed"):
        Predictor(small_frozen, precision="int8")


@pytest.mark.skipif(not ON_TF1, reason="of TensorFlow 1")
def test_tensorflow_1_is_refused(tmp_path):
    folder = write_images(tmp_path / "frames", ["1.png", "2.png"], FRAMES)
    line = only_line(run("predict", folder, "--precision", "int8", "--output", tmp_path / "out"))
    assert "int8" in line and "TensorFlow 2" in line


@needs_packages
def test_an_npu_is_refused():
    config = session_config()
    config.graph_options.rewrite_options.custom_optimizers.add().name = "NpuOptimizer"
    with pytest.raises(ValueError, match="NPU"):
        Predictor(session_config=config, precision="int8")


@pytest.mark.parametrize("device", ["npu", "gpu"])
def test_other_devices_are_refused(device):
    args = predict.parser("predict").parse_args(["a", "--precision", "int8", "--device", device])
    with pytest.raises(ValueError, match="int8.*--device %s; --device cpu" % device):
        device_config(args)


@needs_packages
@pytest.mark.parametrize(
    "facts, fast",
    [
        ("flags\t: fpu avx2 avx512_vnni\n", True),
        ("flags\t: avx_vnni\n", True),
        ("processor: 0\nflags\t: fpu avx2 avx512f\n", False),
        ("Features\t: fp asimd\n", None),
        (None, None),
    ],
)
def test_slow_processors_are_told_of_once(facts, fast, tmp_path, monkeypatch, caplog):
    if facts is not None:
        (tmp_path / "cpuinfo").write_text(facts)
    monkeypatch.setattr(int8_network, "CPU_FACTS", str(tmp_path / "cpuinfo"))
    monkeypatch.setattr(int8_network, "_noted", set())
    assert is_fast_cpu() is fast
    Predictor(precision="int8")
    Predictor(precision="int8")
    assert len([text for text in caplog.messages if "VNNI" in text]) == (fast is False)


def test_threads_are_those_asked_for():
    assert thread_count(session_config(3)) == 3
    assert thread_count(session_config()) >= 1
