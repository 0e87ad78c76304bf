"""Options of a session on an NPU."""

import dataclasses
import json

import pytest

from pwcnet.ascend.options import KEYS, NpuOptions, parse_parameter


def test_options_go_to_json_and_back():
    options = NpuOptions(precision_mode="allow_mix_precision", extra=("op_debug_level=1",))
    again = json.loads(json.dumps(dataclasses.asdict(options)))
    assert NpuOptions(**dict(again, extra=tuple(again["extra"]))) == options


@pytest.mark.parametrize(
    "options, named",
    [
        ({"precision_mode": "fp16"}, "precision_mode of .* got 'fp16'"),
        ({"precision_mode_v2": "fp32"}, "precision_mode_v2 of .* got 'fp32'"),
        (
            {"precision_mode": "force_fp32", "precision_mode_v2": "fp16"},
            "precision_mode or precision_mode_v2",
        ),
        ({"precision_mode": "force_fp16", "graph_run_mode": "train"}, "training.*'force_fp16'"),
        ({"enable_dump": True, "enable_dump_debug": True}, "enable_dump or enable_dump_debug"),
        ({"enable_dump": True}, "dump_path"),
        ({"enable_dump_debug": True}, "dump_path"),
        ({"dump_step": "0,5"}, "dump_step .*'0,5'"),
        ({"dump_mode": "some"}, "dump_mode .*'some'"),
        ({"dump_debug_mode": "some"}, "dump_debug_mode .*'some'"),
        ({"graph_run_mode": "evaluate"}, "graph_run_mode .*'evaluate'"),
        ({"iterations_per_loop": 0}, "iterations_per_loop .*got 0"),
        ({"iterations_per_loop": 2.0}, "int for iterations_per_loop, got 2.0"),
        ({"iterations_per_loop": 2, "extra": ("mix_compile_mode=true",)}, "mix_compile_mode"),
        ({"iterations_per_loop": 2, "extra": ("enable_data_pre_proc=0",)}, "enable_data_pre_proc"),
        ({"session_device_id": -1}, "session_device_id .*got -1"),
        ({"jit_compile": "yes"}, "jit_compile .*'yes'"),
        ({"aoe_mode": ""}, "aoe_mode, got ''"),
        ({"extra": ("fast=1",)}, "aoe_mode, auto_tune_mode, .*work_path, got 'fast'"),
        ({"extra": ("op_debug_level",)}, "'op_debug_level'"),
        ({"extra": ("op_debug_level=two",)}, "op_debug_level, got 'two'"),
        ({"extra": ("hcom_parallel=yes",)}, "hcom_parallel, got 'yes'"),
        ({"extra": ("aoe_mode=1",), "aoe_mode": "2"}, "aoe_mode once.*aoe_mode=1"),
        ({"extra": ("profiling_options=on",)}, "profiling_options, got on"),
    ],
)
def test_options_that_do_not_fit(options, named):
    with pytest.raises(ValueError, match=named):
        NpuOptions(**options)


def test_files_that_are_not_here(tmp_path):
    for key in ("dump_path", "modify_mixlist"):
        with pytest.raises(FileNotFoundError, match="%s.*/nowhere" % key):
            NpuOptions(**{key: "/nowhere"})
    (tmp_path / "mix.json").write_text("black")
    with pytest.raises(ValueError, match="modify_mixlist.*mix.json"):
        NpuOptions(modify_mixlist=str(tmp_path / "mix.json"))


def test_every_documented_key_has_a_type():
    assert sum(len(keys) for keys in KEYS.values()) == 26
    assert parse_parameter("graph_run_mode=0") == ("graph_run_mode", 0)
    assert parse_parameter("use_off_line=False") == ("use_off_line", False)
    profile = '{"output": "a=b"}'
    assert parse_parameter("profiling_options=" + profile) == ("profiling_options", profile)


def test_precision():
    assert NpuOptions().may_reduce_precision
    assert NpuOptions(precision_mode="allow_mix_precision").may_reduce_precision
    assert not NpuOptions(precision_mode_v2="origin").may_reduce_precision
