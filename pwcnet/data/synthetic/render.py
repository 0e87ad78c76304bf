"""Layers as the two frames show them: colours, which layer is seen where, and the flow of it."""

from typing import NamedTuple, Optional

import cv2
import numpy as np

from pwcnet.data.synthetic.masks import SIZE
from pwcnet.data.synthetic.motion import grid

OPAQUE = 0.5  # coverage from which a pixel belongs to a layer
MOST_PASSES = 5  # of motion blur; each doubles the number of moments that are averaged


class View(NamedTuple):
    """A frame. picture: [H, W, 3] float32, about 0..255. index: [H, W] uint8, the layer seen. flow: [H, W, 2] float32, pixels, how far the points of that layer
    move from frame 1 to 2; None in a view of frame 2."""

    picture: np.ndarray
    index: np.ndarray
    flow: Optional[np.ndarray]


def render(layers, size, second, shutter=0.0):
    """The `View` of frame 1 (second = False) or frame 2 of size (height, width).

    shutter: for how long each frame is exposed, around its moment, as a share of the time between the frames: motion blur.
    """
    picture, index = np.zeros(size + (3,), np.float32), np.zeros(size, np.uint8)
    flow = None if second else np.empty(size + (2,), np.float32)
    for number, layer in enumerate(layers):
        window = _window(layer, size, second, shutter)
        if window is None:
            continue
        moved = layer.motion.back_flow(window) if second else layer.motion.flow(window)
        points = grid(*size)[window] + moved if second else grid(*size)[window]
        color, alpha = _color(layer, points), coverage(layer, points)
        seen = alpha >= OPAQUE
        np.copyto(index[window], np.uint8(number), where=seen)
        if not second:
            np.copyto(flow[window], moved, where=seen[..., None])
        picture[window] = _painted(picture[window], color, alpha, moved, shutter)
    return View(picture, index, flow)


def _color(layer, points):
    """[h, w, 3] float32: the layer's colours at points [h, w, 2] of frame 1."""
    texels = cv2.remap(
        layer.texture,
        cv2.transform(points, layer.look),
        None,
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    return cv2.transform(texels.astype(np.float32), layer.colors)


def coverage(layer, points):
    """[h, w] float32 in 0..1: how much of each pixel the layer covers, at points [h, w, 2] of frame 1."""
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


def occluded(view1, view2):
    """[H, W] bool: pixels of frame 1 whose point is outside frame 2, or covered there by a layer in front of its own."""
    height, width = view1.index.shape
    target = grid(height, width) + view1.flow
    in_front = (
        cv2.remap(view2.index, target, None, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
        > view1.index
    )
    x, y = target[..., 0], target[..., 1]
    return in_front | (x < 0) | (y < 0) | (x > width - 1) | (y > height - 1)


def _window(layer, size, second, shutter):
    """The part of the frame that the layer can be in, as a pair of slices; None where it cannot be."""
    if layer.shape is None:
        return slice(0, size[0]), slice(0, size[1])
    corners = layer.shape.corners
    moved = layer.motion.bounds(corners)
    low, high = moved if second else (corners[:, :2].min(axis=0), corners[:, :2].max(axis=0))
    if shutter:
        farthest = np.maximum(
            np.abs(moved[0] - corners[:, :2].min(axis=0)),
            np.abs(moved[1] - corners[:, :2].max(axis=0)),
        )
        low, high = low - shutter * farthest, high + shutter * farthest
    low = np.maximum(np.floor(low - 2).astype(int), 0)
    high = np.minimum(np.ceil(high + 3).astype(int), size[::-1])
    return None if (high - low < 1).any() else (slice(low[1], high[1]), slice(low[0], high[0]))


def _painted(picture, color, alpha, moved, shutter):
    """The layer over the picture."""
    if not shutter:
        return cv2.blendLinear(color, np.ascontiguousarray(picture), alpha, 1 - alpha)
    layer = _smeared(cv2.merge([*cv2.split(color * alpha[..., None]), alpha]), moved, shutter)
    return picture * (1 - layer[..., 3:]) + layer[..., :3]


def _smeared(layer, moved, shutter):
    """The mean of a layer over moments around its own, `shutter` of the way that it moves."""
    longest = shutter * cv2.norm(moved, cv2.NORM_INF)
    passes = min(MOST_PASSES, int(np.ceil(np.log2(longest)))) if longest > 1 else 0
    points = grid(*moved.shape[:2])
    for index in range(passes):
        reach = moved * np.float32(shutter / 2 ** (index + 2))
        layer = sum(
            cv2.remap(layer, place, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            for place in (points + reach, points - reach)
        ) * np.float32(0.5)
    return layer
