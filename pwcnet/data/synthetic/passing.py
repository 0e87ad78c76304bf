"""Things in front that enter or leave the frame: much of them is in one of two frames only."""

from __future__ import annotations

import numpy as np

from pwcnet.data.geometry import affine, rotation
from pwcnet.data.synthetic import banks
from pwcnet.data.synthetic.content import PASSING, SHARE, random_states
from pwcnet.data.synthetic.layers import Layer, moving_layer, random_look
from pwcnet.data.synthetic.options import SceneOptions
from pwcnet.data.synthetic.planes import rotation3
from pwcnet.data.synthetic.shapes import placed_shape
from pwcnet.data.synthetic.worlds import Surfaces, World, log_uniform

REACHES = 0.15, 0.7  # distance from the middle to the rim, as a share of the frame's shorter side
OUTSIDE = 0.5, 1.0  # how far the middle is beyond the border, as a share of that distance
SPEEDS = 0.1, 0.8  # from frame to frame, as a share of the largest motion
MOST = 2  # such things in one scene


def with_passing_layers(
    layers: list[Layer], seed: int, number: int, options: SceneOptions, frames: int
) -> list[Layer]:
    """The layers of a scene with passing ones before them, in a share of the scenes."""
    random, path_random = random_states(PASSING, seed, number)
    if random.uniform() >= SHARE:
        return layers
    layers = list(layers)
    size = np.array([options.width, options.height])
    for _ in range(random.randint(1, MOST + 1)):
        mask = banks.mask(seed, number, random.randint(options.textures), options)
        reach = log_uniform(random, *REACHES) * min(size)
        left, top, right, bottom = mask.box
        scale = 2 * reach / max(right - left, bottom - top)
        outside, inwards = _place_outside(random, size, reach)
        shift = inwards * log_uniform(random, *SPEEDS) * options.largest_motion
        centre = outside
        if random.uniform() < 0.5:  # it leaves
            centre, shift = outside + shift, -shift
        linear = rotation(random.uniform(0, 2 * np.pi)) * scale
        shape = placed_shape(mask, linear, scale, centre)
        look, step = random_look(random, seed, number, options), affine(np.eye(2), shift)
        layers.append(moving_layer(random, look, shape, step, options, frames, path_random))
    return layers


def with_passing_boards(world: World, seed: int, number: int, options: SceneOptions) -> World:
    """The world with boards that pass close before the camera, in a share of the worlds."""
    random, _ = random_states(PASSING, seed, number)
    if random.uniform() >= SHARE:
        return world
    source = Surfaces(random, seed, number, options)
    boards = [
        _passing_board(random, source, world.intrinsics[0, 0])
        for _ in range(random.randint(1, MOST + 1))
    ]
    return world._replace(planes=world.planes + boards)


def _place_outside(random, size, reach):
    """(place [2] beyond the border of a frame (width, height), unit vector [2] into the frame)."""
    heading = random.uniform(0, 2 * np.pi)
    outwards = np.array([np.cos(heading), np.sin(heading)])
    border = np.min(size / 2 / np.maximum(np.abs(outwards), 1e-6)) * outwards
    return size / 2 + border + random.uniform(*OUTSIDE) * reach * outwards, -outwards


def _passing_board(random, source, focal):
    options = source.options
    size = np.array([options.width, options.height])
    z = log_uniform(random, 1.0, 2.5)
    pixel = z / focal  # its size at that depth
    reach = log_uniform(random, *REACHES) * min(size)
    outside, inwards = _place_outside(random, size, reach)
    shift = inwards * log_uniform(random, *SPEEDS) * options.largest_motion
    centre = outside - size / 2
    if random.uniform() < 0.5:  # it leaves
        centre, shift = centre + shift, -shift
    half = reach * pixel
    facing = random.standard_normal(3) * [0.15, 0.1, 1.0]
    return source.plane(
        np.append(centre * pixel, z),
        rotation3(facing)[:, :2],
        focal / z * random.uniform(0.5, 1.6),
        (-half, -half, half, half),
        source.mask(),
        np.append(shift * pixel, 0.0),
    )
