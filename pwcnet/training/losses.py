"""Training losses: the summed multi-scale loss and the robust loss (PWC-Net paper, section 3, "Training loss"), as tfoptflow weighs them."""

from pwcnet.model.config import LEVELS
from pwcnet.runtime.tensorflow import tf
from pwcnet.training.choices import WEIGHT_DECAY

LEVEL_WEIGHTS = dict(zip(LEVELS, (0.32, 0.08, 0.02, 0.01, 0.005)))
ROBUST_POWER, ROBUST_EPSILON = 0.4, 0.01


def loss_multiscale(pyramid, truth, valid):
    """For each level: weight * mean over the batch of the sum over pixels of the L2 norm of truth - flow.

    pyramid: five flows [B, H / 2^l, W / 2^l, 2] float32, level 6 first, pixels of their level. truth: [B, H, W, 2] float32, pixels. valid: [B, H, W] bool;
    the truth of other pixels is not looked at. Returns {level: scalar float32}; the loss is their sum.
    """
    return {
        level: LEVEL_WEIGHTS[level] * _mean_sum(norm(error))
        for level, error in _errors(pyramid, truth, valid).items()
    }


def loss_robust(pyramid, truth, valid):
    """For each level: weight * (mean over the batch of the sum over pixels of the L1 norm of truth - flow, + 0.01) ^ 0.4.

    Deviation from the paper, shared with tfoptflow: the power is taken of the level's sum, not of each pixel. Arguments and result as `loss_multiscale`.
    """
    return {
        level: LEVEL_WEIGHTS[level]
        * (_mean_sum(tf.reduce_sum(tf.abs(error), axis=-1)) + ROBUST_EPSILON) ** ROBUST_POWER
        for level, error in _errors(pyramid, truth, valid).items()
    }


def loss_robust_per_pixel(pyramid, truth, valid):
    """For each level: weight * mean over the batch of the sum over valid pixels of (L1 norm of truth - flow + 0.01) ^ 0.4, as the paper writes it."""
    losses = {}
    for level, error in _errors(pyramid, truth, valid).items():
        known = tf.cast(_shrink(valid, error.shape), tf.float32)
        losses[level] = LEVEL_WEIGHTS[level] * _mean_sum(
            known * (tf.reduce_sum(tf.abs(error), axis=-1) + ROBUST_EPSILON) ** ROBUST_POWER
        )
    return losses


LOSSES = {
    "multiscale": loss_multiscale,
    "robust": loss_robust,
    "robust_per_pixel": loss_robust_per_pixel,
}


def weight_decay(variables, gamma=WEIGHT_DECAY, biases=True):
    """gamma * sum of half the squares of all variables, with `biases` those of the convolutions too, as tfoptflow has it. Returns a scalar float32."""
    return gamma * tf.add_n(
        [tf.nn.l2_loss(variable) for variable in variables if decays(variable, biases)]
    )


def decays(variable, biases):
    """Whether weight decay pulls the variable."""
    return biases or not variable.op.name.endswith("/bias")


def with_decay(gradients, gamma=WEIGHT_DECAY, biases=True):
    """The list of (gradient, variable) of a data loss with the gradient of `weight_decay` added.

    Each term is computed when its gradient is there. TensorFlow computes all of them at the start of a step where the decay is part of what it differentiates,
    and keeps a copy of every variable until the end.
    """
    decayed = []
    for gradient, variable in gradients:
        if decays(variable, biases):
            with tf.control_dependencies([gradient]):
                gradient = gradient + gamma * variable
        decayed.append((gradient, variable))
    return decayed


def endpoint_error(flow, truth, valid):
    """Mean over the batch's valid pixels of the L2 norm of truth - flow; 0 where there are none. flow, truth: [B, H, W, 2] float32; valid: [B, H, W] bool."""
    count = tf.reduce_sum(tf.cast(valid, tf.float32))
    return tf.reduce_sum(norm(_difference(truth, flow, valid))) / tf.maximum(count, 1.0)


def norm(vectors):
    """L2 norm over the last axis, with gradient zero (not NaN) at zero."""
    squares = tf.reduce_sum(vectors * vectors, axis=-1)
    zero = tf.equal(squares, 0.0)
    return tf.where(
        zero, tf.zeros_like(squares), tf.sqrt(tf.where(zero, tf.ones_like(squares), squares))
    )


def _errors(pyramid, truth, valid):
    """{level: truth - flow at the level, zero where not valid}.

    The truth is shrunk by taking every k-th pixel, which is what tfoptflow's resize does at whole factors, so valid and invalid pixels never mix. Its values
    are divided by the ratio of the heights.
    """
    errors = {}
    for level, flow in zip(LEVELS, pyramid):
        ratio = int(truth.shape[1]) // int(flow.shape[1])
        errors[level] = _difference(
            _shrink(truth, flow.shape) / float(ratio), flow, _shrink(valid, flow.shape)
        )
    return errors


def _shrink(full, level_shape):
    step_y, step_x = (
        int(full.shape[1]) // int(level_shape[1]),
        int(full.shape[2]) // int(level_shape[2]),
    )
    return full[:, ::step_y, ::step_x]


def _difference(truth, flow, valid):
    both = tf.stack([valid, valid], axis=-1)
    return tf.where(both, truth - flow, tf.zeros_like(flow))


def _mean_sum(values):
    return tf.reduce_mean(tf.reduce_sum(values, axis=[1, 2]))
