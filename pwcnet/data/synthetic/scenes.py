"""Generated scenes: frames of moving, bending layers with exact dense flow."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pwcnet._checks import require
from pwcnet.data.sample import LoadedSample
from pwcnet.data.synthetic.effects import apply_camera_effects, random_exposure
from pwcnet.data.synthetic.layers import make_layers
from pwcnet.data.synthetic.options import SceneOptions, demo_options
from pwcnet.data.synthetic.render import occluded, render

# Streams of random numbers, apart so that layers do not depend on effects, nor on how they move on.
LAYERS, EFFECTS, PATHS = 11, 12, 13


class Scene(NamedTuple):
    """N frames and the ground truth of the N - 1 steps between them.

    Attributes:
        frames: N times [H, W, 3] uint8 RGB.
        flows: N - 1 times [H, W, 2] float32, pixels, channels (u, v), from frame n to n + 1.
        occlusions: N - 1 times [H, W] bool, pixels of frame n that are not visible in frame n + 1:
            covered, or out of the frame.
        invalids: N - 1 times [H, W] bool, pixels of frame n that mix two layers, so that no single
            flow is right.
    """

    frames: list[np.ndarray]
    flows: list[np.ndarray]
    occlusions: list[np.ndarray]
    invalids: list[np.ndarray]


def generate_scene(seed: int, number: int, frames: int, options: SceneOptions) -> Scene:
    """Generates a scene, the same bit for bit for the same arguments, in any thread.

    Layers move on smoothly from frame to frame. Without effects, a longer scene begins with the
    frames of a shorter one. Scenes with numbers near each other share textures, in different views;
    the first ones take longer, because their textures are computed.
    Flow is exact to about 0.02 pixels. Where layers mix in a pixel, it is that of the layer that
    covers half of it or more.

    Args:
        seed: whole number in 0..2^32-1.
        number: whole number in 0..2^32-1, of the scene among those of the seed.
        frames: how many, at least 2.
        options: what the scene is like.

    Raises:
        ValueError: for other numbers.
    """
    require(
        0 <= seed < 2**32 and 0 <= number < 2**32,
        "a seed and a number in 0..4294967295",
        (seed, number),
    )
    require(frames >= 2, "at least 2 frames", frames)
    layers = make_layers(
        _random(seed, LAYERS, number),
        seed,
        number,
        options,
        frames,
        _random(seed, PATHS, number) if frames > 2 else None,
    )
    random, size = _random(seed, EFFECTS, number), (options.height, options.width)
    exposure = random_exposure(random, options)
    views = [render(layers, size, time, exposure) for time in range(frames)]
    return Scene(
        apply_camera_effects([view.image for view in views], random, seed, options),
        [view.flow for view in views[:-1]],
        [occluded(view, next_view) for view, next_view in zip(views, views[1:])],
        [view.mixed for view in views[:-1]],
    )


def generate_pair(seed: int, number: int, options: SceneOptions) -> LoadedSample:
    """The scene of two frames as a training pair, with every pixel valid.

    Arguments and errors are those of `generate_scene`.
    """
    scene = generate_scene(seed, number, 2, options)
    (frame1, frame2), flow = scene.frames, scene.flows[0]
    valid = np.ones(flow.shape[:2], bool)
    return LoadedSample(frame1, frame2, flow, valid, scene.occlusions[0])


def demo_scene(number: int, height: int, width: int, frames: int, max_motion: float) -> Scene:
    """A scene that is easy to learn and pleasant to look at, as `demo_options` describes it."""
    return generate_scene(0, number, frames, demo_options(height, width, max_motion))


def _random(seed, stream, number):
    return np.random.RandomState([seed, stream, number])
