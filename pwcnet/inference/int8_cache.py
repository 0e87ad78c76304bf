"""Where converted networks are kept: a bounded number of files in the user's cache folder."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import stat
import tempfile
from contextlib import suppress
from typing import Any

from pwcnet.io.atomic import write_bytes

EXTENSION = ".tflite"
MAX_FILES = 16  # some 5 MB each for the small network, 15 MB for the large one
DIGEST_SIZE = hashlib.sha256().digest_size  # bytes behind the model, by which damage is seen

log = logging.getLogger(__name__)


def cache_name(facts: dict[str, Any]) -> str:
    """Returns the name of the file for what a conversion depends on."""
    text = json.dumps(facts, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:40] + EXTENSION


def find_cached(name: str) -> bytes | None:
    """Returns a model that was kept under a name; None if there is none, or it is damaged."""
    for folder in _folders():
        path = os.path.join(folder, name)
        try:
            with open(path, "rb") as stream:
                content = stream.read()
        except OSError:
            continue
        model, digest = content[:-DIGEST_SIZE], content[-DIGEST_SIZE:]
        if hashlib.sha256(model).digest() == digest:
            with suppress(OSError):
                os.utime(path)  # the last use, by which files are kept
            return model
        log.info("%s is damaged and made again", path)
    return None


def keep(name: str, model: bytes) -> str | None:
    """Keeps a model, and removes the files that were not used for the longest time.

    Returns:
        The file's path; None if no folder could be written to.
    """
    for folder in _folders():
        path = os.path.join(folder, name)
        try:
            os.makedirs(folder, mode=0o700, exist_ok=True)
            write_bytes(path, model + hashlib.sha256(model).digest())
        except OSError as error:
            log.debug("%s: %s", path, error)
            continue
        _remove_oldest(folder, path)
        return path
    return None


def _folders() -> list[str]:
    """The user's cache folder, and one for temporary files if it is the user's own."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):  # as its specification says
        base = os.path.join(os.path.expanduser("~"), ".cache")
    folders = [os.path.join(base, "pwcnet")] if os.path.isabs(base) else []
    user = os.getuid() if hasattr(os, "getuid") else "user"
    temporary = os.path.join(tempfile.gettempdir(), "pwcnet-%s" % user)
    return folders + [temporary] * _is_own(temporary)


def _is_own(folder: str) -> bool:
    """Whether nobody else can have put files into a folder, which may be missing yet."""
    try:
        status = os.lstat(folder)
    except OSError:
        return True
    others = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    own = not hasattr(os, "getuid") or status.st_uid == os.getuid()
    return stat.S_ISDIR(status.st_mode) and own and not others


def _remove_oldest(folder: str, kept: str) -> None:
    used = []
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        if name.endswith(EXTENSION) and path != kept:
            with suppress(OSError):
                used.append((os.path.getmtime(path), path))
    for _, path in sorted(used, reverse=True)[MAX_FILES - 1 :]:
        with suppress(OSError):  # another process was faster
            os.remove(path)
