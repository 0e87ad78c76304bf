"""How much memory a process may still take: what the machine has free, within its limits."""

from __future__ import annotations

import os
import re
from contextlib import suppress

MACHINE = "/proc/meminfo"
GROUPS, GROUP_ROOT = "/proc/self/cgroup", "/sys/fs/cgroup"
SHARE = 0.75  # of what is free, by default
MOST = 1e9  # GB; no machine has more


class MemoryBoundError(ValueError):
    """A prediction would take more memory than it may."""


def memory_limit(gigabytes: float | None = None) -> int | None:
    """The bytes that a prediction may take.

    Args:
        gigabytes: What the user allows, in GB of 10^9 bytes; None for three quarters of what is
            free on this machine and in its container.

    Returns:
        Bytes; None where nothing is known, as on systems other than Linux.

    Raises:
        ValueError: The number is not above 0.
    """
    if gigabytes is not None:
        number = float(gigabytes)
        if not 0 < number < float("inf"):
            raise ValueError("memory is %r; it is a number of gigabytes above 0" % (gigabytes,))
        return int(min(number, MOST) * 1e9)
    free = free_memory()
    return None if free is None else int(SHARE * free)


def free_memory() -> int | None:
    """The bytes that are free on the machine and in the control groups of this process."""
    free = [number for number in (_machine(), *_groups()) if number is not None]
    return max(0, min(free)) if free else None


def _machine() -> int | None:
    found = re.search(r"MemAvailable:\s+(\d+) kB", _text(MACHINE) or "")
    return int(found.group(1)) * 1024 if found else None


def _groups() -> list[int | None]:
    """What the memory control groups of versions 1 and 2 leave, one number a group."""
    free: list[int | None] = []
    for line in (_text(GROUPS) or "").split("\n"):
        if line.count(":") < 2:
            continue
        _, controllers, path = line.split(":", 2)
        if controllers == "":  # version 2
            root, names = GROUP_ROOT, ("memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            root = os.path.join(GROUP_ROOT, "memory")
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        else:
            continue
        parts = [part for part in path.split("/") if part not in ("", "..")]
        # A container may see its own group as the root.
        folders = [os.path.join(root, *parts[:depth]) for depth in range(len(parts) + 1)]
        free += [_group(folder, *names) for folder in folders]
    return free


def _group(folder: str, limit: str, usage: str, cache: str) -> int | None:
    """The limit of a group less what it uses, whose cache of files can be given back."""
    texts = [_text(os.path.join(folder, name)) for name in (limit, usage)]
    numbers = [int(text) for text in texts if text and text.strip().isdecimal()]
    if len(numbers) < 2:
        return None  # no such group, or "max"
    cached = re.search(r"^%s (\d+)" % cache, _text(os.path.join(folder, "memory.stat")) or "", re.M)
    return numbers[0] - numbers[1] + (int(cached.group(1)) if cached else 0)


def _text(path: str) -> str | None:
    with suppress(OSError), open(path, "rb") as stream:
        return os.fsdecode(stream.read())  # names of groups may have any bytes
    return None
