"""Rendering of layers: the colours of a frame, which layer each pixel shows, and its flow."""

from __future__ import annotations

from typing import Any, NamedTuple, Sequence

import cv2
import numpy as np

from pwcnet.data.geometry import pixel_grid
from pwcnet.data.synthetic.layers import Layer
from pwcnet.data.synthetic.masks import SIZE
from pwcnet.data.synthetic.motion import Window

OPAQUE = 0.5  # coverage from which a pixel belongs to a layer
MIXED = 0.05, 0.95  # coverage between which a pixel mixes a layer with what lies behind it
MOST_PASSES = 5  # of motion blur; each doubles the number of moments that are averaged


class View(NamedTuple):
    """One frame of a scene.

    Attributes:
        image: [H, W, 3] float32 RGB, about 0..255.
        layer: [H, W] uint8, index of the layer that the pixel shows.
        mixed: [H, W] bool, pixels that mix two layers, before motion blur.
        flow: [H, W, 2] float32, pixels, channels (u, v), from this frame to the next; None in a
            view of the last frame.
    """

    image: np.ndarray
    layer: np.ndarray
    mixed: np.ndarray
    flow: Any


def render(
    layers: Sequence[Layer], size: tuple[int, int], time: int, exposure: float = 0.0
) -> View:
    """Renders one frame.

    Args:
        layers: back to front; the first one covers the frame.
        size: (height, width).
        time: the frame's number, from 0 up to the number of the layers' motions.
        exposure: for how long the frame is exposed, around its moment, as a share of the time
            between two frames: motion blur.
    """
    image, shown = np.zeros(size + (3,), np.float32), np.zeros(size, np.uint8)
    mixed = np.zeros(size, bool)
    last = time == len(layers[0].motions)
    flow = None if last else np.empty(size + (2,), np.float32)
    for index, layer in enumerate(layers):
        window = _window(layer, size, time, exposure)
        if window is None:
            continue
        points, to_next, to_neighbour = _displacements(layer, size, window, time, last)
        color, alpha = _color(layer, points), coverage(layer, points)
        opaque = alpha >= OPAQUE
        np.copyto(shown[window], np.uint8(index), where=opaque)
        mark_mixed(mixed[window], alpha)
        if flow is not None:
            np.copyto(flow[window], to_next, where=opaque[..., None])
        image[window] = _blended(image[window], color, alpha, to_neighbour, exposure)
    return View(image, shown, mixed, flow)


def _displacements(layer, size, window, time, last):
    """What the window shows of a layer, [h, w, 2] each.

    Its points in frame 0, their flow to the next frame (None in the last), and the displacement
    that motion blur follows.
    """
    grid = pixel_grid(*size)[window]
    if time == 0:
        flow = layer.motions[0].displacement(window)
        return grid, flow, flow
    back = layer.motions[time - 1].inverse_displacement(window)
    points = grid + back
    flow = None if last else back + layer.motions[time].displacement_of(points)
    earlier = back if time == 1 else back + layer.motions[time - 2].displacement_of(points)
    return points, flow, earlier


def _color(layer, points):
    """[h, w, 3] float32: the layer's colours at points [h, w, 2] of frame 0."""
    texels = cv2.remap(
        layer.texture,
        cv2.transform(points, layer.texture_place),
        None,
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    return cv2.transform(texels.astype(np.float32), layer.colors)


def coverage(layer: Layer, points: np.ndarray) -> np.ndarray:
    """How much of each pixel the layer covers.

    Args:
        layer: the layer.
        points: [h, w, 2] float32, the points of frame 0 that the pixels show.

    Returns:
        [h, w] float32 in 0..1.
    """
    if layer.shape is None:
        return np.ones(points.shape[:2], np.float32)
    level = cv2.remap(
        layer.shape.level,
        cv2.transform(points, layer.shape.place),
        None,
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=-SIZE,
    )
    return np.clip(level * np.float32(layer.shape.scale) + np.float32(0.5), 0, 1)


def mark_mixed(mixed: np.ndarray, alpha: np.ndarray) -> None:
    """Updates the mask in place, after something with coverage `alpha` is drawn over it."""
    mixed |= alpha > MIXED[0]
    mixed &= alpha <= MIXED[1]


def occluded(view: View, next_view: View) -> np.ndarray:
    """[H, W] bool: pixels whose point is outside the next frame, or covered there.

    Covered is a point where the next frame shows a layer in front of its own.
    """
    height, width = view.layer.shape
    target = pixel_grid(height, width) + view.flow
    in_front = (
        cv2.remap(next_view.layer, target, None, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
        > view.layer
    )
    x, y = target[..., 0], target[..., 1]
    return in_front | (x < 0) | (y < 0) | (x > width - 1) | (y > height - 1)


def window_of(mask: np.ndarray) -> Window | None:
    """The smallest part of the frame that holds all pixels of a mask; None for no pixel."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    if not rows.size:
        return None
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def _window(layer, size, time, exposure):
    """The part of the frame that the layer can be in, a pair of slices; None for no part."""
    if layer.shape is None:
        return slice(0, size[0]), slice(0, size[1])
    low, high = _bounds(layer, time)
    if exposure:
        other_low, other_high = _bounds(layer, time - 1 if time else 1)
        farthest = np.maximum(np.abs(low - other_low), np.abs(high - other_high))
        low, high = low - exposure * farthest, high + exposure * farthest
    low = np.maximum(np.floor(low - 2).astype(int), 0)
    high = np.minimum(np.ceil(high + 3).astype(int), size[::-1])
    return None if (high - low < 1).any() else (slice(low[1], high[1]), slice(low[0], high[0]))


def _bounds(layer, time):
    """The lowest and highest (x, y) of the layer in frame `time`."""
    corners = layer.shape.corners
    if time == 0:
        return corners[:, :2].min(axis=0), corners[:, :2].max(axis=0)
    return layer.motions[time - 1].bounds(corners)


def _blended(image, color, alpha, displacement, exposure):
    """The layer over the image."""
    if not exposure:
        return cv2.blendLinear(color, np.ascontiguousarray(image), alpha, 1 - alpha)
    layer = cv2.merge([*cv2.split(color * alpha[..., None]), alpha])
    layer = motion_blurred(layer, displacement, exposure)
    return image * (1 - layer[..., 3:]) + layer[..., :3]


def motion_blurred(layer: np.ndarray, displacement: np.ndarray, exposure: float) -> np.ndarray:
    """The mean of a layer over moments around its own, along `exposure` of its displacement.

    Args:
        layer: [h, w, C] float32.
        displacement: [h, w, 2] float32, to the next or the previous frame, in pixels.
        exposure: as of `render`.

    Returns:
        [h, w, C] float32.
    """
    longest = exposure * cv2.norm(displacement, cv2.NORM_INF)
    passes = min(MOST_PASSES, int(np.ceil(np.log2(longest)))) if longest > 1 else 0
    points = pixel_grid(*displacement.shape[:2])
    for index in range(passes):
        reach = displacement * np.float32(exposure / 2 ** (index + 2))
        layer = sum(
            cv2.remap(layer, place, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            for place in (points + reach, points - reach)
        ) * np.float32(0.5)
    return layer
