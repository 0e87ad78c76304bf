"""The items of an archive: videos and folders of frames, each with a name for its results."""

from __future__ import annotations

import glob
import hashlib
import os
import re
from typing import Any, Iterator, NamedTuple, Sequence

from pwcnet.io.folders import is_litter
from pwcnet.io.images import is_frame_name
from pwcnet.io.text_files import read_text
from pwcnet.io.video import is_video

MAGIC = re.compile(r"[*?\[]")
PAIRS = "pairs.jsonl"  # of the folder of an item's results
RANGE_END = re.compile(r"^(.*\S)\s+(\d+)\s+(\d+)$", re.DOTALL)


class Item(NamedTuple):
    """A video or a folder of frames.

    Attributes:
        name: Of its results: a relative path without an extension, "/" between its parts.
        path: The file or folder.
        first: The number of the first frame to take, from 1 on.
        last: The number of the last frame to take; None for the end.
    """

    name: str
    path: str
    first: int = 1
    last: int | None = None

    @property
    def key(self) -> str:
        """A short name for folders, unlike that of every other item."""
        return hashlib.sha256(os.fsencode(self.name)).hexdigest()[:16]

    def in_shard(self, number: int, total: int) -> bool:
        """Whether it belongs to shard `number` of `total`, from 1 on; other items do not matter."""
        return int(self.key, 16) % total == number - 1

    def fingerprint(self) -> dict[str, Any]:
        """What changes with the input: bytes and time of the file, of a folder's frames together.

        Raises:
            OSError: The input cannot be read.
        """
        if not os.path.isdir(self.path):
            facts = os.stat(self.path)
            size, time = facts.st_size, facts.st_mtime_ns
        else:
            with os.scandir(self.path) as entries:
                stats = [_facts(entry) for entry in entries if is_frame_name(entry.name)]
            size = sum(facts.st_size for facts in stats)
            time = max((facts.st_mtime_ns for facts in stats), default=0)
        return {"bytes": size, "mtime_ns": time, "first": self.first, "last": self.last}


def _facts(entry: os.DirEntry[str]) -> os.stat_result:
    try:
        return entry.stat()
    except OSError:  # a link that leads nowhere
        return entry.stat(follow_symlinks=False)


class _Found(NamedTuple):
    path: str
    root: str  # the folder that the name is relative to
    first: int = 1
    last: int | None = None


def find_items(
    inputs: Sequence[str], lists: Sequence[str] = (), output: str | None = None
) -> list[Item]:
    """Finds the items of inputs, in the order of the inputs, those of a folder by name.

    A folder of frames is one item; other folders are searched for videos and folders of frames. A
    name is the path relative to the input folder, or to the part of a pattern before the first
    wildcard; of several inputs, relative to the folder that all of them lie in. Items of a list
    with frame numbers have these in their name.

    Args:
        inputs: Videos, folders and glob patterns (** for all folders below).
        lists: Text files with one input a line, which may be followed by the numbers of the first
            and last frame; empty lines and those that start with # are left out. Relative paths
            are relative to the list's folder, or to the current one.
        output: A folder that is not searched.

    Raises:
        FileNotFoundError: An input does not exist, or there is no item in it.
        ValueError: Two items have one name, or a list is no text.
    """
    found = [item for text in inputs for item in _expand(text, output)]
    for path in lists:
        found += _listed(path, output)
    if not found:
        raise FileNotFoundError("No video and no folder of frames in %s" % ", ".join(lists))
    common = _common_folder([item.root for item in found])
    items: dict[str, Item] = {}
    for entry in found:
        item = Item(_name(entry, common), entry.path, entry.first, entry.last)
        other = items.setdefault(item.name, item)
        if other is not item and other != item:
            raise ValueError(
                "%s and %s would have the results of one name, %s; rename one of them"
                % (other.path, item.path, item.name)
            )
    return list(items.values())


def check_names(items: Sequence[Item], in_folders: bool) -> None:
    """Checks that no item's folder of results would hold those of another item.

    Args:
        items: All items.
        in_folders: Whether results are folders.

    Raises:
        ValueError: One would.
    """
    names = {item.name: item for item in items} if in_folders else {}
    for item in items:
        parent = os.path.dirname(item.name)
        while parent:
            if parent in names:
                raise ValueError(
                    "The results of %s would lie in the folder of those of %s; extract them to "
                    "folders of their own" % (item.path, names[parent].path)
                )
            parent = os.path.dirname(parent)


