"""The flags that say where to compute."""

import numpy as np
import pytest

from pwcnet.ascend.options import PRECISION_MODES, NpuOptions
from pwcnet.ascend.session import device_session_config, npu_session_config
from pwcnet.cli.arguments import ArgumentParser
from pwcnet.cli.options import add_device_options, device_config, session_text
from pwcnet.runtime import devices
from pwcnet.runtime.devices import on_npu, session_config
from tests.helpers.commands import run_main
from tests.helpers.flows import read_flo
from tests.helpers.subcommands import call
from tests.standins.fixtures import standins  # noqa: F401


@pytest.fixture(autouse=True)
def tensorflow_1(monkeypatch):
    monkeypatch.setattr(devices, "TF_RELEASE", "1.15.0")


def config(*arguments, **options):
    parser = ArgumentParser()
    add_device_options(parser, **options)
    return device_config(parser.parse_args([str(argument) for argument in arguments]))


def test_devices_and_modes_are_those_of_the_library():
    assert set(
        "allow_fp32_to_fp16 allow_mix_precision must_keep_origin_dtype force_fp32".split()
    ) <= set(PRECISION_MODES)


def test_cpu():
    assert config("--device", "cpu") == session_config(0, "cpu")
    with pytest.raises(ValueError, match="expected the device npu for NPU options, got cpu"):
        config("--device", "cpu", "--precision_mode", "force_fp32")


def test_threads():
    assert config("--device", "cpu", "--threads", 3, threads=True) == session_config(3, "cpu")


def test_npu(standins, tmp_path):  # noqa: F811
    threads = device_session_config("npu", 0, NpuOptions(graph_run_mode="inference"))
    assert config() == config("--device", "npu") == threads and on_npu(threads)
    found = config(
        "--precision_mode",
        "allow_mix_precision",
        "--enable_dump_debug",
        "--dump_path",
        tmp_path,
        "--deterministic",
        "--npu_option",
        "op_debug_level=1",
        "--npu_option",
        "hcom_parallel=true",
        "--iterations_per_loop",
        10,
        training=True,
    )
    assert found == npu_session_config(
        NpuOptions(
            precision_mode="allow_mix_precision",
            enable_dump_debug=True,
            dump_path=str(tmp_path),
            deterministic=True,
            graph_run_mode="train",
            iterations_per_loop=10,
            extra=("op_debug_level=1", "hcom_parallel=true"),
        ),
        npu_base(),
    )
    with pytest.raises(ValueError, match="expected an NPU option of aoe_mode.*, got 'speed'"):
        config("--npu_option", "speed=1")


def test_sessions_that_give_the_same_numbers(standins, tmp_path):  # noqa: F811
    plain, other = (
        ["--precision_mode", "force_fp32", "--deterministic"],
        ["--deterministic", "--precision_mode", "force_fp32"],
    )
    assert session_text(config(*plain)) == session_text(
        config(*(other + ["--profiling", tmp_path, "--enable_dump", "--dump_path", tmp_path]))
    )
    assert session_text(session_config(3, "cpu")) == session_text(config("--device", "cpu"))
    texts = [
        session_text(each)
        for each in (
            None,
            config("--device", "cpu"),
            session_config(0, "gpu"),
            config(),
            config(*plain),
            config(*plain[:2]),
        )
    ]
    assert texts[0] == "" and len(set(texts)) == len(texts) and str(tmp_path) not in "".join(texts)


def npu_base():
    base = session_config()
    base.ClearField("gpu_options")
    return base


@pytest.mark.whole_on("tf1")
def test_prediction_and_evaluation_take_a_device(
    standins,  # noqa: F811
    small_checkpoint,
    tiny_sintel,
    tmp_path,
    capsys,
):
    """With the stand-in, stock TensorFlow computes: in the operations of an NPU."""
    frames = tiny_sintel + "/MPI-Sintel-complete/training/clean/scene_01"
    flows = []
    for device in ("cpu", "npu"):
        output = tmp_path / device
        call(
            "predict",
            frames,
            "--weights",
            small_checkpoint,
            "--output",
            output,
            "--save",
            "flo",
            "--device",
            device,
        )
        flows.append([read_flo(path) for path in sorted(output.iterdir())])
    np.testing.assert_allclose(flows[1], flows[0], atol=1e-3 * np.abs(flows[0]).max())
    run_main(
        "scripts/pwcnet_eval_lg-6-2-multisteps-chairsthingsmix_mpisintelclean.py",
        "--dataset",
        tiny_sintel,
        "--ckpt",
        small_checkpoint,
        "--device",
        "npu",
        "--precision_mode",
        "must_keep_origin_dtype",
    )
    assert "Average EPE=" in capsys.readouterr().out
