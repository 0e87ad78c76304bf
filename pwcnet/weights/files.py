"""Files of weights: checkpoints in folders, the shipped weights, identity by SHA-256."""

from __future__ import annotations

import glob
import hashlib
import json
import os
import re
from contextlib import contextmanager
from typing import Iterator, Mapping

from pwcnet.io.names import is_plain, plain_links

CHECKPOINT_NAME = "pwcnet.ckpt"  # checkpoints are called pwcnet.ckpt-<step>
STATE_FILE = "checkpoint"  # where TensorFlow notes the latest checkpoint of a folder
LOCK_FILE = ".lock"  # of the one program that may write checkpoints to a folder
SCORES_FILE = "best.json"  # in the folder best/ of a training run: validation EPE by step
ARCHIVE_EXTENSION = ".npz"  # NumPy's archives: weights without a training run's state
FROZEN_GRAPH_EXTENSION = ".pb"

_FOLDER = os.path.dirname(os.path.abspath(__file__))
SHIPPED = os.path.join(_FOLDER, "pwcnet-sm-scenes.npz")
SHIPPED_LARGE = os.path.join(_FOLDER, "pwcnet-lg-scenes.npz")
SHIPPED_NAMES = ("small", "large")  # which stand for paths of weights


def shipped_weights(name: str = "small") -> str:
    """Returns the path of weights that the package ships.

    They are trained on generated scenes alone; their card is README.md in the same folder.

    Args:
        name: The network, "small" or "large".

    Raises:
        FileNotFoundError: The installation lacks them.
        ValueError: There is no such name.
    """
    if name not in SHIPPED_NAMES:
        raise ValueError("expected shipped weights of %s, got %r" % (SHIPPED_NAMES, name))
    path = SHIPPED if name == "small" else SHIPPED_LARGE
    if not os.path.isfile(path):
        raise FileNotFoundError("This installation lacks the shipped weights (%s)" % path)
    return path


class AmbiguousCheckpointError(ValueError):
    """A folder holds several checkpoints that could be meant."""


def find_checkpoint(path: str | os.PathLike) -> str:
    """Returns a checkpoint's prefix, or the path of an archive.

    Args:
        path: A prefix (run/pwcnet.ckpt-1000), one of the checkpoint's files, an .npz archive, or a
            folder or its file `checkpoint`. Of a folder, the best checkpoint is taken where it has
            a file of scores, as a run's best/ does, otherwise the one with the highest step, or
            the only one without a step. The texts "small" and "large" are the shipped weights;
            "./small" and Path("small") are places.

    Raises:
        FileNotFoundError: There is no such checkpoint or archive.
        AmbiguousCheckpointError: Several checkpoints of a folder could be meant; two are named.
        ValueError: The folder's file of scores is damaged.
    """
    if isinstance(path, str) and path in SHIPPED_NAMES:
        return shipped_weights(path)
    path = os.fspath(path)
    if path.endswith(ARCHIVE_EXTENSION):
        if not os.path.isfile(path):
            raise FileNotFoundError("No weights at %s%s" % (path, _new_place(path)))
        return path
    names_state = os.path.basename(path) == STATE_FILE and not os.path.isdir(path)
    if names_state and not os.path.exists(path + ".index"):
        path = os.path.dirname(path) or os.curdir
    if os.path.isdir(path):
        return _find_in_folder(path)
    prefix = re.sub(r"\.(index|meta|data-\d{5}-of-\d{5})$", "", path)
    if not os.path.exists(prefix + ".index"):
        raise FileNotFoundError("No checkpoint at %s (%s.index is missing)" % (prefix, prefix))
    return prefix


def list_checkpoints(folder: str) -> dict[int, str]:
    """Returns {step: prefix} of the complete checkpoints in a folder; {} if it does not exist.

    A checkpoint is complete if it has an index, which is written last. Of several with one step,
    that by the usual name is returned, or the first by name.
    """
    return {step: prefixes[0] for step, prefixes in _prefixes(folder).items() if step is not None}


def read_scores(folder: str) -> dict[int, float]:
    """Returns the validation EPE by step in a folder's file of scores; {} where it has none.

    Raises:
        ValueError: The file is damaged.
    """
    path = os.path.join(folder, SCORES_FILE)
    if not os.path.exists(path):
        return {}
    try:
        with open(path, encoding="utf-8") as stream:
            return {int(step): float(epe) for step, epe in json.load(stream).items()}
    except (ValueError, TypeError, AttributeError):
        raise ValueError("%s does not hold an error by step; it is damaged" % path) from None


def ranked_steps(scores: Mapping[int, float]) -> list[int]:
    """Returns the steps, the best first.

    Args:
        scores: Validation EPE by step. NaN is worse than any number; of equal ones the earlier
            step is better.
    """
    return sorted(scores, key=lambda step: (scores[step] != scores[step], scores[step], step))


def _find_in_folder(folder: str) -> str:
    prefixes = _prefixes(folder)
    steps = {step: found for step, found in prefixes.items() if step is not None}
    scores = {step: epe for step, epe in read_scores(folder).items() if step in steps}
    if not prefixes:
        raise FileNotFoundError(
            "No checkpoint in the folder %s (it has no %s-<step>.index)" % (folder, CHECKPOINT_NAME)
        )
    found = steps[ranked_steps(scores)[0] if scores else max(steps)] if steps else prefixes[None]
    if len(found) > 1:
        raise AmbiguousCheckpointError(
            "%s holds several checkpoints that could be meant: %s and %s" % (folder, *found[:2])
        )
    return found[0]


def _prefixes(folder: str) -> dict[int | None, list[str]]:
    """The prefixes by step, None without one; those by the usual name are the first of a step."""
    prefixes: dict[int | None, list[str]] = {}
    names = os.listdir(folder) if os.path.isdir(folder) else []
    for name in sorted(names, key=lambda name: (not name.startswith(CHECKPOINT_NAME + "-"), name)):
        match = re.match(r"([^.].*?)(-\d+)?\.index$", name)
        if match:
            step = int(match.group(2)[1:]) if match.group(2) else None
            prefixes.setdefault(step, []).append(os.path.join(folder, name[: -len(".index")]))
    return prefixes


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
