"""Affine changes of a training pair (RAFT; PWC-Net paper, section 4).

Both frames are zoomed, stretched and turned together, and frame 2 a little more. A map is a 3x3
matrix of pixel coordinates (x, y, 1), pixel centres at whole numbers, from where a pixel was to
where it comes to lie. With F for frame 1 and S for frame 2, the pixel x with flow f comes to F(x)
and its target to S(x + f): its flow becomes S(x + f) - F(x).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pwcnet._checks import require
from pwcnet.data.geometry import affine, pixel_grid, rotation
from pwcnet.data.sample import LoadedSample

# Pixels of flow; where interpolation moves further than this from the flow of the nearest pixel, it
# mixes two motions.
MIXED = 0.5


@dataclass(frozen=True)
class AffineOptions:
    """How often (probabilities in 0..1) and how far.

    Both parts read beyond the crop, so that they leave few empty borders.

    Attributes:
        common: how often both frames change together.
        smallest, largest: zoom factors, drawn evenly in their logarithm, but never so small that
            the frame does not cover the crop.
        stretch: the factors of the axes differ by up to 1 + stretch.
        rotation: up to so many degrees either way.
        relative: how often frame 2 changes in addition, about the crop's centre.
        relative_zoom: factors from 1 - relative_zoom to 1 + relative_zoom.
        relative_rotation: degrees either way.
        relative_shift: a share of the crop's size on that axis.

    Raises:
        ValueError: for values out of range.
    """

    common: float = 0.8
    smallest: float = 0.9
    largest: float = 1.5
    stretch: float = 0.1
    rotation: float = 10.0
    relative: float = 0.5
    relative_zoom: float = 0.02
    relative_rotation: float = 2.0
    relative_shift: float = 0.01

    def __post_init__(self):
        for name in ("common", "relative"):
            require(0.0 <= getattr(self, name) <= 1.0, "%s in 0..1" % name, getattr(self, name))
        for name in ("stretch", "relative_zoom", "relative_shift"):
            require(
                0.0 <= getattr(self, name) < 1.0, "%s in 0..1, below 1" % name, getattr(self, name)
            )
        for name in ("rotation", "relative_rotation"):
            require(
                0.0 <= getattr(self, name) <= 180.0,
                "%s in 0..180 degrees" % name,
                getattr(self, name),
            )
        require(
            0.0 < self.smallest <= self.largest < float("inf"),
            "zooms with 0 < smallest <= largest",
            (self.smallest, self.largest),
        )


def random_maps(
    options: AffineOptions,
    full: tuple[int, int],
    size: tuple[int, int],
    random: np.random.RandomState,
) -> tuple[np.ndarray, np.ndarray]:
    """The maps (F, S) that cut a window out of a frame, changed at random.

    Args:
        options: how often and how far.
        full: (height, width) of the frame, in pixels.
        size: (height, width) of the window.
        random: draws the changes.

    Returns:
        Two [3, 3] matrices, from pixels of the frame to pixels of the window.

    Raises:
        ValueError: where the window does not fit into the frame.
    """
    frame, window = np.array(full[::-1]), np.array(size[::-1])
    if not ((window > 0) & (window <= frame)).all():
        raise ValueError(
            "expected a crop within the frame's %dx%d (height x width), got %dx%d"
            % (tuple(frame[::-1]) + tuple(window[::-1]))
        )
    centre = (window - 1) / 2
    first = _common_map(options, frame, window, centre, random)
    if random.uniform() >= options.relative:
        return first, first
    zoom = random.uniform(1 - options.relative_zoom, 1 + options.relative_zoom)
    linear = zoom * _random_rotation(options.relative_rotation, random)
    shift = options.relative_shift * window * random.uniform(-1, 1, 2)
    return first, affine(linear, centre - linear @ centre + shift) @ first


def _common_map(options, frame, window, centre, random):
    if random.uniform() >= options.common:
        return affine(np.eye(2), -random.randint(frame - window + 1).astype(float))
    zoom = np.exp(random.uniform(np.log(options.smallest), np.log(options.largest)))
    stretch = np.sqrt((1 + options.stretch) ** random.uniform(-1, 1))
    factors = np.maximum([zoom * stretch, zoom / stretch], window / frame)
    linear = _random_rotation(options.rotation, random) @ np.diag(factors)
    # How far the window may lie from the middle of the frame, rotation aside.
    slack = np.maximum(0, frame * factors - window) / 2
    return affine(linear, centre - linear @ ((frame - 1) / 2) - random.uniform(-slack, slack))


def _random_rotation(degrees, random):
    return rotation(np.deg2rad(random.uniform(-degrees, degrees)))


def transform(
    sample: LoadedSample,
    size: tuple[int, int],
    first: np.ndarray,
    second: np.ndarray,
    sparse: bool,
) -> LoadedSample:
    """The sample under the maps F = first and S = second.

    Frames are interpolated; what lies outside them is zero. Pixels whose flow is not known become
    invalid and their flow zero. A target outside frame 2 is still where that pixel went, and stays
    valid.

    Args:
        sample: with ground truth.
        size: (height, width) of the window that is returned; it begins at the pixel (0, 0).
        first: [3, 3].
        second: [3, 3].
        sparse: True moves each known flow, transformed and unmixed, to the one pixel that it comes
            to lie in (the nearest to its centre, where several do), so that known pixels never
            become more. False interpolates flow where all that this reads is known, and takes it
            from the nearest pixel where interpolating would mix two motions.

    Returns:
        A sample of that size, without occlusion and foreground masks.
    """
    frames = [
        cv2.warpAffine(
            frame,
            np.linalg.inv(matrix)[:2],
            (size[1], size[0]),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        )
        for frame, matrix in ((sample.frame1, first), (sample.frame2, second))
    ]
    move = _scattered if sparse else _interpolated
    return LoadedSample(*frames, *move(sample.flow, sample.valid, size, first, second))


def _interpolated(flow, valid, size, first, second):
    source = cv2.transform(pixel_grid(*size), np.linalg.inv(first)[:2])
    # Unknown values may be NaN, which even a weight of zero would spread.
    known = np.where(valid[..., None], flow, np.float32(0))
    linear, nearest = (
        cv2.remap(known, source, None, how, borderMode=cv2.BORDER_CONSTANT)
        for how in (cv2.INTER_LINEAR, cv2.INTER_NEAREST)
    )
    mixed = np.abs(linear - nearest) > MIXED
    chosen = np.where((mixed[..., 0] | mixed[..., 1])[..., None], nearest, linear)
    unknown = cv2.remap(
        (~valid).astype(np.float32),
        source,
        None,
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=1,
    )
    valid = unknown == 0
    moved = _moved(source, chosen, first, second)
    return np.where(valid[..., None], moved, np.float32(0)), valid


def _scattered(flow, valid, size, first, second):
    rows, columns = np.nonzero(valid)
    points = np.stack([columns, rows], axis=-1).astype(np.float32)[None]
    places = cv2.transform(points, first[:2])[0] if len(rows) else points[0]
    nearest = np.rint(places).astype(int)
    inside = np.flatnonzero(((nearest >= 0) & (nearest < size[::-1])).all(axis=-1))
    distance = np.square(places - nearest).sum(axis=-1)[inside]
    # Of several in one pixel the last, which is the nearest, is kept.
    inside = inside[np.argsort(-distance, kind="stable")]
    result, known = np.zeros(tuple(size) + (2,), np.float32), np.zeros(size, bool)
    if len(inside):
        target = nearest[inside, 1], nearest[inside, 0]
        near_flow = flow[rows, columns][None, inside]
        result[target] = _moved(points[:, inside], near_flow, first, second)[0]
        known[target] = True
    return result, known


def _moved(points, flow, first, second):
    """S(x + f) - F(x), as (S - F)(x) plus the linear part of S applied to f.

    These are small numbers, which float32 holds well.
    """
    return cv2.transform(points, (second - first)[:2]) + cv2.transform(flow, second[:2, :2])
