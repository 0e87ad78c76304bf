"""The passes of the level best inside a TensorFlow graph, without OpenCV's refinement.

What pwcnet.inference.quality does with arrays, with tensors: frames and flow at other sizes, read
along a flow, and chosen from. XLA compiles it, and gradients go through it, except through the
choice, which counts as given. Deviation from the arrays: places are not rounded to 1/32 pixel.
"""

from __future__ import annotations

from typing import Callable, Tuple

import cv2
import numpy as np

from pwcnet.flow.choice import (
    LARGEST_VARIATION,
    OUTSIDE,
    PREFERENCE,
    RADIUS,
    SMOOTHING,
    THRESHOLD,
    VARIATION,
)
from pwcnet.inference.quality import LARGEST_CHANGE, plan
from pwcnet.model.frames import cropped_flow, float_frames, network_pair
from pwcnet.model.warp import warp
from pwcnet.runtime.choices import BEST
from pwcnet.runtime.tensorflow import tf, tf2

Size = Tuple[int, int]  # (height, width)
Network = Callable[["tf.Tensor"], "tf.Tensor"]
Pass = Callable[["tf.Tensor", "tf.Tensor"], "tf.Tensor"]


def level_flow(quality: str, network: Network, first: tf.Tensor, second: tf.Tensor) -> tf.Tensor:
    """Predicts the flow between frames at a level.

    Args:
        quality: One of pwcnet.runtime.choices.QUALITIES.
        network: One pass: pairs [B, 2, h, w, 3] float32, multiples of 64, -> flow [B, h, w, 2].
        first: [B, H, W, 3] RGB, uint8 in 0..255 or floating in 0..1; static shape but for B.
        second: Likewise.

    Returns:
        [B, H, W, 2] float32, pixels, channels (u, v).

    Raises:
        ValueError: The frames have other shapes or types.
    """

    def one_pass(first: tf.Tensor, second: tf.Tensor) -> tf.Tensor:
        pair, size = network_pair(first, second)
        return cropped_flow(network(pair), size)

    if quality == BEST:
        return _best_flow(one_pass, *float_frames(first, second)[0])
    return one_pass(first, second)


def _best_flow(one_pass: Pass, first: tf.Tensor, second: tf.Tensor) -> tf.Tensor:
    size = _size(first)
    passes = plan(BEST, size, lambda _: True)
    frames1, frames2 = _both_resized(first, second, passes.whole)
    flow = one_pass(frames1, frames2)
    if passes.coarse:
        start = one_pass(*_both_resized(first, second, passes.coarse))
        other = residual_pass(one_pass, frames1, frames2, start)
        flow = choose(frames1, frames2, flow, other)
    for larger in ((passes.fine,) if passes.fine else ()) + passes.tiled:
        frames1, frames2 = _both_resized(first, second, larger)
        flow = residual_pass(one_pass, frames1, frames2, flow, limit=LARGEST_CHANGE)
    return resized_flow(flow, size)


def _both_resized(first: tf.Tensor, second: tf.Tensor, size: Size) -> tuple[tf.Tensor, tf.Tensor]:
    return resized_frames(first, size), resized_frames(second, size)


def residual_pass(
    one_pass: Pass,
    first: tf.Tensor,
    second: tf.Tensor,
    start: tf.Tensor,
    limit: float = float("inf"),
) -> tf.Tensor:
    """Predicts what a flow lacks, from the first frames to the second ones as they look along it.

    Args:
        one_pass: Frames [B, h, w, 3] of any one size -> flow [B, h, w, 2].
        first: [B, H, W, 3] float32 RGB in 0..1.
        second: Likewise.
        start: [B, h, w, 2] float32, a flow at any size, in its pixels.
        limit: Where the flow would change by more than these pixels, it stays as it was.

    Returns:
        [B, H, W, 2] float32, pixels, channels (u, v).
    """
    start = resized_flow(start, _size(first))
    residual = one_pass(first, along(second, start))
    flow = residual + along(start, residual)
    if limit == float("inf"):
        return flow
    change = tf.reduce_sum(tf.square(flow - start), axis=-1, keepdims=True)
    return tf2.where(change > limit**2, start, flow)


def along(image: tf.Tensor, flow: tf.Tensor) -> tf.Tensor:
    """Reads images [B, H, W, C] where a flow [B, H, W, 2] of (u, v) leads to; borders repeat."""
    return warp(image, -tf.reverse(flow, [-1]))


def resized_frames(frames: tf.Tensor, size: Size) -> tf.Tensor:
    """Frames at another size, as pwcnet.io.scaling.resized_frame: averaged or cubic.

    Args:
        frames: [B, H, W, 3] float32 in 0..1.
        size: (height, width).

    Returns:
        [B, *size, 3]; the frames themselves where the size is their own.
    """
    before = _size(frames)
    if before == size:
        return frames
    smaller = size[0] * size[1] < before[0] * before[1]
    interpolation = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    return tf.clip_by_value(resized(frames, size, interpolation), 0.0, 1.0)


def resized_flow(flow: tf.Tensor, size: Size) -> tf.Tensor:
    """Flow at another size, in its pixels, as pwcnet.io.scaling.resized_flow."""
    before = _size(flow)
    if before == size:
        return flow
    factors = np.array([size[1] / before[1], size[0] / before[0]], np.float32)
    return resized(flow, size, cv2.INTER_LINEAR) * factors


