"""Files and folders that are being written: their names, and what killed programs left of them.

A hidden name, `.partial-<machine>-<process>-...`, says who is writing. What a process left that
does not run any more is removed; what a running one writes, or one of another machine or
container, of which nothing can be told, stays.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import socket
from contextlib import suppress
from functools import lru_cache

PARTIAL_PREFIX = ".partial-"
BOOT_FILE = "/proc/sys/kernel/random/boot_id"  # Linux: another id after each start of the system
PROCESSES = "/proc/self/ns/pid"  # Linux: the container whose process numbers these are


def partial_prefix() -> str:
    """The start of the names of this process's partial files and folders."""
    return "%s%s-%d-" % (PARTIAL_PREFIX, _machine(), os.getpid())


def is_partial(path: str) -> bool:
    """Whether a path is, or lies in, a file or folder that is being written."""
    return any(part.startswith(PARTIAL_PREFIX) for part in str(path).split(os.sep))


def remove_abandoned(folder: str) -> None:
    """Removes what killed processes of this machine were writing in a folder, if it exists.

    What cannot be removed stays: it is hidden, and in nobody's way.
    """
    ours = re.compile(r"%s%s-(\d+)-" % (re.escape(PARTIAL_PREFIX), _machine()))
    with suppress(OSError):
        for name in os.listdir(folder):
            match = ours.match(name)
            if match and not _is_running(int(match.group(1))):
                path = os.path.join(folder, name)
                if os.path.isdir(path) and not os.path.islink(path):
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    with suppress(OSError):  # another program was faster, or it may not be removed
                        os.remove(path)


@lru_cache(maxsize=None)
def _machine() -> str:
    """Eight hexadecimal digits of this machine, since its start, and of this container."""
    try:
        with open(BOOT_FILE, encoding="ascii") as file:
            facts = [file.read(), str(os.stat(PROCESSES).st_ino), socket.gethostname()]
    except OSError:  # where nothing tells machines apart, nothing is removed
        return os.urandom(4).hex()
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:8]


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is another user's
        return True
    return not _has_ended(process)


def _has_ended(process: int) -> bool:
    """Whether a process is left of which only the exit code is missing: a zombie."""
    try:
        with open("/proc/%d/stat" % process, "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] == b"Z"
    except OSError:
        return False
