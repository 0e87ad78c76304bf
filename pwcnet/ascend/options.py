"""Options of a session on an Ascend NPU, as CANN's NpuOptimizer takes them. Needs no TensorFlow."""

from __future__ import annotations

import json
import os
import re
from collections import OrderedDict
from dataclasses import dataclass, fields
from typing import Any, Mapping

from pwcnet._checks import Unquoted, require
from pwcnet.io.text_files import read_text

# Keys of NpuOptimizer's parameter_map by the field that holds the value: bytes, integer, boolean.
KEYS = {
    "s": (
        "precision_mode precision_mode_v2 modify_mixlist jit_compile dump_path dump_step dump_mode "
        "dump_debug_mode profiling_options aoe_mode work_path auto_tune_mode "
        "op_compiler_cache_mode op_compiler_cache_dir"
    ).split(),
    "i": (
        "graph_run_mode session_device_id iterations_per_loop op_debug_level deterministic"
    ).split(),
    "b": (
        "use_off_line enable_data_pre_proc mix_compile_mode hcom_parallel enable_dump "
        "enable_dump_debug profiling_mode"
    ).split(),
}
FIELDS = {key: field for field, keys in KEYS.items() for key in keys}
TYPES = {"s": str, "i": int, "b": bool}

PRECISION_MODES = (  # those with bf16 are not for 910 and 310P
    "force_fp32",
    "allow_fp32_to_fp16",
    "force_fp16",
    "must_keep_origin_dtype",
    "allow_mix_precision",
    "cube_fp16in_fp32out",
    "allow_mix_precision_fp16",
    "allow_mix_precision_bf16",
    "allow_fp32_to_bf16",
)
PRECISION_MODES_V2 = ("fp16", "origin", "cube_fp16in_fp32out", "mixed_float16", "mixed_bfloat16")
FULL_PRECISION = ("force_fp32", "must_keep_origin_dtype", "origin")
CHOICES: dict[str, tuple] = {
    "precision_mode": PRECISION_MODES,
    "precision_mode_v2": PRECISION_MODES_V2,
    "jit_compile": ("auto", "true", "false"),
    "dump_mode": ("input", "output", "all"),
    "dump_debug_mode": ("aicore_overflow", "atomic_overflow", "all"),
    "graph_run_mode": (0, 1),
    "deterministic": (0, 1),
}
RUN_MODES = {"train": 1, "inference": 0}
BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True)
class NpuOptions:
    """Options of a session on an NPU; None leaves a value to CANN.

    Attributes:
        precision_mode: A name in PRECISION_MODES; CANN's default for training on a 910 is
            allow_fp32_to_fp16.
        precision_mode_v2: A name in PRECISION_MODES_V2, instead of it with newer releases.
        modify_mixlist: A JSON file of operations to compute in another type.
        graph_run_mode: "train" or "inference".
        session_device_id: The number of the NPU.
        iterations_per_loop: Training steps on the device for one run of the session.
        jit_compile: "auto", "true" or "false".
        enable_dump: Whether to write inputs and outputs of operations to dump_path.
        enable_dump_debug: Whether to look for overflows instead, and write them to dump_path.
        dump_path: An existing folder.
        dump_step: The steps to dump, such as "0|5|10-20".
        dump_mode: "input", "output" or "all".
        dump_debug_mode: "aicore_overflow", "atomic_overflow" or "all".
        profiling: The folder for a profile of the run.
        aoe_mode: Tuning, with its results in work_path.
        work_path: See aoe_mode.
        deterministic: Whether every run gives the same numbers.
        op_compiler_cache_mode: Use of the cache of compiled operations.
        op_compiler_cache_dir: The folder of that cache.
        extra: Further "KEY=VALUE" of KEYS.

    Raises:
        ValueError: A value does not fit, or two contradict each other.
        FileNotFoundError: A file or folder is missing.
    """

    precision_mode: str | None = None
    precision_mode_v2: str | None = None
    modify_mixlist: str | None = None
    graph_run_mode: str | None = None
    session_device_id: int | None = None
    iterations_per_loop: int | None = None
    jit_compile: str | None = None
    enable_dump: bool | None = None
    enable_dump_debug: bool | None = None
    dump_path: str | None = None
    dump_step: str | None = None
    dump_mode: str | None = None
    dump_debug_mode: str | None = None
    profiling: str | None = None
    aoe_mode: str | None = None
    work_path: str | None = None
    deterministic: bool | None = None
    op_compiler_cache_mode: str | None = None
    op_compiler_cache_dir: str | None = None
    extra: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        require(
            self.graph_run_mode is None or self.graph_run_mode in RUN_MODES,
            "a graph_run_mode of train or inference",
            self.graph_run_mode,
        )
        _check(self.parameters())

    def parameters(self) -> dict[str, Any]:
        """Returns NpuOptimizer's parameter_map: str, int or bool by key."""
        parameters: dict[str, Any] = OrderedDict(use_off_line=True)
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None and field.name != "extra":
                parameters.update(_parameters_of(field.name, value))
        given = set(parameters) - {"use_off_line"}
        for text in self.extra:
            key, value = parse_parameter(text)
            require(key not in given, "%s once" % key, "it twice, the second time as %s" % text)
            parameters[key] = value
            given.add(key)
        if (parameters.get("iterations_per_loop") or 1) > 1:  # a loop on the device needs these
            parameters.setdefault("enable_data_pre_proc", True)
            parameters.setdefault("mix_compile_mode", False)
        return parameters

    @property
    def may_reduce_precision(self) -> bool:
        """Whether operations may compute in float16 or bfloat16.

        A 910 then saturates instead of giving infinity: training needs a loss scale.
        """
        parameters = self.parameters()
        mode = parameters.get("precision_mode") or parameters.get("precision_mode_v2")
        return mode not in FULL_PRECISION


