"""Backward warping of features by the flow of the level above (PWC-Net paper, section 3, "Warping layer")."""

import numpy as np

from pwcnet.runtime.tensorflow import tf


def warp(image, displacement):
    """warped[y, x] = bilinear(image, y - displacement[y, x, 0], x - displacement[y, x, 1]).

    image: [B, H, W, C] floating. displacement: [B, H, W, 2] float32, pixels of this level. Static shapes. Returns [B, H, W, C] of the image's type.
    Outside the image the border pixel repeats. The gradient reaches the image, and the displacement where the query lies inside.

    Deviation from the paper, shared with tfoptflow: channel 0 moves y, channel 1 moves x, and both are subtracted. The displacement comes out of a learned
    2-to-2 transposed convolution, so trained weights carry the swap and the sign.
    """
    batch, height, width, channels = image.shape.as_list()
    rows = np.arange(height, dtype=np.float32).reshape(1, height, 1)
    columns = np.arange(width, dtype=np.float32).reshape(1, 1, width)
    top, down = _cell(rows - displacement[..., 0], height)
    left, right = _cell(columns - displacement[..., 1], width)

    first_row = np.arange(batch, dtype=np.int32).reshape(batch, 1, 1) * height
    # A frame of one row (or column) has no second neighbour: the first stands in for it.
    below, beside = width if height > 1 else 0, 1 if width > 1 else 0
    corner = (tf.cast(top, tf.int32) + first_row) * width + tf.cast(left, tf.int32)
    # A NaN query is no index: kept in range, so that the NaN reaches the loss (which names step and samples) instead of stopping the gather.
    corner = tf.minimum(tf.maximum(corner, 0), batch * height * width - 1 - below - beside)
    pixels = tf.reshape(image, [batch * height * width, channels])

    def neighbour(offset):
        return tf.gather(pixels, corner + offset if offset else corner)

    right, down = (tf.cast(fraction[..., None], image.dtype) for fraction in (right, down))
    upper = _between(neighbour(0), neighbour(beside), right)
    lower = _between(neighbour(below), neighbour(below + beside), right)
    return _between(upper, lower, down)


def _between(first, second, fraction):
    return first + (second - first) * fraction


def _cell(query, size):
    """The lower neighbour of each query along an axis, clamped so that its upper neighbour exists, and the fraction towards that one, in 0..1."""
    lower = tf.stop_gradient(tf.minimum(tf.maximum(tf.floor(query), 0.0), float(max(size - 2, 0))))
    return lower, tf.minimum(tf.maximum(query - lower, 0.0), 1.0)
