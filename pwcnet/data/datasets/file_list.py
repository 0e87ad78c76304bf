"""Pairs that a text file lists: FRAME1 FRAME2 FLOW [MASK] a line, for one's own data.

Paths are relative to the folder of the list, separated by spaces or, where they hold spaces, by
tabs or commas. The mask is an image, non-zero where the flow is not to be trusted. Empty lines and
lines that begin with # do not count.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from pwcnet.data.sample import Sample
from pwcnet.data.splits import SPLIT_MODES, checked_part, split_part
from pwcnet.io.text_files import read_text

LINE = "FRAME1 FRAME2 FLOW [MASK]"


class _Line(NamedTuple):
    number: int
    paths: list


def file_list_samples(
    root: str, mode: str = "train_noval", part: str | None = None
) -> list[Sample]:
    """The samples of a list, in its order; the modes that split sort them by id.

    The id is the path of the first frame without its extension, "scene/0001", where all of them lie
    below the list's folder and differ; otherwise the number of the line, "line_000001". Looks
    whether the files exist.

    Args:
        root: the list.
        mode: as in `pwcnet.data.splits`; in mode test lines need no flow.
        part: as in `pwcnet.data.splits`.

    Raises:
        FileNotFoundError: names the missing file, and the list and line.
        ValueError: for a wrong choice, and a line with too few or too many paths.
    """
    part = checked_part(mode, part)
    if not os.path.isfile(root):
        raise FileNotFoundError("No file %s, which should list pairs: %s" % (root, LINE))
    lines = [
        _Line(number, _split(text))
        for number, text in enumerate(read_text(root).splitlines(), 1)
        if text.strip() and not text.lstrip().startswith("#")
    ]
    if not lines:
        raise ValueError("%s lists no pair: %s" % (root, LINE))
    least = 2 if mode == "test" else 3
    samples = [_sample(root, line, pair_id, least) for line, pair_id in zip(lines, _ids(lines))]
    return split_part(samples, part) if mode in SPLIT_MODES else samples


def _split(text):
    separator = "\t" if "\t" in text else "," if "," in text else None
    return [path.strip() for path in text.strip().split(separator)]


def _ids(lines):
    names = [os.path.splitext(os.path.normpath(line.paths[0]))[0] for line in lines]
    unusual = any(os.path.isabs(name) or ".." in name or "." in name for name in names)
    if unusual or len(set(names)) < len(names):
        return ["line_%06d" % line.number for line in lines]
    return [name.replace(os.sep, "/") for name in names]


def _sample(root, line, pair_id, least):
    if not least <= len(line.paths) <= 4 or not all(line.paths):
        raise ValueError(
            "expected %s, got %d paths in %s, line %d" % (LINE, len(line.paths), root, line.number)
        )
    paths = [os.path.join(os.path.dirname(root), os.path.expanduser(path)) for path in line.paths]
    for path in paths:
        if not os.path.isfile(path):
            raise FileNotFoundError("No file %s (%s, line %d)" % (path, root, line.number))
    frame1, frame2, flow, mask = paths + [None] * (4 - len(paths))
    return Sample(pair_id, frame1, frame2, flow, invalid=mask)
