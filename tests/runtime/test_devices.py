"""Choosing where to compute."""

import importlib.machinery
import importlib.util
import logging
import sys

import pytest

from pwcnet.ascend.options import NpuOptions
from pwcnet.ascend.session import device_session_config
from pwcnet.runtime import devices
from pwcnet.runtime.devices import choose_device, on_npu, session_config
from pwcnet.runtime.tensorflow import tf
from tests.standins.fixtures import standins  # noqa: F401


class Gpu:
    name = "/physical_device:GPU:0"


@pytest.fixture(autouse=True)
def bare(monkeypatch):
    """A machine with TensorFlow 1.15 and neither NPU nor GPU, unless the test says otherwise."""
    monkeypatch.setattr(devices, "TF_RELEASE", "1.15.0")
    monkeypatch.setattr(devices, "_gpus", list)


def pretend(monkeypatch, *modules):
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *rest: (
            importlib.machinery.ModuleSpec(name, None) if name in modules else real(name, *rest)
        ),
    )


def test_takes_the_best_that_is_here(monkeypatch, caplog):
    caplog.set_level(logging.INFO)
    assert choose_device() == "cpu"
    monkeypatch.setattr(devices, "_gpus", lambda: [Gpu])
    assert choose_device("auto") == choose_device("gpu") == "gpu"
    assert choose_device("cpu") == "cpu"
    pretend(monkeypatch, "npu_bridge")
    assert choose_device("auto") == choose_device("npu") == "npu"
    assert [record.getMessage() for record in caplog.records] == [
        "device: cpu (no npu_bridge and no GPU that TensorFlow can use)",
        "device: gpu (/physical_device:GPU:0; no npu_bridge)",
        "device: gpu (as asked)",
        "device: cpu (as asked)",
        "device: npu (npu_bridge is installed)",
        "device: npu (as asked)",
    ]


def test_looks_npu_bridge_up_without_importing_it(standins):  # noqa: F811
    assert choose_device() == "npu"
    assert on_npu(device_session_config("auto"))
    assert not [name for name in sys.modules if name.startswith("npu_bridge")]


@pytest.mark.parametrize(
    "device, fact", [("npu", "npu_bridge.*TF Adapter"), ("gpu", "GPU"), ("tpu", "'tpu'")]
)
def test_devices_that_are_not_here(device, fact):
    with pytest.raises(ValueError, match=fact):
        choose_device(device)


@pytest.mark.parametrize("wanted", ["auto", "npu"])
@pytest.mark.parametrize("modules", [["npu_device"], ["npu_bridge"], ["npu_device", "npu_bridge"]])
def test_tensorflow_2_on_ascend_is_refused(wanted, modules, monkeypatch):
    monkeypatch.setattr(devices, "TF_RELEASE", "2.6.5")
    pretend(monkeypatch, *modules)
    with pytest.raises(ValueError, match="TensorFlow 1.15 .*2.6.5"):
        choose_device(wanted)
    assert choose_device("cpu") == "cpu"


def test_session_configurations():
    plain = tf.ConfigProto(
        allow_soft_placement=True, intra_op_parallelism_threads=3, inter_op_parallelism_threads=3
    )
    plain.gpu_options.allow_growth = True
    assert session_config(3) == session_config(3, "gpu") == plain
    plain.device_count["GPU"] = 0
    assert session_config(3, "cpu") == device_session_config("auto", 3) == plain
    assert on_npu(device_session_config("npu", 3)) and not on_npu(plain) and not on_npu(None)
    assert device_session_config("npu", 3).intra_op_parallelism_threads == 3
    with pytest.raises(
        ValueError,
        match="npu .*got cpu",
    ):
        device_session_config("cpu", 0, NpuOptions())
    with pytest.raises(ValueError, match="'ascend'"):
        session_config(0, "ascend")
