"""The cost volume: how well each pixel matches those around it in the other frame (PWC-Net paper, section 3, "Cost volume layer")."""

from pwcnet.model.config import SEARCH_RANGE
from pwcnet.model.ops import leaky_relu, matmul
from pwcnet.runtime.tensorflow import tf

BLOCK = 16


def cost_volume(c1, c2, search_range=SEARCH_RANGE, target="host"):
    """costs[..., (dy + r) * (2r + 1) + dx + r] = leaky_relu(mean over channels of c1[y, x] * c2[y + dy, x + dx]), zero outside c2.

    c1, c2: [B, H, W, C] floating, static shapes. Returns [B, H, W, (2 * search_range + 1)^2] of their type.
    target: a name in pwcnet.model.config.TARGETS, which says how it is computed; the numbers are the same.
    """
    return leaky_relu(correlation(c1, c2, search_range, target))


def correlation(c1, c2, search_range=SEARCH_RANGE, target="host"):
    """The costs before the leaky ReLU; arguments and result as `cost_volume`."""
    return FORMULATIONS[target](c1, c2, search_range)


def _elementwise(c1, c2, search_range):
    """Products and means of slices: for graphs that must do without batched matmuls, whose ops have been seen to work on Ascend.

    The 9 column shifts of c2 are put side by side once, so that each of the 9 row shifts takes one product and one mean in the place of 9.
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
        products = repeated * tf.slice(
            shifts, [0, dy, 0, 0], [batch, height, width, side * channels]
        )
        products = tf.reshape(products, [batch, height, width * side, channels])
        costs.append(tf.reshape(tf.reduce_mean(products, axis=-1), [batch, height, width, side]))
    return tf.concat(costs, axis=-1)


def _matmul(c1, c2, search_range):
    """A batched matmul for each row shift: blocks of a row's pixels times the window of c2 that they can reach; the costs are a diagonal band of the products.

    Of the formulations tried (this one, one matmul for all row shifts, square tiles, blocks of 8 to 32) it is the fastest forward and backward on both
    releases of TensorFlow: it copies c2 once and half, and its gradient is matmuls again, where 81 slices have 81 padded copies.
    """
    batch, height, width, channels = c1.shape.as_list()
    side, reach = 2 * search_range + 1, 2 * search_range
    block = max(reach, min(BLOCK, width))
    blocks = -(-width // block)
    window = block + reach
    c1 = c1 * (1.0 / channels)  # so that sums are means
    if width % block:
        c1 = tf.pad(c1, [[0, 0], [0, 0], [0, blocks * block - width], [0, 0]])
    c1 = tf.reshape(c1, [batch, height, blocks, block, channels])
    c2 = tf.pad(
        c2,
        [
            [0, 0],
            [search_range, search_range],
            [search_range, (blocks + 1) * block - width - search_range],
            [0, 0],
        ],
    )
    c2 = tf.reshape(c2, [batch, height + reach, blocks + 1, block, channels])
    # tf.slice, not c2[...]: its gradient is a pad, several times faster than that of a strided slice.
    own = tf.slice(c2, [0, 0, 0, 0, 0], [batch, height + reach, blocks, block, channels])
    beside = tf.slice(c2, [0, 0, 1, 0, 0], [batch, height + reach, blocks, reach, channels])
    windows = tf.concat([own, beside], axis=3)  # [B, H + 2r, blocks, window, C]
    costs = []
    for dy in range(side):
        rows = tf.slice(windows, [0, dy, 0, 0, 0], [batch, height, blocks, window, channels])
        products = matmul(c1, rows)  # [B, H, blocks, block, window]
        # Pixel t of a block wants columns t..t + 2r: rows longer by one shift every pixel's costs to the front.
        flat = tf.reshape(products, [batch, height, blocks, block * window])
        flat = tf.pad(flat, [[0, 0], [0, 0], [0, 0], [0, block]])
        skewed = tf.reshape(flat, [batch, height, blocks * block, window + 1])
        costs.append(tf.slice(skewed, [0, 0, 0, 0], [batch, height, width, side]))
    return tf.concat(costs, axis=-1)


FORMULATIONS = {"host": _matmul, "ascend": _elementwise}
