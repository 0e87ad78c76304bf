"""The cost volume in tiles whose products stay in a processor's cache, for LiteRT on CPUs.

LiteRT computes one operation after the other over whole tensors: matmuls of many short rows spend
their time on packing and copying. Here each operation sees a few tiles of 8x8 pixels, and the
window of 16x16 pixels that each can reach: one matmul has the costs of all its displacements.
"""

from __future__ import annotations

from pwcnet.model.config import SEARCH_RANGE
from pwcnet.model.ops import leaky_relu, matmul
from pwcnet.runtime.tensorflow import tf

TILE = 2 * SEARCH_RANGE  # pixels; a window is two tiles wide, so that windows are pairs of tiles
WINDOW = 2 * TILE
SIDE = 2 * SEARCH_RANGE + 1
TILES = 8  # of one matmul; its products take 0.5 MB
MAX_PIECES = 256  # of an image; beyond, one matmul has more tiles


def costs_and_features(c1: tf.Tensor, c2: tf.Tensor) -> tf.Tensor:
    """Computes the costs, as pwcnet.model.cost_volume does, and puts the features behind them.

    Args:
        c1: [1, H, W, C] float32, static shape: the first frame's features.
        c2: The second frame's, of the same shape.

    Returns:
        [1, H, W, 81 + C] float32.
    """
    _, height, width, channels = c1.shape.as_list()
    down, right = -height % TILE, -width % TILE
    first = tf.pad(tf.reshape(c1, [height, width, channels]), [[0, down], [0, right], [0, 0]])
    second = tf.pad(
        tf.reshape(c2, [height, width, channels]),
        [
            [SEARCH_RANGE, SEARCH_RANGE + down],
            [SEARCH_RANGE, SEARCH_RANGE + right],
            [0, 0],
        ],
    )
    rows, columns = (height + down) // TILE, (width + right) // TILE
    tiles = max(TILES, -(-rows * columns // MAX_PIECES))
    bands = []
    for row in range(rows):
        band = [
            _piece(first, second, row, column, min(tiles, columns - column))
            for column in range(0, columns, tiles)
        ]
        bands.append(tf.concat(band, axis=1) if len(band) > 1 else band[0])
    joined = tf.concat(bands, axis=0) if len(bands) > 1 else bands[0]
    if down or right:
        joined = tf.slice(joined, [0, 0, 0], [height, width, SIDE**2 + channels])
    return joined[tf.newaxis]


def _piece(first: tf.Tensor, second: tf.Tensor, row: int, column: int, tiles: int) -> tf.Tensor:
    """Costs and features of some tiles of a row of tiles: [8, 8 tiles, 81 + C]."""
    channels, corner = int(first.shape[-1]), [row * TILE, column * TILE, 0]
    features = tf.slice(first, corner, [TILE, tiles * TILE, channels])
    reached = tf.slice(second, corner, [WINDOW, (tiles + 1) * TILE, channels])

    pixels = tf.reshape(features * (1.0 / channels), [TILE, tiles, TILE * channels])
    pixels = tf.reshape(tf.transpose(pixels, [1, 0, 2]), [tiles, TILE * TILE, channels])
    parts = tf.reshape(reached, [WINDOW, tiles + 1, TILE * channels])
    size = [WINDOW, tiles, TILE * channels]
    windows = tf.concat([tf.slice(parts, [0, 0, 0], size), tf.slice(parts, [0, 1, 0], size)], 2)
    windows = tf.reshape(tf.transpose(windows, [1, 0, 2]), [tiles, WINDOW * WINDOW, channels])

    costs = leaky_relu(_within_reach(matmul(pixels, windows), tiles))
    return tf.concat([costs, features], axis=-1)


def _within_reach(products: tf.Tensor, tiles: int) -> tf.Tensor:
    """Of the products [tiles, 64 pixels, 256 of the window] the costs [8, 8 tiles, 81].

    Pixel (y, x) of a tile needs the window's pixels (y + dy, x + dx). Rows that are longer by one
    shift every pixel's costs to the front, first for y, then for x.
    """
    window = WINDOW * WINDOW
    costs = tf.reshape(products, [tiles, TILE * TILE * window])
    costs = tf.pad(costs, [[0, 0], [0, TILE * WINDOW]])
    costs = tf.reshape(costs, [tiles, TILE, TILE * window + WINDOW])
    costs = tf.slice(costs, [0, 0, 0], [tiles, TILE, TILE * (window + 1)])
    costs = tf.reshape(costs, [tiles, TILE, TILE, window + 1])
    costs = tf.slice(costs, [0, 0, 0, 0], [tiles, TILE, TILE, SIDE * WINDOW])
    costs = tf.reshape(costs, [tiles * TILE * TILE, SIDE, WINDOW])
    costs = tf.slice(costs, [0, 0, 0], [tiles * TILE * TILE, SIDE, SIDE])
    costs = tf.transpose(tf.reshape(costs, [tiles, TILE, TILE * SIDE**2]), [1, 0, 2])
    return tf.reshape(costs, [TILE, tiles * TILE, SIDE**2])
