"""Padding of frames to a size that the network accepts, and cropping of flow to the frames."""

from __future__ import annotations

import numpy as np

from pwcnet.model.config import SIZE_MULTIPLE


def padded_size(height: int, width: int, multiple: int = SIZE_MULTIPLE) -> tuple[int, int]:
    """Rounds a size up to multiples.

    Args:
        height: Pixels, at least 1.
        width: Pixels, at least 1.
        multiple: What both must be multiples of.

    Returns:
        (height, width) in pixels.

    Raises:
        ValueError: A number is below 1.
    """
    if min(height, width, multiple) < 1:
        raise ValueError(
            "Height, width and multiple must be at least 1, got %d, %d and %d"
            % (height, width, multiple)
        )
    return -(-height // multiple) * multiple, -(-width // multiple) * multiple


def check_network_size(height: int, width: int) -> None:
    """Raises ValueError unless height and width are multiples of 64, as the network needs."""
    if height < 1 or width < 1 or height % SIZE_MULTIPLE or width % SIZE_MULTIPLE:
        raise ValueError(
            "Height and width must be multiples of %d, got %dx%d; try %dx%d"
            % ((SIZE_MULTIPLE, height, width) + padded_size(max(height, 1), max(width, 1)))
        )


def pad(array: np.ndarray, height: int, width: int) -> np.ndarray:
    """Adds zeros at the bottom and at the right (evaluation protocol of tfoptflow).

    Row and column numbers keep their meaning.

    Args:
        array: [..., H, W, C], any dtype.
        height: At least H.
        width: At least W.

    Returns:
        [..., height, width, C] of the same dtype.

    Raises:
        ValueError: The array is larger, or has fewer than three axes.
    """
    rows, columns = _size(array)
    if height < rows or width < columns:
        raise ValueError(
            "The padded size must be at least %d x %d (height x width), got %d x %d"
            % (rows, columns, height, width)
        )
    amounts = [(0, 0)] * (array.ndim - 3) + [(0, height - rows), (0, width - columns), (0, 0)]
    return np.pad(array, amounts, mode="constant")


def network_input(frame: np.ndarray, height: int, width: int) -> np.ndarray:
    """Scales a frame to 0..1 and pads it.

    Args:
        frame: [H, W, 3] uint8 RGB.
        height: At least H.
        width: At least W.

    Returns:
        [height, width, 3] float32 RGB in 0..1, zeros at the bottom and at the right.

    Raises:
        ValueError: The frame is larger.
    """
    return pad(np.asarray(frame, np.float32) / 255, height, width)


def crop(array: np.ndarray, height: int, width: int) -> np.ndarray:
    """The inverse of `pad`: the first rows and columns, as a view.

    Args:
        array: [..., H, W, C], any dtype.
        height: 1 to H.
        width: 1 to W.

    Returns:
        [..., height, width, C].

    Raises:
        ValueError: The array is smaller, or has fewer than three axes.
    """
    rows, columns = _size(array)
    if not (1 <= height <= rows and 1 <= width <= columns):
        raise ValueError(
            "The cropped size must be 1 x 1 to %d x %d (height x width), got %d x %d"
            % (rows, columns, height, width)
        )
    return array[..., :height, :width, :]


def _size(array: np.ndarray) -> tuple[int, int]:
    if array.ndim < 3:
        raise ValueError("An array [..., H, W, C] is needed, got the shape %s" % (array.shape,))
    return array.shape[-3], array.shape[-2]
