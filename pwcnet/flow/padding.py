"""Frames to a size that the network takes, and flow back to the size of the frames."""
import numpy as np

from pwcnet.config import SIZE_MULTIPLE


def padded_size(height, width, multiple=SIZE_MULTIPLE):
    """(height, width) in pixels, each raised to the next multiple. ValueError for sizes or a multiple below 1."""
    if min(height, width, multiple) < 1:
        raise ValueError("expected height, width and multiple of at least 1, got %s; try the size of a frame" % ((height, width, multiple),))
    return -(-height // multiple) * multiple, -(-width // multiple) * multiple


def pad(array, height, width):
    """Adds zeros at the bottom and at the right (evaluation protocol of tfoptflow), so that row and column keep their meaning.

    array: [..., H, W, C], any dtype. Returns [..., height, width, C] of the same dtype. ValueError where the array is larger.
    """
    rows, columns = _size(array)
    if height < rows or width < columns:
        raise ValueError("expected a padded size of at least %d x %d (height x width), got %d x %d; try padded_size" % (rows, columns, height, width))
    amounts = [(0, 0)] * (array.ndim - 3) + [(0, height - rows), (0, width - columns), (0, 0)]
    return np.pad(array, amounts, mode="constant")


def crop(array, height, width):
    """The inverse of `pad`: the first rows and columns, as a view.

    array: [..., H, W, C], any dtype. Returns [..., height, width, C]. ValueError where the array is smaller, or the size below 1.
    """
    rows, columns = _size(array)
    if not (1 <= height <= rows and 1 <= width <= columns):
        raise ValueError("expected a size of at least 1 x 1 and at most %d x %d (height x width), got %d x %d; try the size before padding"
                         % (rows, columns, height, width))
    return array[..., :height, :width, :]


def _size(array):
    if array.ndim < 3:
        raise ValueError("expected an array [..., H, W, C], got shape %s; try adding an axis for the channels" % (array.shape,))
    return array.shape[-3:-1]
