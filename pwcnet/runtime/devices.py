"""Devices that TensorFlow computes on (Ascend NPU, GPU, CPU) and their session configurations."""

from __future__ import annotations

import importlib.util
import logging
from typing import Any

from pwcnet.runtime.choices import DEVICES, INFERENCE_PRECISIONS
from pwcnet.runtime.tensorflow import TF_RELEASE, tf

INSTALL_NPU_BRIDGE = (
    "install CANN's TensorFlow plugin (TF Adapter), which brings it: pip does not have it"
)
NPU_OPTIMIZER = "NpuOptimizer"  # the graph optimizer that takes a session to an NPU

log = logging.getLogger(__name__)


def choose_device(device: str = "auto") -> str:
    """Chooses where to compute, and logs the choice and its reason.

    Args:
        device: One of pwcnet.runtime.choices.DEVICES. "auto" takes an NPU where npu_bridge is
            installed (it is looked up, not imported), otherwise a GPU that TensorFlow sees,
            otherwise the CPU.

    Returns:
        "npu", "gpu" or "cpu".

    Raises:
        ValueError: The device is unknown or not available, or is an NPU and TensorFlow is not 1.15.
    """
    if device not in DEVICES:
        raise ValueError("Unknown device %r; devices are %s" % (device, ", ".join(DEVICES)))
    if device == "auto":
        chosen, reason = _best_device()
    else:
        _check_available(device)
        chosen, reason = device, "as asked"
    log.info("device: %s (%s)", chosen, reason)
    return chosen


def session_config(threads: int = 0, device: str | None = None) -> tf.ConfigProto:
    """Returns the configuration of sessions on a CPU or GPU.

    A GPU's memory is taken as it is needed. The configuration of an NPU is
    pwcnet.ascend.session.npu_session_config.

    Args:
        threads: CPU threads of one operation, and operations at the same time; 0 for all cores.
        device: "gpu", "cpu", which hides GPUs, or None, which leaves the choice to TensorFlow.

    Raises:
        ValueError: Another device.
    """
    if device not in (None, "gpu", "cpu"):
        raise ValueError("A session's device is gpu, cpu or None, not %r" % (device,))
    config = tf.ConfigProto(
        allow_soft_placement=True,
        intra_op_parallelism_threads=threads,
        inter_op_parallelism_threads=threads,
    )
    if device == "cpu":
        config.device_count["GPU"] = 0
    config.gpu_options.allow_growth = True
    return config


def on_npu(config: tf.ConfigProto | None) -> bool:
    """Whether a session with this configuration runs on an NPU."""
    return config is not None and any(
        optimizer.name == NPU_OPTIMIZER
        for optimizer in config.graph_options.rewrite_options.custom_optimizers
    )


def on_cpu(config: tf.ConfigProto) -> bool:
    """Whether a session with this configuration computes on the CPU alone."""
    if on_npu(config):
        return False
    return config.device_count.get("GPU", 1) == 0 or not _gpus()


def target_of(config: tf.ConfigProto | None) -> str:
    """Returns which of pwcnet.model.config.TARGETS a session with this configuration takes."""
    return "ascend" if on_npu(config) else "host"


def checked_precision(name: str) -> str:
    """Returns the name of a precision that this TensorFlow can predict flow in.

    Args:
        name: One of pwcnet.runtime.choices.INFERENCE_PRECISIONS.

    Raises:
        ValueError: The name is unknown, or is bfloat16 or int8 on TensorFlow 1, which has no
            convolutions for them.
    """
    if name not in INFERENCE_PRECISIONS:
        names = ", ".join(INFERENCE_PRECISIONS)
        raise ValueError("Unknown precision %r; precisions are %s" % (name, names))
    if name in ("bfloat16", "int8") and TF_RELEASE.startswith("1."):
        raise ValueError(
            "TensorFlow %s has no convolutions in %s; use TensorFlow 2, or float32"
            % (TF_RELEASE, name)
        )
    return name


def _best_device() -> tuple[str, str]:
    """The best available device, and the reason for it."""
    if _is_installed("npu_bridge") or _is_installed("npu_device"):
        _check_npu()
        return "npu", "npu_bridge is installed"
    gpus = _gpus()
    if gpus:
        return "gpu", "%s; no npu_bridge" % gpus[0].name
    return "cpu", "no npu_bridge and no GPU that TensorFlow can use"


def _check_available(device: str) -> None:
    if device == "npu":
        _check_npu()
        if not _is_installed("npu_bridge"):
            raise ValueError(
                "An Ascend NPU needs npu_bridge, which is not installed; " + INSTALL_NPU_BRIDGE
            )
    if device == "gpu" and not _gpus():
        raise ValueError("TensorFlow %s finds no GPU that it can use" % TF_RELEASE)


def _check_npu() -> None:
    """Refuses TensorFlow 2, whose sessions CANN does not take to the NPU."""
    bridge, device = _is_installed("npu_bridge"), _is_installed("npu_device")
    if (bridge and TF_RELEASE.startswith("2.")) or (device and not bridge):
        raise ValueError(
            "An Ascend NPU needs TensorFlow 1.15 with npu_bridge; this is TensorFlow %s%s; use "
            "TensorFlow 1.15 with CANN's TF Adapter"
            % (TF_RELEASE, " with npu_device" if device else "")
        )


def _is_installed(module: str) -> bool:
    """Whether a top-level module is installed; it is not imported."""
    return importlib.util.find_spec(module) is not None


def _gpus() -> list[Any]:
    return tf.config.experimental.list_physical_devices("GPU")
