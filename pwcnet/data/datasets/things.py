"""FlyingThings3D as published: <root>/{frames_cleanpass,frames_finalpass,optical_flow}/{TRAIN,TEST}/{A,B,C}/<sequence>/..., left camera, forward flow.

Frames are .../left/%04d.png, the flow from a frame to the next .../into_future/left/OpticalFlowIntoFuture_%04d_L.pfm.
"""

import os

from pwcnet.data.datasets.listing import (
    check_folder,
    consecutive_pairs,
    find_folder,
    matches,
    not_empty,
    subfolders,
)
from pwcnet.data.sample import Sample
from pwcnet.data.splits import checked_part

FOLDER = "FlyingThings3D"
RENDER_PASSES = ("clean", "final")
UNUSED_FILE = "all_unused_files.txt"
FLOW_NAME = "OpticalFlowIntoFuture_%04d_L.pfm"


def things_samples(root, render_pass="clean", mode="train_noval", part=None, half=False):
    """The samples of FlyingThings3D, sorted by sequence and frame; ids are "TRAIN/A/0000/left/0006". Reads folder listings and one text file only.

    root: the folder that holds FlyingThings3D, or that folder itself. render_pass: "clean" or "final". mode, part: as in `pwcnet.data.splits`;
    TRAIN trains and TEST validates in every mode, so a published error on TEST is one of unseen frames; there is no mode test. half: at half the resolution.
    Pairs whose first frame all_unused_files.txt of the root names are left out; the file may be missing.
    Raises FileNotFoundError and ValueError that name the folder or file.
    """
    if render_pass not in RENDER_PASSES:
        raise ValueError(
            "expected a render pass of %s, got %r" % (", ".join(RENDER_PASSES), render_pass)
        )
    part = checked_part(mode, part, without_test="FlyingThings3D")
    frames_folder = "frames_%spass" % render_pass
    folder = find_folder(root, (FOLDER,), (frames_folder, "optical_flow"))
    split = "TEST" if part == "val" else "TRAIN"
    frames, flows = (os.path.join(folder, name, split) for name in (frames_folder, "optical_flow"))
    samples = []
    for sequence in _sequences(
        frames, flows, "{%s,optical_flow}/%s/{A,B,C}/<sequence>" % (frames_folder, split)
    ):
        samples.extend(_samples_of_sequence(frames, flows, split, sequence, half))
    unused = _unused_pairs((folder, root))
    return not_empty(
        [sample for sample in samples if sample.id not in unused],
        frames,
        "{A,B,C}/<sequence>/left/%04d.png",
    )


def _sequences(frames, flows, layout):
    """ "A/0000" and so on: those that have frames or flow."""
    found = set()
    for parent in (frames, flows):
        check_folder(parent, layout)
        found.update(
            "%s/%s" % (letter, sequence)
            for letter in subfolders(parent, layout)
            for sequence in subfolders(os.path.join(parent, letter), layout)
        )
    return sorted(found)


def _samples_of_sequence(frames, flows, split, sequence, half):
    frame_folder, flow_folder = (
        os.path.join(frames, sequence, "left"),
        os.path.join(flows, sequence, "into_future", "left"),
    )

    def frame(number):
        return os.path.join(frame_folder, "%04d.png" % number)

    def flow(number):
        return os.path.join(flow_folder, FLOW_NAME % number)

    present, known = (
        {int(match.group(1)) for match in matches(parent, pattern)}
        for parent, pattern in (
            (frame_folder, r"(\d{4})\.png"),
            (flow_folder, r"OpticalFlowIntoFuture_(\d{4})_L\.pfm"),
        )
    )
    return [
        Sample(
            "%s/%s/left/%04d" % (split, sequence, number),
            frame(number),
            frame(number + 1),
            flow(number),
            half=half,
        )
        for number in consecutive_pairs(present, known, frame, flow)
    ]


def _unused_pairs(folders):
    """The ids in the list of the first folder that has one; lines are TRAIN/A/0000/left/0006.png, those of the right camera name no sample here."""
    path = next(
        (
            path
            for path in (os.path.join(folder, UNUSED_FILE) for folder in folders)
            if os.path.isfile(path)
        ),
        None,
    )
    if path is None:
        return set()
    unused = set()
    with open(path, encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(map(str.strip, lines), 1):
            if line and (line.split("/")[0] not in ("TRAIN", "TEST") or line.count("/") != 4):
                raise ValueError(
                    "expected lines like TRAIN/A/0000/left/0006.png, got %r in %s, line %d; try the published file"
                    % (line, path, number)
                )
            unused.add(os.path.splitext(line)[0])
    return unused
