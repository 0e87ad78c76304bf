"""Where TensorFlow computes, an Ascend NPU, a GPU or the CPU, and the session configuration for it."""

import importlib.util
import logging

from pwcnet.runtime.choices import DEVICES, PRECISIONS
from pwcnet.runtime.tensorflow import TF_RELEASE, tf

INSTALL_NPU_BRIDGE = (
    "install CANN's TensorFlow plugin (TF Adapter), which brings it: pip does not have it"
)
NPU_OPTIMIZER = "NpuOptimizer"  # the graph optimizer that takes a session to an NPU

log = logging.getLogger(__name__)


def choose_device(wanted="auto"):
    """The name of the device to take, npu, gpu or cpu; logs which and why.

    wanted: a name in DEVICES. "auto" takes an NPU where npu_bridge is installed (it is looked up, not imported), otherwise a GPU that TensorFlow sees,
    otherwise the CPU. Raises ValueError for an unknown name, for a device that is not here, and for an NPU below TensorFlow 2.
    """
    if wanted not in DEVICES:
        raise ValueError("expected a device of %s, got %r" % (", ".join(DEVICES), wanted))
    chosen, why = _asked(wanted) if wanted != "auto" else _found()
    log.info("device: %s (%s)", chosen, why)
    return chosen


def session_config(threads=0, device=None):
    """ConfigProto of a CPU or GPU: memory of a GPU taken as needed; `threads` CPU threads for an operation and as many operations at once, 0 for all cores.

    device: "gpu", "cpu", which hides GPUs, or None, which leaves it to TensorFlow. The configuration of an NPU is pwcnet.ascend.session's.
    Raises ValueError for another device.
    """
    if device not in (None, "gpu", "cpu"):
        raise ValueError("expected the device gpu, cpu or None, got %r" % (device,))
    config = tf.ConfigProto(
        allow_soft_placement=True,
        intra_op_parallelism_threads=threads,
        inter_op_parallelism_threads=threads,
    )
    if device == "cpu":
        config.device_count["GPU"] = 0
    config.gpu_options.allow_growth = True
    return config


def on_npu(config):
    """Whether a ConfigProto, or None, is that of a session on an NPU."""
    return config is not None and any(
        optimizer.name == NPU_OPTIMIZER
        for optimizer in config.graph_options.rewrite_options.custom_optimizers
    )


def target_of(config):
    """Of pwcnet.model.config.TARGETS, the one whose operations a session with this ConfigProto takes."""
    return "ascend" if on_npu(config) else "host"


def checked_precision(name):
    """The name. Raises ValueError for an unknown one, and for bfloat16 on TensorFlow 1, which has no convolutions for it."""
    if name not in PRECISIONS:
        raise ValueError("expected a precision of %s, got %r" % (", ".join(PRECISIONS), name))
    if name == "bfloat16" and TF_RELEASE.startswith("1."):
        raise ValueError(
            "expected a precision that TensorFlow %s can compute convolutions in, got bfloat16; use TensorFlow 2, or float32"
            % TF_RELEASE
        )
    return name


def _asked(wanted):
    if wanted == "npu":
        _check_npu()
        if not _installed("npu_bridge"):
            raise ValueError(
                "expected npu_bridge for --device npu, found none; " + INSTALL_NPU_BRIDGE
            )
    if wanted == "gpu" and not _gpus():
        raise ValueError(
            "expected a GPU that TensorFlow %s can use for --device gpu, found none; try --device cpu"
            % TF_RELEASE
        )
    return wanted, "as asked"


def _found():
    if _installed("npu_bridge") or _installed("npu_device"):
        _check_npu()
        return "npu", "npu_bridge is installed"
    if _gpus():
        return "gpu", "%s; no npu_bridge" % _gpus()[0].name
    return "cpu", "no npu_bridge and no GPU that TensorFlow can use"


def _check_npu():
    """Refuses TensorFlow 2, whose sessions CANN does not take to the NPU."""
    if (
        TF_RELEASE.startswith("2.")
        and _installed("npu_bridge")
        or _installed("npu_device")
        and not _installed("npu_bridge")
    ):
        raise ValueError(
            "expected TensorFlow 1.15 with npu_bridge on an Ascend NPU, got TensorFlow %s%s; use TensorFlow 1.15 with CANN's TF Adapter, "
            "or --device cpu" % (TF_RELEASE, " with npu_device" if _installed("npu_device") else "")
        )


def _installed(module):
    """Whether a top-level module is there, without importing it."""
    return importlib.util.find_spec(module) is not None


def _gpus():
    return tf.config.experimental.list_physical_devices("GPU")
