"""A loss on the feature pyramids alone, which teaches them to match long before the estimators can use the costs.

With the published loss alone, training from random weights sits at zero flow for thousands of steps: costs of random features say nothing about the motion, so
nothing rewards a better feature. This loss does. It adds no variable, and checkpoints stay as they are.
"""

from pwcnet.model.config import SEARCH_RANGE
from pwcnet.model.cost_volume import correlation
from pwcnet.runtime.tensorflow import tf
from pwcnet.training.losses import LEVEL_WEIGHTS

MATCHED_LEVELS = (
    2,
    3,
    4,
)  # below them most motion lies beyond the search range, above them there are few pixels


def matching_loss(first, second, truth, valid, target="host"):
    """Cross-entropy between the 81 matching costs of the unwarped pyramids and the true displacement, which its four neighbours share.

    first, second: {level: [B, H / 2^level, W / 2^level, C]} floating, of pwcnet.model.network.pair_features. truth: [B, H, W, 2] float32, pixels. valid: [B, H, W]
    bool. Displacements beyond the search range count nothing. target: of pwcnet.model.config.TARGETS.
    Returns a scalar float32: the mean over pixels and levels, times the number of pixels of level 2 and its weight in the multiscale loss, so that a factor on
    it means the same for every crop: pixels of end-point error at level 2 for each nat.
    """
    means = []
    for level in MATCHED_LEVELS:
        channels = int(first[level].shape[-1])
        costs = (
            tf.cast(correlation(first[level], second[level], target=target), tf.float32)
            * channels**0.5
        )  # sums over the root of their number
        _, height, width, _ = first[level].shape.as_list()
        step = int(truth.shape[1]) // height
        share = _shares(truth[:, ::step, ::step] / float(step))
        known = tf.cast(valid[:, ::step, ::step], tf.float32)
        means.append(
            -tf.reduce_mean(known * tf.reduce_sum(share * tf.nn.log_softmax(costs), axis=-1))
        )
    finest = min(MATCHED_LEVELS)
    return (
        tf.add_n(means)
        / len(means)
        * (LEVEL_WEIGHTS[finest] * int(truth.shape[1]) * int(truth.shape[2]) / 4.0**finest)
    )


def _shares(flow):
    """[B, H, W, 2] in pixels -> [B, H, W, 81]: bilinear weights of the displacements around it, ordered as the costs."""
    displacements = tf.range(-SEARCH_RANGE, SEARCH_RANGE + 1, dtype=tf.float32)
    near_x, near_y = (
        tf.maximum(0.0, 1.0 - tf.abs(flow[..., axis, None] - displacements)) for axis in (0, 1)
    )
    shape = flow.shape.as_list()[:3] + [(2 * SEARCH_RANGE + 1) ** 2]
    return tf.reshape(near_y[..., :, None] * near_x[..., None, :], shape)
