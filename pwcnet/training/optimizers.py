"""Optimizers by name."""

from pwcnet.ascend.optimizer import loss_scale_optimizer
from pwcnet.runtime.devices import on_npu
from pwcnet.runtime.tensorflow import tf

OPTIMIZERS = {
    "adam": lambda rate: tf.train.AdamOptimizer(rate, beta1=0.9, beta2=0.999, epsilon=1e-8),
    "adam-float16": lambda rate: tf.train.AdamOptimizer(
        rate, beta1=0.9, beta2=0.999, epsilon=1e-4
    ),  # tfoptflow's epsilon for reduced precision
    # Without l1 and l2 this is plain gradient descent; the published recipe names it so.
    "sgd": lambda rate: tf.train.ProximalGradientDescentOptimizer(rate),
    "momentum": lambda rate: tf.train.MomentumOptimizer(rate, 0.9),
}


def make_optimizer(name, rate):
    """A tf.train.Optimizer. name: a key of OPTIMIZERS; rate: scalar float32 tensor."""
    return OPTIMIZERS[name](rate)


def with_loss_scale(optimizer, loss_scale, workers):
    """The optimizer with the loss enlarged while gradients are computed, which are divided by it again, so that small ones do not vanish in float16.

    loss_scale: the factor; "dynamic" looks for the largest that works; None is none. workers: pwcnet.distributed.engines.Workers, whose device has its own way to
    notice an overflow. A step whose gradients overflow is left out, and global_step stays.
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
