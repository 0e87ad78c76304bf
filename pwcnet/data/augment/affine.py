"""Affine changes of a training pair: both frames zoomed, stretched and turned together, and frame 2 a little more (RAFT, PWC-Net paper, section 4).

A map is a 3x3 matrix of pixel coordinates (x, y, 1), pixel centres at whole numbers, from where a pixel was to where it comes to lie. With F for frame 1 and S
for frame 2, the pixel x with flow f comes to F(x) and its target to S(x + f): its flow becomes S(x + f) - F(x).
"""

from dataclasses import dataclass

import cv2
import numpy as np

from pwcnet._checks import require

MIXED = 0.5  # pixels of flow; where interpolation moves further than this from the nearest pixel's flow, it mixes two motions


@dataclass(frozen=True)
class AffineOptions:
    """How often (probabilities in 0..1) and how far. Both parts read beyond the crop, so that they leave few empty borders.

    common: how often both frames change together. smallest, largest: zoom factors, drawn evenly in their logarithm, but never so small that the frame does not
    cover the crop. stretch: the axes' factors differ by up to 1 + stretch. rotation: up to so many degrees either way.
    relative: how often frame 2 changes in addition, about the crop's centre. relative_zoom: factors from 1 - relative_zoom to 1 + relative_zoom.
    relative_rotation: degrees either way. relative_shift: a share of the crop's size on that axis.
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


def random_maps(options, full, size, random):
    """(F, S) that cut a window of `size` out of a frame of `full` pixels, both (height, width), changed at random as the options say.

    random: np.random.RandomState. Raises ValueError where the window does not fit into the frame.
    """
    full, size = np.array(full[::-1]), np.array(size[::-1])
    if not ((0 < size) & (size <= full)).all():
        raise ValueError(
            "expected a crop within the frame's %dx%d (height x width), got %dx%d; try a smaller one"
            % (tuple(full[::-1]) + tuple(size[::-1]))
        )
    centre = (size - 1) / 2
    if random.uniform() < options.common:
        zoom = np.exp(random.uniform(np.log(options.smallest), np.log(options.largest)))
        stretch = np.sqrt((1 + options.stretch) ** random.uniform(-1, 1))
        factors = np.maximum([zoom * stretch, zoom / stretch], size / full)
        linear = _rotation(random.uniform(-options.rotation, options.rotation)) @ np.diag(factors)
        slack = (
            np.maximum(0, full * factors - size) / 2
        )  # how far the window may lie from the middle, rotation aside
        first = _map(linear, centre - linear @ ((full - 1) / 2) - random.uniform(-slack, slack))
    else:
        first = _map(np.eye(2), -random.randint(full - size + 1).astype(float))
    if random.uniform() >= options.relative:
        return first, first
    zoom = random.uniform(1 - options.relative_zoom, 1 + options.relative_zoom)
    linear = zoom * _rotation(random.uniform(-options.relative_rotation, options.relative_rotation))
    shift = options.relative_shift * size * random.uniform(-1, 1, 2)
    return first, _map(linear, centre - linear @ centre + shift) @ first


def transform(example, size, first, second, sparse):
    """The example under the maps F = first and S = second, seen in a window of `size` = (height, width) that begins at the pixel (0, 0).

    Frames are interpolated; what lies outside them is zero. sparse: each known flow goes, transformed and unmixed, to the one pixel that it comes to lie in
    (the nearest to its centre, where several do), so that known pixels never become more. Else flow is interpolated where all that this reads is known, and
    taken from the nearest pixel where interpolating would mix two motions. All other pixels are invalid and their flow is zero. A target outside frame 2 is
    still where that pixel went, and stays valid.
    """
    frames = [
        cv2.warpAffine(
            frame,
            np.linalg.inv(matrix)[:2],
            (size[1], size[0]),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        )
        for frame, matrix in ((example.frame1, first), (example.frame2, second))
    ]
    flow, valid = (_scattered if sparse else _interpolated)(
        example.flow, example.valid, size, first, second
    )
    return example._replace(frame1=frames[0], frame2=frames[1], flow=flow, valid=valid)


def _interpolated(flow, valid, size, first, second):
    grid = np.stack(
        np.meshgrid(np.arange(size[1], dtype=np.float32), np.arange(size[0], dtype=np.float32)),
        axis=-1,
    )
    source = cv2.transform(grid, np.linalg.inv(first)[:2])
    known = np.where(
        valid[..., None], flow, np.float32(0)
    )  # unknown values may be NaN, which even a weight of zero would spread
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
    return np.where(valid[..., None], _moved(source, chosen, first, second), np.float32(0)), valid


def _scattered(flow, valid, size, first, second):
    rows, columns = np.nonzero(valid)
    points = np.stack([columns, rows], axis=-1).astype(np.float32)[None]
    places = cv2.transform(points, first[:2])[0] if len(rows) else points[0]
    nearest = np.rint(places).astype(int)
    inside = np.flatnonzero(((nearest >= 0) & (nearest < size[::-1])).all(axis=-1))
    distance = np.square(places - nearest).sum(axis=-1)[inside]
    inside = inside[
        np.argsort(-distance, kind="stable")
    ]  # of several in one pixel the last, which is the nearest, is kept
    result, known = np.zeros(tuple(size) + (2,), np.float32), np.zeros(size, bool)
    if len(inside):
        target = nearest[inside, 1], nearest[inside, 0]
        result[target] = _moved(
            points[:, inside], flow[rows, columns][None, inside], first, second
        )[0]
        known[target] = True
    return result, known


def _moved(points, flow, first, second):
    """S(x + f) - F(x), as (S - F)(x) + linear part of S applied to f: small numbers, which float32 holds well."""
    return cv2.transform(points, (second - first)[:2]) + cv2.transform(flow, second[:2, :2])


def _map(linear, shift):
    matrix = np.eye(3)
    matrix[:2, :2], matrix[:2, 2] = linear, shift
    return matrix


def _rotation(degrees):
    angle = np.deg2rad(degrees)
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
