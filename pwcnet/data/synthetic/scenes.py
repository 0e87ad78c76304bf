"""Generated scenes: frames of layers or of worlds, with exact flow."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from pwcnet._checks import require
from pwcnet.data.sample import LoadedSample
from pwcnet.data.synthetic.content import PASSING, THIN
from pwcnet.data.synthetic.effects import apply_camera_effects, random_exposure
from pwcnet.data.synthetic.layers import make_layers
from pwcnet.data.synthetic.lighting import SurfaceMaps, apply_lighting
from pwcnet.data.synthetic.options import LAYERS, WORLDS, SceneOptions, demo_options
from pwcnet.data.synthetic.passing import with_passing_boards, with_passing_layers
from pwcnet.data.synthetic.render import occluded, render
from pwcnet.data.synthetic.thin import with_thin_boards, with_thin_layers
from pwcnet.data.synthetic.world_scenes import world_frames
from pwcnet.data.synthetic.worlds import make_world

# Streams of random numbers of each kind for what there is, effects, and how it moves on: apart, so
# that none depends on another.
STREAMS = {LAYERS: (11, 12, 13), WORLDS: (21, 22, 23)}


class Scene(NamedTuple):
    """N frames and the ground truth of the N - 1 steps between them.

    Attributes:
        frames: N times [H, W, 3] uint8 RGB.
        flows: N - 1 times [H, W, 2] float32, pixels, channels (u, v), from frame n to n + 1. In
            worlds NaN where it is unknown: beyond the largest motion, behind the next camera, and
            where there is no plane.
        occlusions: N - 1 times [H, W] bool, pixels of frame n that are not visible in frame n + 1:
            covered, or out of the frame.
        invalids: N - 1 times [H, W] bool, pixels of frame n that mix two layers or planes, so that
            no single flow is right, and those without flow.
    """

    frames: list[np.ndarray]
    flows: list[np.ndarray]
    occlusions: list[np.ndarray]
    invalids: list[np.ndarray]


def generate_scene(seed: int, number: int, frames: int, options: SceneOptions) -> Scene:
    """Generates a scene, the same bit for bit for the same arguments, in any thread.

    Layers and worlds move on smoothly from frame to frame. Without effects, a longer scene begins
    with the frames of a shorter one. Scenes with numbers near each other share textures, in
    different views; the first ones take longer, because their textures are computed.
    Flow of layers is exact to about 0.02 pixels, that of worlds to 0.001. Where layers mix in a
    pixel, it is that of the layer that covers half of it or more.

    Args:
        seed: whole number in 0..2^32-1.
        number: whole number in 0..2^32-1, of the scene among those of the seed.
        frames: how many, at least 2.
        options: what the scene is like.

    Raises:
        ValueError: for other numbers; for a folder of photographs without any, and for a broken
            one.
        FileNotFoundError: for a missing folder of photographs.
    """
    require(
        0 <= seed < 2**32 and 0 <= number < 2**32,
        "a seed and a number in 0..4294967295",
        (seed, number),
    )
    require(frames >= 2, "at least 2 frames", frames)
    kind = options.kind_of(number)
    content, effects, paths = (
        np.random.RandomState([seed, stream, number]) for stream in STREAMS[kind]
    )
    entry = content, seed, number, options, frames, paths if frames > 2 else None
    scene = (_layers if kind == LAYERS else _world)(*entry, random_exposure(effects, options))
    return scene._replace(frames=apply_camera_effects(scene.frames, effects, seed, options))


def generate_pair(seed: int, number: int, options: SceneOptions) -> LoadedSample:
    """The scene of two frames as a training pair; valid is where the flow is known.

    In layers that is everywhere, and in worlds the flow is 0 elsewhere. Arguments and errors are
    those of `generate_scene`.
    """
    scene = generate_scene(seed, number, 2, options)
    (frame1, frame2), flow = scene.frames, scene.flows[0]
    valid = np.isfinite(flow[..., 0])
    flow = np.where(valid[..., None], flow, np.float32(0))
    return LoadedSample(frame1, frame2, flow, valid, scene.occlusions[0])


def demo_scene(
    number: int, height: int, width: int, frames: int, max_motion: float, **changes: Any
) -> Scene:
    """A scene that is easy to learn and pleasant to look at, as `demo_options` describes it."""
    return generate_scene(0, number, frames, demo_options(height, width, max_motion, **changes))


def _layers(random, seed, number, options, frames, path_random, exposure):
    """The `Scene` of layers before effects."""
    layers = make_layers(random, seed, number, options, frames, path_random)
    if options.holds(THIN):
        layers = with_thin_layers(layers, seed, number, options, frames)
    if options.holds(PASSING):
        layers = with_passing_layers(layers, seed, number, options, frames)
    size = options.height, options.width
    views = [render(layers, size, time, exposure) for time in range(frames)]
    surfaces = [
        SurfaceMaps(view.layer, (len(layers) - view.layer).astype(np.float32)) for view in views
    ]
    images = [view.image for view in views]
    return Scene(
        apply_lighting(images, surfaces, views[0].flow, seed, number, options),
        [view.flow for view in views[:-1]],
        [occluded(view, next_view) for view, next_view in zip(views, views[1:])],
        [view.mixed for view in views[:-1]],
    )


def _world(random, seed, number, options, frames, path_random, exposure):
    """The `Scene` of a world before effects."""
    world = make_world(random, seed, number, options)
    if options.holds(THIN):
        world = with_thin_boards(world, seed, number, options)
    if options.holds(PASSING):
        world = with_passing_boards(world, seed, number, options)
    size, limit = (options.height, options.width), options.largest_motion
    steps = world_frames(world, size, frames, limit, exposure, path_random)
    invalids = [mixed | np.isnan(flow[..., 0]) for mixed, flow in zip(steps.mixed, steps.flows)]
    surfaces = [SurfaceMaps(plane, depth) for plane, depth in zip(steps.planes, steps.depths)]
    images = apply_lighting(steps.images, surfaces, steps.flows[0], seed, number, options)
    return Scene(images, steps.flows, steps.occlusions, invalids)
