"""What CANN puts around a tf.train.Optimizer: the sum over several cards, and above it the loss scale."""

from pwcnet.runtime.devices import INSTALL_NPU_BRIDGE

DYNAMIC = {
    "init_loss_scale": 2**32,
    "incr_every_n_steps": 1000,
    "decr_every_n_nan_or_inf": 2,
    "decr_ratio": 0.5,
}


def distributed_optimizer(optimizer):
    """The optimizer whose compute_gradients gives the mean of all cards' gradients. Raises ValueError where npu_bridge is missing."""
    try:
        from npu_bridge.estimator.npu import npu_optimizer
    except ImportError as error:
        raise ValueError(
            "expected npu_bridge for several NPUs, got %r; %s" % (str(error), INSTALL_NPU_BRIDGE)
        )
    wrapper = getattr(
        npu_optimizer, "npu_distributed_optimizer_wrapper", None
    )  # not in old releases
    return wrapper(optimizer) if wrapper else npu_optimizer.NPUDistributedOptimizer(optimizer)


def loss_scale_optimizer(optimizer, loss_scale, distributed=False):
    """The optimizer that enlarges the loss for the gradients alone, and leaves out a step, with its global_step, whose gradients overflow.

    A 910 saturates on overflow, so that no check for finite numbers sees it: this one asks the device. optimizer: for several cards that of
    `distributed_optimizer`. loss_scale: a factor, or "dynamic". distributed: several cards leave out a step where one of them overflows. global_step must be
    given to apply_gradients. Raises ValueError where npu_bridge is missing.
    """
    try:
        from npu_bridge.estimator.npu import npu_loss_scale_manager as managers
        from npu_bridge.estimator.npu.npu_loss_scale_optimizer import NPULossScaleOptimizer
    except ImportError as error:
        raise ValueError(
            "expected npu_bridge for a loss scale on an NPU, got %r; %s"
            % (str(error), INSTALL_NPU_BRIDGE)
        )
    dynamic = loss_scale == "dynamic"
    manager = (
        managers.ExponentialUpdateLossScaleManager(**DYNAMIC)
        if dynamic
        else managers.FixedLossScaleManager(loss_scale=float(loss_scale))
    )
    return NPULossScaleOptimizer(
        optimizer, manager, **({"is_distributed": True} if distributed else {})
    )
