"""Tiny data sets in their published layouts, of readable files.

Every frame is one image, every ground truth one flow, of which some pixels may be unknown.
"""

import os

import cv2
import numpy as np
import pytest

from pwcnet.io.flow_files import write_flow

SIZE = (12, 16)
WAYS = ("01", "10")  # from the first frame to the second and back
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


def things_subset(root, extension="png"):
    """In train the frames 3 and 4 follow each other, 5 is missing, 6 to 8 follow each other."""
    for split, frames in (("train", (3, 4, 6, 7, 8)), ("val", (0, 1))):
        place = "FlyingThings3D_subset", split
        for number in frames:
            for kind in ("image_clean", "image_final"):
                for side in ("left", "right"):
                    put(root, *place, kind, side, "%07d.%s" % (number, extension))
            put(root, *place, "flow", "left", "into_future", "%07d.flo" % number)
            for side, direction in (("left", "into_past"), ("right", "into_future")):  # not read
                put(root, *place, "flow", side, direction, "%07d.flo" % number)
            put(root, *place, "flow_occlusions", "left", "into_future", "%07d.png" % number)
    return str(root)


def chairs2(root, counts=(("train", 3), ("val", 2))):
    files = ["img_0.png", "img_1.png"]
    files += [name % way for name in ("flow_%s.flo", "occ_%s.png", "mb_%s.png") for way in WAYS]
    for split, count in counts:
        for number in range(count):
            for file in files:
                put(root, "FlyingChairs2", split, "%07d-%s" % (number, file))
    return str(root)


def spring(root, scenes=("0001", "0004"), frames=(1, 2, 3)):
    """Flow of twice the frames' size, whose other rows and columns are unknown."""
    h5py = pytest.importorskip("h5py")
    double = np.full((2 * SIZE[0], 2 * SIZE[1], 2), np.nan, np.float32)
    double[::2, ::2] = flow()
    for split in ("train", "test"):
        for scene in scenes:
            place = "spring", split, scene
            for number in frames:
                put(root, *place, "frame_left", "frame_left_%04d.png" % number)
                put(root, *place, "frame_right", "frame_right_%04d.png" % number)
            for number in frames[1:] if split == "train" else ():  # not read
                put(root, *place, "flow_BW_left", "flow_BW_left_%04d.flo5" % number, data=b"")
            for number in frames[:-1] if split == "train" else ():
                name = put(
                    root, *place, "flow_FW_left", "flow_FW_left_%04d.flo5" % number, data=b""
                )
                with h5py.File(name, "w") as file:
                    file.create_dataset("flow", data=double, compression="gzip")
    return str(root)


def file_list(root, count=3):
    """A list of pairs, one of them with a mask; returns its path."""
    lines = ["# my pairs", ""]
    for number in range(1, count + 1):
        names = "mine/%04d.png" % number, "mine/%04d.jpg" % number, "flow/%04d.flo" % number
        for name in names:
            put(root, name)
        lines.append(" ".join(names))
    put(root, "mask.png")
    lines[-1] += " mask.png"
    path = os.path.join(str(root), "pairs.txt")
    with open(path, "w") as stream:
        stream.write("\n".join(lines) + "\n")
    return path


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
