"""A loss on the feature pyramids alone, which teaches the features to match.

With the published loss alone, training from random weights stays at zero flow for thousands of
steps: the costs of random features say nothing about the motion, so nothing rewards a better
feature. This loss rewards it, long before the estimators can use the costs. It adds no variable:
checkpoints stay as they are.

Deviation from the paper, NVlabs and tfoptflow, which have no such loss.
"""

from __future__ import annotations

from typing import Mapping

from pwcnet.model.config import SEARCH_RANGE
from pwcnet.model.cost_volume import correlation
from pwcnet.runtime.tensorflow import tf
from pwcnet.training.losses import LEVEL_WEIGHTS

# Below them most motion lies beyond the search range, above them there are few pixels.
MATCHED_LEVELS = (2, 3, 4)


def matching_loss(
    first: Mapping[int, tf.Tensor],
    second: Mapping[int, tf.Tensor],
    ground_truth: tf.Tensor,
    valid: tf.Tensor,
    target: str = "host",
) -> tf.Tensor:
    """Cross-entropy between the 81 matching costs of unwarped features and the true displacement.

    The displacement is shared between its four neighbours, bilinearly; one beyond the search range
    counts nothing.

    Args:
        first: Features of frame 1 by level, [B, H / 2^level, W / 2^level, C] floating, as of
            pwcnet.model.network.pair_features.
        second: The same of frame 2.
        ground_truth: Flow [B, H, W, 2] float32 in pixels, channels (u, v).
        valid: [B, H, W] bool, where ground truth is known.
        target: A name in pwcnet.model.config.TARGETS.

    Returns:
        Scalar float32: the mean over pixels and levels, times the number of pixels of level 2 and
        its weight in the multiscale loss. So a factor on it means the same for every crop: pixels
        of end-point error at level 2 for each nat.
    """
    means = []
    for level in MATCHED_LEVELS:
        channels = int(first[level].shape[-1])
        # The correlation is a mean over channels; this is the sum over the root of their number.
        costs = (
            tf.cast(correlation(first[level], second[level], target=target), tf.float32)
            * channels**0.5
        )
        _, height, width, _ = first[level].shape.as_list()
        step = int(ground_truth.shape[1]) // height
        share = _shares(ground_truth[:, ::step, ::step] / float(step))
        known = tf.cast(valid[:, ::step, ::step], tf.float32)
        means.append(
            -tf.reduce_mean(known * tf.reduce_sum(share * tf.nn.log_softmax(costs), axis=-1))
        )
    finest = min(MATCHED_LEVELS)
    pixels = int(ground_truth.shape[1]) * int(ground_truth.shape[2]) / 4.0**finest
    return tf.add_n(means) / len(means) * (LEVEL_WEIGHTS[finest] * pixels)


def _shares(flow: tf.Tensor) -> tf.Tensor:
    """Bilinear weights of the displacements around a flow: [B, H, W, 2] -> [B, H, W, 81]."""
    displacements = tf.range(-SEARCH_RANGE, SEARCH_RANGE + 1, dtype=tf.float32)
    near_x, near_y = (
        tf.maximum(0.0, 1.0 - tf.abs(flow[..., axis, None] - displacements)) for axis in (0, 1)
    )
    shape = flow.shape.as_list()[:3] + [(2 * SEARCH_RANGE + 1) ** 2]
    return tf.reshape(near_y[..., :, None] * near_x[..., None, :], shape)  # as the costs: y, then x
