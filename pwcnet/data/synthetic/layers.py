"""The layers of a scene, from back to front: their textures, shapes and motion."""

from __future__ import annotations

from typing import NamedTuple, Sequence

import cv2
import numpy as np

from pwcnet.data.geometry import affine, rotation
from pwcnet.data.synthetic import banks
from pwcnet.data.synthetic.motion import (
    Motion,
    bend_speed,
    box_of,
    continued_motion,
    largest_shift,
)
from pwcnet.data.synthetic.noise import smooth_field
from pwcnet.data.synthetic.options import SceneOptions
from pwcnet.data.synthetic.shapes import Shape, random_shape

STILL = 0.12  # share of cameras, and of layers that move by themselves, that do not move
STEEPEST = 0.09  # largest value of a bend, as a share of the distance between its control points

# The motions of a layer and of the camera add up. With this share of the wanted median they come to
# it (measured).
CALIBRATION = 1.05


class Layer(NamedTuple):
    """One layer of a scene.

    Attributes:
        texture: [h, w, 3] uint8.
        texture_place: [2, 3], from points of frame 0 to the texture's pixels.
        colors: [3, 4], from the texture's colours to those of the frames, 0..255.
        shape: its outline, or None for a layer that covers everything.
        motions: the `Motion` from frame 0 to each of frames 1, 2, ...
    """

    texture: np.ndarray
    texture_place: np.ndarray
    colors: np.ndarray
    shape: Shape | None
    motions: Sequence[Motion]


def make_layers(
    random: np.random.RandomState,
    seed: int,
    number: int,
    options: SceneOptions,
    frames: int = 2,
    path_random: np.random.RandomState | None = None,
) -> list[Layer]:
    """The layers of scene `number`, back to front.

    Args:
        random: draws textures, shapes and the motion from frame 0 to frame 1.
        seed: of the banks of textures and masks.
        number: of the scene, which chooses the generation of their entries.
        options: of the scene.
        frames: how many, at least 2.
        path_random: draws how the motion continues after frame 1; needed for more than two frames,
            and apart from `random`, so that the first two frames do not depend on `frames`.
    """
    size = options.height, options.width
    pace = (
        CALIBRATION
        * options.median_motion
        * np.exp(options.scene_spread * random.standard_normal())
    )
    camera = random_step(
        random,
        pace * options.camera_speed * (options.camera and random.uniform() >= STILL),
        np.array(size[::-1]) / 2,
        np.hypot(*size) / 2,
    )
    layers = []
    for index in range(random.randint(options.least_layers, options.most_layers + 1)):
        look = random_look(random, seed, number, options)
        shape = random_shape(random, seed, number, options) if index else None
        box = frame_box(size) if shape is None else box_of(shape.corners)
        step = camera @ _relative_step(random, pace, camera, box, options) if index else camera
        layers.append(moving_layer(random, look, shape, step, options, frames, path_random))
    return layers


def moving_layer(
    random: np.random.RandomState,
    look: tuple[np.ndarray, np.ndarray, np.ndarray],
    shape: Shape | None,
    step: np.ndarray,
    options: SceneOptions,
    frames: int,
    path_random: np.random.RandomState | None,
) -> Layer:
    """A layer that goes on from its step [3, 3] from frame 0 to frame 1, within the limits.

    Args:
        random: draws how it bends, and by how much a step that is too long is shortened.
        look: as of `random_look`.
        shape: None for a layer that covers everything.
        step: before both.
        options: of the scene.
        frames: how many.
        path_random: as of `make_layers`.
    """
    size = options.height, options.width
    corners = None if shape is None else shape.corners
    box = frame_box(size) if shape is None else box_of(shape.corners)
    step, bend = _limited_step(random, step, box, options, 0.25 if shape is None else 0.5)
    motions = continued_motion(
        step, bend, corners, size, options.largest_motion, frames, path_random
    )
    return Layer(*look, shape, motions)


