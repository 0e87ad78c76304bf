"""Backward warping of features by the flow of the level above (PWC-Net paper, section 3)."""

from __future__ import annotations

import numpy as np

from pwcnet.runtime.tensorflow import tf


def warp(image: tf.Tensor, displacement: tf.Tensor) -> tf.Tensor:
    """Samples the image where the displacement points to.

    warped[y, x] = bilinear(image, y - displacement[y, x, 0], x - displacement[y, x, 1]). Outside of
    the image its border pixel repeats. The gradient reaches the image, and the displacement where
    the query lies inside.

    Deviation from the paper, shared with tfoptflow: channel 0 moves y, channel 1 moves x, and both
    are subtracted. The displacement comes out of a learned 2-to-2 transposed convolution, so
    trained weights carry the swap and the sign.

    Args:
        image: [B, H, W, C] floating, static shape but for B.
        displacement: [B, H, W, 2] float32, pixels of this level.

    Returns:
        [B, H, W, C] of the image's type.
    """
    batch, height, width, channels = image.shape.as_list()
    rows = np.arange(height, dtype=np.float32).reshape(1, height, 1)
    columns = np.arange(width, dtype=np.float32).reshape(1, 1, width)
    top, down = _cell(rows - displacement[..., 0], height)
    left, right = _cell(columns - displacement[..., 1], width)

    if batch is None:
        batch = tf.shape(image)[0]
        first_row = tf.reshape(tf.range(batch), [-1, 1, 1]) * height
    else:
        first_row = np.arange(batch, dtype=np.int32).reshape(batch, 1, 1) * height
    # A frame of one row (or column) has no second neighbour: the first is taken twice.
    below, beside = width if height > 1 else 0, 1 if width > 1 else 0
    corner = (tf.cast(top, tf.int32) + first_row) * width + tf.cast(left, tf.int32)
    # A NaN query is no index. It is kept in range, so that the NaN reaches the loss, whose error
    # names the step and the samples, instead of stopping the gather.
    corner = tf.minimum(tf.maximum(corner, 0), batch * height * width - 1 - below - beside)
    pixels = tf.reshape(image, [batch * height * width, channels])

    def neighbour(offset: int) -> tf.Tensor:
        return tf.gather(pixels, corner + offset if offset else corner)

    right, down = (tf.cast(fraction[..., None], image.dtype) for fraction in (right, down))
    upper = _interpolate(neighbour(0), neighbour(beside), right)
    lower = _interpolate(neighbour(below), neighbour(below + beside), right)
    return _interpolate(upper, lower, down)


def _interpolate(first: tf.Tensor, second: tf.Tensor, fraction: tf.Tensor) -> tf.Tensor:
    return first + (second - first) * fraction


def _cell(query: tf.Tensor, size: int) -> tuple[tf.Tensor, tf.Tensor]:
    """The lower neighbour along an axis, clamped so that it has an upper one; the fraction 0..1."""
    lower = tf.stop_gradient(tf.minimum(tf.maximum(tf.floor(query), 0.0), float(max(size - 2, 0))))
    return lower, tf.minimum(tf.maximum(query - lower, 0.0), 1.0)
