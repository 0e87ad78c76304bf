"""Options that several commands share: weights, device, precision, and those of Ascend NPUs."""

from __future__ import annotations

import importlib.util
import logging
import os
from argparse import Namespace
from typing import Any

from pwcnet.cli.arguments import ArgumentParser, positive_int, thread_count
from pwcnet.cli.common import remedy
from pwcnet.runtime.choices import DEVICES, INT8
from pwcnet.weights.files import (
    SHIPPED_NAMES,
    AmbiguousCheckpointError,
    find_checkpoint,
    identify_weights,
    shipped_weights,
)

NPU_TEXTS = {
    "precision-mode": "NAME: allow_fp32_to_fp16 (CANN's default for training on a 910), "
    "allow_mix_precision, must_keep_origin_dtype, force_fp32, ...",
    "precision-mode-v2": "NAME: fp16, origin, cube_fp16in_fp32out, mixed_float16 or "
    "mixed_bfloat16: instead of it with newer releases of CANN",
    "modify-mixlist": "FILE: JSON file of operations to compute in another type",
    "dump-path": "DIR: folder for dumps, with --enable-dump or --enable-dump-debug",
    "dump-step": "STEPS: steps to dump, e.g. 0|5|10-20",
    "dump-mode": "MODE: input, output or all",
    "dump-debug-mode": "MODE: aicore_overflow, atomic_overflow or all",
    "profiling": "DIR: folder for a profile of the run",
}
NPU_SWITCHES = {
    "enable-dump": "dump inputs and outputs of operations",
    "enable-dump-debug": "dump operations that overflow",
    "deterministic": "the same numbers in every run",
}
# Options of an NPU that do not change the numbers.
WITHOUT_EFFECT = frozenset(
    "enable_dump enable_dump_debug dump_path dump_step dump_mode dump_debug_mode profiling_mode "
    "profiling_options work_path op_compiler_cache_mode op_compiler_cache_dir "
    "session_device_id".split()
)

FINITE_REMEDY = "`pwcnet inspect checkpoint` finds such weights; try an earlier checkpoint"
NOT_FOUND = (FileNotFoundError, AmbiguousCheckpointError)  # weights that are not there, or unclear
WEIGHTS_REMEDY = (
    "pass a checkpoint's prefix (run/pwcnet.ckpt-1000) or its folder, an .npz or a .pb; small and "
    "large are the shipped weights"
)
RAW_FILES_REMEDY = "pwcnet ascend prepare (offline_infer/dataprep.py) writes such files"
FROZEN_GRAPH_REMEDY = "`pwcnet export --format pb` writes frozen graphs"
CHECKPOINT_REMEDY = (
    "pass a checkpoint's prefix (run/pwcnet.ckpt-1000) or its folder, or an .npz; small and large "
    "are the shipped weights"
)
AVERAGES_REMEDY = "train with --average-decay, or leave --averaged out"

log = logging.getLogger(__name__)


def add_weights_option(parser: Any, flag: str = "--weights", frozen: bool = True) -> None:
    """Adds --weights, or --ckpt as published. frozen: whether a frozen graph is accepted too."""
    parser.add_argument(
        flag,
        dest="weights",
        metavar="W",
        help="checkpoint prefix (run/pwcnet.ckpt-1000), folder (its latest checkpoint, of a run's "
        "best/ the best), .npz%s; small or large: the shipped weights, trained on synthetic scenes "
        "(default: small)" % (" or frozen graph (.pb)" if frozen else ""),
    )


def chosen_weights(args: Namespace) -> str:
    """The path that was given, or that of the shipped weights, which is logged.

    Raises:
        FileNotFoundError: the shipped weights are missing.
    """
    if args.weights:
        note_shipped_name(args.weights)
        return args.weights
    path = shipped_weights()
    log.info("weights: the shipped ones (small network, trained on synthetic scenes), %s", path)
    return path


def note_shipped_name(weights: str | None) -> None:
    """Logs that a name means the shipped weights, where there is a file or folder of that name."""
    if weights in SHIPPED_NAMES and os.path.exists(weights):
        log.warning("--weights %s are the shipped ones; ./%s is the one here", weights, weights)