def frame_box(size: tuple[int, int]) -> np.ndarray:
    """[4]: left, top, right, bottom of frames of a size (height, width)."""
    return np.array([0, 0, size[1] - 1, size[0] - 1])


def random_look(
    random: np.random.RandomState, seed: int, number: int, options: SceneOptions
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(texture, texture_place, colors) of a `Layer`; arguments are those of `make_layers`."""
    level = 0 if random.uniform() < 0.85 else 1  # the coarse one, magnified, is out of focus
    zoom, angle = np.exp(random.uniform(-0.6, 0.7)), random.uniform(0, 2 * np.pi)
    place = random.randint(options.textures)
    texture = banks.texture(seed, number, place, options)[level]
    linear = rotation(angle) * (zoom / options.texture_scale / (1 + level))
    texture_place = np.empty((2, 3))
    texture_place[:, :2] = linear @ np.diag([random.choice([-1, 1]), 1])
    texture_place[:, 2] = random.uniform(0, texture.shape[0], 2)
    saturation, gain = (
        random.uniform(0.4, 1.2),
        random.uniform(0.6, 1.15) * random.uniform(0.85, 1.15, (3, 1)),
    )
    colors = gain * (saturation * np.eye(3)[random.permutation(3)] + (1 - saturation) / 3)
    return texture, texture_place, np.hstack([colors, random.uniform(-15, 30, (3, 1))])


def _relative_step(random, pace, camera, box, options):
    """[3, 3]: the motion of a layer before the camera's."""
    centre, reach = (box[:2] + box[2:]) / 2, np.hypot(*(box[2:] - box[:2])) / 2
    if random.uniform() < 0.3:
        # At rest nearer to the camera than the background: it has more of the camera's shift.
        middle = np.append(centre, 1.0)
        return affine(np.eye(2), (camera @ middle - middle)[:2] * random.uniform(-0.3, 1.5))
    factor = np.exp(options.layer_spread * random.standard_normal())
    return random_step(random, pace * factor * (random.uniform() >= STILL), centre, reach)


def random_step(
    random: np.random.RandomState, speed: float, centre: np.ndarray, reach: float
) -> np.ndarray:
    """[3, 3]: a shift of about `speed` pixels, and a turn, a zoom and a shear about the centre.

    The latter move points at the distance `reach` by less than the shift, mostly.
    """
    turn, zoom, shear, skew = np.clip(
        random.standard_normal(4) * np.array([0.45, 0.35, 0.12, 0.12]) * speed / reach, -0.4, 0.4
    )
    linear = rotation(turn) @ (np.diag(np.exp([zoom + shear, zoom - shear])) + [[0, skew], [0, 0]])
    heading = random.uniform(0, 2 * np.pi)
    direction = np.array([np.cos(heading), np.sin(heading)])
    return affine(
        linear, centre - linear @ centre + speed * direction * [1.0, random.uniform(0.5, 1)]
    )


def _limited_step(random, step, box, options, most):
    """(step, bend or None), both shrunk where a visible pixel would move too far.

    Half of the layers bend, by up to `most` of their speed.
    """
    size = options.height, options.width
    visible = np.clip(box, 0, np.array([size[1] - 1, size[0] - 1] * 2))
    fastest = largest_shift(step, visible)
    bend, rest = None, random.uniform(0.6, 1.0)
    if options.deformation and random.uniform() < 0.55:
        cells = random.randint(2, 7)
        strength = min(
            most * random.uniform() * (fastest + 0.2 * options.median_motion),
            STEEPEST * min(size) / cells,
        )
        bend = smooth_field(random, cells, size, 2) * np.float32(strength)
        fastest += bend_speed(cv2.norm(bend, cv2.NORM_INF))
    if fastest > options.largest_motion:
        # Not all of them at the limit: that would be a speed more frequent than others.
        share = rest * options.largest_motion / fastest
        step = np.eye(3) + share * (step - np.eye(3))
        bend = None if bend is None else bend * np.float32(share)
    return step, bend
