"""Session configuration of an Ascend NPU, for TensorFlow 1.15 with CANN's TF Adapter.

It is a plain ConfigProto, which all releases of npu_bridge take. `npu_bridge.npu_init` is never imported: it would change every session of the process.
"""

import json
import os
import re
from collections import OrderedDict
from dataclasses import dataclass, fields
from typing import Optional, Tuple

from pwcnet._checks import Words, require
from pwcnet.runtime.devices import NPU_OPTIMIZER, choose_device, on_npu, session_config
from pwcnet.runtime.tensorflow import tf

KEYS = {  # of NpuOptimizer's parameter_map, by the field that holds the value: bytes, integer or boolean
    "s": (
        "precision_mode precision_mode_v2 modify_mixlist jit_compile dump_path dump_step dump_mode dump_debug_mode profiling_options aoe_mode work_path "
        "auto_tune_mode op_compiler_cache_mode op_compiler_cache_dir"
    ).split(),
    "i": "graph_run_mode session_device_id iterations_per_loop op_debug_level deterministic".split(),
    "b": "use_off_line enable_data_pre_proc mix_compile_mode hcom_parallel enable_dump enable_dump_debug profiling_mode".split(),
}
TYPES = {key: kind for kind, keys in KEYS.items() for key in keys}

PRECISION_MODES = (
    "force_fp32",
    "allow_fp32_to_fp16",
    "force_fp16",
    "must_keep_origin_dtype",
    "allow_mix_precision",
    "cube_fp16in_fp32out",
    "allow_mix_precision_fp16",
    "allow_mix_precision_bf16",
    "allow_fp32_to_bf16",
)  # bf16 is not for 910 and 310P
PRECISION_MODES_V2 = ("fp16", "origin", "cube_fp16in_fp32out", "mixed_float16", "mixed_bfloat16")
VALUES = {
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
FULL_PRECISION = ("force_fp32", "must_keep_origin_dtype", "origin")


@dataclass(frozen=True)
class NpuOptions:
    """What a session on an NPU is told; None leaves a value to CANN. Raises ValueError for values that do not fit, FileNotFoundError for missing files.

    precision_mode: of PRECISION_MODES; for training on a 910 CANN's own is allow_fp32_to_fp16. precision_mode_v2: of PRECISION_MODES_V2, in its place with
    newer releases. modify_mixlist: a JSON file. graph_run_mode: "train" or "inference". iterations_per_loop: steps on the device for one run of the session.
    enable_dump with dump_path, dump_step ("0|5|10-20") and dump_mode writes what operations get and give; enable_dump_debug with dump_path and dump_debug_mode
    looks for overflows in its place. profiling: the folder for a profile. aoe_mode, work_path: tuning. deterministic: the same numbers in every run.
    extra: further "KEY=VALUE" of KEYS.
    """

    precision_mode: Optional[str] = None
    precision_mode_v2: Optional[str] = None
    modify_mixlist: Optional[str] = None
    graph_run_mode: Optional[str] = None
    session_device_id: Optional[int] = None
    iterations_per_loop: Optional[int] = None
    jit_compile: Optional[str] = None
    enable_dump: Optional[bool] = None
    enable_dump_debug: Optional[bool] = None
    dump_path: Optional[str] = None
    dump_step: Optional[str] = None
    dump_mode: Optional[str] = None
    dump_debug_mode: Optional[str] = None
    profiling: Optional[str] = None
    aoe_mode: Optional[str] = None
    work_path: Optional[str] = None
    deterministic: Optional[bool] = None
    op_compiler_cache_mode: Optional[str] = None
    op_compiler_cache_dir: Optional[str] = None
    extra: Tuple[str, ...] = ()

    def __post_init__(self):
        require(
            self.graph_run_mode is None or self.graph_run_mode in RUN_MODES,
            "a graph_run_mode of train or inference",
            self.graph_run_mode,
        )
        _check(self.parameters())

    def parameters(self):
        """{key of NpuOptimizer's parameter_map: str, int or bool}."""
        found = OrderedDict(use_off_line=True)
        for field in fields(self):
            value = getattr(self, field.name)
            if value is None or field.name == "extra":
                continue
            if field.name == "profiling":
                found["profiling_mode"] = True
                found["profiling_options"] = json.dumps(
                    OrderedDict(
                        [
                            ("output", value),
                            ("training_trace", "on"),
                            ("fp_point", ""),
                            ("bp_point", ""),
                        ]
                    )
                )
            else:
                found[field.name] = (
                    RUN_MODES[value]
                    if field.name == "graph_run_mode"
                    else int(value)
                    if field.name == "deterministic"
                    else value
                )
        own = set(found) - {"use_off_line"}
        for text in self.extra:
            key, value = typed(text)
            require(key not in own, "%s once" % key, "it twice, the second time as %s" % text)
            found[key] = value
            own.add(key)
        if (found.get("iterations_per_loop") or 1) > 1:  # what a loop on the device needs
            found.setdefault("enable_data_pre_proc", True)
            found.setdefault("mix_compile_mode", False)
        return found

    @property
    def reduced(self):
        """Whether operations may compute in float16 or bfloat16, where a 910 saturates instead of giving infinity: training then needs a loss scale."""
        found = self.parameters()
        return (found.get("precision_mode") or found.get("precision_mode_v2")) not in FULL_PRECISION

    def check_steps(self, **counts):
        """Raises ValueError where a count of steps, e.g. save_every=1000, is no multiple of iterations_per_loop."""
        loop = self.parameters().get("iterations_per_loop", 1)
        for name, count in counts.items():
            require(
                count % loop == 0,
                "%s in multiples of iterations_per_loop, %d" % (name, loop),
                count,
            )


def npu_session_config(options=None, base=None):
    """The tf.ConfigProto of a session on an NPU. options: NpuOptions. base: a ConfigProto to start from, which stays as it is."""
    config = tf.ConfigProto()
    if base is not None:
        config.CopyFrom(base)
    config.allow_soft_placement = True
    rewrite = config.graph_options.rewrite_options
    npu = rewrite.custom_optimizers.add()
    npu.name = NPU_OPTIMIZER
    for key, value in (options or NpuOptions()).parameters().items():
        setattr(
            npu.parameter_map[key],
            TYPES[key],
            tf.compat.as_bytes(value) if TYPES[key] == "s" else value,
        )
    rewrite.remapping = rewrite.OFF
    rewrite.memory_optimization = (
        rewrite.OFF
    )  # prints as MANUAL, of another enum with the same number: CANN's manuals write it so
    return config


def device_session_config(device, threads=0, npu_options=None):
    """The ConfigProto of any device: for an NPU `npu_session_config` upon pwcnet.runtime.devices.session_config, for others the latter.

    device: "npu", "gpu" or "cpu", or "auto" to choose one. threads: CPU threads, 0 for all cores. npu_options: NpuOptions, None for CANN's own values.
    Raises ValueError for an unknown device, and for npu_options on another than an NPU.
    """
    if device == "auto":
        device = choose_device(device)
    if device == "npu":
        base = session_config(threads)
        base.ClearField("gpu_options")
        return npu_session_config(npu_options, base)
    if npu_options is not None:
        raise ValueError(
            "expected the device npu for NPU options, got %s; leave the options out, or try --device npu"
            % device
        )
    return session_config(threads, device)


def steps_of_a_run(config):
    """Training steps that one run of a session with this ConfigProto, or None, makes: iterations_per_loop on an NPU, 1 elsewhere."""
    if not on_npu(config):
        return 1
    npu = next(
        each
        for each in config.graph_options.rewrite_options.custom_optimizers
        if each.name == NPU_OPTIMIZER
    )
    return (
        max(1, npu.parameter_map["iterations_per_loop"].i)
        if "iterations_per_loop" in npu.parameter_map
        else 1
    )


def looped(session, train_op, iterations):
    """The op that runs train_op `iterations` times on the device in one run of the session. The input must be an initializable Dataset iterator."""
    if iterations == 1:
        return train_op
    from npu_bridge.estimator.npu import util

    return util.set_iteration_per_loop(session, train_op, iterations)


def typed(text):
    """(key, value) of "KEY=VALUE", the value a str, int or bool as the key wants it. Raises ValueError."""
    key, equals, value = text.partition("=")
    require(equals and value, "KEY=VALUE for an NPU option", text)
    require(key in TYPES, "an NPU option of %s" % ", ".join(sorted(TYPES)), key)
    if TYPES[key] == "b":
        require(value.lower() in BOOLEANS, "true or false for %s" % key, value)
        return key, BOOLEANS[value.lower()]
    if TYPES[key] == "i":
        require(re.match(r"-?[0-9]+$", value), "a whole number for %s" % key, value)
        return key, int(value)
    return key, value


def _check(found):
    """Raises for parameters that CANN would refuse late, or not notice."""
    for key, value in found.items():
        kind = {"s": str, "i": int, "b": bool}[TYPES[key]]
        require(type(value) is kind and value != "", "a %s for %s" % (kind.__name__, key), value)
    for key, allowed in VALUES.items():
        require(
            found.get(key, allowed[0]) in allowed,
            "a %s of %s" % (key, ", ".join(map(str, allowed))),
            found.get(key),
        )
    require(
        not ("precision_mode" in found and "precision_mode_v2" in found),
        "precision_mode or precision_mode_v2",
        Words("both; leave one out"),
    )
    require(
        not (found.get("precision_mode") == "force_fp16" and found.get("graph_run_mode") == 1),
        "a precision_mode for training",
        "force_fp16",
    )
    require(
        not (found.get("enable_dump") and found.get("enable_dump_debug")),
        "enable_dump or enable_dump_debug",
        Words("both; leave one out"),
    )
    _check_numbers(found)
    _check_places(found)


def _check_numbers(found):
    loop = found.get("iterations_per_loop", 1)
    require(loop >= 1, "iterations_per_loop of at least 1", loop)
    require(
        found.get("session_device_id", 0) >= 0,
        "a session_device_id of at least 0",
        found.get("session_device_id"),
    )
    require(
        loop == 1 or (found["enable_data_pre_proc"] and not found["mix_compile_mode"]),
        "enable_data_pre_proc=true and mix_compile_mode=false for iterations_per_loop above 1",
        Words("others; leave them out"),
    )
    require(
        re.match(r"\d+(-\d+)?(\|\d+(-\d+)?)*$", found.get("dump_step", "0")),
        "a dump_step such as 0|5|10-20",
        found.get("dump_step"),
    )


def _check_places(found):
    if found.get("enable_dump") or found.get("enable_dump_debug"):
        require("dump_path" in found, "a dump_path for a dump", Words("none; try --dump_path DIR"))
    if "dump_path" in found and not os.path.isdir(found["dump_path"]):
        raise FileNotFoundError(
            "expected the folder of dump_path, found no %s; make it first" % found["dump_path"]
        )
    for key in ("modify_mixlist", "profiling_options"):
        if key in found:
            _check_json(key, found[key])


def _check_json(key, value):
    if key == "modify_mixlist" and not os.path.isfile(value):
        raise FileNotFoundError("expected the JSON file of modify_mixlist, found no %s" % value)
    try:
        if key == "modify_mixlist":
            with open(value, encoding="utf-8") as stream:
                value = stream.read()
        json.loads(value)
    except ValueError as error:
        raise ValueError("expected JSON for %s, got %s (%s)" % (key, value[:80], error))