def resized(images: tf.Tensor, size: Size, interpolation: int) -> tf.Tensor:
    """Images [B, H, W, C] at another size (height, width), as cv2.resize interpolates."""
    for axis, (before, after) in enumerate(zip(_size(images), size), 1):
        if before != after:
            columns = np.eye(before, dtype=np.float32)
            weights = cv2.resize(columns, (before, after), interpolation=interpolation)
            images = _weighted(images, axis, weights)
    return images


def _weighted(images: tf.Tensor, axis: int, weights: np.ndarray) -> tf.Tensor:
    """Multiplies an axis by a matrix [after, before] with few values in each row.

    By sums instead of a product of matrices: those are rounded to 11 bits on recent GPUs.
    """
    count = int((weights != 0).sum(axis=1).max())
    places = np.argsort(weights == 0, axis=1, kind="stable")[:, :count]
    values = np.take_along_axis(weights, places, axis=1)
    shape = [-1 if dimension == axis else 1 for dimension in range(4)]
    return tf.add_n(
        [
            tf.gather(images, place.astype(np.int32), axis=axis) * value.reshape(shape)
            for place, value in zip(places.T, values.T)
        ]
    )


def choose(first: tf.Tensor, second: tf.Tensor, flow: tf.Tensor, other: tf.Tensor) -> tf.Tensor:
    """Takes at each pixel the flow of the smaller cost, as pwcnet.flow.choice.choose.

    Args:
        first: [B, H, W, 3] float32 RGB in 0..1.
        second: Likewise.
        flow: [B, H, W, 2] float32, pixels, channels (u, v): the preferred one.
        other: Likewise.

    Returns:
        [B, H, W, 2] float32.
    """
    size = _size(first)
    half = max(1, size[0] // 2), max(1, size[1] // 2)
    small1, small2 = (
        _rounded(resized(_grey(frames), half, cv2.INTER_AREA)) for frames in (first, second)
    )
    census1 = _census(small1)
    costs = [
        resized(_flow_cost(census1, small2, resized_flow(one, half)), size, cv2.INTER_LINEAR)
        for one in (flow, other)
    ]
    return tf2.where(costs[1] < costs[0] - PREFERENCE, other, flow)


def _flow_cost(census1: tf.Tensor, grey2: tf.Tensor, flow: tf.Tensor) -> tf.Tensor:
    """[B, H, W, 1], as pwcnet.flow.choice.flow_cost."""
    height, width = _size(flow)
    difference = tf.abs(census1 - _census(_rounded(along(grey2, flow))))
    cost = tf.reduce_sum(difference, axis=-1, keepdims=True)
    x = flow[..., :1] + np.arange(width, dtype=np.float32)[:, np.newaxis]
    y = flow[..., 1:] + np.arange(height, dtype=np.float32)[:, np.newaxis, np.newaxis]
    leaves = (x < 0) | (x > width - 1) | (y < 0) | (y > height - 1)
    cost = tf2.where(leaves, OUTSIDE, cost)
    left = tf.abs(flow[:, :, 1:] - flow[:, :, :-1])
    above = tf.abs(flow[:, 1:] - flow[:, :-1])
    variation = tf.pad(left, [[0, 0], [0, 0], [1, 0], [0, 0]])
    variation += tf.pad(above, [[0, 0], [1, 0], [0, 0], [0, 0]])
    variation = tf.reduce_sum(variation, axis=-1, keepdims=True)
    cost += VARIATION * tf.minimum(variation, LARGEST_VARIATION)
    rows, columns = (_blur(length) for length in (height, width))
    return tf.einsum("ab,nbcd,ec->naed", rows, cost, columns)


def _blur(length: int) -> np.ndarray:
    """The matrix that smooths an axis as cv2.GaussianBlur does."""
    return cv2.GaussianBlur(np.eye(length, dtype=np.float32), (1, 0), SMOOTHING)


def _census(grey: tf.Tensor) -> tf.Tensor:
    """[B, H, W, 1] of whole numbers -> [B, H, W, 24] of 1, 0 and -1, as pwcnet.flow.choice."""
    padded = grey
    for axis, length in enumerate(_size(grey), 1):
        places = np.clip(np.arange(-RADIUS, length + RADIUS), 0, length - 1)
        padded = tf.gather(padded, places.astype(np.int32), axis=axis)
    size = 2 * RADIUS + 1
    neighbours = np.delete(np.eye(size**2, dtype=np.float32), size**2 // 2, axis=1)
    neighbours[size**2 // 2] = -1  # the centre
    kernel = neighbours.reshape([size, size, 1, -1])
    difference = tf.nn.conv2d(padded, kernel, strides=[1, 1, 1, 1], padding="VALID")
    return tf.cast(difference > THRESHOLD, tf.float32) - tf.cast(
        difference < -THRESHOLD, tf.float32
    )


def _grey(frames: tf.Tensor) -> tf.Tensor:
    """[B, H, W, 3] in 0..1 -> [B, H, W, 1] of the whole numbers 0..255."""
    red, green, blue = tf.split(_rounded(tf.clip_by_value(frames, 0.0, 1.0) * 255), 3, axis=-1)
    return _rounded(0.299 * red + 0.587 * green + 0.114 * blue)


def _rounded(values: tf.Tensor) -> tf.Tensor:
    return tf.floor(values + 0.5)


def _size(images: tf.Tensor) -> Size:
    height, width = images.shape.as_list()[1:3]
    return height, width
