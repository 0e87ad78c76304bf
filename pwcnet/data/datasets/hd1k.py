"""HD1K as published: <root>/hd1k_input/image_2/%06d_%04d.png (sequence, frame) and hd1k_flow_gt/flow_occ/ with the same names. The truth is sparse."""

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

INPUT, TRUTH, CHALLENGE = "hd1k_input", "hd1k_flow_gt", "hd1k_challenge"
NAME = "%06d_%04d.png"


def hd1k_samples(root, mode="train_noval", part=None):
    """The samples of HD1K, sorted by sequence and frame; the id is the name of frame 1, "000000_0005". Reads folder listings only.

    root: the folder that holds hd1k_input and hd1k_flow_gt, or one that has it as HD1K. A pair is two consecutive frames of one sequence.
    mode, part: as in `pwcnet.data.splits`; test are the frames of hd1k_challenge. Raises FileNotFoundError and ValueError that name the folder or file.
    """
    part = checked_part(mode, part)
    folder = find_folder(root, ("HD1K", "hd1k"), (INPUT, TRUTH, CHALLENGE))
    if mode == "test":
        return _samples(os.path.join(folder, CHALLENGE, "image_2"), None, "%s/image_2" % CHALLENGE)
    samples = _samples(
        *(os.path.join(folder, *names) for names in ((INPUT, "image_2"), (TRUTH, "flow_occ"))),
        "{%s/image_2,%s/flow_occ}" % (INPUT, TRUTH),
    )
    return split_part(samples, part) if mode in SPLIT_MODES else samples


def _samples(images, flows, layout):
    for folder in (images, flows) if flows else (images,):
        check_folder(folder, layout)
    frames, known = _sequences(images), _sequences(flows) if flows else None
    samples = []
    for sequence in sorted(set(frames) | set(known or ())):

        def frame(number):
            return os.path.join(images, NAME % (sequence, number))

        def flow(number):
            return os.path.join(flows, NAME % (sequence, number))

        numbers = consecutive_pairs(
            frames.get(sequence, set()), known.get(sequence, set()) if flows else None, frame, flow
        )
        samples.extend(
            Sample(
                "%06d_%04d" % (sequence, number),
                frame(number),
                frame(number + 1),
                flow(number) if flows else None,
            )
            for number in numbers
        )
    return not_empty(samples, images, NAME)


def _sequences(folder):
    """{sequence: the numbers of its frames}."""
    sequences = {}
    for match in matches(folder, r"(\d{6})_(\d{4})\.png"):
        sequences.setdefault(int(match.group(1)), set()).add(int(match.group(2)))
    return sequences
