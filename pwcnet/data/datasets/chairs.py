"""FlyingChairs as published: <root>/FlyingChairs_release/data/%05d_{img1.ppm,img2.ppm,flow.flo}."""

import glob
import os

from pwcnet.data.datasets.listing import find_folder, matches, missing, not_empty
from pwcnet.data.sample import Sample
from pwcnet.data.splits import SPLIT_MODES, checked_part, split_part

FOLDER = "FlyingChairs_release"
SPLIT_FILE = "FlyingChairs_train_val.txt"
ENDINGS = ("img1.ppm", "img2.ppm", "flow.flo")
VALIDATION_PAIRS = 640  # of the published split, where its file is missing
TRAIN, VALIDATION = "1", "2"  # what a line of that file says


def chairs_samples(root, mode="train_noval", part=None):
    """The samples of FlyingChairs, sorted by number; the id is the number, "00001". Reads folder listings and the split file only.

    root: the folder that holds FlyingChairs_release, or that folder itself. mode, part: as in `pwcnet.data.splits`; there is no mode test.
    The split is the published one: line n of FlyingChairs_train_val.txt (or the one file *train_val*.txt), in the root or the data folder, is 1 where pair n
    trains and 2 where it validates; a tree with fewer pairs uses its lines. Without that file the last 640 pairs validate; of a tree with no more than 640,
    which is a sample of the set, the 3 % of `split_validation`. Raises FileNotFoundError and ValueError that name the folder or file.
    """
    part = checked_part(mode, part, without_test="FlyingChairs")
    folder = find_folder(root, (FOLDER,), ("data",))
    samples = _all_samples(os.path.join(folder, "data"))
    if mode not in SPLIT_MODES:
        return samples
    path = _split_file((os.path.join(folder, "data"), folder, root))
    if path:
        return _published_part(samples, part, path)
    if len(samples) > VALIDATION_PAIRS:
        return samples[-VALIDATION_PAIRS:] if part == "val" else samples[:-VALIDATION_PAIRS]
    return split_part(samples, part)


def _all_samples(folder):
    names = {match.group() for match in matches(folder, r"\d{5}_(img[12]\.ppm|flow\.flo)")}
    samples = []
    for number in sorted({name[:5] for name in names}):
        own = ["%s_%s" % (number, ending) for ending in ENDINGS]
        absent = [name for name in own if name not in names]
        if absent:
            raise missing(os.path.join(folder, absent[0]), "pair %s" % number)
        samples.append(Sample(number, *(os.path.join(folder, name) for name in own)))
    return not_empty(samples, folder, "%05d_{img1.ppm,img2.ppm,flow.flo}")


def _split_file(folders):
    """The path of the split file, None where there is none; ValueError where several could be meant."""
    for folder in folders:
        exact = os.path.join(folder, SPLIT_FILE)
        found = (
            [exact]
            if os.path.isfile(exact)
            else sorted(glob.glob(os.path.join(glob.escape(folder), "*train_val*.txt")))
        )
        if len(found) > 1:
            raise ValueError(
                "expected one split file, got %s in %s; try %s alone"
                % (" and ".join(map(os.path.basename, found)), folder, SPLIT_FILE)
            )
        if found:
            return found[0]
    return None


def _published_part(samples, part, path):
    with open(path, encoding="utf-8", errors="replace") as stream:
        lines = [line.strip() for line in stream.read().rstrip().splitlines()]
    for number, line in enumerate(lines, 1):
        if line not in (TRAIN, VALIDATION):
            raise ValueError(
                "expected %s (trains) or %s (validates), got %r in %s, line %d; try the published split file"
                % (TRAIN, VALIDATION, line, path, number)
            )
    if len(lines) < int(samples[-1].id):
        raise ValueError(
            "expected a line for each pair up to %s, got %d in %s; try the published split file, which has 22872"
            % (samples[-1].id, len(lines), path)
        )
    wanted = VALIDATION if part == "val" else TRAIN
    chosen = [sample for sample in samples if lines[int(sample.id) - 1] == wanted]
    if not chosen:
        raise ValueError(
            "expected pairs of part %s, got none among %d pairs by %s; try a larger part of the set, or mode train_noval"
            % (part, len(samples), path)
        )
    return chosen
