"""Layers as the two frames show them: colours, which layer is seen where, and the flow of it."""
from typing import NamedTuple

import cv2
import numpy as np

from pwcnet.data.generator.motion import grid

OPAQUE = 0.5                # coverage from which a pixel belongs to a layer
MOST_PASSES = 5             # of motion blur; each doubles the number of moments that are averaged


class View(NamedTuple):
    """A frame. picture: [H, W, 3] float32, about 0..255. index: [H, W] uint8, the layer seen. flow: [H, W, 2] float32, of that layer: from frame 1 to 2 in a
    view of frame 1, from 2 to 1 in one of frame 2."""
    picture: np.ndarray
    index: np.ndarray
    flow: np.ndarray


def render(layers, size, second, shutter=0.0):
    """The `View` of frame 1 (second = False) or frame 2 of size (height, width).

    shutter: for how long each frame is exposed, around its moment, as a share of the time between the frames: motion blur.
    """
    picture, flow = np.empty(size + (3,), np.float32), np.empty(size + (2,), np.float32)
    index = np.zeros(size, np.uint8)
    for number, layer in enumerate(layers):
        window = _window(layer, size, second, shutter)
        if window is None:
            continue
        moved = layer.motion.back_flow(window) if second else layer.motion.flow(window)
        points = grid(*size)[window] + moved if second else grid(*size)[window]
        color = cv2.transform(cv2.remap(layer.texture, cv2.transform(points, layer.look), None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
                              .astype(np.float32), layer.colors)
        if layer.mask is None:
            picture[window], flow[window] = _smeared(color, moved, shutter), moved
            continue
        alpha = coverage(layer, points)
        seen = alpha >= OPAQUE
        index[window][seen] = number
        flow[window][seen] = moved[seen]
        _paint(picture[window], color, alpha, moved, shutter)
    return View(picture, index, flow)


def coverage(layer, points):
    """[h, w] float32 in 0..1: how much of each pixel the layer covers, at points [h, w, 2] of frame 1."""
    level = cv2.remap(layer.mask.level, cv2.transform(points, layer.place), None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.clip(level * np.float32(layer.scale) + np.float32(0.5), 0, 1)


def occluded(view1, view2):
    """[H, W] bool: pixels of frame 1 whose point is outside frame 2, or covered there by a layer in front of its own."""
    height, width = view1.index.shape
    target = grid(height, width) + view1.flow
    in_front = cv2.remap(view2.index, target, None, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE) > view1.index
    x, y = target[..., 0], target[..., 1]
    return in_front | (x < 0) | (y < 0) | (x > width - 1) | (y > height - 1)


def _window(layer, size, second, shutter):
    """The part of the frame that the layer can be in, as a pair of slices; None where it cannot be."""
    if layer.mask is None:
        return slice(0, size[0]), slice(0, size[1])
    left, top, right, bottom = layer.mask.box
    forward = np.linalg.inv(np.vstack([layer.place, [0, 0, 1]]))
    corners = np.array([[left, top, 1], [right, top, 1], [right, bottom, 1], [left, bottom, 1]]) @ forward.T
    moved = layer.motion.bounds(corners)
    low, high = (corners[:, :2].min(axis=0), corners[:, :2].max(axis=0)) if not second else moved
    if shutter:
        farthest = np.maximum(np.abs(moved[0] - corners[:, :2].min(axis=0)), np.abs(moved[1] - corners[:, :2].max(axis=0)))
        low, high = low - shutter * farthest, high + shutter * farthest
    low = np.maximum(np.floor(low - 2).astype(int), 0)
    high = np.minimum(np.ceil(high + 3).astype(int), size[::-1])
    return None if (high - low < 1).any() else (slice(low[1], high[1]), slice(low[0], high[0]))


def _paint(picture, color, alpha, moved, shutter):
    """The layer over the picture, in place."""
    alpha = alpha[..., None]
    if not shutter:
        picture += alpha * (color - picture)
        return
    layer = _smeared(np.concatenate([color * alpha, alpha], axis=-1), moved, shutter)
    picture *= 1 - layer[..., 3:]
    picture += layer[..., :3]


def _smeared(layer, moved, shutter):
    """The mean of a layer over moments around its own, `shutter` of the way that it moves."""
    longest = shutter * cv2.norm(moved, cv2.NORM_INF)
    passes = min(MOST_PASSES, int(np.ceil(np.log2(longest)))) if longest > 1 else 0
    points = grid(*moved.shape[:2])
    for index in range(passes):
        reach = moved * np.float32(shutter / 2 ** (index + 2))
        layer = sum(cv2.remap(layer, place, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) for place in (points + reach, points - reach)) * np.float32(0.5)
    return layer
