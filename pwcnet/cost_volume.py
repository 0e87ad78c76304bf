"""The cost volume: how well each pixel matches those around it in the other frame (PWC-Net paper, section 3, "Cost volume layer")."""
from pwcnet.config import SEARCH_RANGE
from pwcnet.layers import leaky_relu
from pwcnet.runtime import tf

BLOCK = 16


def cost_volume(c1, c2, search_range=SEARCH_RANGE, formulation="matmul"):
    """costs[..., (dy + r) * (2r + 1) + dx + r] = leaky_relu(mean over channels of c1[y, x] * c2[y + dy, x + dx]), zero outside c2.

    c1, c2: [B, H, W, C] float32, static shapes. Returns [B, H, W, (2 * search_range + 1)^2] float32.
    formulation: a name in FORMULATIONS.
    """
    channels = int(c1.shape[-1])
    return leaky_relu(FORMULATIONS[formulation](c1 * (1.0 / channels), c2, search_range))


def _slices(c1, c2, search_range):
    """One shifted slice a displacement: 81 products and sums over channels."""
    _, height, width, _ = c1.shape.as_list()
    side = 2 * search_range + 1
    margin = [search_range, search_range]
    padded = tf.pad(c2, [[0, 0], margin, margin, [0, 0]])
    costs = [tf.reduce_sum(c1 * padded[:, dy:dy + height, dx:dx + width], axis=-1) for dy in range(side) for dx in range(side)]
    return tf.stack(costs, axis=-1)


def _matmul(c1, c2, search_range):
    """One batched matmul of each block of a row's pixels with the window of c2 that their displacements reach; the costs are a diagonal band of the products."""
    batch, height, width, channels = c1.shape.as_list()
    side, reach = 2 * search_range + 1, 2 * search_range
    block = max(reach, min(BLOCK, width))
    blocks = -(-width // block)
    window = block + reach
    c1 = tf.pad(c1, [[0, 0], [0, 0], [0, blocks * block - width], [0, 0]])
    c2 = tf.pad(c2, [[0, 0], [search_range, search_range], [search_range, (blocks + 1) * block - width - search_range], [0, 0]])
    c2 = tf.reshape(c2, [batch, height + reach, blocks + 1, block, channels])
    rows = tf.concat([c2[:, :, :-1], c2[:, :, 1:, :reach]], axis=3)                                 # [B, H + 2r, blocks, window, C]
    windows = tf.concat([rows[:, dy:dy + height] for dy in range(side)], axis=3)                    # [B, H, blocks, side * window, C]
    products = tf.matmul(tf.reshape(c1, [batch, height, blocks, block, channels]), windows, transpose_b=True)
    # Pixel t of a block wants columns t..t + 2r of each window: a row longer by one shifts every pixel's costs to the front.
    flat = tf.reshape(products, [batch, height, blocks, block * side * window])
    flat = tf.pad(flat, [[0, 0], [0, 0], [0, 0], [0, block]])
    skewed = tf.reshape(flat, [batch, height, blocks * block, side * window + 1])[:, :, :width, :-1]
    costs = tf.reshape(skewed, [batch, height, width, side, window])[..., :side]
    return tf.reshape(costs, [batch, height, width, side * side])


FORMULATIONS = {"matmul": _matmul, "slices": _slices}
