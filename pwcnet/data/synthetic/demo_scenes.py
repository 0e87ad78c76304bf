"""Small synthetic scenes with exact dense flow: textured shapes that move before a textured background, under a moving camera."""

import os
from typing import List, NamedTuple

import cv2
import numpy as np

from pwcnet.data.datasets.sintel import FOLDER
from pwcnet.data.synthetic.sprites import shade, shape, texture
from pwcnet.io.atomic import write_text
from pwcnet.io.flow_files import write_flow
from pwcnet.io.images import write_image

MANIFEST = "made-by-make_scenes.txt"  # names every file that `write_sintel` wrote, so that it replaces those and no others
OPAQUE = 0.5  # coverage from which a pixel belongs to a layer
CAMERA_SHARE = 0.25  # of the largest motion; the shapes' own motion gets most of the rest


class Scene(NamedTuple):
    """N frames and what is known about the N-1 steps between them.

    frames: [H, W, 3] uint8 RGB. flows: [H, W, 2] float32, pixels, channels (u, v), from frame n to n+1.
    occlusions: [H, W] bool, pixels of frame n that are not visible in frame n+1, covered or out of the frame.
    invalids: [H, W] bool, pixels of frame n that mix two layers, so that no single flow is right.
    """

    frames: List[np.ndarray]
    flows: List[np.ndarray]
    occlusions: List[np.ndarray]
    invalids: List[np.ndarray]


class _Layer(NamedTuple):
    """A picture that moves.

    texture: [h, w, 3] float32 in 0..255. alpha: [h, w] float32 coverage; None covers everything. poses: [3, 3] each, picture to frame, by time.
    """

    texture: np.ndarray
    alpha: np.ndarray
    poses: List[np.ndarray]


def make_scene(seed, height, width, frames, max_motion):
    """A `Scene` of `frames` frames, [height, width] pixels each, the same for the same arguments.

    max_motion: no pixel moves further than this from one frame to the next, in pixels. Raises ValueError.
    """
    if min(height, width) < 16 or frames < 2 or not 0.0 <= max_motion < float("inf"):
        raise ValueError(
            "expected at least 16x16 pixels, 2 frames and a motion of 0 pixels or more, got %dx%d, %d and %r; try larger numbers"
            % (height, width, frames, max_motion)
        )
    random = np.random.RandomState([seed, 1])
    layers = _layers(random, height, width, frames, max_motion)
    pictures, indices, blends = zip(
        *(_render(layers, time, height, width) for time in range(frames))
    )
    steps = [_motion(layers, time, indices[time]) for time in range(frames - 1)]
    return Scene(
        list(pictures),
        [flow for flow, _ in steps],
        [occluded for _, occluded in steps],
        list(blends[:-1]),
    )


def _layers(random, height, width, frames, max_motion):
    """Back to front: the background, then shapes, the smaller ones in front."""
    camera = _camera_path(random, height, width, frames, CAMERA_SHARE * max_motion)
    layers = [
        _Layer(
            texture(random, height + 64, width + 64),
            None,
            [step @ _shifted(-32, -32) for step in camera],
        )
    ]
    size = min(height, width)
    radii = sorted(random.uniform(0.1, 0.3, random.randint(5, 9)) * size, reverse=True)
    for radius, speed in zip(radii, random.permutation(np.linspace(0.25, 1.0, len(radii)))):
        alpha = shape(random, radius)
        picture = texture(random, *alpha.shape) * shade(alpha, radius)
        path = _shape_path(
            random, alpha.shape, (height, width), frames, speed * (0.98 - CAMERA_SHARE) * max_motion
        )
        layers.append(_Layer(picture, alpha, [seen @ own for seen, own in zip(camera, path)]))
    return layers


def _shifted(x, y):
    return np.array([[1.0, 0.0, x], [0.0, 1.0, y], [0.0, 0.0, 1.0]])


def _about(centre, linear, shift):
    """The 3x3 map of `linear` [2, 2] about `centre`, then a shift; both (x, y)."""
    step = np.eye(3)
    step[:2, :2] = linear
    step[:2, 2] = centre - linear @ centre + shift
    return step


