"""Where TensorFlow computes: an Ascend NPU, a GPU or the CPU."""
import importlib.util
import logging

from pwcnet.runtime.tensorflow import TF_RELEASE, tf
from pwcnet.ascend.session import WHERE

DEVICES = ("auto", "npu", "gpu", "cpu")

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


def _asked(wanted):
    if wanted == "npu":
        _check_npu()
        if not _installed("npu_bridge"):
            raise ValueError("expected npu_bridge for --device npu, found none; " + WHERE)
    if wanted == "gpu" and not _gpus():
        raise ValueError("expected a GPU that TensorFlow %s can use for --device gpu, found none; try --device cpu" % TF_RELEASE)
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
    if TF_RELEASE.startswith("2.") and _installed("npu_bridge") or _installed("npu_device") and not _installed("npu_bridge"):
        raise ValueError("expected TensorFlow 1.15 with npu_bridge on an Ascend NPU, got TensorFlow %s%s; use TensorFlow 1.15 with CANN's TF Adapter, "
                         "or --device cpu" % (TF_RELEASE, " with npu_device" if _installed("npu_device") else ""))


def _installed(module):
    """Whether a top-level module is there, without importing it."""
    return importlib.util.find_spec(module) is not None


def _gpus():
    return tf.config.experimental.list_physical_devices("GPU")
