"""Optimizers by name."""
from pwcnet.runtime import tf

DEFAULTS = {"multiscale": "adam", "robust": "sgd", "robust_per_pixel": "adam"}      # by loss, as the published recipes have it

OPTIMIZERS = {
    "adam": lambda rate: tf.train.AdamOptimizer(rate, beta1=0.9, beta2=0.999, epsilon=1e-8),
    # Without l1 and l2 this is plain gradient descent; the published recipe names it so.
    "sgd": lambda rate: tf.train.ProximalGradientDescentOptimizer(rate),
    "momentum": lambda rate: tf.train.MomentumOptimizer(rate, 0.9),
}


def make_optimizer(name, rate):
    """A tf.train.Optimizer. name: a key of OPTIMIZERS; rate: scalar float32 tensor."""
    return OPTIMIZERS[name](rate)
