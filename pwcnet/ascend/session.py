"""Session configuration of an Ascend NPU, for TensorFlow 1.15 with CANN's TF Adapter.

It is a plain ConfigProto, which all releases of npu_bridge take. `npu_bridge.npu_init` is never
imported: it would change every session of the process.
"""

from __future__ import annotations

from pwcnet.ascend.options import FIELDS, NpuOptions
from pwcnet.runtime.devices import NPU_OPTIMIZER, choose_device, on_npu, session_config
from pwcnet.runtime.tensorflow import tf


def npu_session_config(
    options: NpuOptions | None = None, base: tf.ConfigProto | None = None
) -> tf.ConfigProto:
    """Returns the ConfigProto of a session on an NPU.

    Args:
        options: None for CANN's own values.
        base: A ConfigProto to start from, which stays as it is.
    """
    config = tf.ConfigProto()
    if base is not None:
        config.CopyFrom(base)
    config.allow_soft_placement = True
    rewrite = config.graph_options.rewrite_options
    npu = rewrite.custom_optimizers.add()
    npu.name = NPU_OPTIMIZER
    for key, value in (options or NpuOptions()).parameters().items():
        field = FIELDS[key]
        setattr(npu.parameter_map[key], field, tf.compat.as_bytes(value) if field == "s" else value)
    rewrite.remapping = rewrite.OFF
    # Printed as MANUAL, a name with the same number in another enum: CANN's manuals write it so.
    rewrite.memory_optimization = rewrite.OFF
    return config


def device_session_config(
    device: str, threads: int = 0, npu_options: NpuOptions | None = None
) -> tf.ConfigProto:
    """Returns the ConfigProto of a session on any device.

    Args:
        device: "npu", "gpu" or "cpu", or "auto" to choose one.
        threads: CPU threads, 0 for all cores.
        npu_options: For an NPU; None for CANN's own values.

    Raises:
        ValueError: The device is unknown, or there are NPU options for another device.
    """
    if device == "auto":
        device = choose_device(device)
    if device == "npu":
        base = session_config(threads)
        base.ClearField("gpu_options")
        return npu_session_config(npu_options, base)
    if npu_options is not None:
        raise ValueError("expected the device npu for NPU options, got %s" % device)
    return session_config(threads, device)


def steps_per_run(config: tf.ConfigProto | None) -> int:
    """Returns how many training steps one run of a session makes.

    This is iterations_per_loop on an NPU, 1 elsewhere.

    Args:
        config: The session's configuration; None for the default.
    """
    if config is None or not on_npu(config):
        return 1
    npu = next(
        optimizer
        for optimizer in config.graph_options.rewrite_options.custom_optimizers
        if optimizer.name == NPU_OPTIMIZER
    )
    if "iterations_per_loop" not in npu.parameter_map:
        return 1
    return max(1, npu.parameter_map["iterations_per_loop"].i)


def loop_on_device(session: tf.Session, train_op: tf.Operation, iterations: int) -> tf.Operation:
    """Returns the op that runs train_op several times on the device in one run of the session.

    Args:
        session: The session on an NPU. Its input must be an initializable Dataset iterator.
        train_op: The op of one training step.
        iterations: How often it runs; 1 returns train_op itself.
    """
    if iterations == 1:
        return train_op
    from npu_bridge.estimator.npu import util

    return util.set_iteration_per_loop(session, train_op, iterations)
