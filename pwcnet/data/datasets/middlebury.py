"""Middlebury: <root>/other-data/<scene>/frame{10,11}.png, other-gt-flow/<scene>/flow10.flo.

The scenes of eval-data/ have no ground truth.
"""

from __future__ import annotations

import os

from pwcnet.data.datasets.listing import check_folder, find_folder, missing, not_empty, subfolders
from pwcnet.data.sample import Sample
from pwcnet.data.splits import SPLIT_MODES, checked_part, split_part

FRAMES, GROUND_TRUTH, EVALUATION = "other-data", "other-gt-flow", "eval-data"


def middlebury_samples(
    root: str, mode: str = "train_noval", part: str | None = None
) -> list[Sample]:
    """The samples of Middlebury, sorted by scene; ids are "RubberWhale/frame10".

    Unknown pixels of the ground truth are not valid. Scenes of other-data without ground truth, of
    which some are published, give no pair. Reads folder listings only.

    Args:
        root: the folder that holds other-data and other-gt-flow, or one that has it as middlebury.
        mode: as in `pwcnet.data.splits`; test are the scenes of eval-data.
        part: as in `pwcnet.data.splits`.

    Raises:
        FileNotFoundError: names the missing folder or file.
        ValueError: for a wrong choice.
    """
    part = checked_part(mode, part)
    names = FRAMES, GROUND_TRUTH, EVALUATION
    folder = find_folder(root, ("middlebury", "Middlebury"), names)
    if mode == "test":
        frames = os.path.join(folder, EVALUATION)
        scenes = subfolders(frames, "%s/<scene>" % EVALUATION)
        samples = [_sample(frames, scene, None) for scene in scenes]
    else:
        frames, flows = (os.path.join(folder, name) for name in (FRAMES, GROUND_TRUTH))
        layout = "{%s,%s}/<scene>" % (FRAMES, GROUND_TRUTH)
        check_folder(frames, layout)
        samples = [
            _sample(frames, scene, os.path.join(flows, scene, "flow10.flo"))
            for scene in subfolders(flows, layout)
        ]
    not_empty(samples, frames, "pairs of frames <scene>/frame{10,11}.png")
    return split_part(samples, part) if mode in SPLIT_MODES else samples


def _sample(frames, scene, flow):
    frame1, frame2 = (os.path.join(frames, scene, "frame%d.png" % number) for number in (10, 11))
    for path in (frame1, frame2, flow):
        if path and not os.path.isfile(path):
            raise missing(path, "scene %s" % scene)
    return Sample(scene + "/frame10", frame1, frame2, flow)
