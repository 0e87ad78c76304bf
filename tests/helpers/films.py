"""Films with known motion of the camera and of objects: planes of textures, objects, noise, cuts.

A shot is one plane of generated textures and objects that move on it, seen by a camera whose motion
is a similarity in each frame. Frames are drawn at twice their size and averaged.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from pwcnet.data.synthetic.masks import make_mask
from pwcnet.data.synthetic.textures import make_texture

SAMPLES = 2  # a side of a pixel
MOVES = "still", "slow zoom", "pan", "fast pan", "zoom", "shake", "roll"
BLACK = 8.0  # the grey of a black frame


class Camera(NamedTuple):
    """What the camera does from a frame to the next: pixels at the centre, logarithm, degrees."""

    pan_x: float = 0.0
    pan_y: float = 0.0
    log_zoom: float = 0.0
    roll: float = 0.0

    def matrix(self, height, width):
        """[3, 3], from pixels of a frame to those of the next."""
        centre = np.array([(width - 1) / 2, (height - 1) / 2])
        angle, factor = np.deg2rad(self.roll), np.exp(self.log_zoom)
        turn = factor * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        matrix = np.eye(3)
        matrix[:2, :2] = turn
        matrix[:2, 2] = centre + [self.pan_x, self.pan_y] - turn @ centre
        return matrix


class Body(NamedTuple):
    """An object: its texture, its shape, where it is on the plane, and its step a frame."""

    texture: np.ndarray
    level: np.ndarray
    place: np.ndarray
    radius: float
    step: np.ndarray


class Shot(NamedTuple):
    """Frames [H, W, 3] float32 and, for each pair of them, its camera and the pixels that move."""

    frames: list
    cameras: list
    moving: list


def canvas_of(random, patches=None):
    """[512, 512, 3] uint8: a texture with patches of others."""
    canvas = make_texture(random)[0]
    for _ in range(random.randint(1, 5) if patches is None else patches):
        inside = cv2.resize(make_mask(random, simple=True).level, (512, 512)) > 0
        offset = random.randint(0, 512, 2)
        canvas[np.roll(inside, offset, (0, 1))] = make_texture(random)[0][inside]
    return canvas


def body_of(random, height, width, speed, radius=None):
    """An object within the first frame that moves by `speed` pixels a frame."""
    angle = random.uniform(0, 2 * np.pi)
    place = 256 + random.uniform(-0.4, 0.4, 2) * [width, height]
    radius = random.uniform(0.1, 0.25) * height if radius is None else radius
    step = speed * np.array([np.cos(angle), np.sin(angle)])
    level = make_mask(random, simple=True).level
    return Body(make_texture(random)[0], level, place, radius, step)


def shot(canvas, cameras, bodies=(), height=240, width=320):
    """Draws one more frame than there are cameras.

    Args:
        canvas: [512, 512, 3] uint8, mirrored beyond its sides.
        cameras: A `Camera` for each pair of frames.
        bodies: Each a `Body`.
        height: Of the frames.
        width: Of the frames.
    """
    place = np.eye(3)  # from pixels of the frame to the canvas
    place[:2, 2] = 256 - (width - 1) / 2, 256 - (height - 1) / 2
    frames, moving = [], []
    for number in range(len(cameras) + 1):
        image, mask = _draw(canvas, bodies, number, place, height, width)
        frames.append(image)
        moving.append(mask)
        if number < len(cameras):
            place = place @ np.linalg.inv(cameras[number].matrix(height, width))
    return Shot(frames, list(cameras), moving[:-1])


def _draw(canvas, bodies, number, place, height, width):
    """The frame, [H, W, 3] float32, and the pixels of its objects, [H, W] bool."""
    fine = np.diag([1 / SAMPLES, 1 / SAMPLES, 1.0])
    fine[:2, 2] = 0.5 / SAMPLES - 0.5
    place, size = place @ fine, (width * SAMPLES, height * SAMPLES)
    image = _sampled(canvas, place, size, cv2.BORDER_REFLECT)
    covered = np.zeros(size[::-1], np.uint8)
    for body in bodies:
        _draw_body(image, covered, body, number, place)
    image, covered = (
        cv2.resize(array.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
        for array in (image, covered)
    )
    return image, covered > 0.5


def _draw_body(image, covered, body, number, place):
    """Draws an object where it is in frame `number`."""
    corner = body.place + number * body.step - body.radius
    square = corner + 2 * body.radius * np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    seen = (np.linalg.inv(place) @ np.vstack([square.T, np.ones(4)]))[:2]
    limit = np.array(covered.shape[::-1])
    first = np.clip(np.floor(seen.min(axis=1)), 0, limit).astype(int)
    last = np.clip(np.ceil(seen.max(axis=1)) + 1, 0, limit).astype(int)
    if (last <= first).any():
        return
    place, size = place @ _shift(first), tuple(int(side) for side in last - first)
    to_level = np.diag([128 / body.radius, 128 / body.radius, 1]) @ _shift(-corner)
    inside = _sampled(body.level, to_level @ place, size, cv2.BORDER_REPLICATE) > 0
    texture = _sampled(body.texture, _shift(-number * body.step) @ place, size)
    area = slice(first[1], last[1]), slice(first[0], last[0])
    image[area][inside] = texture[inside]
    covered[area][inside] = 1


def _shift(offset):
    matrix = np.eye(3)
    matrix[:2, 2] = offset
    return matrix


def _sampled(image, place, size, border=cv2.BORDER_WRAP):
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(image, place[:2], size, flags=flags, borderMode=border)


def recorded(frames, random, noise=2.0):
    """Frames as a sensor gives them: noise of this standard deviation, [H, W, 3] uint8."""
    return [
        np.clip(np.rint(frame + noise * random.standard_normal(frame.shape)), 0, 255).astype(
            np.uint8
        )
        for frame in frames
    ]


def camera_path(random, move, count):
    """`Camera` for each of `count` pairs of a kind of MOVES."""
    angle, turn = random.uniform(0, 2 * np.pi), random.choice([-1, 1])
    speed = {"pan": random.uniform(1, 10), "fast pan": random.uniform(15, 40)}.get(move, 0.0)
    zoom = {"slow zoom": random.uniform(0.0005, 0.002), "zoom": random.uniform(0.005, 0.04)}
    roll = turn * random.uniform(0.1, 2) if move == "roll" else 0.0
    cameras = []
    for _ in range(count):
        pan = speed * np.array([np.cos(angle), np.sin(angle)])
        pan = random.normal(0, 2.5, 2) if move == "shake" else pan
        cameras.append(Camera(float(pan[0]), float(pan[1]), turn * zoom.get(move, 0.0), roll))
    return cameras


def random_shot(random, count, height=240, width=320, move=None):
    """A shot of `count` frames, of any kind of camera, with up to three objects."""
    move = random.choice(MOVES) if move is None else move
    bodies = [
        body_of(random, height, width, np.exp(random.uniform(np.log(1), np.log(15))))
        for _ in range(random.randint(0, 4))
    ]
    return shot(canvas_of(random), camera_path(random, move, count - 1), bodies, height, width)


def flashed(frames, at, gain, lift):
    """The frames with one that is brighter."""
    return [
        np.minimum(frame * gain + lift, 255) if number == at else frame
        for number, frame in enumerate(frames)
    ]


def faded(frames, count):
    """The frames, of which the last `count` fade to black."""
    shares = np.ones(len(frames))
    shares[-count:] = np.linspace(1, 0, count + 1)[1:]
    return [BLACK + share * (frame - BLACK) for share, frame in zip(shares, frames)]


def cross_faded(first, second, count):
    """Two shots, of which the last `count` frames of the first fade into the second's first."""
    shares = np.linspace(0, 1, count + 2)[1:-1]
    mixed = [
        (1 - share) * before + share * after
        for share, before, after in zip(shares, first[-count:], second[:count])
    ]
    return first[:-count] + mixed + second[count:]


def film_with_cuts(seed, shots=6, count=12, height=240, width=320):
    """A film of shots with flashes, fades and noise.

    Returns:
        (frames [H, W, 3] uint8, the set of the numbers of the pairs that are cuts). What follows a
        black frame is no cut.
    """
    random = np.random.RandomState(seed)
    frames, cuts, effect = [], set(), "none"
    for number in range(shots):
        following = random_shot(random, count, height, width).frames
        is_black = effect == "black"
        effect = random.choice(["none", "none", "flash", "black", "cross-fade"])
        if effect == "flash":
            gain, lift = random.uniform(1.3, 2.5), random.uniform(0, 60)
            following = flashed(following, random.randint(1, count - 1), gain, lift)
        if effect == "black":
            following = faded(following, random.randint(4, 9))
        if effect == "cross-fade" and number and frames:
            frames = cross_faded(frames, following, random.randint(5, 9))
        else:
            if frames and not is_black:
                cuts.add(len(frames) - 1)
            frames = frames + following
    return recorded(frames, random, random.uniform(0, 6)), cuts
