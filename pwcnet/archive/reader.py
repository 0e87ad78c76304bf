"""Reading the results of an archive: items by name, flow pair by pair, nothing before it is used.

archive = pwcnet.open_flow("flow")
item = archive["videos/clip"]
item.flow[0]  # [H, W, 2] float32 of the first pair
np.asarray(item.flow)  # [n, H, W, 2]
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping as AbcMapping
from typing import Any, Callable, Iterator

import numpy as np

from pwcnet.archive.folder import read_ledger
from pwcnet.archive.items import PAIRS
from pwcnet.archive.lazy_arrays import LazyArray, map_arrays
from pwcnet.archive.manifest import manifests
from pwcnet.io.flow_files import read_flow
from pwcnet.io.flow_pictures import read_flow_pictures
from pwcnet.io.images import read_frame

FILES = ".npz", ".motion.jsonl", ".motion.parquet"  # other results are folders


class FlowItem:
    """The flow of a video or folder of frames.

    Attributes:
        name: In the archive.
        path: Of the video or folder.
        frames: [n, 2] int64, the numbers of both frames of each pair, from 1 on.
        times: [n, 2] float64, their times in seconds; NaN where they are unknown.
        flow: n arrays [H, W, 2] float32, pixels, channels (u, v).
        backward: Likewise, from the second frame to the first; None if it was not extracted.
        occlusion: n arrays [H, W] bool; None if it was not extracted.
        motion: The item's statistics; None if they were not extracted.
        lost: What is wrong with frames that were left out.
    """

    def __init__(self, folder: str, record: dict[str, Any], bound: float):
        self.name, self.path = record["name"], record["path"]
        self.motion, self.lost = record.get("motion"), tuple(record.get("lost", ()))
        self._pairs = record["pairs"]
        self._results = {
            os.path.splitext(path)[1] if path.endswith(FILES) else "": path
            for path in (os.path.join(folder, result) for result in record["results"])
        }
        self._bound = bound
        self._maps: dict[str, np.ndarray] | None = None
        self._listed: list[dict[str, Any]] | None = None

    def __len__(self) -> int:
        return self._pairs

    def __getstate__(self) -> dict[str, Any]:
        return dict(self.__dict__, _maps=None)  # another process maps the files itself

    def __repr__(self) -> str:
        return "FlowItem(%r, %d pairs)" % (self.name, self._pairs)

    @property
    def frames(self) -> np.ndarray:
        """[n, 2] int64."""
        if self._arrays():
            return np.array(self._arrays()["frames"])
        return np.array([row["frames"] for row in self._rows()], np.int64).reshape(-1, 2)

    @property
    def times(self) -> np.ndarray:
        """[n, 2] float64."""
        if self._arrays():
            return np.array(self._arrays()["times"])
        rows = [[np.nan if time is None else time for time in row["times"]] for row in self._rows()]
        return np.array(rows, np.float64).reshape(-1, 2)

    @property
    def flow(self) -> LazyArray:
        """n arrays [H, W, 2] float32.

        Raises:
            ValueError: The item's flow was not extracted.
            OSError: Its files cannot be read.
        """
        found = self._flow("flow")
        if found is None and self._is_without_pairs():
            return _flows(0, lambda place: np.zeros(()))
        if found is None:
            raise ValueError("The flow of %s was not extracted, or its files are gone" % self.name)
        return found

    @property
    def backward(self) -> LazyArray | None:
        """n arrays [H, W, 2] float32, or None."""
        return self._flow("backward")

    @property
    def occlusion(self) -> LazyArray | None:
        """n arrays [H, W] bool, or None."""
        arrays = self._arrays()
        if "occlusion" in arrays:
            return _masks(len(self), lambda place: np.array(arrays["occlusion"][place]))
        pattern = self._files("occlusion_%05d.png")
        if pattern is None:
            return None
        return _masks(len(self), lambda place: read_frame(pattern(place))[..., 0] > 127)

    def _flow(self, name: str) -> LazyArray | None:
        arrays = self._arrays()
        if name in arrays:
            return _flows(len(self), lambda place: np.array(arrays[name][place], dtype=np.float32))
        file = self._files(name + "_%05d.flo")
        if file is not None:
            return _flows(len(self), lambda place: read_flow(file(place))[0])
        x, y = (self._files("%s_%s_%%05d.jpg" % (name, axis)) for axis in "xy")
        if x is None or y is None:
            return None
        return _flows(len(self), lambda place: read_flow_pictures(x(place), y(place), self._bound))

    def _files(self, pattern: str) -> Callable[[int], str] | None:
        """The file of a pair by its place, if there are such files."""
        folder = self._results.get("")
        if folder is None:
            return None

        def file(place: int) -> str:
            return os.path.join(folder, pattern % self._rows()[place]["pair"])

        return file if len(self) and os.path.exists(file(0)) else None

    def _is_without_pairs(self) -> bool:
        return not len(self) and bool(self._results.keys() & {"", ".npz"})

    def _rows(self) -> list[dict[str, Any]]:
        if self._listed is None:
            if "" not in self._results:
                raise ValueError(
                    "The pairs of %s were not extracted, or their files are gone" % self.name
                )
            with open(os.path.join(self._results[""], PAIRS), "rb") as stream:
                self._listed = [json.loads(line) for line in stream]
        return self._listed

    def _arrays(self) -> dict[str, np.ndarray]:
        if self._maps is None:
            path = self._results.get(".npz")
            if path is None and "" in self._results:
                path = os.path.join(self._results[""], "flow.npz")
            self._maps = map_arrays(path) if path is not None and os.path.exists(path) else {}
        return self._maps


class FlowArchive(AbcMapping):
    """The complete items of an archive by name, in the order of their names.

    Args:
        folder: The output folder of `pwcnet extract`; all shards count.

    Raises:
        FileNotFoundError: There is no manifest in it.
        ValueError: A manifest is damaged.
        OSError: One cannot be read.
    """

    def __init__(self, folder: str | os.PathLike):
        self.folder = os.fspath(folder)
        if not manifests(self.folder):
            raise FileNotFoundError("No manifest of an archive in %s" % self.folder)
        ledger = read_ledger(self.folder)
        self._bound = ledger.jobs[-1]["options"]["bound"] if ledger.jobs else 0.0
        self._records = {name: ledger.done[name] for name in sorted(ledger.done)}

    def __getitem__(self, name: str) -> FlowItem:
        return FlowItem(self.folder, self._records[name], self._bound)

    def __iter__(self) -> Iterator[str]:
        return iter(self._records)

    def __len__(self) -> int:
        return len(self._records)

    def __repr__(self) -> str:
        return "FlowArchive(%r, %d items)" % (self.folder, len(self))

    def clips(self, length: int = 1, stride: int | None = None) -> Iterator[tuple[str, np.ndarray]]:
        """Iterates over stacks of flows that follow each other.

        Args:
            length: The number of flows of a stack.
            stride: From the beginning of one stack to that of the next; None for `length`.

        Yields:
            (name of the item, [length, H, W, 2] float32); items with fewer pairs have none, and
            none spans frames that were left out.
        """
        for name, item in self.items():
            flow, steps = item.flow, np.diff(item.frames[:, 0])
            follows = steps == steps.min(initial=np.iinfo(int).max)  # nothing is lost before it
            for start in range(0, len(item) - length + 1, stride or length):
                if follows[start : start + length - 1].all():
                    yield name, flow[start : start + length]

    def dataset(self, length: int = 1, stride: int | None = None) -> Any:
        """The stacks of `clips` as a tf.data.Dataset of (name, [length, H, W, 2] float32)."""
        from pwcnet.runtime.tensorflow import TF_RELEASE, tf, tf2

        def clips() -> Iterator[tuple[str, np.ndarray]]:
            return self.clips(length, stride)

        shapes = tf.TensorShape([]), tf.TensorShape([length, None, None, 2])
        if TF_RELEASE.startswith("1."):
            return tf.data.Dataset.from_generator(clips, (tf.string, tf.float32), shapes)
        signature = tf2.TensorSpec(shapes[0], tf.string), tf2.TensorSpec(shapes[1], tf.float32)
        return tf2.data.Dataset.from_generator(clips, output_signature=signature)


def _flows(length: int, read: Callable[[int], np.ndarray]) -> LazyArray:
    return LazyArray(length, read, np.zeros((0, 0, 0, 2), np.float32))


def _masks(length: int, read: Callable[[int], np.ndarray]) -> LazyArray:
    return LazyArray(length, read, np.zeros((0, 0, 0), bool))


def open_flow(folder: str | os.PathLike) -> FlowArchive:
    """Opens the output folder of `pwcnet extract`.

    Args:
        folder: The folder.

    Returns:
        A mapping from the names of complete items to `FlowItem`.

    Raises:
        FileNotFoundError: There is no manifest in it.
        ValueError: A manifest is damaged.
    """
    return FlowArchive(folder)
