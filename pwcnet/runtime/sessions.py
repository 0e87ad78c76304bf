"""Session configuration for a CPU, a GPU or an Ascend NPU: the same for training, evaluation and prediction."""
from pwcnet.runtime.tensorflow import tf
from pwcnet.runtime.devices import choose_device
from pwcnet.ascend.session import npu_session_config


def session_config(threads=0, device=None, npu_options=None):
    """ConfigProto: memory of a GPU taken as needed; `threads` CPU threads for an operation and as many operations at once, 0 for all cores.

    device: "npu", "gpu" or "cpu" as `choose_device` gives it, or "auto" to call it; "cpu" hides GPUs. None leaves it to TensorFlow, and never takes an NPU.
    npu_options: pwcnet.ascend.session.NpuOptions, None for CANN's own values. Raises ValueError for an unknown device, and for npu_options on another one.
    """
    config = tf.ConfigProto(allow_soft_placement=True, intra_op_parallelism_threads=threads, inter_op_parallelism_threads=threads)
    if device not in (None, "npu", "gpu", "cpu"):
        device = choose_device(device)
    if device == "npu":
        return npu_session_config(npu_options, config)
    if npu_options is not None:
        raise ValueError("expected the device npu for NPU options, got %s; leave the options out, or try --device npu" % (device or "none"))
    if device == "cpu":
        config.device_count["GPU"] = 0
    config.gpu_options.allow_growth = True
    return config