def _expand(text: str, output: str | None, first: int = 1, last: int | None = None) -> list[_Found]:
    text = os.fspath(text)
    if os.path.lexists(text):
        return _in_path(text, os.path.dirname(os.path.abspath(text)), output, first, last)
    if not MAGIC.search(text):
        raise FileNotFoundError("No video or folder at %s" % text)
    root = os.path.abspath(os.path.dirname(MAGIC.split(text)[0]))
    matches = [
        item
        for path in sorted(glob.glob(text, recursive=True))
        if not any(map(is_litter, os.path.relpath(path, root).split(os.sep)))
        for item in _in_path(path, root, output, first, last, required=False)
    ]
    if not matches:
        raise FileNotFoundError("No video or folder of frames matches %s" % text)
    return list(dict.fromkeys(matches))  # ** matches folders and what is in them


def _in_path(
    path: str,
    root: str,
    output: str | None,
    first: int,
    last: int | None,
    required: bool = True,
) -> list[_Found]:
    path = os.path.abspath(path)
    if not os.path.isdir(path):
        if not is_video(path):
            if not required:
                return []
            raise ValueError("%s is no video and no folder; its extension is not known" % path)
        return [_Found(path, root, first, last)]
    if _holds_frames(path):
        return [_Found(path, root, first, last)] + list(_below(path, path, output, first, last))
    items = list(_below(path, path if required else root, output, first, last))
    if not items and required:
        raise FileNotFoundError("No video and no folder of frames in %s" % path)
    return items


def _below(
    folder: str, root: str, output: str | None, first: int, last: int | None
) -> Iterator[_Found]:
    """The videos and folders of frames in a folder, that folder itself left out."""
    seen = {os.path.realpath(folder)}  # links may lead in circles
    if output is not None:
        seen.add(os.path.realpath(output))
    for parent, folders, files in os.walk(folder, onerror=_refuse_unreadable, followlinks=True):
        is_result = PAIRS in files and _lies_in(parent, output)
        places = {name: os.path.realpath(os.path.join(parent, name)) for name in folders}
        folders[:] = sorted(
            name for name, place in places.items() if not is_litter(name) and place not in seen
        )
        seen.update(places[name] for name in folders)
        if parent != folder and not is_result and sum(map(is_frame_name, files)) > 1:
            yield _Found(parent, root, first, last)
        for name in sorted(files):
            if is_video(name) and not is_litter(name):
                yield _Found(os.path.join(parent, name), root, first, last)


def _refuse_unreadable(error: OSError) -> None:
    """What os.walk would leave out; a folder that has gone meanwhile holds nothing."""
    if not isinstance(error, FileNotFoundError):
        raise error


def _lies_in(folder: str, output: str | None) -> bool:
    if output is None:
        return False
    return (os.path.realpath(folder) + os.sep).startswith(os.path.realpath(output) + os.sep)


def _holds_frames(folder: str) -> bool:
    return sum(map(is_frame_name, os.listdir(folder))) > 1


def _listed(path: str, output: str | None) -> Iterator[_Found]:
    folder = os.path.dirname(os.path.abspath(path))
    for number, line in enumerate(read_text(path).splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        try:
            text, first, last = _parsed(line, folder)
            yield from _expand(text, output, first, last)
        except (ValueError, OSError) as error:
            raise type(error)("Line %d of %s: %s" % (number, path, error)) from error


def _parsed(line: str, folder: str) -> tuple[str, int, int | None]:
    """(path, first, last) of a line."""
    match = RANGE_END.match(line)
    if match is None or _resolved(line, folder) is not None:
        return _resolved(line, folder) or line, 1, None
    text, first, last = match.group(1), int(match.group(2)), int(match.group(3))
    if not 1 <= first < last:
        raise ValueError(
            "Frames %d to %d of %s hold no pair; they count from 1" % (first, last, text)
        )
    return _resolved(text, folder) or text, first, last


def _resolved(text: str, folder: str) -> str | None:
    for path in (os.path.join(folder, text), text):
        if os.path.lexists(path):
            return path
    return os.path.join(folder, text) if MAGIC.search(text) else None


def _common_folder(roots: Sequence[str]) -> str | None:
    """The folder that all of several roots lie in; None where there is but one root."""
    different = set(roots)
    return os.path.commonpath(list(different)) if len(different) > 1 else None


def _name(entry: _Found, common: str | None) -> str:
    name = os.path.relpath(entry.path, common or entry.root)
    if name == os.curdir:
        name = os.path.basename(entry.path) or "frames"
    if is_video(name) and not os.path.isdir(entry.path):
        name = os.path.splitext(name)[0]
    if entry.last is not None:
        name += "_%06d-%06d" % (entry.first, entry.last)
    return name.replace(os.sep, "/")
