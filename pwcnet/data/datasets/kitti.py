"""KITTI's flow benchmarks of 2012, <root>/data_stereo_flow/, and 2015, <root>/data_scene_flow/.

Both have {training,testing}/<image>/%06d_{10,11}.png and training/{flow_occ,flow_noc}/%06d_10.png.
The ground truth is sparse, and sizes differ between frames. That of flow_occ counts; flow_noc says
which of its pixels frame 2 shows too.
"""

from __future__ import annotations

import os

from pwcnet.data.datasets.listing import check_folder, find_folder, matches, missing, not_empty
from pwcnet.data.sample import Sample
from pwcnet.data.splits import SPLIT_MODES, checked_part, split_part

FOLDERS = {2012: "data_stereo_flow", 2015: "data_scene_flow"}
IMAGES = {  # the first one that exists is used; image_0 is grey
    2012: ("colored_0", "image_0"),
    2015: ("image_2",),
}
GROUND_TRUTHS = ("occ", "noc")


def kitti_samples(
    root: str,
    year: int = 2015,
    mode: str = "train_noval",
    part: str | None = None,
    ground_truth: str = "occ",
) -> list[Sample]:
    """The samples of one of the two benchmarks, sorted by number.

    The id is that of a submission's file, "000000_10". 2015's obj_map is the foreground of the
    samples, where it is present; with ground truth "occ" flow_noc is their visible pixels. Reads
    folder listings only.

    Args:
        root: the folder that holds data_stereo_flow or data_scene_flow, the one above, or that
            folder itself.
        year: 2012 or 2015.
        mode: as in `pwcnet.data.splits`.
        part: as in `pwcnet.data.splits`.
        ground_truth: "occ" is all of it, "noc" that of pixels which frame 2 shows too.

    Raises:
        FileNotFoundError: names the missing folder or file.
        ValueError: for a wrong choice.
    """
    if year not in FOLDERS:
        raise ValueError("expected KITTI of %s, got %r" % (" or ".join(map(str, FOLDERS)), year))
    if ground_truth not in GROUND_TRUTHS:
        raise ValueError(
            "expected ground truth of %s, got %r" % (" or ".join(GROUND_TRUTHS), ground_truth)
        )
    part = checked_part(mode, part)
    name = FOLDERS[year]
    folder = find_folder(root, (name, os.path.join("KITTI", name)), ("training", "testing"))
    if mode == "test":
        return _samples(os.path.join(folder, "testing"), IMAGES[year], None)
    samples = _samples(os.path.join(folder, "training"), IMAGES[year], "flow_" + ground_truth)
    return split_part(samples, part) if mode in SPLIT_MODES else samples


def _samples(folder, image_names, flow_name):
    images = _image_folder(folder, image_names, flow_name)
    flows = os.path.join(folder, flow_name) if flow_name else None
    objects = os.path.join(folder, "obj_map") if flow_name else None
    visibles = os.path.join(folder, "flow_noc") if flow_name == "flow_occ" else None
    first, second = _numbers(images, "10"), _numbers(images, "11")
    known, segmented, seen = (
        _numbers(each, "10") if each else set() for each in (flows, objects, visibles)
    )
    samples = []
    for number in sorted(first | second | known):
        frame1, frame2 = (
            os.path.join(images, "%s_%s.png" % (number, frame)) for frame in ("10", "11")
        )
        name = "%s_10.png" % number
        flow = os.path.join(flows, name) if flows else None
        for path, present in ((frame1, first), (frame2, second), (flow, known)):
            if path and number not in present:
                raise missing(path, "pair %s" % number)
        foreground = os.path.join(objects, name) if objects and number in segmented else None
        visible = os.path.join(visibles, name) if visibles and number in seen else None
        samples.append(
            Sample(number + "_10", frame1, frame2, flow, foreground=foreground, visible=visible)
        )
    return not_empty(samples, images, "pairs of frames %06d_{10,11}.png")


def _image_folder(folder, names, flow_name):
    """The folder of the frames; FileNotFoundError where it or that of the flow is missing."""
    present = [name for name in names if os.path.isdir(os.path.join(folder, name))]
    kinds = [" or ".join(names)] + ([flow_name] if flow_name else [])
    layout = "%s/{%s}" % (os.path.basename(folder), ",".join(kinds))
    images = os.path.join(folder, (present or names[-1:])[0])
    check_folder(images, layout)
    if flow_name:
        check_folder(os.path.join(folder, flow_name), layout)
    return images


def _numbers(folder, frame):
    return {match.group(1) for match in matches(folder, r"(\d{6})_%s\.png" % frame)}
