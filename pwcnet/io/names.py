r"""Names of files that are no UTF-8, or that other programs take for patterns.

Python holds the bytes of such a name that are no UTF-8 as lone surrogates, which no text file can
hold. In text they are written as Python's `backslashreplace` does: the byte 0xFF becomes `\udcff`.
In JSON that is the character itself; other readers use `restore_names`.
"""

from __future__ import annotations

import os
import re
import tempfile
from contextlib import contextmanager
from typing import Iterator

ESCAPED = re.compile(r"\\udc([89a-f][0-9a-f])")
PATTERN_CHARACTERS = frozenset("*?[]\\{}")  # TensorFlow looks for matches of such names
TEMPORARY_FOLDERS = ("/tmp", "/var/tmp", "/dev/shm")  # where the system's own is not plain


def escape_names(text: str) -> str:
    r"""Text that UTF-8 can hold: what it cannot is written as `\udc80` to `\udcff`."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def restore_names(text: str) -> str:
    """The text before `escape_names`."""
    return ESCAPED.sub(lambda match: chr(0xDC00 + int(match.group(1), 16)), text)


def is_plain(path: str) -> bool:
    """Whether programs that expect UTF-8 and look for patterns find the file of this name."""
    try:
        same = path.encode("utf-8") == os.fsencode(path)
    except UnicodeEncodeError:
        return False
    return same and not PATTERN_CHARACTERS & set(path)


@contextmanager
def plain_path(path: str) -> Iterator[str]:
    """A plain path of the same file or folder, as long as the block runs.

    Args:
        path: The file or folder.

    Yields:
        The path itself where it is plain, else a link in a temporary folder, with the same
        extension.

    Raises:
        OSError: There is no folder for temporary files.
    """
    if is_plain(path):
        yield path
        return
    extension = os.path.splitext(path)[1]
    link = "link" + (extension if is_plain(extension) else "")
    with plain_links({link: path}) as folder:
        yield os.path.join(folder, link)


@contextmanager
def native_path(path: str) -> Iterator[str]:
    """A path that FFmpeg and OpenCV take for nothing but the file, as long as the block runs.

    It is absolute: FFmpeg takes `10:30.mp4` for an address. A path that is not plain, or that has
    a %, a pattern of many images, is replaced by a link.

    Args:
        path: An existing file.

    Yields:
        The path; the file has to be open before the block ends.

    Raises:
        OSError: There is no folder for temporary files.
    """
    absolute = os.path.abspath(path)
    if is_plain(absolute) and "%" not in absolute:
        yield absolute
        return
    extension = os.path.splitext(absolute)[1]
    link = "link" + (extension if is_plain(extension) and "%" not in extension else "")
    with plain_links({link: absolute}) as folder:
        yield os.path.join(folder, link)


@contextmanager
def plain_links(files: dict[str, str]) -> Iterator[str]:
    """A plain folder with a link to each of these files, as long as the block runs.

    Args:
        files: {plain name of the link: path of the file}.

    Yields:
        The temporary folder.

    Raises:
        OSError: There is no folder for temporary files.
    """
    with tempfile.TemporaryDirectory(prefix="pwcnet-", dir=_temporary_folder()) as folder:
        for name, path in files.items():
            os.symlink(os.path.abspath(path), os.path.join(folder, name))
        yield folder


def _temporary_folder() -> str:
    """The system's folder for temporary files, or another where that is not plain."""
    usual = tempfile.gettempdir()
    if not is_plain(usual):
        for folder in TEMPORARY_FOLDERS:
            if os.path.isdir(folder) and os.access(folder, os.W_OK):
                return folder
    return usual