def parse_parameter(text: str) -> tuple[str, Any]:
    """Parses "KEY=VALUE" of NpuOptimizer's parameter_map.

    Returns:
        (key, value): a str, int or bool, as the key needs it.

    Raises:
        ValueError: The text has another form, an unknown key, or a value of another type.
    """
    key, equals, value = text.partition("=")
    require(equals and value, "KEY=VALUE for an NPU option", text)
    require(key in FIELDS, "an NPU option of %s" % ", ".join(sorted(FIELDS)), key)
    if FIELDS[key] == "b":
        require(value.lower() in BOOLEANS, "true or false for %s" % key, value)
        return key, BOOLEANS[value.lower()]
    if FIELDS[key] == "i":
        require(re.match(r"-?[0-9]+$", value), "a whole number for %s" % key, value)
        return key, int(value)
    return key, value


def _parameters_of(name: str, value: Any) -> Mapping[str, Any]:
    """The parameters of an attribute of NpuOptions."""
    if name == "profiling":
        profile = [("output", value), ("training_trace", "on"), ("fp_point", ""), ("bp_point", "")]
        return {"profiling_mode": True, "profiling_options": json.dumps(OrderedDict(profile))}
    if name == "graph_run_mode":
        return {name: RUN_MODES[value]}
    return {name: int(value) if name == "deterministic" else value}


def _check(parameters: Mapping[str, Any]) -> None:
    """Raises for parameters that CANN would refuse late, or not notice."""
    for key, value in parameters.items():
        kind = TYPES[FIELDS[key]]
        require(type(value) is kind and value != "", "a %s for %s" % (kind.__name__, key), value)
    for key, choices in CHOICES.items():
        value = parameters.get(key, choices[0])
        require(value in choices, "a %s of %s" % (key, ", ".join(map(str, choices))), value)
    _check_combinations(parameters)
    _check_numbers(parameters)
    _check_paths(parameters)


def _check_combinations(parameters: Mapping[str, Any]) -> None:
    require(
        not ("precision_mode" in parameters and "precision_mode_v2" in parameters),
        "precision_mode or precision_mode_v2",
        Unquoted("both; leave one out"),
    )
    require(
        parameters.get("precision_mode") != "force_fp16" or parameters.get("graph_run_mode") != 1,
        "a precision_mode for training",
        "force_fp16",
    )
    require(
        not (parameters.get("enable_dump") and parameters.get("enable_dump_debug")),
        "enable_dump or enable_dump_debug",
        Unquoted("both; leave one out"),
    )
    require(
        parameters.get("iterations_per_loop", 1) <= 1
        or (parameters["enable_data_pre_proc"] and not parameters["mix_compile_mode"]),
        "enable_data_pre_proc=true and mix_compile_mode=false for iterations_per_loop above 1",
        Unquoted("other values; leave them out"),
    )


def _check_numbers(parameters: Mapping[str, Any]) -> None:
    for key, least in (("iterations_per_loop", 1), ("session_device_id", 0)):
        value = parameters.get(key, least)
        require(value >= least, "%s of at least %d" % (key, least), value)
    dump_step = parameters.get("dump_step", "0")
    require(
        re.match(r"\d+(-\d+)?(\|\d+(-\d+)?)*$", dump_step),
        "a dump_step such as 0|5|10-20",
        dump_step,
    )


def _check_paths(parameters: Mapping[str, Any]) -> None:
    if parameters.get("enable_dump") or parameters.get("enable_dump_debug"):
        require("dump_path" in parameters, "a dump_path for a dump", Unquoted("none"))
    if "dump_path" in parameters and not os.path.isdir(parameters["dump_path"]):
        raise FileNotFoundError("dump_path is %s, which is no folder" % parameters["dump_path"])
    if "modify_mixlist" in parameters:
        path = parameters["modify_mixlist"]
        if not os.path.isfile(path):
            raise FileNotFoundError("modify_mixlist is %s, which is no file" % path)
        _check_json("modify_mixlist", read_text(path), path)
    if "profiling_options" in parameters:
        text = parameters["profiling_options"]
        _check_json("profiling_options", text, text)


def _check_json(key: str, text: str, source: str) -> None:
    try:
        json.loads(text)
    except ValueError as error:
        raise ValueError("expected JSON for %s, got %s (%s)" % (key, source[:80], error))