class _Deformation:
    """Rotation at a steady rate, zoom and shear that come and go, so that shapes neither vanish nor fill the frame.

    No point within `radius` pixels of the centre moves further than `limit` in a step.
    """

    def __init__(self, random, radius, limit):
        self._rate = min(limit / radius, 0.15) / 2.3
        self._turn, self._zoom, self._shear, self._skew = random.uniform(-1, 1, 4)
        self._phase, self._period = random.uniform(0, 2 * np.pi), random.uniform(6, 12)

    def linear(self, time):
        swing = np.cos(self._phase + 2 * np.pi * time / self._period)
        turn = self._rate * self._turn
        change = (
            swing
            * self._rate
            * np.array(
                [[self._zoom + self._shear, self._skew], [self._skew, self._zoom - self._shear]]
            )
            / 2
        )
        return np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) + change


def _camera_path(random, height, width, frames, limit):
    """Frame 0 to frame t, 3x3 for each t: a pan that swings, with a little roll and zoom about the frame's centre."""
    centre = np.array([width, height]) / 2
    deformation = _Deformation(random, np.hypot(height, width) / 2, 0.35 * limit)
    angle, turn, speed = (
        random.uniform(0, 2 * np.pi),
        random.uniform(-0.3, 0.3),
        random.uniform(0.3, 0.65) * limit,
    )
    path = [np.eye(3)]
    for time in range(frames - 1):
        direction = np.array([np.cos(angle + turn * time), np.sin(angle + turn * time)])
        path.append(_about(centre, deformation.linear(time), speed * direction) @ path[-1])
    return path


def _shape_path(random, shape, frame_shape, frames, limit):
    """Picture to the camera's frame 0, 3x3 for each time: straight on, turning back where the centre would leave the frame."""
    middle, limits = np.array(shape[::-1]) / 2, np.array(frame_shape[::-1], float)
    centre = random.uniform(0.1, 0.9, 2) * limits
    deformation = _Deformation(random, np.hypot(*middle), 0.2 * limit)
    angle = random.uniform(0, 2 * np.pi)
    shift = 0.8 * limit * np.array([np.cos(angle), np.sin(angle)])
    path = [_shifted(*(centre - middle))]
    for time in range(frames - 1):
        shift = np.where(
            centre < 0, np.abs(shift), np.where(centre > limits, -np.abs(shift), shift)
        )
        path.append(_about(centre, deformation.linear(time), shift) @ path[-1])
        centre = centre + shift
    return path


def _grid(height, width):
    """[H, W, 2] float64, (x, y) of each pixel's centre; poses map pixel centres at whole numbers."""
    return np.stack(
        np.meshgrid(np.arange(width, dtype=float), np.arange(height, dtype=float)), axis=-1
    )


def _mapped(points, matrix):
    return points @ matrix[:2, :2].T + matrix[:2, 2]


def _coverage(layer, time, points):
    """The layer's alpha at points [H, W, 2] of the frame at that time."""
    if layer.alpha is None:
        return np.ones(points.shape[:2], np.float32)
    x, y = np.moveaxis(_mapped(points, np.linalg.inv(layer.poses[time])).astype(np.float32), -1, 0)
    return cv2.remap(
        layer.alpha, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0
    )


