"""The subset of FlyingThings3D for DispNet and FlowNet 2.0, left camera, forward flow.

<root>/FlyingThings3D_subset/{train,val}/ has image_{clean,final}/left/%07d.{png,webp}, the flow
flow/left/into_future/%07d.flo and flow_occlusions/left/into_future/%07d.png.
"""

from __future__ import annotations

import os

from pwcnet.data.datasets.listing import check_folder, find_folder, matches, missing, not_empty
from pwcnet.data.sample import Sample
from pwcnet.data.splits import checked_part

FOLDER = "FlyingThings3D_subset"
RENDER_PASSES = ("clean", "final")
SIDE = os.path.join("left", "into_future")


def things_subset_samples(
    root: str, render_pass: str = "clean", mode: str = "train_noval", part: str | None = None
) -> list[Sample]:
    """The samples of the subset, sorted by number; ids are "train/0000006".

    train trains and val validates in every mode, as published. A flow file whose second frame is
    not in the subset makes no pair. Frames are .png or .webp, in image_clean or image_clean_webp.
    Reads folder listings only.

    Args:
        root: the folder that holds FlyingThings3D_subset, or that folder itself.
        render_pass: "clean" or "final".
        mode: as in `pwcnet.data.splits`; there is no mode test.
        part: as in `pwcnet.data.splits`.

    Raises:
        FileNotFoundError: names the missing folder or file.
        ValueError: for a wrong choice.
    """
    if render_pass not in RENDER_PASSES:
        raise ValueError(
            "expected a render pass of %s, got %r" % (", ".join(RENDER_PASSES), render_pass)
        )
    split = "val" if checked_part(mode, part, without_test=FOLDER) == "val" else "train"
    folder = os.path.join(find_folder(root, (FOLDER,), ("train", "val")), split)
    flows = os.path.join(folder, "flow", SIDE)
    check_folder(flows, "%s/flow/left/into_future" % split)
    frames = _frames(folder, "image_" + render_pass)
    occlusions = os.path.join(folder, "flow_occlusions", SIDE)
    occluded = {match.group(1) for match in matches(occlusions, r"(\d{7})\.png")}
    samples = []
    for name in sorted(match.group(1) for match in matches(flows, r"(\d{7})\.flo")):
        flow, following = os.path.join(flows, name + ".flo"), "%07d" % (int(name) + 1)
        if name not in frames:
            raise missing(os.path.join(folder, "image_" + render_pass, "left", name + ".png"), flow)
        if following in frames:
            occlusion = os.path.join(occlusions, name + ".png") if name in occluded else None
            samples.append(
                Sample("%s/%s" % (split, name), frames[name], frames[following], flow, occlusion)
            )
    return not_empty(samples, flows, "flow files %07d.flo between two frames")


def _frames(folder, name):
    """{number: path} of the frames; of one that is there twice the .png is taken."""
    folders = [os.path.join(folder, each, "left") for each in (name + "_webp", name)]
    if not any(map(os.path.isdir, folders)):
        check_folder(folders[1], "{train,val}/%s/left" % name)
    return {
        match.group(1): os.path.join(parent, match.group())
        for extension in ("webp", "png")
        for parent in folders
        for match in matches(parent, r"(\d{7})\.%s" % extension)
    }
