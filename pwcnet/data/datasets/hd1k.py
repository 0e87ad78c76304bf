"""HD1K: <root>/hd1k_input/image_2/%06d_%04d.png (sequence, frame), and sparse ground truth.

The ground truth is hd1k_flow_gt/flow_occ/ with the same names.
"""

from __future__ import annotations

import functools
import os

from pwcnet.data.datasets.listing import (
    check_folder,
    consecutive_pairs,
    find_folder,
    matches,
    not_empty,
)
from pwcnet.data.sample import Sample
from pwcnet.data.splits import SPLIT_MODES, checked_part, split_part

INPUT, GROUND_TRUTH, CHALLENGE = "hd1k_input", "hd1k_flow_gt", "hd1k_challenge"
NAME = "%06d_%04d.png"


def hd1k_samples(root: str, mode: str = "train_noval", part: str | None = None) -> list[Sample]:
    """The samples of HD1K, sorted by sequence and frame.

    The id is the name of frame 1, "000000_0005". A pair is two consecutive frames of one sequence.
    Reads folder listings only.

    Args:
        root: the folder that holds hd1k_input and hd1k_flow_gt, or one that has it as HD1K.
        mode: as in `pwcnet.data.splits`; test are the frames of hd1k_challenge.
        part: as in `pwcnet.data.splits`.

    Raises:
        FileNotFoundError: names the missing folder or file.
        ValueError: for a wrong choice.
    """
    part = checked_part(mode, part)
    folder = find_folder(root, ("HD1K", "hd1k"), (INPUT, GROUND_TRUTH, CHALLENGE))
    if mode == "test":
        return _samples(os.path.join(folder, CHALLENGE, "image_2"), None, "%s/image_2" % CHALLENGE)
    samples = _samples(
        os.path.join(folder, INPUT, "image_2"),
        os.path.join(folder, GROUND_TRUTH, "flow_occ"),
        "{%s/image_2,%s/flow_occ}" % (INPUT, GROUND_TRUTH),
    )
    return split_part(samples, part) if mode in SPLIT_MODES else samples


def _samples(images, flows, layout):
    for folder in (images, flows) if flows else (images,):
        check_folder(folder, layout)
    frames, known = _sequences(images), _sequences(flows) if flows else {}
    samples = []
    for sequence in sorted(set(frames) | set(known)):
        frame = functools.partial(_path, images, sequence)
        flow = functools.partial(_path, flows, sequence)
        flow_numbers = known.get(sequence, set()) if flows else None
        for number in consecutive_pairs(frames.get(sequence, set()), flow_numbers, frame, flow):
            name = os.path.splitext(NAME % (sequence, number))[0]
            known_flow = flow(number) if flows else None
            samples.append(Sample(name, frame(number), frame(number + 1), known_flow))
    return not_empty(samples, images, "pairs of frames " + NAME)


def _path(folder, sequence, number):
    return os.path.join(folder, NAME % (sequence, number))


def _sequences(folder):
    """{sequence: the numbers of its frames}."""
    sequences: dict[int, set[int]] = {}
    for match in matches(folder, r"(\d{6})_(\d{4})\.png"):
        sequences.setdefault(int(match.group(1)), set()).add(int(match.group(2)))
    return sequences
