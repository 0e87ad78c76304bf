"""Frames as tensors: checked, scaled to 0..1 and padded for the network; flow cropped."""

from __future__ import annotations

from typing import Any

from pwcnet.model.config import LEVELS, SIZE_MULTIPLE
from pwcnet.runtime.tensorflow import tf


def network_pair(first: Any, second: Any) -> tuple[tf.Tensor, tuple[int, int]]:
    """Converts two batches of frames to what the network takes.

    Args:
        first: As of `float_frames`.
        second: The frames that the flow leads to, likewise.

    Returns:
        pair: [B, 2, H', W', 3] float32 RGB in 0..1, filled up with zeros at the bottom and right to
            multiples of 64.
        size: (H, W).

    Raises:
        ValueError: As `float_frames`.
    """
    frames, size = float_frames(first, second)
    down, right = (-side % SIZE_MULTIPLE for side in size)
    if down or right:
        frames = [tf.pad(frame, [[0, 0], [0, down], [0, right], [0, 0]]) for frame in frames]
    return tf.stack(frames, axis=1), size


def float_frames(first: Any, second: Any) -> tuple[list[tf.Tensor], tuple[int, int]]:
    """Converts two batches of frames to floats.

    Args:
        first: [B, H, W, 3] RGB, uint8 in 0..255 or floating in 0..1; H and W are known, B may not
            be.
        second: The frames that the flow leads to, likewise.

    Returns:
        frames: Both, [B, H, W, 3] float32 RGB in 0..1.
        size: (H, W).

    Raises:
        ValueError: The frames have other shapes or types, or differ in size or number.
    """
    frames = [_scaled(first, "first"), _scaled(second, "second")]
    size1, size2 = (tuple(frame.shape.as_list()[1:3]) for frame in frames)
    if size1 != size2:
        raise ValueError(
            "first has %dx%d pixels (height x width), second has %dx%d; both must have one size"
            % (size1 + size2)
        )
    batches = [frame.shape.as_list()[0] for frame in frames]
    if None not in batches and batches[0] != batches[1]:
        raise ValueError("first holds %d frames, second %d" % tuple(batches))
    return frames, size1


def _scaled(frames: Any, name: str) -> tf.Tensor:
    frames = tf.convert_to_tensor(frames)
    shape = frames.shape.as_list() if frames.shape.ndims is not None else None
    if shape is None or len(shape) != 4 or None in shape[1:] or shape[3] != 3 or 0 in shape:
        raise ValueError(
            "%s has the shape %s; frames are [B, H, W, 3], at least one, with known height and "
            "width (in a tf.function or a tf.data pipeline, set_shape tells them)" % (name, shape)
        )
    if frames.dtype == tf.uint8:
        return tf.cast(frames, tf.float32) / 255.0
    if not frames.dtype.is_floating:
        raise ValueError(
            "%s has the type %s; frames are uint8 in 0..255 or floating in 0..1"
            % (name, frames.dtype.name)
        )
    return tf.cast(frames, tf.float32)


def cropped_flow(flow: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """The part [B, H, W, 2] of a padded flow that belongs to the frames of a size (H, W)."""
    height, width = size
    return flow[:, :height, :width]


def cropped_pyramid(pyramid: list[tf.Tensor], size: tuple[int, int]) -> list[tf.Tensor]:
    """The parts [B, ceil(H / 2^l), ceil(W / 2^l), 2] of levels l = 6, 5, 4, 3, 2."""
    height, width = size
    return [
        flow[:, : -(-height // 2**level), : -(-width // 2**level)]
        for level, flow in zip(LEVELS, pyramid)
    ]
