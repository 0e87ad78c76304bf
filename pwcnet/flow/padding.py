"""Frames to a size that the network takes, and flow back to the size of the frames."""

import numpy as np

from pwcnet.model.config import SIZE_MULTIPLE


def padded_size(height, width, multiple=SIZE_MULTIPLE):
    """(height, width) in pixels, each raised to the next multiple. ValueError for sizes or a multiple below 1."""
    if min(height, width, multiple) < 1:
        raise ValueError(
            "expected height, width and multiple of at least 1, got %s; try the size of a frame"
            % ((height, width, multiple),)
        )
    return -(-height // multiple) * multiple, -(-width // multiple) * multiple


def check_network_size(height, width):
    """Raises ValueError unless both are multiples of SIZE_MULTIPLE, as the network's input has to be."""
    if height < 1 or width < 1 or height % SIZE_MULTIPLE or width % SIZE_MULTIPLE:
        raise ValueError(
            "expected height and width in multiples of %d, got %dx%d; try %dx%d"
            % ((SIZE_MULTIPLE, height, width) + padded_size(max(height, 1), max(width, 1)))
        )


def pad(array, height, width):
    """Adds zeros at the bottom and at the right (evaluation protocol of tfoptflow), so that row and column keep their meaning.

    array: [..., H, W, C], any dtype. Returns [..., height, width, C] of the same dtype. ValueError where the array is larger.
    """
    rows, columns = _size(array)
    if height < rows or width < columns:
        raise ValueError(
            "expected a padded size of at least %d x %d (height x width), got %d x %d; try padded_size"
            % (rows, columns, height, width)
        )
    amounts = [(0, 0)] * (array.ndim - 3) + [(0, height - rows), (0, width - columns), (0, 0)]
    return np.pad(array, amounts, mode="constant")


def network_input(frame, height, width):
    """[H, W, 3] uint8 RGB -> [height, width, 3] float32 in 0..1, zeros at the bottom and right. ValueError where the frame is larger."""
    return pad(np.asarray(frame, np.float32) / 255, height, width)


def crop(array, height, width):
    """The inverse of `pad`: the first rows and columns, as a view.

    array: [..., H, W, C], any dtype. Returns [..., height, width, C]. ValueError where the array is smaller, or the size below 1.
    """
    rows, columns = _size(array)
    if not (1 <= height <= rows and 1 <= width <= columns):
        raise ValueError(
            "expected a size of at least 1 x 1 and at most %d x %d (height x width), got %d x %d; try the size before padding"
            % (rows, columns, height, width)
        )
    return array[..., :height, :width, :]


def _size(array):
    if array.ndim < 3:
        raise ValueError(
            "expected an array [..., H, W, C], got shape %s; try adding an axis for the channels"
            % (array.shape,)
        )
    return array.shape[-3:-1]
