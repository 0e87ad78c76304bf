"""Spring, left camera, forward flow: <root>/spring/{train,test}/<scene>/, scenes like 0001.

A scene has frame_left/frame_left_%04d.png and flow_FW_left/flow_FW_left_%04d.flo5. The flow has
twice the frames' height and width, its values are in pixels of the frames; as the benchmark's own
reader for training does, every second row and column is taken.
"""

from __future__ import annotations

import functools
import os

from pwcnet.data.datasets.listing import (
    consecutive_pairs,
    find_folder,
    matches,
    not_empty,
    subfolders,
)
from pwcnet.data.sample import Sample
from pwcnet.data.splits import SPLIT_MODES, checked_part, split_part

FRAMES, FLOWS = "frame_left", "flow_FW_left"


def spring_samples(root: str, mode: str = "train_noval", part: str | None = None) -> list[Sample]:
    """The samples of Spring, sorted by scene and frame; ids are "0001/frame_left_0001".

    Reads folder listings only; loading a sample with ground truth needs h5py.

    Args:
        root: the folder that holds spring, or that folder itself.
        mode: as in `pwcnet.data.splits`; test are the frames of test/.
        part: as in `pwcnet.data.splits`.

    Raises:
        FileNotFoundError: names the missing folder or file.
        ValueError: for a wrong choice.
    """
    part = checked_part(mode, part)
    split = "test" if mode == "test" else "train"
    parent = os.path.join(find_folder(root, ("spring", "Spring"), ("train", "test")), split)
    samples = []
    for scene in subfolders(parent, "%s/<scene>" % split):
        samples.extend(_scene_samples(parent, scene, mode != "test"))
    not_empty(samples, parent, "pairs of frames <scene>/%s/%s_%%04d.png" % (FRAMES, FRAMES))
    return split_part(samples, part) if mode in SPLIT_MODES else samples


def _scene_samples(parent, scene, with_flow):
    frame = functools.partial(_path, os.path.join(parent, scene, FRAMES), FRAMES, "png")
    flow = functools.partial(_path, os.path.join(parent, scene, FLOWS), FLOWS, "flo5")
    present = _numbers(os.path.join(parent, scene, FRAMES), FRAMES, "png")
    known = _numbers(os.path.join(parent, scene, FLOWS), FLOWS, "flo5") if with_flow else None
    return [
        Sample(
            "%s/%s_%04d" % (scene, FRAMES, number),
            frame(number),
            frame(number + 1),
            flow(number) if with_flow else None,
            double_flow=True,
        )
        for number in consecutive_pairs(present, known, frame, flow)
    ]


def _path(folder, name, extension, number):
    return os.path.join(folder, "%s_%04d.%s" % (name, number, extension))


def _numbers(folder, name, extension):
    pattern = r"%s_(\d{4})\.%s" % (name, extension)
    return {int(match.group(1)) for match in matches(folder, pattern)}
