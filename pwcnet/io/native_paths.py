"""Names of files for native libraries, which take some for something else or crash on them."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from typing import Iterator


@contextmanager
def native_path(path: str) -> Iterator[str]:
    """A name that FFmpeg and OpenCV take for nothing but the file.

    It is absolute: FFmpeg takes `10:30.mp4` for an address. A name that is not UTF-8, which ends
    OpenCV's process, or that has a %, a pattern of many images, is replaced by a link.

    Args:
        path: An existing file.

    Yields:
        The name; it may be gone once the block ends, when the file has to be open.

    Raises:
        OSError: The link cannot be made in the folder for temporary files.
    """
    absolute = os.path.abspath(path)
    if _is_plain(absolute):
        yield absolute
        return
    extension = os.path.splitext(absolute)[1]
    with tempfile.TemporaryDirectory(prefix="pwcnet-") as folder:
        link = os.path.join(folder, "file" + (extension if _is_plain(extension) else ""))
        os.symlink(absolute, link)
        yield link


def _is_plain(path: str) -> bool:
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return "%" not in path
