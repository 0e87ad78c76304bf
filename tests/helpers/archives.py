"""Small archives: videos and folders of frames, extracted by a classical method."""

import os

import cv2
import numpy as np

from pwcnet.flow.classical import ClassicalFlow
from pwcnet.io.frames import open_frames
from pwcnet.io.images import write_image
from tests.helpers.frames import moving_frames
from tests.helpers.videos import write_video


def write_folder(folder, count, height=48, width=64, seed=3):
    """Writes a folder of frames; returns its path."""
    for number, frame in enumerate(moving_frames(count, height, width, seed=seed), 1):
        write_image(os.path.join(str(folder), "f_%03d.png" % number), frame)
    return str(folder)


def write_archive(folder):
    """Writes a/x.avi (6 frames), a/y.avi (9) and b/z (4 images); returns the path."""
    for name, count, seed in (("a/x.avi", 6, 1), ("a/y.avi", 9, 2)):
        path = os.path.join(str(folder), name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        write_video(path, moving_frames(count, 48, 64, seed=seed))
    write_folder(os.path.join(str(folder), "b", "z"), 4)
    return str(folder)


def dis_flows(path, step=1, every=1, scale=1.0):
    """[n, H, W, 2] float32 of the frames of a video or folder, pair by pair."""
    images = [frame.image for frame in open_frames([str(path)]).frames][::every]
    if scale != 1:
        images = [
            cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            for image in images
        ]
    method = ClassicalFlow("dis")
    return np.stack([method.flow(*pair) for pair in zip(images, images[step:])])


def contents(folder):
    """{relative path: bytes} of the results in a folder, without manifests and locks."""
    found = {}
    for parent, _, names in os.walk(str(folder)):
        for name in names:
            path = os.path.join(parent, name)
            relative = os.path.relpath(path, str(folder))
            if not relative.startswith(("manifest", ".")):
                with open(path, "rb") as stream:
                    found[relative] = stream.read()
    return found
