"""Looking for the files of a data set: every folder and file that should be there and is not is named, with the layout that was expected."""

import os
import re


def find_folder(root, names, inside):
    """The data set's own folder: the first of root/name for each of `names`, then root itself, that has one of the folders `inside`.

    Raises FileNotFoundError that says what was looked for.
    """
    for folder in [os.path.join(root, name) for name in names] + [root]:
        if any(os.path.isdir(os.path.join(folder, name)) for name in inside):
            return folder
    found = "a folder without it" if os.path.isdir(root) else "no such folder"
    raise FileNotFoundError(
        "expected %s/{%s} in %s, got %s; try the folder that holds %s"
        % (names[0], ",".join(inside), root, found, names[0])
    )


def check_folder(folder, layout):
    """Raises FileNotFoundError where a folder of the layout is missing."""
    if not os.path.isdir(folder):
        raise FileNotFoundError(
            "expected the layout %s, got no folder %s; try the complete archive of the data set"
            % (layout, folder)
        )


def subfolders(folder, layout):
    """The sorted names of the folders in a folder, without hidden ones. Raises FileNotFoundError where `folder` is missing."""
    check_folder(folder, layout)
    return sorted(
        name
        for name in os.listdir(folder)
        if os.path.isdir(os.path.join(folder, name)) and not name.startswith(".")
    )


def matches(folder, pattern):
    """The match objects of the names in a folder that the pattern matches to the end, in no particular order; none where the folder is missing."""
    names = os.listdir(folder) if os.path.isdir(folder) else []
    return [match for match in (re.match(pattern + "$", name) for name in names) if match]


def missing(path, needed_by):
    """The FileNotFoundError of a file that another one needs."""
    return FileNotFoundError(
        "expected a file for %s, got no file %s; try the complete archive of the data set"
        % (needed_by, path)
    )


def not_empty(samples, folder, layout):
    """The samples; FileNotFoundError where there are none."""
    if not samples:
        raise FileNotFoundError(
            "expected pairs of frames %s, got none in %s; try the complete archive of the data set"
            % (layout, folder)
        )
    return samples


def consecutive_pairs(frames, flows, frame_path, flow_path):
    """The sorted numbers n of a sequence's pairs (n, n + 1).

    frames: the numbers that there are pictures of. flows: those with truth; None for a sequence without truth, which has no gaps then.
    The last frame's flow has no partner and makes no pair; other files without a partner are errors: FileNotFoundError names what is missing.
    frame_path, flow_path: number to path.
    """
    if not frames:
        if flows:
            raise missing(frame_path(min(flows)), flow_path(min(flows)))
        return []
    if flows is None:
        flows, flow_path = set(range(min(frames), max(frames))), frame_path
    for number in sorted(flows):
        if number not in frames:
            raise missing(frame_path(number), flow_path(number))
        if number + 1 not in frames and number != max(frames):
            raise missing(frame_path(number + 1), flow_path(number))
    for number in sorted(frames):
        if number + 1 in frames and number not in flows:
            raise missing(flow_path(number), frame_path(number))
    return [number for number in sorted(flows) if number + 1 in frames]
