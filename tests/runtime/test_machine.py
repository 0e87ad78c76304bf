"""Cores and GPUs of this machine."""

import pytest

from pwcnet.runtime import machine


def test_cores_are_those_of_this_process(monkeypatch):
    monkeypatch.setattr(machine.os, "sched_getaffinity", lambda _: {1, 5, 6}, raising=False)
    assert machine.core_count() == 3
    monkeypatch.delattr(machine.os, "sched_getaffinity")
    monkeypatch.setattr(machine.os, "cpu_count", lambda: None)
    assert machine.core_count() == 1


@pytest.mark.parametrize("named, gpus", [("3, 5", ["3", "5"]), ("", []), ("GPU-1f", ["GPU-1f"])])
def test_gpus_of_the_environment(monkeypatch, named, gpus):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", named)
    assert machine.visible_gpus() == gpus


@pytest.mark.parametrize("program, gpus", [("printf '0\\n1\\n'", ["0", "1"]), ("exit 9", [])])
def test_gpus_of_nvidia_smi(monkeypatch, tmp_path, program, gpus):
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\n%s\n" % program)
    tool.chmod(0o755)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert machine.visible_gpus() == gpus


def test_gpus_in_turn():
    given = [machine.gpu_of_worker(number, ["2", "7"]) for number in range(3)]
    assert [variables["CUDA_VISIBLE_DEVICES"] for variables in given] == ["2", "7", "2"]
    assert machine.gpu_of_worker(1, []) == {}
