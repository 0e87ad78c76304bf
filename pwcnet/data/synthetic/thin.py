"""Thin things, which move otherwise than what is behind them: poles, wires, nets, bare branches."""

from __future__ import annotations

import cv2
import numpy as np

from pwcnet.data.geometry import rotation
from pwcnet.data.synthetic.content import SHARE, THIN, random_states
from pwcnet.data.synthetic.layers import Layer, moving_layer, random_look, random_step
from pwcnet.data.synthetic.masks import SIZE, Mask
from pwcnet.data.synthetic.options import SceneOptions
from pwcnet.data.synthetic.planes import rotation3
from pwcnet.data.synthetic.shapes import placed_shape
from pwcnet.data.synthetic.worlds import Surfaces, World, log_uniform

DRAWN = 1024  # pixels of the drawing that an outline is computed from
MARGIN = 60  # of the drawing, without lines, so that these have ends within the outline
WIDTHS = 1.2, 6.0  # pixels of the frame
REACHES = 0.5, 1.4  # sides of the outline, as a share of the frame's shorter side
PACES = 0.3, 3.0  # speeds beside the wanted median
MOST = 3  # thin things in one scene


def with_thin_layers(
    layers: list[Layer], seed: int, number: int, options: SceneOptions, frames: int
) -> list[Layer]:
    """The layers of a scene with thin ones among them, in a share of the scenes."""
    random, path_random = random_states(THIN, seed, number)
    if random.uniform() >= SHARE:
        return layers
    layers = list(layers)
    size = np.array([options.width, options.height])
    for _ in range(random.randint(1, MOST + 1)):
        side = log_uniform(random, *REACHES) * min(size)
        scale = side / SIZE
        mask = thin_mask(random, log_uniform(random, *WIDTHS) / scale)
        centre, angle = random.uniform(0.1, 0.9, 2) * size, 0.25 * random.standard_normal()
        shape = placed_shape(mask, rotation(angle) * scale, scale, centre)
        pace = options.median_motion * log_uniform(random, *PACES)
        step = random_step(random, pace, centre, side)
        look = random_look(random, seed, number, options)
        layer = moving_layer(random, look, shape, step, options, frames, path_random)
        layers.insert(random.randint(1, len(layers) + 1), layer)
    return layers


def with_thin_boards(world: World, seed: int, number: int, options: SceneOptions) -> World:
    """The world with thin boards in it, some of which move, in a share of the worlds."""
    random, _ = random_states(THIN, seed, number)
    if random.uniform() >= SHARE:
        return world
    source = Surfaces(random, seed, number, options)
    boards = [
        _thin_board(random, source, world.intrinsics[0, 0])
        for _ in range(random.randint(1, MOST + 1))
    ]
    return world._replace(planes=world.planes + boards)


def thin_mask(random: np.random.RandomState, width: float) -> Mask:
    """A random outline of lines.

    Args:
        random: draws it.
        width: of the lines, in the mask's pixels.
    """
    canvas = np.full((DRAWN, DRAWN), 255, np.uint8)
    for line in [_poles, _wires, _net, _branches][random.randint(4)](random):
        cv2.polylines(canvas, [np.rint(line).astype(np.int32)], False, 0)
    distance = cv2.distanceTransform(canvas, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    distance = cv2.resize(distance, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    level = np.float32(width / 2) - distance * np.float32(SIZE / DRAWN)
    level[[0, -1]], level[:, [0, -1]] = -1, -1
    return Mask(level, (0.5, 0.5, SIZE - 1.5, SIZE - 1.5))


def _thin_board(random, source, focal):
    options = source.options
    z = log_uniform(random, 1.6, 12)
    pixel = z / focal  # its size at that depth
    side = log_uniform(random, *REACHES) * min(options.height, options.width)
    mask = thin_mask(random, log_uniform(random, *WIDTHS) * SIZE / side)
    size = np.array([options.width, options.height])
    x, y = random.uniform(-0.45, 0.45, 2) * size * pixel
    facing = random.standard_normal(3) * [0.3, 0.1, 0.25]
    move = np.zeros(3)
    if random.uniform() < 0.4:
        move = random.standard_normal(3) * [0.3, 0.1, 0.2]
    half = side * pixel / 2
    return source.plane(
        np.array([x, y, z]),
        rotation3(facing)[:, :2],
        focal / z * random.uniform(0.5, 1.6),
        (-half, -half, half, half),
        mask,
        move,
    )


def _poles(random):
    """Upright bars."""
    for x in random.uniform(MARGIN, DRAWN - MARGIN, random.randint(1, 6)):
        yield np.array([[x, MARGIN], [x, DRAWN - MARGIN]])


def _wires(random):
    """Lines from side to side that sag."""
    along = np.linspace(0, 1, 25)
    sag, slope = random.uniform(0, 250), random.uniform(-150, 150)
    for top in random.uniform(150, DRAWN - 450, random.randint(1, 6)):
        y = top + 4 * sag * along * (1 - along) + slope * (along - 0.5)
        yield np.stack([MARGIN + along * (DRAWN - 2 * MARGIN), y], axis=-1)


def _net(random):
    """Bars that cross, evenly apart."""
    low, high = MARGIN, DRAWN - MARGIN
    for place in np.linspace(low, high, random.randint(3, 11)):
        yield np.array([[place, low], [place, high]])
    for place in np.linspace(low, high, random.randint(2, 11)):
        yield np.array([[low, place], [high, place]])


def _branches(random):
    """A tree without leaves, four forks high."""
    ends = [(np.array([DRAWN / 2, DRAWN - MARGIN]), -np.pi / 2, 0.3 * DRAWN)]
    for _ in range(4):
        starts, ends = ends, []
        for start, heading, length in starts:
            end = start + length * np.array([np.cos(heading), np.sin(heading)])
            yield np.clip([start, end], MARGIN, DRAWN - MARGIN)
            for side in (-1, 1):
                turn = side * random.uniform(0.15, 0.8)
                ends.append((end, heading + turn, length * random.uniform(0.55, 0.85)))
