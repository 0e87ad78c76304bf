"""Textures of layers: square images of many kinds."""

from __future__ import annotations

import string

import cv2
import numpy as np

from pwcnet.data.geometry import rotation
from pwcnet.data.synthetic.noise import fractal_noise, palette, smooth_field

SIZE = 512
LETTERS = string.ascii_letters + string.digits + ".,:;!?()&%"


def make_texture(
    random: np.random.RandomState, simple: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """A random texture.

    Args:
        random: draws it.
        simple: noise and shapes alone, which are rich in contrast; without it also lines, writing
            and plain walls.

    Returns:
        The texture and its half, [512, 512, 3] and [256, 256, 3] uint8 RGB.
    """
    kinds = [(_cloud, 0.27), (_leaves, 0.45), (_lines, 0.1), (_writing, 0.06), (_plain, 0.12)]
    if simple:
        kinds = [(_cloud, 0.25), (_leaves, 0.75)]
    image = _random_kind(random, kinds)
    if random.uniform() < 0.25:
        other = _random_kind(random, kinds)
        patches = fractal_noise(random, SIZE, random.uniform(1.2, 2.2)) * random.uniform(2, 20)
        image += np.clip(patches + 0.5, 0, 1)[..., None] * (other - image)
    image = np.clip(image + 0.5, 0, 255).astype(np.uint8)
    return image, cv2.resize(image, (SIZE // 2, SIZE // 2), interpolation=cv2.INTER_AREA)


def _random_kind(random, kinds):
    """[512, 512, 3] float32, about 0..255."""
    return kinds[random.choice(len(kinds), p=[share for _, share in kinds])][0](random)


def _cloud(random):
    """Fractal noise: brightness of one kind, colour of a smoother one."""
    brightness = fractal_noise(random, SIZE, random.uniform(0.8, 1.9))
    color = cv2.resize(
        fractal_noise(random, SIZE // 4, random.uniform(1.0, 2.0)),
        (SIZE, SIZE),
        interpolation=cv2.INTER_CUBIC,
    )
    first, second = random.standard_normal((2, 3)).astype(np.float32) * np.array(
        [[10], [22]], np.float32
    )
    contrast = random.uniform(15, 60)
    return (
        palette(random, 1)[0]
        + brightness[..., None] * (contrast + first)
        + color[..., None] * second
    )


def _plain(random):
    """Nearly one colour with a gradient, as walls and skies are."""
    color, slope = palette(random, 1)[0], random.uniform(5, 50)
    gradient = smooth_field(random, random.randint(1, 4), (SIZE, SIZE)) * slope
    grain = fractal_noise(random, SIZE, random.uniform(0.5, 1.5)) * random.uniform(0.5, 7)
    return color + (gradient + grain)[..., None] * random.uniform(0.7, 1.3, 3).astype(np.float32)


def _leaves(random):
    """Dead leaves: shapes of all sizes on each other, each with its colour and share of grain.

    Radii have a density of 1 / radius^3, between 5 pixels and 0.35 of the texture.
    """
    count = int(np.exp(random.uniform(np.log(80), np.log(900))))
    radii = 5 / np.sqrt(random.uniform((5 / (0.35 * SIZE)) ** 2, 1.0, count))
    radii = radii * np.sqrt(5 * SIZE * SIZE / (np.pi * count)) / np.sqrt(np.mean(radii**2))
    radii = np.sort(radii * np.exp(0.3 * random.standard_normal(count)))[::-1]
    colors = np.concatenate([palette(random, count), random.uniform(0, 255, (count, 1))], axis=1)
    canvas = np.empty((SIZE, SIZE, 4), np.uint8)
    canvas[:] = colors[0].astype(np.uint8)
    for radius, color in zip(np.minimum(radii, 0.45 * SIZE), colors.tolist()):
        _draw_leaf(random, canvas, radius, color)
    shade = 1 + random.uniform(0, 0.35) * smooth_field(random, random.randint(2, 9), (SIZE, SIZE))
    grain = fractal_noise(random, SIZE, random.uniform(0.6, 1.6)) * (random.uniform(0, 0.16) ** 1.2)
    canvas = canvas.astype(np.float32)
    return canvas[..., :3] * shade[..., None] + (canvas[..., 3] * grain)[..., None]


def _draw_leaf(random, canvas, radius, color):
    """Draws an ellipse or a polygon; coordinates have 4 fractional bits."""
    centre, stretch = random.uniform(0, SIZE, 2), random.uniform(0.25, 1.0)
    degrees = random.uniform(0, 360)
    if random.uniform() < 0.5:
        place = tuple(int(16 * value) for value in centre)
        axes = int(16 * radius), int(16 * radius * stretch)
        cv2.ellipse(canvas, place, axes, degrees, 0, 360, color, -1, cv2.LINE_AA, 4)
        return
    corners = random.randint(3, 7)
    if corners == 4:
        angles = np.arange(4) * np.pi / 2 + 0.5
    else:
        angles = np.sort(random.uniform(0, 2 * np.pi, corners))
    points = np.stack([np.cos(angles), stretch * np.sin(angles)], axis=-1) * radius
    points = points @ rotation(-np.deg2rad(degrees)) + centre
    cv2.fillPoly(canvas, [np.rint(16 * points).astype(np.int32)], color, cv2.LINE_AA, 4)


def _lines(random):
    """Stripes, waves or checks, bent a little, with wear."""
    bend = smooth_field(random, 3, (SIZE, SIZE), 2) * random.uniform(0, 12)
    angle, period = random.uniform(0, np.pi), np.exp(random.uniform(np.log(9), np.log(90)))
    y, x = np.mgrid[:SIZE, :SIZE].astype(np.float32)
    x, y = x + bend[..., 0], y + bend[..., 1]
    sharp = random.uniform(1, period / 3)
    across = x * np.cos(angle) + y * np.sin(angle)
    wave = np.clip(np.sin(across * (2 * np.pi / period)) * sharp, -1, 1)
    if random.uniform() < 0.5:
        along = y * np.cos(angle) - x * np.sin(angle)
        other_period = period * random.uniform(0.6, 2)
        wave = wave * np.clip(np.sin(along * (2 * np.pi / other_period)) * sharp, -1, 1)
    first, second = palette(random, 2)
    wear = fractal_noise(random, SIZE, random.uniform(0.8, 1.6)) * random.uniform(2, 20)
    return first + (second - first) * (0.5 + 0.5 * wave)[..., None] + wear[..., None]


def _writing(random):
    """Lines of letters on paper, as on signs and pages."""
    paper = _plain(random)
    ink, scale = palette(random, 1)[0], np.exp(random.uniform(np.log(0.5), np.log(3)))
    mask, height = np.zeros((SIZE, SIZE), np.uint8), int(34 * scale * random.uniform(0.8, 1.5))
    thickness, font = max(1, int(scale * random.uniform(0.8, 3))), int(random.randint(0, 8))
    for line in range(SIZE // height + 1):
        text = "".join(random.choice(list(LETTERS + "    "), 60))
        place = random.randint(-60, 1), (line + 1) * height
        cv2.putText(mask, text, place, font, scale, 255, thickness, cv2.LINE_AA)
    share = (mask.astype(np.float32) * np.float32(random.uniform(0.6, 1) / 255))[..., None]
    return paper + (ink - paper) * share
