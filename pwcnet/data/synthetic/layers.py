"""What is in a scene: layers from back to front, each with its looks, its shape and its motion."""

from typing import NamedTuple, Optional

import cv2
import numpy as np

from pwcnet.data.synthetic import banks
from pwcnet.data.synthetic.motion import Motion
from pwcnet.data.synthetic.noise import smooth_field

STILL = 0.12  # share of cameras, and of layers of their own, that do not move
STEEPEST = 0.09  # of a bend: its largest value, as a share of the distance between its points
PAIRS_SPREAD, LAYERS_SPREAD = (
    1.3,
    1.0,
)  # standard deviations of the logarithm of speed, between pairs and within them; and together: many slow, few fast ones, as in films
CALIBRATION = 1.05  # layers' own and the camera's motion add up; with so much of the wanted median, they come to it (seen)


class Shape(NamedTuple):
    """level: signed distance to the outline in its own pixels, above 0 inside. place: [2, 3], from frame 1 to those pixels. scale: pixels of the frame for one of
    those. corners: [4, 3], (x, y, 1), of the parallelogram in frame 1 that holds the shape.
    """

    level: np.ndarray
    place: np.ndarray
    scale: float
    corners: np.ndarray


class Layer(NamedTuple):
    """texture: [h, w, 3] uint8. look: [2, 3], from frame 1 to the texture's pixels. colors: [3, 4], from the texture's colours to those seen, 0..255.
    shape: None covers everything. motion: how frame 1's points come to frame 2.
    """

    texture: np.ndarray
    look: np.ndarray
    colors: np.ndarray
    shape: Optional[Shape]
    motion: Motion


def make_layers(random, seed, number, options):
    """[Layer], back to front. random: np.random.RandomState, in the state that belongs to the pair."""
    size = options.height, options.width
    pace = CALIBRATION * options.median_motion * np.exp(PAIRS_SPREAD * random.standard_normal())
    camera = _step(
        random,
        pace * (options.camera and random.uniform() >= STILL),
        np.array(size[::-1]) / 2,
        np.hypot(*size) / 2,
    )
    layers = []
    for index in range(random.randint(options.least_layers, options.most_layers + 1)):
        looks = _looks(random, seed, number, options.textures)
        shape = _shape(random, seed, number, options.textures, size) if index else None
        box = _box(shape.corners if index else np.array([[0, 0, 1], [size[1] - 1, size[0] - 1, 1]]))
        step = camera @ _own_step(random, pace, camera, box) if index else camera
        layers.append(
            Layer(
                *looks,
                shape,
                _motion(random, step, box, size, options, 0.25 if index == 0 else 0.5),
            )
        )
    return layers


def _looks(random, seed, number, places):
    level = 0 if random.uniform() < 0.85 else 1  # the coarse one, magnified, is out of focus
    zoom, turn = np.exp(random.uniform(-0.6, 0.7)), random.uniform(0, 2 * np.pi)
    texture = banks.texture(seed, number, random.randint(places), places)[level]
    look = np.empty((2, 3))
    look[:, :2] = _turn(turn) * (zoom / (1 + level)) @ np.diag([random.choice([-1, 1]), 1])
    look[:, 2] = random.uniform(0, texture.shape[0], 2)
    saturation, gain = (
        random.uniform(0.4, 1.2),
        random.uniform(0.6, 1.15) * random.uniform(0.85, 1.15, (3, 1)),
    )
    linear = gain * (saturation * np.eye(3)[random.permutation(3)] + (1 - saturation) / 3)
    return texture, look, np.hstack([linear, random.uniform(-15, 30, (3, 1))])


def _shape(random, seed, number, places, size):
    mask = banks.mask(seed, number, random.randint(places), places)
    reach = min(size) * np.exp(
        random.uniform(np.log(0.1), np.log(0.75))
    )  # from the middle to the rim
    left, top, right, bottom = mask.box
    scale, stretch = (
        2 * reach / max(right - left, bottom - top),
        np.exp(random.uniform(-0.35, 0.35)),
    )
    linear = _turn(random.uniform(0, 2 * np.pi)) @ np.diag([scale * stretch, scale / stretch])
    middle, centre = (
        np.array([left + right, top + bottom]) / 2,
        random.uniform(-0.05, 1.05, 2) * size[::-1],
    )
    corners = (
        np.array([[left, top], [right, top], [right, bottom], [left, bottom]]) - middle
    ) @ linear.T + centre
    back = np.linalg.inv(linear)
    return Shape(
        mask.level,
        np.hstack([back, (middle - back @ centre)[:, None]]),
        scale,
        np.hstack([corners, np.ones((4, 1))]),
    )


def _own_step(random, pace, camera, box):
    """A layer's motion before the camera's: its own, or, as for things at rest nearer than the background, more of the camera's shift."""
    centre, reach = (box[:2] + box[2:]) / 2, np.hypot(*(box[2:] - box[:2])) / 2
    if random.uniform() < 0.3:
        middle = np.append(centre, 1.0)
        step = np.eye(3)
        step[:2, 2] = (camera @ middle - middle)[:2] * random.uniform(-0.3, 1.5)
        return step
    return _step(
        random,
        pace * np.exp(LAYERS_SPREAD * random.standard_normal()) * (random.uniform() >= STILL),
        centre,
        reach,
    )


def _step(random, speed, centre, reach):
    """[3, 3]: a shift of about `speed` pixels; a turn, a zoom and a shear about the centre that move points at `reach` by less than that, mostly."""
    turn, zoom, shear, skew = np.clip(
        random.standard_normal(4) * np.array([0.45, 0.35, 0.12, 0.12]) * speed / reach, -0.4, 0.4
    )
    linear = _turn(turn) @ (np.diag(np.exp([zoom + shear, zoom - shear])) + [[0, skew], [0, 0]])
    heading = random.uniform(0, 2 * np.pi)
    step = np.eye(3)
    step[:2, :2] = linear
    step[:2, 2] = (
        centre
        - linear @ centre
        + speed * np.array([np.cos(heading), np.sin(heading)]) * [1.0, random.uniform(0.5, 1)]
    )
    return step


def _motion(random, step, box, size, options, most):
    """The step, with a bend of up to `most` of its speed in half of the layers, shrunk where any pixel of the box within the frame would move too far."""
    bounds = np.clip(box, 0, np.array([size[1] - 1, size[0] - 1] * 2))
    corners = np.array([[bounds[i], bounds[j], 1] for i in (0, 2) for j in (1, 3)])
    fastest = np.hypot(*((step - np.eye(3))[:2] @ corners.T)).max()
    bend, rest = None, random.uniform(0.6, 1.0)
    if options.deformation and random.uniform() < 0.55:
        cells = random.randint(2, 7)
        strength = min(
            most * random.uniform() * (fastest + 0.2 * options.median_motion),
            STEEPEST * min(size) / cells,
        )
        bend = smooth_field(random, cells, size, 2) * np.float32(strength)
        fastest += np.sqrt(cv2.norm(bend, cv2.NORM_INF) ** 2 * 2)
    if fastest > options.largest_motion:
        share = (
            rest * options.largest_motion / fastest
        )  # not all at the limit: that would be a speed of its own
        step = np.eye(3) + share * (step - np.eye(3))
        bend = None if bend is None else bend * np.float32(share)
    return Motion(step, size, bend)


def _box(corners):
    """[4]: left, top, right, bottom."""
    return np.concatenate([corners[:, :2].min(axis=0), corners[:, :2].max(axis=0)])


def _turn(angle):
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
