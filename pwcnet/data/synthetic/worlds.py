"""Worlds: planes in space (a backdrop, the ground, walls, boards of any outline), and a camera.

Lengths are of no unit: the camera is about as high above the ground as a person's or car's, 0.7 to
1.6. How far the camera and the boards move is scaled later, so that flow has the wanted size.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pwcnet.data.synthetic import banks
from pwcnet.data.synthetic.masks import Mask
from pwcnet.data.synthetic.options import SceneOptions
from pwcnet.data.synthetic.planes import Plane, rotation3

X, Y, Z = np.eye(3)
# The median motion of worlds varies less than that of layers, whose slow scenes have fast layers.
SPREAD = 1.1 / 1.3  # of the scene_spread, so that its default gives 1.1
LARGEST_SHARE = 0.4  # the median motion is at most this share of the largest one


class World(NamedTuple):
    """Planes and the motion from frame 0 to frame 1, before it is scaled.

    Attributes:
        planes: those without an outline first, then boards.
        boards: index of the first board.
        intrinsics: [3, 3], from directions of the camera to pixels (x, y, 1).
        rotation: [3, 3], the first camera's.
        path: [3], the way of the camera.
        turn: [3], yaw, pitch and roll of the camera, in radians.
        median_motion: the median length of flow that is wanted, in pixels.
    """

    planes: list[Plane]
    boards: int
    intrinsics: np.ndarray
    rotation: np.ndarray
    path: np.ndarray
    turn: np.ndarray
    median_motion: float


def make_world(
    random: np.random.RandomState, seed: int, number: int, options: SceneOptions
) -> World:
    """The world of scene `number`.

    Args:
        random: draws it.
        seed: of the banks of textures and masks.
        number: of the scene, which chooses the generation of their entries.
        options: of the scene.
    """
    intrinsics, rotation = _random_camera(random, options)
    focal = intrinsics[0, 0]
    source = Surfaces(random, seed, number, options)
    depth, ground = log_uniform(random, 12, 70), random.uniform(0.7, 1.6)
    planes = [_backdrop(random, source, depth, focal)]
    if random.uniform() < 0.85:
        texels = focal / 5 * random.uniform(0.3, 1.3)
        planes.append(source.plane(Y * ground, np.stack([X, Z], axis=1), texels))
    planes += [
        _wall(random, source, side, ground, focal) for side in (-1, 1) if random.uniform() < 0.5
    ]
    boards, count = len(planes), random.randint(2, 10)
    planes += [_board(random, source, depth, ground, focal) for _ in range(count)]
    path, turn = _random_way(random, options)
    wanted = options.median_motion * np.exp(SPREAD * options.scene_spread * random.normal())
    wanted = min(wanted, LARGEST_SHARE * options.largest_motion)
    return World(planes, boards, intrinsics, rotation, path, turn, wanted)


class Surfaces:
    """Makes planes with random textures and colours; arguments are those of `make_world`."""

    def __init__(
        self, random: np.random.RandomState, seed: int, number: int, options: SceneOptions
    ):
        self.random, self.options = random, options
        self.entry = seed, number

    def plane(
        self,
        origin: np.ndarray,
        axes: np.ndarray,
        texels: float,
        bounds: tuple[float, float, float, float] | None = None,
        mask: Mask | None = None,
        move: np.ndarray | None = None,
        turn: np.ndarray | None = None,
    ) -> Plane:
        """A plane; arguments are attributes of `Plane`, `texels` before the scale of textures."""
        random, options = self.random, self.options
        place = random.randint(options.textures)
        mipmaps = banks.mipmaps(*self.entry, place, options)
        start = random.uniform(0, 1024, 2)
        saturation = random.uniform(0.3, 1.2)
        gain = random.uniform(0.55, 1.15) * random.uniform(0.85, 1.15, (3, 1))
        colors = gain * (saturation * np.eye(3)[random.permutation(3)] + (1 - saturation) / 3)
        return Plane(
            np.asarray(origin),
            axes,
            bounds,
            mask,
            mipmaps,
            texels / options.texture_scale,
            start,
            np.hstack([colors, random.uniform(-15, 30, (3, 1))]),
            np.zeros(3) if move is None else move,
            np.zeros(3) if turn is None else turn,
        )

    def mask(self) -> Mask:
        """A random outline of the bank."""
        place = self.random.randint(self.options.textures)
        return banks.mask(*self.entry, place, self.options)


def log_uniform(random: np.random.RandomState, low: float, high: float) -> float:
    """A number whose logarithm is drawn evenly."""
    return float(np.exp(random.uniform(np.log(low), np.log(high))))


def _random_camera(random, options):
    """(intrinsics, rotation) of the first camera."""
    height, width = options.height, options.width
    focal = width * random.uniform(0.55, 1.5)
    shift = random.uniform(-0.1, 0.1, 2)
    intrinsics = np.array(
        [[focal, 0, width * (0.5 + shift[0])], [0, focal, height * (0.5 + shift[1])], [0, 0, 1]]
    )
    yaw, pitch = random.uniform(-0.3, 0.3), random.uniform(-0.2, 0.15)
    return intrinsics, rotation3(np.array([yaw, pitch, 0.05 * random.normal()]))


def _random_way(random, options):
    """(path, turn) of the camera: it drives, slides to any side, or turns where it stands."""
    kind = random.uniform()
    if kind < 0.55:
        ahead = random.choice([1, 1, 1, -1]) * random.uniform(0.5, 1.2)
        path = np.array([0.12 * random.normal(), 0.05 * random.normal(), ahead])
        turn = random.normal(size=3) * [0.05, 0.02, 0.01]
    elif kind < 0.9:
        path = random.normal(size=3) * [0.6, 0.25, 0.4]
        turn = random.normal(size=3) * 0.04
    else:
        path = random.normal(size=3) * 0.05
        turn = random.normal(size=3) * [0.15, 0.1, 0.15]
    speed = options.camera_speed * options.camera
    return path * speed, turn * speed


def _backdrop(random, source, depth, focal):
    axes = rotation3(0.15 * random.normal(size=3))[:, :2]
    return source.plane(Z * depth, axes, focal / depth * random.uniform(0.4, 1.6))


def _wall(random, source, side, ground, focal):
    """A wall along the way, from the ground up."""
    x, near = side * log_uniform(random, 1.5, 9), random.uniform(1, 8)
    bounds = (
        random.uniform(-20, near),
        -np.exp(random.uniform(-1, 2)),
        near + np.exp(random.uniform(1, 4)),
        ground,
    )
    texels = focal / abs(x) / 2 * random.uniform(0.3, 1.3)
    return source.plane(X * x, np.stack([Z, Y], axis=1), texels, bounds)


def _board(random, source, depth, ground, focal):
    """A board anywhere in view, of a size drawn as a share of the frame's height."""
    options = source.options
    z = log_uniform(random, 1.6, min(depth, 25))
    pixel = z / focal  # its size at that depth
    high = log_uniform(random, 0.07, 0.9) * pixel * options.height
    wide = high * np.exp(random.uniform(-0.7, 0.7))
    x = random.uniform(-1.15, 1.15) * pixel * options.width / 2
    y = random.uniform(-1.1, 0.9) * pixel * options.height / 2
    if random.uniform() < 0.55:
        y = ground - high / 2
    roll = random.uniform(-0.3, 0.3) if random.uniform() < 0.7 else random.uniform(-3.1, 3.1)
    facing = np.array([0.5 * random.normal(), 0.15 * random.normal(), roll])
    move, turn = np.zeros(3), np.zeros(3)
    if random.uniform() < 0.5:
        speed = 0.25 * np.exp(0.8 * random.normal())
        move = random.normal(size=3) * [1, 0.35, 1] * speed
        turn = 0.08 * random.normal(size=3)
    return source.plane(
        np.array([x, y, z]),
        rotation3(facing)[:, :2],
        focal / z * random.uniform(0.5, 1.6),
        (-wide / 2, -high / 2, wide / 2, high / 2),
        source.mask(),
        move,
        turn,
    )
