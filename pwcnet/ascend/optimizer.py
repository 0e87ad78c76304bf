"""What CANN puts around a tf.train.Optimizer: the mean over several NPUs, then the loss scale."""

from __future__ import annotations

from pwcnet.runtime.devices import INSTALL_NPU_BRIDGE
from pwcnet.runtime.tensorflow import tf

DYNAMIC_LOSS_SCALE = {
    "init_loss_scale": 2**32,
    "incr_every_n_steps": 1000,
    "decr_every_n_nan_or_inf": 2,
    "decr_ratio": 0.5,
}


def distributed_optimizer(optimizer: tf.train.Optimizer) -> tf.train.Optimizer:
    """Returns the optimizer whose compute_gradients gives the mean of all NPUs' gradients.

    Raises:
        ValueError: npu_bridge is missing.
    """
    try:
        from npu_bridge.estimator.npu import npu_optimizer
    except ImportError as error:
        raise ValueError(
            "Several NPUs need npu_bridge, which cannot be imported (%s); %s"
            % (error, INSTALL_NPU_BRIDGE)
        )
    # Old releases lack the wrapper.
    wrapper = getattr(npu_optimizer, "npu_distributed_optimizer_wrapper", None)
    return wrapper(optimizer) if wrapper else npu_optimizer.NPUDistributedOptimizer(optimizer)


def loss_scale_optimizer(
    optimizer: tf.train.Optimizer, loss_scale: float | str, distributed: bool = False
) -> tf.train.Optimizer:
    """Returns the optimizer that enlarges the loss for the gradients alone.

    It skips a step, with its global_step, whose gradients overflow. A 910 saturates on overflow, so
    that no check for finite numbers sees it: this optimizer asks the device.

    Args:
        optimizer: For several NPUs that of `distributed_optimizer`. global_step must be given to
            apply_gradients.
        loss_scale: A factor, or "dynamic".
        distributed: Whether all NPUs skip a step where one of them overflows.

    Raises:
        ValueError: npu_bridge is missing.
    """
    try:
        from npu_bridge.estimator.npu import npu_loss_scale_manager as managers
        from npu_bridge.estimator.npu.npu_loss_scale_optimizer import NPULossScaleOptimizer
    except ImportError as error:
        raise ValueError(
            "A loss scale on an NPU needs npu_bridge, which cannot be imported (%s); %s"
            % (error, INSTALL_NPU_BRIDGE)
        )
    manager = (
        managers.ExponentialUpdateLossScaleManager(**DYNAMIC_LOSS_SCALE)
        if loss_scale == "dynamic"
        else managers.FixedLossScaleManager(loss_scale=float(loss_scale))
    )
    options = {"is_distributed": True} if distributed else {}
    return NPULossScaleOptimizer(optimizer, manager, **options)
