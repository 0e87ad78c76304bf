"""KITTI's flow benchmarks as published: 2012, <root>/data_stereo_flow/, and 2015, <root>/data_scene_flow/. The truth is sparse, sizes differ between frames.

Both have {training,testing}/<image>/%06d_{10,11}.png and training/{flow_occ,flow_noc}/%06d_10.png.
"""

import os

from pwcnet.data.datasets.listing import check_folder, find_folder, matches, missing, not_empty
from pwcnet.data.sample import Sample
from pwcnet.data.splits import SPLIT_MODES, checked_part, split_part

FOLDERS = {2012: "data_stereo_flow", 2015: "data_scene_flow"}
IMAGES = {
    2012: ("colored_0", "image_0"),
    2015: ("image_2",),
}  # the first that is there; image_0 is grey
TRUTHS = ("occ", "noc")


def kitti_samples(root, year=2015, mode="train_noval", part=None, truth="occ"):
    """The samples of one of the two benchmarks, sorted by number; the id is that of a submission's file, "000000_10". Reads folder listings only.

    root: the folder that holds data_stereo_flow or data_scene_flow, the one above, or that folder itself. mode, part: as in `pwcnet.data.splits`.
    truth: "occ" is all ground truth, "noc" that of pixels which frame 2 shows too. 2015's obj_map is the samples' foreground, where it is present.
    Raises FileNotFoundError and ValueError that name the folder or file.
    """
    if year not in FOLDERS:
        raise ValueError("expected KITTI of %s, got %r" % (" or ".join(map(str, FOLDERS)), year))
    if truth not in TRUTHS:
        raise ValueError("expected ground truth of %s, got %r" % (" or ".join(TRUTHS), truth))
    part = checked_part(mode, part)
    name = FOLDERS[year]
    folder = find_folder(root, (name, os.path.join("KITTI", name)), ("training", "testing"))
    if mode == "test":
        return _samples(os.path.join(folder, "testing"), IMAGES[year], None)
    samples = _samples(os.path.join(folder, "training"), IMAGES[year], "flow_" + truth)
    return split_part(samples, part) if mode in SPLIT_MODES else samples


def _samples(folder, image_names, flow_name):
    images = _image_folder(folder, image_names, flow_name)
    first, second = (_numbers(images, frame) for frame in ("10", "11"))
    known, objects = (
        _numbers(os.path.join(folder, name), "10") if flow_name else set()
        for name in (flow_name or "", "obj_map")
    )
    samples = []
    for number in sorted(first | second | known):
        frame1, frame2 = (
            os.path.join(images, "%s_%s.png" % (number, frame)) for frame in ("10", "11")
        )
        flow, foreground = (
            os.path.join(folder, name, "%s_10.png" % number)
            for name in (flow_name or "", "obj_map")
        )
        for path, present in (
            (frame1, first),
            (frame2, second),
            (flow, known if flow_name else {number}),
        ):
            if number not in present:
                raise missing(path, "pair %s" % number)
        samples.append(
            Sample(
                number + "_10",
                frame1,
                frame2,
                flow if flow_name else None,
                foreground=foreground if number in objects else None,
            )
        )
    return not_empty(samples, images, "%06d_{10,11}.png")


def _image_folder(folder, names, flow_name):
    """The folder of the frames; FileNotFoundError where it or that of the flow is missing."""
    present = [
        os.path.join(folder, name) for name in names if os.path.isdir(os.path.join(folder, name))
    ]
    images = " or ".join(names)
    layout = "%s/{%s}" % (
        os.path.basename(folder),
        ",".join([images] + ([flow_name] if flow_name else [])),
    )
    if not present:
        check_folder(os.path.join(folder, names[-1]), layout)
    if flow_name:
        check_folder(os.path.join(folder, flow_name), layout)
    return present[0]


def _numbers(folder, frame):
    return {match.group(1) for match in matches(folder, r"(\d{6})_%s\.png" % frame)}
