"""Optimizers by name, and the loss scale around them."""

from __future__ import annotations

from pwcnet.ascend.optimizer import loss_scale_optimizer
from pwcnet.distributed.workers import Workers
from pwcnet.runtime.devices import on_npu
from pwcnet.runtime.tensorflow import tf

OPTIMIZERS = {
    "adam": lambda rate: tf.train.AdamOptimizer(rate, beta1=0.9, beta2=0.999, epsilon=1e-8),
    # With tfoptflow's epsilon for reduced precision.
    "adam-float16": lambda rate: tf.train.AdamOptimizer(rate, beta1=0.9, beta2=0.999, epsilon=1e-4),
    # Without l1 and l2 this is plain gradient descent; the published recipe names it so.
    "sgd": lambda rate: tf.train.ProximalGradientDescentOptimizer(rate),
    "momentum": lambda rate: tf.train.MomentumOptimizer(rate, 0.9),
}


def make_optimizer(name: str, rate: tf.Tensor) -> tf.train.Optimizer:
    """Returns an optimizer.

    Args:
        name: A key of OPTIMIZERS.
        rate: Learning rate, scalar float32.
    """
    return OPTIMIZERS[name](rate)


def with_loss_scale(
    optimizer: tf.train.Optimizer, loss_scale: float | str | None, workers: Workers
) -> tf.train.Optimizer:
    """Returns the optimizer with a loss scale, so that small gradients do not vanish in float16.

    The loss is enlarged while gradients are computed, and these are divided by the same factor. A
    step whose gradients overflow is skipped, and global_step stays.

    Args:
        optimizer: The optimizer.
        loss_scale: The factor; "dynamic" looks for the largest that works; None for no loss scale.
        workers: The processes that train together; an NPU has its own way to notice an overflow.
    """
    if loss_scale is None:
        return optimizer
    if on_npu(workers.config):
        return loss_scale_optimizer(optimizer, loss_scale, distributed=workers.size > 1)
    scale = (
        tf.train.experimental.DynamicLossScale()
        if loss_scale == "dynamic"
        else tf.train.experimental.FixedLossScale(float(loss_scale))
    )
    return tf.train.experimental.MixedPrecisionLossScaleOptimizer(optimizer, scale)
