"""FlyingThings3D, left camera, forward flow.

<root>/{frames_cleanpass,frames_finalpass,optical_flow}/{TRAIN,TEST}/{A,B,C}/<sequence>/ has frames
left/%04d.png and flows into_future/left/OpticalFlowIntoFuture_%04d_L.pfm from each to the next.
"""

from __future__ import annotations

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


def things_samples(
    root: str,
    render_pass: str = "clean",
    mode: str = "train_noval",
    part: str | None = None,
    half: bool = False,
) -> list[Sample]:
    """The samples of FlyingThings3D, sorted by sequence and frame.

    Ids are "TRAIN/A/0000/left/0006". TRAIN trains and TEST validates in every mode, so a published
    error on TEST is one of unseen frames. Pairs whose first frame all_unused_files.txt of the root
    names are left out; the file may be missing. Reads folder listings and that text file only.

    Args:
        root: the folder that holds FlyingThings3D, or that folder itself.
        render_pass: "clean" or "final".
        mode: as in `pwcnet.data.splits`; there is no mode test.
        part: as in `pwcnet.data.splits`.
        half: at half the resolution.

    Raises:
        FileNotFoundError: names the missing folder or file.
        ValueError: for a wrong choice or a broken list of unused files.
    """
    if render_pass not in RENDER_PASSES:
        raise ValueError(
            "expected a render pass of %s, got %r" % (", ".join(RENDER_PASSES), render_pass)
        )
    split = "TEST" if checked_part(mode, part, without_test=FOLDER) == "val" else "TRAIN"
    frames_folder = "frames_%spass" % render_pass
    folder = find_folder(root, (FOLDER,), (frames_folder, "optical_flow"))
    frames, flows = (os.path.join(folder, name, split) for name in (frames_folder, "optical_flow"))
    layout = "{%s,optical_flow}/%s/{A,B,C}/<sequence>" % (frames_folder, split)
    samples = []
    for sequence in _sequences((frames, flows), layout):
        samples.extend(_sequence_samples(frames, flows, split, sequence, half))
    unused = _unused_pairs((folder, root))
    samples = [sample for sample in samples if sample.id not in unused]
    return not_empty(samples, frames, "pairs of frames {A,B,C}/<sequence>/left/%04d.png")


def _sequences(parents, layout):
    """All sequences that have frames or flow: "A/0000" and so on."""
    sequences: set[str] = set()
    for parent in parents:
        check_folder(parent, layout)
        sequences.update(
            "%s/%s" % (letter, sequence)
            for letter in subfolders(parent, layout)
            for sequence in subfolders(os.path.join(parent, letter), layout)
        )
    return sorted(sequences)


def _sequence_samples(frames, flows, split, sequence, half):
    frame_folder = os.path.join(frames, sequence, "left")
    flow_folder = os.path.join(flows, sequence, "into_future", "left")

    def frame(number):
        return os.path.join(frame_folder, "%04d.png" % number)

    def flow(number):
        return os.path.join(flow_folder, FLOW_NAME % number)

    present = _numbers(frame_folder, r"(\d{4})\.png")
    known = _numbers(flow_folder, r"OpticalFlowIntoFuture_(\d{4})_L\.pfm")
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


def _numbers(folder, pattern):
    return {int(match.group(1)) for match in matches(folder, pattern)}


def _unused_pairs(folders):
    """The ids in the list of the first folder that has one.

    Lines are TRAIN/A/0000/left/0006.png; those of the right camera name no sample.
    """
    paths = [os.path.join(folder, UNUSED_FILE) for folder in folders]
    path = next((path for path in paths if os.path.isfile(path)), None)
    if path is None:
        return set()
    unused = set()
    with open(path, encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(map(str.strip, lines), 1):
            if line and (line.split("/")[0] not in ("TRAIN", "TEST") or line.count("/") != 4):
                raise ValueError(
                    "expected lines like TRAIN/A/0000/left/0006.png, got %r in %s, line %d"
                    % (line, path, number)
                )
            unused.add(os.path.splitext(line)[0])
    return unused
