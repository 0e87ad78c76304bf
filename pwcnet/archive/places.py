"""Where results are put, and which of what stands there is theirs: a user's files stay."""

from __future__ import annotations

import os
import re
import zipfile
from contextlib import suppress

from pwcnet.archive.items import PAIRS, Item
from pwcnet.archive.options import ExtractOptions
from pwcnet.io.atomic import check_replaceable

ARRAYS = {"frames.npy", "times.npy"}  # that every .npz of an item has
OURS = re.compile(
    r"((flow|backward)(_[xy])?_\d+\.(flo|jpg)|occlusion_\d+\.png|flow\.npz|%s)$" % re.escape(PAIRS)
)


def check_place(output: str, item: Item, options: ExtractOptions) -> None:
    """Checks that what stands where an item's results will be is results.

    Raises:
        FileExistsError: It is something else.
        OSError: It cannot be read.
    """
    place = os.path.join(output, item.name)
    if options.in_folders:
        check_replaceable(place, PAIRS)
    elif "npz" in options.save and not _is_free(place + ".npz"):
        raise FileExistsError("%s.npz is no result of an extraction: it is not replaced" % place)


def remove_result(path: str) -> None:
    """Removes a result; of a folder only the files that were extracted, and it if it is empty."""
    if not os.path.isdir(path) or os.path.islink(path):
        with suppress(FileNotFoundError):
            os.remove(path)
        return
    for name in os.listdir(path):
        if OURS.match(name) and os.path.isfile(os.path.join(path, name)):
            os.remove(os.path.join(path, name))
    with suppress(OSError):  # it holds other files
        os.rmdir(path)


def _is_free(path: str) -> bool:
    """Whether there is no file, or an item's .npz."""
    if not os.path.lexists(path):
        return True
    try:
        with zipfile.ZipFile(path) as archive:
            return set(archive.namelist()) >= ARRAYS
    except (OSError, zipfile.BadZipFile):
        return False