def _render(layers, time, height, width):
    """(picture [H, W, 3] uint8, index of the layer seen [H, W], whether a pixel mixes layers [H, W] bool) at a time."""
    grid = _grid(height, width)
    picture = np.zeros((height, width, 3), np.float32)
    index, mixed = np.zeros((height, width), int), np.zeros((height, width), bool)
    for number, layer in enumerate(layers):
        x, y = np.moveaxis(
            _mapped(grid, np.linalg.inv(layer.poses[time])).astype(np.float32), -1, 0
        )
        alpha = _coverage(layer, time, grid)
        colour = cv2.remap(layer.texture, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
        picture += alpha[..., None] * (colour - picture)
        index[alpha >= OPAQUE] = number
        mixed = np.where(alpha > 0.95, False, mixed | (alpha > 0.05))
    return np.clip(np.round(picture), 0, 255).astype(np.uint8), index, mixed


def _motion(layers, time, index):
    """(flow [H, W, 2] float32, occluded [H, W] bool) from a time to the next, of the layer that each pixel shows."""
    height, width = index.shape
    grid = _grid(height, width)
    targets, occluded = grid.copy(), np.zeros(index.shape, bool)
    for number, layer in enumerate(layers):
        target = _mapped(grid, layer.poses[time + 1] @ np.linalg.inv(layer.poses[time]))
        targets = np.where((index == number)[..., None], target, targets)
    for number, layer in enumerate(layers):
        occluded |= (number > index) & (_coverage(layer, time + 1, targets) >= OPAQUE)
    outside = ((targets < 0) | (targets > [width - 1, height - 1])).any(axis=-1)
    return (targets - grid).astype(np.float32), occluded | outside


def write_sintel(folder, scenes, test_scenes=()):
    """Writes scenes in Sintel's layout, below folder/MPI-Sintel-complete: all folders of training, clean and final of test.

    scenes, test_scenes: iterables of (name, Scene), consumed one by one. `final` is `clean` with blur and grain.
    What an earlier call wrote into the folder is removed first. Raises ValueError, before it changes anything, where the folder holds a file that no earlier
    call made (hidden files aside).
    """
    earlier, written = _earlier_files(folder), []
    for split, named in (("training", scenes), ("test", test_scenes)):
        for name, scene in named:
            _remove(earlier)  # not before there is a scene to put there
            earlier = []
            files = {
                os.path.join(FOLDER, split, path): content
                for path, content in _scene_files(name, scene, split == "training").items()
            }
            written.extend(sorted(files))
            write_text(
                os.path.join(folder, MANIFEST), "\n".join(written) + "\n"
            )  # before the files: a run that is cut off leaves none unnamed
            for path, content in files.items():
                (write_flow if path.endswith(".flo") else write_image)(
                    os.path.join(folder, path), content
                )


def _earlier_files(folder):
    """All files of the folder, hidden ones aside; raises ValueError unless the manifest names each."""
    manifest = os.path.join(folder, MANIFEST)
    ours = {os.path.normpath(manifest)}
    if os.path.isfile(manifest):
        with open(manifest, encoding="utf-8") as lines:
            ours.update(os.path.normpath(os.path.join(folder, line.rstrip("\n"))) for line in lines)
    present = [
        os.path.normpath(os.path.join(parent, name))
        for parent, _, names in os.walk(folder)
        for name in names
        if not name.startswith(".")
    ]
    for path in present:
        if path not in ours:
            raise ValueError(
                "expected an empty folder, or one of synthetic scenes, got %s in %s; try another folder"
                % (os.path.relpath(path, folder), folder)
            )
    return present


def _remove(paths):
    for path in paths:
        os.remove(path)
    for parent in {os.path.dirname(path) for path in paths}:
        if not os.listdir(parent):  # a scene without frames would be an error of the data set
            os.rmdir(parent)


def _scene_files(name, scene, with_truth):
    """{path below training or test: array} of one scene."""
    files = {}
    random = np.random.RandomState(len(scene.frames))
    for number, frame in enumerate(scene.frames, 1):
        files[os.path.join("clean", name, "frame_%04d.png" % number)] = frame
        files[os.path.join("final", name, "frame_%04d.png" % number)] = _final_pass(frame, random)
    if with_truth:
        for number, (flow, occluded, invalid) in enumerate(
            zip(scene.flows, scene.occlusions, scene.invalids), 1
        ):
            files[os.path.join("flow", name, "frame_%04d.flo" % number)] = flow
            files[os.path.join("occlusions", name, "frame_%04d.png" % number)] = _mask_picture(
                occluded
            )
            files[os.path.join("invalid", name, "frame_%04d.png" % number)] = _mask_picture(invalid)
    return files


def _final_pass(frame, random):
    blurred = cv2.GaussianBlur(frame, (0, 0), 1.0) + random.normal(0, 2.0, frame.shape)
    return np.clip(np.round(blurred), 0, 255).astype(np.uint8)


def _mask_picture(mask):
    return np.repeat(255 * mask[..., None].astype(np.uint8), 3, axis=-1)
