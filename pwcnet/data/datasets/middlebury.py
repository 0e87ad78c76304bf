"""Middlebury's flow set as published: <root>/other-data/<scene>/frame{10,11}.png, other-gt-flow/<scene>/flow10.flo; eval-data/ without truth."""

import os

from pwcnet.data.datasets.listing import check_folder, find_folder, missing, not_empty, subfolders
from pwcnet.data.sample import Sample
from pwcnet.data.splits import SPLIT_MODES, checked_part, split_part

FRAMES, TRUTH, EVALUATION = "other-data", "other-gt-flow", "eval-data"


def middlebury_samples(root, mode="train_noval", part=None):
    """The samples of Middlebury, sorted by scene; ids are "RubberWhale/frame10". Unknown pixels of the truth are not valid. Reads folder listings only.

    root: the folder that holds other-data and other-gt-flow, or one that has it as middlebury. mode, part: as in `pwcnet.data.splits`; test are the scenes
    of eval-data. Scenes of other-data without truth, of which some are published, make no pair. Raises FileNotFoundError and ValueError that name the file.
    """
    part = checked_part(mode, part)
    folder = find_folder(root, ("middlebury", "Middlebury"), (FRAMES, TRUTH, EVALUATION))
    frames = os.path.join(folder, EVALUATION if mode == "test" else FRAMES)
    if mode == "test":
        samples = [
            _sample(frames, scene, None) for scene in subfolders(frames, "%s/<scene>" % EVALUATION)
        ]
    else:
        truth, layout = os.path.join(folder, TRUTH), "{%s,%s}/<scene>" % (FRAMES, TRUTH)
        check_folder(frames, layout)
        samples = [
            _sample(frames, scene, os.path.join(truth, scene, "flow10.flo"))
            for scene in subfolders(truth, layout)
        ]
    not_empty(samples, frames, "<scene>/frame{10,11}.png")
    return split_part(samples, part) if mode in SPLIT_MODES else samples


def _sample(frames, scene, flow):
    frame1, frame2 = (os.path.join(frames, scene, "frame%d.png" % number) for number in (10, 11))
    for path in (frame1, frame2, flow):
        if path and not os.path.isfile(path):
            raise missing(path, "scene %s" % scene)
    return Sample(scene + "/frame10", frame1, frame2, flow)
