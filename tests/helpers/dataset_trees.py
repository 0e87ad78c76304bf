"""Tiny data sets in their published layouts, of readable files.

Every frame is one image, every ground truth one flow, of which some pixels may be unknown.
"""

import os

import cv2
import numpy as np

from pwcnet.io.flow_files import write_flow

SIZE = (12, 16)
MOTION = (3.0, -4.0)  # of every valid pixel: 5 pixels


def flow():
    return np.tile(np.array(MOTION, np.float32), SIZE + (1,))


def put(root, *parts, data=None):
    """Writes a file: the bytes, or by its extension an image or a flow of SIZE."""
    path = os.path.join(str(root), *parts)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if path.endswith(".flo"):
        write_flow(path, flow())
        return path
    if data is None:
        data = pfm() if path.endswith(".pfm") else image(os.path.splitext(path)[1])
    with open(path, "wb") as stream:
        stream.write(data)
    return path


def image(extension=".png", gray=False):
    values = (
        np.random.RandomState(0).randint(0, 256, SIZE if gray else SIZE + (3,)).astype(np.uint8)
    )
    return cv2.imencode(extension, values)[1].tobytes()


def pfm():
    values = np.concatenate([flow(), np.zeros(SIZE + (1,), np.float32)], axis=-1)
    return b"PF\n%d %d\n-1.0\n" % SIZE[::-1] + values[::-1].astype("<f4").tobytes()


def put_sparse(root, *parts):
    """A 16-bit ground truth that knows every second column."""
    path = put(root, *parts)
    valid = np.zeros(SIZE, bool)
    valid[:, ::2] = True
    write_flow(path, flow(), valid)
    return path


def chairs(root, count):
    for number in range(1, count + 1):
        for file in ("img1.ppm", "img2.ppm", "flow.flo"):
            put(root, "FlyingChairs_release", "data", "%05d_%s" % (number, file))
    return str(root)


def things(root, sequences=("TRAIN/A/0000", "TRAIN/C/0012", "TEST/B/0003"), frames=(6, 7, 8)):
    """As published, the last frame has a flow too."""
    for sequence in sequences:
        for number in frames:
            for kind in ("frames_cleanpass", "frames_finalpass"):
                put(root, "FlyingThings3D", kind, sequence, "left", "%04d.png" % number)
                put(root, "FlyingThings3D", kind, sequence, "right", "%04d.png" % number)
            put(
                root,
                "FlyingThings3D",
                "optical_flow",
                sequence,
                "into_future",
                "left",
                "OpticalFlowIntoFuture_%04d_L.pfm" % number,
            )
    return str(root)


def kitti(root, year, count=3):
    name, images = {
        2012: ("data_stereo_flow", "image_0"),
        2015: ("data_scene_flow", "image_2"),
    }[year]
    for number in range(count):
        for split in ("training", "testing"):
            for frame in (10, 11):
                put(
                    root,
                    name,
                    split,
                    images,
                    "%06d_%d.png" % (number, frame),
                    data=image(gray=year == 2012),
                )
        for flows in ("flow_occ", "flow_noc"):
            put_sparse(root, name, "training", flows, "%06d_10.png" % number)
    return str(root)


def hd1k(root, sequences=((0, (0, 1, 2)), (7, (5, 6)))):
    """As published, the last frame has a ground truth too."""
    for sequence, numbers in sequences:
        for number in numbers:
            name = "%06d_%04d.png" % (sequence, number)
            put(root, "hd1k_input", "image_2", name)
            put(root, "hd1k_challenge", "image_2", name)
            put_sparse(root, "hd1k_flow_gt", "flow_occ", name)
    return str(root)


def middlebury(root, scenes=("RubberWhale", "Venus")):
    for scene in scenes:
        for frame in ("frame10.png", "frame11.png"):
            put(root, "other-data", scene, frame)
        put(root, "other-gt-flow", scene, "flow10.flo")
    for frame in ("frame10.png", "frame11.png"):
        put(root, "other-data", "Walking", frame)  # published without ground truth
        put(root, "eval-data", "Army", frame)
    return str(root)
