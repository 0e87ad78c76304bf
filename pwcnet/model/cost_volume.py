"""The cost volume: how well pixels of two frames match (PWC-Net paper, section 3)."""

from __future__ import annotations

from pwcnet.model.config import SEARCH_RANGE
from pwcnet.model.ops import leaky_relu, matmul
from pwcnet.runtime.tensorflow import tf

BLOCK = 16  # pixels of a row in one matmul


def cost_volume(
    c1: tf.Tensor, c2: tf.Tensor, search_range: int = SEARCH_RANGE, target: str = "host"
) -> tf.Tensor:
    """Computes the costs of all displacements up to a search range r.

    costs[..., (dy + r) * (2r + 1) + dx + r] is the leaky ReLU of the mean over channels of
    c1[y, x] * c2[y + dy, x + dx], where c2 is zero outside of its image.

    Args:
        c1: [B, H, W, C] floating, static shape (but for B on the target "host"): the first frame's
            features.
        c2: The second frame's, of the same shape and type.
        search_range: In pixels of the level, on each axis.
        target: One of pwcnet.model.config.TARGETS: how it is computed; the numbers are the same.

    Returns:
        [B, H, W, (2r + 1)^2] of the features' type.
    """
    return leaky_relu(correlation(c1, c2, search_range, target))


def correlation(
    c1: tf.Tensor, c2: tf.Tensor, search_range: int = SEARCH_RANGE, target: str = "host"
) -> tf.Tensor:
    """Computes the costs before the leaky ReLU; arguments and result as `cost_volume`."""
    return FORMULATIONS[target](c1, c2, search_range)


def _elementwise(c1: tf.Tensor, c2: tf.Tensor, search_range: int) -> tf.Tensor:
    """Products and means of slices: operations that have been seen to work on Ascend.

    The 9 column shifts of c2 are put side by side once, so that each of the 9 row shifts takes one
    product and one mean instead of 9.
    """
    batch, height, width, channels = c1.shape.as_list()
    side = 2 * search_range + 1
    margin = [search_range, search_range]
    padded = tf.pad(c2, [[0, 0], margin, margin, [0, 0]])
    columns = [
        tf.slice(padded, [0, 0, dx, 0], [batch, height + 2 * search_range, width, channels])
        for dx in range(side)
    ]
    shifts = tf.concat(columns, axis=-1)  # [B, H + 2r, W, side * C]
    repeated = tf.concat([c1] * side, axis=-1)
    costs = []
    for dy in range(side):
        row_shift = tf.slice(shifts, [0, dy, 0, 0], [batch, height, width, side * channels])
        products = tf.reshape(repeated * row_shift, [batch, height, width * side, channels])
        costs.append(tf.reshape(tf.reduce_mean(products, axis=-1), [batch, height, width, side]))
    return tf.concat(costs, axis=-1)


def _matmul(c1: tf.Tensor, c2: tf.Tensor, search_range: int) -> tf.Tensor:
    """A batched matmul for each row shift: blocks of a row times the window of c2 they can reach.

    The costs are a diagonal band of the products. Of the formulations tried (this one, one matmul
    for all row shifts, square tiles, blocks of 8 to 32) it is the fastest forward and backward on
    both releases of TensorFlow: it copies c2 one and a half times, and its gradient is matmuls
    again, where 81 slices have 81 padded copies.
    """
    batch, height, width, channels = _static_or_all(c1)
    side, reach = 2 * search_range + 1, 2 * search_range
    block = max(reach, min(BLOCK, width))
    blocks = -(-width // block)
    window = block + reach
    c1 = c1 * (1.0 / channels)  # so that sums are means
    if width % block:
        c1 = tf.pad(c1, [[0, 0], [0, 0], [0, blocks * block - width], [0, 0]])
    c1 = tf.reshape(c1, [batch, height, blocks, block, channels])
    windows = _windows(c2, search_range, block, blocks)
    costs = []
    for dy in range(side):
        rows = tf.slice(windows, [0, dy, 0, 0, 0], [batch, height, blocks, window, channels])
        products = matmul(c1, rows)  # [B, H, blocks, block, window]
        # Pixel t of a block needs columns t to t + 2r: rows that are longer by one shift every
        # pixel's costs to the front.
        flat = tf.reshape(products, [batch, height, blocks, block * window])
        flat = tf.pad(flat, [[0, 0], [0, 0], [0, 0], [0, block]])
        skewed = tf.reshape(flat, [batch, height, blocks * block, window + 1])
        costs.append(tf.slice(skewed, [0, 0, 0, 0], [batch, height, width, side]))
    return tf.concat(costs, axis=-1)


def _windows(c2: tf.Tensor, search_range: int, block: int, blocks: int) -> tf.Tensor:
    """What each block of a row can reach: [B, H + 2r, blocks, block + 2r, C]."""
    batch, height, width, channels = _static_or_all(c2)
    reach = 2 * search_range
    margin = [search_range, search_range]
    right = (blocks + 1) * block - width - search_range
    c2 = tf.pad(c2, [[0, 0], margin, [search_range, right], [0, 0]])
    c2 = tf.reshape(c2, [batch, height + reach, blocks + 1, block, channels])
    # tf.slice, not c2[...]: its gradient is a pad, several times faster than a strided slice's.
    inside = tf.slice(c2, [0, 0, 0, 0, 0], [batch, height + reach, blocks, block, channels])
    beside = tf.slice(c2, [0, 0, 1, 0, 0], [batch, height + reach, blocks, reach, channels])
    return tf.concat([inside, beside], axis=3)


def _static_or_all(x: tf.Tensor) -> list[int]:
    """The shape; -1 for an unknown batch, which tf.reshape and tf.slice take for the whole."""
    batch, *rest = x.shape.as_list()
    return [-1 if batch is None else batch, *rest]


FORMULATIONS = {"host": _matmul, "ascend": _elementwise}
