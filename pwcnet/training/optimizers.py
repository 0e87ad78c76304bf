"""Optimizers by name."""
from pwcnet.runtime import tf

DEFAULTS = {"multiscale": "adam", "robust": "sgd", "robust_per_pixel": "adam"}      # by loss, as the published recipes have it

OPTIMIZERS = {
    "adam": lambda rate: tf.train.AdamOptimizer(rate, beta1=0.9, beta2=0.999, epsilon=1e-8),
    "adam-float16": lambda rate: tf.train.AdamOptimizer(rate, beta1=0.9, beta2=0.999, epsilon=1e-4),        # tfoptflow's epsilon for reduced precision
    # Without l1 and l2 this is plain gradient descent; the published recipe names it so.
    "sgd": lambda rate: tf.train.ProximalGradientDescentOptimizer(rate),
    "momentum": lambda rate: tf.train.MomentumOptimizer(rate, 0.9),
}


def make_optimizer(name, rate, loss_scale=None):
    """A tf.train.Optimizer. name: a key of OPTIMIZERS. rate: scalar float32 tensor.

    loss_scale: a number by which the loss is enlarged while gradients are computed, which are divided by it again, so that small ones do not vanish in float16;
    "dynamic" looks for the largest that works. Steps with gradients that are not finite are left out. None for none.
    """
    optimizer = OPTIMIZERS[name](rate)
    if loss_scale is None:
        return optimizer
    scale = tf.train.experimental.DynamicLossScale() if loss_scale == "dynamic" else tf.train.experimental.FixedLossScale(float(loss_scale))
    return tf.train.experimental.MixedPrecisionLossScaleOptimizer(optimizer, scale)
