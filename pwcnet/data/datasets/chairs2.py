"""FlyingChairs2: <root>/FlyingChairs2/{train,val}/%07d-{img_0.png,img_1.png,flow_01.flo}.

Beside them lies %07d-occ_01.png, the occlusion of the first frame.
"""

from __future__ import annotations

import os

from pwcnet.data.datasets.listing import check_folder, find_folder, matches, missing, not_empty
from pwcnet.data.sample import Sample
from pwcnet.data.splits import checked_part

FOLDER = "FlyingChairs2"
FILES = ("img_0.png", "img_1.png", "flow_01.flo")
OCCLUSION = "occ_01.png"


def chairs2_samples(root: str, mode: str = "train_noval", part: str | None = None) -> list[Sample]:
    """The samples of FlyingChairs2, sorted by number; ids are "train/0000000".

    train trains and val validates in every mode, as published. Reads folder listings only.

    Args:
        root: the folder that holds FlyingChairs2, or that folder itself.
        mode: as in `pwcnet.data.splits`; there is no mode test.
        part: as in `pwcnet.data.splits`.

    Raises:
        FileNotFoundError: names the missing folder or file.
        ValueError: for a wrong choice.
    """
    split = "val" if checked_part(mode, part, without_test=FOLDER) == "val" else "train"
    folder = os.path.join(find_folder(root, (FOLDER,), ("train", "val")), split)
    check_folder(folder, FOLDER + "/{train,val}")
    found = matches(folder, r"(\d{7})-(img_[01]\.png|flow_01\.flo|occ_01\.png)")
    names = {match.group() for match in found}
    samples = []
    for number in sorted({match.group(1) for match in found}):
        expected = ["%s-%s" % (number, file) for file in FILES]
        absent = [name for name in expected if name not in names]
        if absent:
            raise missing(os.path.join(folder, absent[0]), "pair %s" % number)
        frame1, frame2, flow = (os.path.join(folder, name) for name in expected)
        occlusion = "%s-%s" % (number, OCCLUSION)
        mask = os.path.join(folder, occlusion) if occlusion in names else None
        samples.append(Sample("%s/%s" % (split, number), frame1, frame2, flow, mask))
    return not_empty(samples, folder, "pairs %07d-{img_0.png,img_1.png,flow_01.flo}")
