"""Finding the files of a data set; what is missing is named, with the layout that was expected."""

from __future__ import annotations

import os
import re
from typing import Callable, Collection, Iterable, TypeVar

from pwcnet.io.folders import list_names

Items = TypeVar("Items", bound=Collection)


def find_folder(root: str, names: Iterable[str], inside: Iterable[str]) -> str:
    """The folder of a data set: the first of root/name for each name, then root, that fits.

    Args:
        root: the folder that was given.
        names: the published names of the data set's folder, the usual one first.
        inside: names of folders of which the data set has at least one.

    Raises:
        FileNotFoundError: for a root that is missing, or has none of them.
    """
    names, inside = list(names), list(inside)
    for folder in [os.path.join(root, name) for name in names] + [root]:
        if any(os.path.isdir(os.path.join(folder, name)) for name in inside):
            return folder
    layout = "%s/{%s}" % (names[0], ",".join(inside))
    if not os.path.isdir(root):
        raise FileNotFoundError("No folder %s, which should hold %s" % (root, layout))
    raise FileNotFoundError("No %s in %s" % (layout, root))


def check_folder(folder: str, layout: str) -> None:
    """Raises FileNotFoundError where a folder of the layout is missing."""
    if not os.path.isdir(folder):
        raise FileNotFoundError("No folder %s; the data set's layout is %s" % (folder, layout))


def subfolders(folder: str, layout: str) -> list[str]:
    """The sorted names of the folders in a folder, without hidden ones and litter.

    Raises:
        FileNotFoundError: where `folder` is missing.
    """
    check_folder(folder, layout)
    return [name for name in list_names(folder) if os.path.isdir(os.path.join(folder, name))]


def matches(folder: str, pattern: str) -> list[re.Match]:
    """The matches of a pattern with whole names in a folder, in the order of the names.

    There are none where the folder is missing.
    """
    names = list_names(folder) if os.path.isdir(folder) else []
    return [match for match in (re.match(pattern + "$", name) for name in names) if match]


def missing(path: str, needed_by: str) -> FileNotFoundError:
    """The error of a file that another one, or a pair or scene, needs."""
    return FileNotFoundError(
        "No file %s, which %s needs; the data set is not complete" % (path, needed_by)
    )


def not_empty(items: Items, folder: str, layout: str) -> Items:
    """The items. Raises FileNotFoundError where there are none of that layout in the folder."""
    if not items:
        raise FileNotFoundError("No %s in %s" % (layout, folder))
    return items


def consecutive_pairs(
    frames: Collection[int],
    flows: Collection[int] | None,
    frame_path: Callable[[int], str],
    flow_path: Callable[[int], str],
    last_has_flow: bool = True,
) -> list[int]:
    """The sorted numbers n of a sequence's pairs (n, n + 1).

    Args:
        frames: the numbers of the images.
        flows: the numbers of the flow files; None for a sequence without ground truth, which then
            must not have gaps.
        frame_path: number to path.
        flow_path: number to path.
        last_has_flow: whether the last frame may have a flow file too, which makes no pair. Other
            files without a partner are errors.

    Raises:
        FileNotFoundError: names a missing file and the one that needs it.
    """
    if not frames:
        if flows:
            raise missing(frame_path(min(flows)), flow_path(min(flows)))
        return []
    if flows is None:
        flows, flow_path = range(min(frames), max(frames)), frame_path
    for number in sorted(flows):
        if number not in frames:
            raise missing(frame_path(number), flow_path(number))
        is_last = number == max(frames)
        if number + 1 not in frames and not (is_last and last_has_flow):
            raise missing(frame_path(number + 1), flow_path(number))
    for number in sorted(frames):
        if number + 1 in frames and number not in flows:
            raise missing(flow_path(number), frame_path(number))
    return [number for number in sorted(flows) if number + 1 in frames]
