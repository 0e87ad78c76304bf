"""Frames for tests: a smooth texture that moves, and folders of image files."""

import os

import cv2
import numpy as np


def moving_frames(count, height, width, step=2, seed=3):
    """Frames [height, width, 3] uint8 RGB of a texture that moves `step` pixels per frame."""
    margin = step * count
    noise = np.random.RandomState(seed).randint(0, 256, (height + margin, width + margin, 3))
    texture = cv2.GaussianBlur(noise.astype(np.uint8), (0, 0), 1.5)
    texture = cv2.normalize(texture, None, 0, 255, cv2.NORM_MINMAX)
    offsets = range(0, margin, step)
    return [texture[at : at + height, at : at + width].copy() for at in offsets]


def write_images(folder, names, frames):
    """Writes frames (RGB, or as OpenCV takes them) under these names; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in zip(names, frames):
        is_rgb = frame.ndim == 3 and frame.shape[2] == 3
        assert cv2.imwrite(str(folder / name), frame[..., ::-1] if is_rgb else frame)
    return folder


def list_files(folder):
    """The paths of all files below a folder, relative to it, sorted."""
    return sorted(
        os.path.relpath(os.path.join(parent, name), str(folder))
        for parent, _, names in os.walk(str(folder))
        for name in names
    )
