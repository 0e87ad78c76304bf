"""Files of weights: checkpoints in folders, the shipped weights, identity by SHA-256."""

from __future__ import annotations

import glob
import hashlib
import os
import re
from contextlib import contextmanager
from typing import Iterator

from pwcnet.io.names import is_plain, plain_links

CHECKPOINT_NAME = "pwcnet.ckpt"  # checkpoints are called pwcnet.ckpt-<step>
ARCHIVE_EXTENSION = ".npz"  # NumPy's archives: weights without a training run's state
FROZEN_GRAPH_EXTENSION = ".pb"

SHIPPED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pwcnet-sm-scenes.npz")


def shipped_weights() -> str:
    """Returns the path of the weights that the package ships.

    They are the small network's, trained on generated scenes alone; their card is README.md in the
    same folder.

    Raises:
        FileNotFoundError: The installation lacks them.
    """
    if not os.path.isfile(SHIPPED):
        raise FileNotFoundError("This installation lacks the shipped weights (%s)" % SHIPPED)
    return SHIPPED


def find_checkpoint(path: str | os.PathLike) -> str:
    """Returns a checkpoint's prefix, or the path of an archive.

    Args:
        path: A prefix (run/pwcnet.ckpt-1000), one of the checkpoint's files, a folder, whose
            checkpoint with the highest step is taken, or an .npz archive.

    Raises:
        FileNotFoundError: There is no such checkpoint or archive.
    """
    path = os.fspath(path)
    if path.endswith(ARCHIVE_EXTENSION):
        if not os.path.isfile(path):
            raise FileNotFoundError("No weights at %s%s" % (path, _new_place(path)))
        return path
    if os.path.isdir(path):
        checkpoints = list_checkpoints(path)
        if not checkpoints:
            raise FileNotFoundError(
                "No checkpoint in the folder %s (it has no %s-<step>.index)"
                % (path, CHECKPOINT_NAME)
            )
        return checkpoints[max(checkpoints)]
    prefix = re.sub(r"\.(index|meta|data-\d{5}-of-\d{5})$", "", path)
    if not os.path.exists(prefix + ".index"):
        raise FileNotFoundError("No checkpoint at %s (%s.index is missing)" % (prefix, prefix))
    return prefix


def list_checkpoints(folder: str) -> dict[int, str]:
    """Returns {step: prefix} of the complete checkpoints in a folder; {} if it does not exist.

    A checkpoint is complete if it has an index, which is written last.
    """
    checkpoints = {}
    for name in os.listdir(folder) if os.path.isdir(folder) else ():
        match = re.match(r"(.+-(\d+))\.index$", name)
        if match:
            checkpoints[int(match.group(2))] = os.path.join(folder, match.group(1))
    return checkpoints


def checkpoint_files(prefix: str) -> list[str]:
    """Returns the paths of a checkpoint's index, which need not exist, and of its data."""
    return [prefix + ".index", *sorted(glob.glob(glob.escape(prefix) + ".data-*"))]


@contextmanager
def plain_checkpoint(prefix: str) -> Iterator[str]:
    """Yields a prefix of the same checkpoint that TensorFlow can read, as long as the block runs.

    TensorFlow takes a prefix with [...], * or a backslash for a pattern, and names for UTF-8. Such
    a checkpoint is read through links in a temporary folder.
    """
    if is_plain(prefix):
        yield prefix
        return
    files = checkpoint_files(prefix)
    with plain_links({CHECKPOINT_NAME + file[len(prefix) :]: file for file in files}) as folder:
        yield os.path.join(folder, CHECKPOINT_NAME)


def remove_checkpoint(prefix: str) -> None:
    """Deletes a checkpoint's files, the index first: what is left is no checkpoint any more."""
    folder, name = os.path.split(prefix)
    extensions = [".index", ".meta"] + [
        file[len(name) :] for file in os.listdir(folder or ".") if file.startswith(name + ".data-")
    ]
    for extension in extensions:
        if os.path.exists(prefix + extension):
            os.remove(prefix + extension)


def identify_weights(path: str | os.PathLike) -> dict[str, str]:
    """Identifies weights by their content.

    Args:
        path: A frozen graph (.pb), an .npz archive, or a checkpoint's prefix, whose .index and
            .data files count.

    Returns:
        "path", "sha256" and "kind": "frozen" for a frozen graph, else "checkpoint".

    Raises:
        FileNotFoundError: The file, or the checkpoint's index, is missing.
    """
    path = str(path)
    frozen = path.endswith(FROZEN_GRAPH_EXTENSION)
    files = [path] if frozen or path.endswith(ARCHIVE_EXTENSION) else checkpoint_files(path)
    return {"path": path, "sha256": _sha256(files), "kind": "frozen" if frozen else "checkpoint"}


def _new_place(path: str) -> str:
    """Where the shipped weights are now, if a path is where they used to be."""
    if os.path.basename(path) != os.path.basename(SHIPPED):
        return ""
    return "; the shipped weights are now part of the package (pwcnet.weights.files): %s" % SHIPPED


def _sha256(files: list[str]) -> str:
    digest = hashlib.sha256()
    for file in files:
        with open(file, "rb") as stream:
            for block in iter(lambda: stream.read(1 << 20), b""):
                digest.update(block)
    return digest.hexdigest()
