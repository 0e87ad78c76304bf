"""Names in folders, without what file systems and file managers leave there."""

from __future__ import annotations

import os

# Folders of Synology's and QNAP's indexers, recycle bins, fsck, archivers and version control;
# files of Windows Explorer. Hidden names (.DS_Store, ._image.png, .git) start with a dot.
LITTER = frozenset(
    name.lower()
    for name in (
        "@eaDir",
        "@tmp",
        "@Recycle",
        "@Recently-Snapshot",
        "#recycle",
        "#snapshot",
        "$RECYCLE.BIN",
        "System Volume Information",
        "lost+found",
        "__MACOSX",
        "Thumbs.db",
        "ehthumbs.db",
        "desktop.ini",
    )
)


def is_litter(name: str) -> bool:
    """Whether a name is hidden, or one that a NAS or file manager puts among the files."""
    return name.startswith(".") or name.lower() in LITTER


def list_names(folder: str) -> list[str]:
    """Lists the names in a folder, sorted, without litter.

    Args:
        folder: The folder.

    Returns:
        The names of files and folders.

    Raises:
        OSError: The folder cannot be listed.
    """
    return sorted(name for name in os.listdir(folder) if not is_litter(name))
