"""FlyingChairs: <root>/FlyingChairs_release/data/%05d_{img1.ppm,img2.ppm,flow.flo}."""

from __future__ import annotations

import glob
import os

from pwcnet.data.datasets.listing import find_folder, matches, missing, not_empty
from pwcnet.data.sample import Sample
from pwcnet.data.splits import SPLIT_MODES, checked_part, split_part

FOLDER = "FlyingChairs_release"
SPLIT_FILE = "FlyingChairs_train_val.txt"
FILES = ("img1.ppm", "img2.ppm", "flow.flo")
VALIDATION_PAIRS = 640  # of the published split, used where its file is missing
TRAIN, VALIDATION = "1", "2"  # the lines of that file


def chairs_samples(root: str, mode: str = "train_noval", part: str | None = None) -> list[Sample]:
    """The samples of FlyingChairs, sorted by number; the id is the number, "00001".

    The split is the published one: line n of FlyingChairs_train_val.txt (or the one file
    *train_val*.txt), in the root or the data folder, is 1 where pair n trains and 2 where it
    validates; a tree with fewer pairs uses its lines. Without that file the last 640 pairs
    validate; of a tree with no more than 640, which is a sample of the set, the 3 % of
    `split_validation`.
    Reads folder listings and the split file only.

    Args:
        root: the folder that holds FlyingChairs_release, or that folder itself.
        mode: as in `pwcnet.data.splits`; there is no mode test.
        part: as in `pwcnet.data.splits`.

    Raises:
        FileNotFoundError: names the missing folder or file.
        ValueError: for a wrong choice or a broken split file.
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
        expected = ["%s_%s" % (number, file) for file in FILES]
        absent = [name for name in expected if name not in names]
        if absent:
            raise missing(os.path.join(folder, absent[0]), "pair %s" % number)
        frame1, frame2, flow = (os.path.join(folder, name) for name in expected)
        samples.append(Sample(number, frame1, frame2, flow))
    return not_empty(samples, folder, "pairs %05d_{img1.ppm,img2.ppm,flow.flo}")


def _split_file(folders):
    """The path of the split file, None for none; ValueError where several could be meant."""
    for folder in folders:
        exact = os.path.join(folder, SPLIT_FILE)
        if os.path.isfile(exact):
            return exact
        paths = sorted(glob.glob(os.path.join(glob.escape(folder), "*train_val*.txt")))
        if len(paths) > 1:
            raise ValueError(
                "expected one split file, %s, got %s in %s"
                % (SPLIT_FILE, " and ".join(map(os.path.basename, paths)), folder)
            )
        if paths:
            return paths[0]
    return None


def _published_part(samples, part, path):
    with open(path, encoding="utf-8", errors="replace") as stream:
        lines = [line.strip() for line in stream.read().rstrip().splitlines()]
    for number, line in enumerate(lines, 1):
        if line not in (TRAIN, VALIDATION):
            raise ValueError(
                "expected %s (trains) or %s (validates), got %r in %s, line %d"
                % (TRAIN, VALIDATION, line, path, number)
            )
    if len(lines) < int(samples[-1].id):
        raise ValueError(
            "expected a line for each pair up to %s, got %d in %s; the published split file has "
            "22872" % (samples[-1].id, len(lines), path)
        )
    wanted = VALIDATION if part == "val" else TRAIN
    chosen = [sample for sample in samples if lines[int(sample.id) - 1] == wanted]
    if not chosen:
        raise ValueError(
            "expected pairs of part %s, got none among %d pairs by %s" % (part, len(samples), path)
        )
    return chosen