def add_device_options(
    parser: ArgumentParser, training: bool = False, threads: bool = False
) -> None:
    """Adds --device, with `threads` --threads, and the options of Ascend NPUs."""
    parser.add_argument(
        "--device",
        choices=DEVICES,
        default="auto",
        help="where to compute; auto: an NPU if npu_bridge is installed, else a GPU, else the CPU",
    )
    if threads:
        parser.add_argument(
            "--threads", type=thread_count, default=0, metavar="N", help="CPU threads, 0: all"
        )
    npu = parser.add_ascend_group(shown=importlib.util.find_spec("npu_bridge") is not None)
    for name, text in NPU_TEXTS.items():
        metavar, text = text.split(": ", 1)
        npu.add_argument("--" + name, metavar=metavar, help=text)
    for name, text in NPU_SWITCHES.items():
        npu.add_argument("--" + name, action="store_const", const=True, help=text)
    npu.add_argument(
        "--npu-option",
        action="append",
        metavar="KEY=VALUE",
        help="any other key of NpuOptimizer, e.g. op_debug_level=1; repeat it for several",
    )
    if training:
        npu.add_argument(
            "--iterations-per-loop",
            type=positive_int,
            metavar="N",
            help="training steps on the device for one run of the session",
        )
    parser.set_defaults(graph_run_mode="train" if training else "inference")


def open_checkpoint(weights: str, averaged: bool = False, hint: str = CHECKPOINT_REMEDY) -> Any:
    """The open `pwcnet.weights.checkpoint.Checkpoint` of these weights; imports TensorFlow.

    Args:
        weights: of `chosen_weights`; no frozen graph.
        averaged: take the moving averages of training.
        hint: the remedy where there are no such weights.

    Raises:
        FileNotFoundError: there are no such weights.
        ValueError: damaged weights, those of another network, or without averages.
    """
    from pwcnet.weights.checkpoint import Checkpoint, MissingAveragesError

    with remedy(hint, NOT_FOUND), remedy(AVERAGES_REMEDY, (MissingAveragesError,)):
        return Checkpoint(weights, averaged)


def weights_facts(weights: str) -> dict[str, str]:
    """The absolute "path", "sha256" and "kind" of weights.

    Raises:
        FileNotFoundError: there are no such weights.
    """
    with remedy(WEIGHTS_REMEDY, NOT_FOUND):
        path = weights if weights.endswith(".pb") else find_checkpoint(weights)
        return identify_weights(os.path.abspath(path))


def npu_options(args: Namespace) -> Any:
    """The pwcnet.ascend.options.NpuOptions of the options, None where none was given.

    Raises:
        ValueError, FileNotFoundError: values that do not fit, missing files.
    """
    from pwcnet.ascend.options import NpuOptions

    names = [name.replace("-", "_") for name in list(NPU_TEXTS) + list(NPU_SWITCHES)]
    given = {
        name: getattr(args, name)
        for name in names + ["iterations_per_loop"]
        if getattr(args, name, None) is not None
    }
    if args.npu_option:
        given["extra"] = tuple(args.npu_option)
    return NpuOptions(graph_run_mode=args.graph_run_mode, **given) if given else None


def device_config(args: Namespace, threads: int | None = None) -> Any:
    """The tf.ConfigProto for --device, --threads and the options of an NPU; imports TensorFlow.

    Raises:
        ValueError: a device that is not here, options that do not fit.
    """
    from pwcnet.ascend.options import NpuOptions
    from pwcnet.ascend.session import device_session_config
    from pwcnet.runtime.devices import choose_device

    options = npu_options(args)
    with remedy("--device cpu computes on the CPU"):
        device = choose_device(_device_option(args))
    if device == "npu":
        options = options or NpuOptions(graph_run_mode=args.graph_run_mode)
    threads = getattr(args, "threads", None) if threads is None else threads
    return device_session_config(device, threads or 0, options)


def _device_option(args: Namespace) -> str:
    """The value of --device; for int8 the CPU by default, and no other."""
    if getattr(args, "precision", None) != INT8:
        return args.device
    if args.device not in ("auto", "cpu"):
        raise ValueError("--precision int8 does not run on --device %s" % args.device)
    return "cpu"


def session_text(config: Any) -> str:
    """What of a session's ConfigProto the numbers depend on, as text; "" for None.

    That is the device, and an NPU's options but for dumps, profiles and places.
    """
    if config is None:
        return ""
    relevant, options = type(config)(), []
    relevant.CopyFrom(config)
    relevant.ClearField("intra_op_parallelism_threads")
    relevant.ClearField("inter_op_parallelism_threads")
    for optimizer in relevant.graph_options.rewrite_options.custom_optimizers:
        options += sorted(  # a map prints in any order
            "%s %s" % item
            for item in optimizer.parameter_map.items()
            if item[0] not in WITHOUT_EFFECT
        )
        optimizer.ClearField("parameter_map")
    return " ".join(" ".join([str(relevant)] + options).split())
