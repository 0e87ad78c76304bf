"""Training losses: the multi-scale loss and the robust loss, as tfoptflow weighs them.

Source: PWC-Net paper (Sun et al. 2018), section 3, "Training loss".
"""

from __future__ import annotations

from typing import Sequence

from pwcnet.model.config import LEVELS
from pwcnet.runtime.tensorflow import tf
from pwcnet.training.choices import WEIGHT_DECAY

LEVEL_WEIGHTS = dict(zip(LEVELS, (0.32, 0.08, 0.02, 0.01, 0.005)))  # alpha of levels 6 to 2
ROBUST_POWER, ROBUST_EPSILON = 0.4, 0.01


def loss_multiscale(
    pyramid: Sequence[tf.Tensor], ground_truth: tf.Tensor, valid: tf.Tensor
) -> dict[int, tf.Tensor]:
    """L2 norms of the errors, summed over pixels, averaged over the batch, weighted by level.

    Args:
        pyramid: Five flows [B, H / 2^l, W / 2^l, 2] float32, level 6 first, each in pixels of its
            level, channels (u, v).
        ground_truth: Flow [B, H, W, 2] float32 in pixels.
        valid: [B, H, W] bool; the ground truth of other pixels has no influence.

    Returns:
        Scalar float32 by level; the loss is their sum.
    """
    return {
        level: LEVEL_WEIGHTS[level] * _mean_sum(norm(error))
        for level, error in _errors(pyramid, ground_truth, valid).items()
    }


def loss_robust(
    pyramid: Sequence[tf.Tensor], ground_truth: tf.Tensor, valid: tf.Tensor
) -> dict[int, tf.Tensor]:
    """(L1 norms, summed over pixels, averaged over the batch, + 0.01) ^ 0.4, weighted by level.

    Deviation from the paper, shared with tfoptflow: the power is taken of the level's sum, not of
    each pixel. Arguments and result are those of `loss_multiscale`.
    """
    return {
        level: LEVEL_WEIGHTS[level] * (_mean_sum(_l1_norm(error)) + ROBUST_EPSILON) ** ROBUST_POWER
        for level, error in _errors(pyramid, ground_truth, valid).items()
    }


def loss_robust_per_pixel(
    pyramid: Sequence[tf.Tensor], ground_truth: tf.Tensor, valid: tf.Tensor
) -> dict[int, tf.Tensor]:
    """(L1 norm + 0.01) ^ 0.4, summed over valid pixels, averaged over the batch, weighted by level.

    This is the paper's form. Arguments and result are those of `loss_multiscale`.
    """
    losses = {}
    for level, error in _errors(pyramid, ground_truth, valid).items():
        known = tf.cast(_every_kth(valid, error.shape), tf.float32)
        losses[level] = LEVEL_WEIGHTS[level] * _mean_sum(
            known * (_l1_norm(error) + ROBUST_EPSILON) ** ROBUST_POWER
        )
    return losses


LOSSES = {
    "multiscale": loss_multiscale,
    "robust": loss_robust,
    "robust_per_pixel": loss_robust_per_pixel,
}


def weight_decay(
    variables: Sequence[tf.Variable], gamma: float = WEIGHT_DECAY, biases: bool = True
) -> tf.Tensor:
    """gamma times half the sum of the squares of all variables.

    Args:
        variables: The network's variables.
        gamma: The factor.
        biases: Whether the biases of convolutions count too, as in tfoptflow.

    Returns:
        Scalar float32.
    """
    return gamma * tf.add_n(
        [tf.nn.l2_loss(variable) for variable in variables if decays(variable, biases)]
    )


def decays(variable: tf.Variable, biases: bool) -> bool:
    """Returns whether weight decay covers the variable."""
    return biases or not variable.op.name.endswith("/bias")


def with_decay(
    gradients: Sequence[tuple[tf.Tensor, tf.Variable]],
    gamma: float = WEIGHT_DECAY,
    biases: bool = True,
) -> list[tuple[tf.Tensor, tf.Variable]]:
    """Adds the gradient of `weight_decay` to the gradients of a data loss.

    Each term is computed when its gradient is there. Where the decay is part of what TensorFlow
    differentiates, it computes all terms at the start of a step and keeps a copy of every variable
    until the end.

    Args:
        gradients: (gradient, variable) of the data loss.
        gamma: The factor.
        biases: Whether the biases of convolutions decay too.

    Returns:
        (gradient, variable) in the same order.
    """
    decayed = []
    for gradient, variable in gradients:
        if decays(variable, biases):
            with tf.control_dependencies([gradient]):
                gradient = gradient + gamma * variable
        decayed.append((gradient, variable))
    return decayed


def endpoint_error(flow: tf.Tensor, ground_truth: tf.Tensor, valid: tf.Tensor) -> tf.Tensor:
    """End-point error: mean over the batch's valid pixels of the L2 norm of the error.

    Args:
        flow: [B, H, W, 2] float32 in pixels.
        ground_truth: [B, H, W, 2] float32 in pixels.
        valid: [B, H, W] bool.

    Returns:
        Scalar float32 in pixels; 0 where no pixel is valid.
    """
    count = tf.reduce_sum(tf.cast(valid, tf.float32))
    total = tf.reduce_sum(norm(_difference(ground_truth, flow, valid)))
    return total / tf.maximum(count, 1.0)


def norm(vectors: tf.Tensor) -> tf.Tensor:
    """L2 norm over the last axis, whose gradient at zero is zero (that of tf.norm is NaN there)."""
    squares = tf.reduce_sum(vectors * vectors, axis=-1)
    zero = tf.equal(squares, 0.0)
    return tf.where(
        zero, tf.zeros_like(squares), tf.sqrt(tf.where(zero, tf.ones_like(squares), squares))
    )


def _l1_norm(vectors: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(tf.abs(vectors), axis=-1)


def _errors(
    pyramid: Sequence[tf.Tensor], ground_truth: tf.Tensor, valid: tf.Tensor
) -> dict[int, tf.Tensor]:
    """Ground truth - flow by level, zero where not valid.

    Ground truth is shrunk by taking every k-th pixel, which is what tfoptflow's bilinear resize
    does at whole factors, so that valid and invalid pixels never mix. Both channels are divided by
    the ratio of the heights.
    """
    errors = {}
    for level, flow in zip(LEVELS, pyramid):
        ratio = int(ground_truth.shape[1]) // int(flow.shape[1])
        errors[level] = _difference(
            _every_kth(ground_truth, flow.shape) / float(ratio),
            flow,
            _every_kth(valid, flow.shape),
        )
    return errors


def _every_kth(full: tf.Tensor, level_shape: tf.TensorShape) -> tf.Tensor:
    """The pixels of a full-size tensor that a level of this shape has."""
    step_y = int(full.shape[1]) // int(level_shape[1])
    step_x = int(full.shape[2]) // int(level_shape[2])
    return full[:, ::step_y, ::step_x]


def _difference(ground_truth: tf.Tensor, flow: tf.Tensor, valid: tf.Tensor) -> tf.Tensor:
    both_channels = tf.stack([valid, valid], axis=-1)
    return tf.where(both_channels, ground_truth - flow, tf.zeros_like(flow))


def _mean_sum(values: tf.Tensor) -> tf.Tensor:
    """Mean over the batch of the sum over pixels."""
    return tf.reduce_mean(tf.reduce_sum(values, axis=[1, 2]))
