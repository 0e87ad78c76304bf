"""The parts of items: one for each stretch, in .unfinished/KEY/part-00000 of the output folder."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from contextlib import contextmanager, suppress
from typing import Any, Iterator, NamedTuple, Sequence

import cv2
import numpy as np

from pwcnet.archive.items import PAIRS, Item
from pwcnet.archive.options import ExtractOptions
from pwcnet.io.atomic import os_errors_naming, write_bytes
from pwcnet.io.flow_files import write_flow
from pwcnet.io.flow_pictures import write_flow_pictures
from pwcnet.io.partial_files import partial_prefix

UNFINISHED = ".unfinished"
WHOLE = "whole"  # the part of an item that is not cut
LOST = "lost.json"


class PairResult(NamedTuple):
    """What was computed for a pair.

    Attributes:
        number: Of the pair in its item, from 1 on; numbers of lost pairs are left out.
        frames: The numbers of both frames.
        times: Their times in seconds; None where they are unknown.
        flow: [H, W, 2] float32, pixels, channels (u, v).
        backward: [H, W, 2] float32, from the second frame to the first; None if it is not asked
            for.
        occlusion: [H, W] bool; None if it is not asked for.
        motion: The statistics of the pair; None if they are not asked for.
    """

    number: int
    frames: tuple[int, int]
    times: tuple[float | None, float | None]
    flow: np.ndarray
    backward: np.ndarray | None = None
    occlusion: np.ndarray | None = None
    motion: dict[str, Any] | None = None


class PartWriter:
    """Writes the pairs of a part into a folder."""

    def __init__(self, folder: str, options: ExtractOptions):
        self._folder, self._options = folder, options
        self._rows = self._open(PAIRS)
        arrays = {"flow": True, "backward": options.backward, "occlusion": options.occlusion}
        self._arrays = {
            name: self._open(name + ".raw")
            for name, wanted in arrays.items()
            if wanted and "npz" in options.save
        }
        self._size: tuple[int, int] | None = None

    def add(self, result: PairResult) -> None:
        """Writes a pair.

        Raises:
            ValueError: The size of frames changes, or the flow does not fit the type of arrays.
            OSError: A file cannot be written.
        """
        size = result.flow.shape[0], result.flow.shape[1]
        if self._size not in (None, size):
            raise ValueError(
                "Frame %d has %dx%d pixels (height x width), the frames before have %dx%d"
                % (result.frames[1], *size, *self._size)
            )
        self._size = size
        row = {"pair": result.number, "frames": result.frames, "times": result.times, "size": size}
        if result.motion is not None:
            row["motion"] = result.motion
        self._rows.write(json.dumps(row, allow_nan=False).encode() + b"\n")
        for name, stream in self._arrays.items():
            stream.write(_stored(getattr(result, name), self._options.dtype, result.frames[0]))
        if "flo" in self._options.save:
            self._write_flows(result)
        if "xy-jpg" in self._options.save:
            self._write_pictures(result)
        if result.occlusion is not None and self._options.in_folders:
            white = np.uint8(255) * result.occlusion
            self._write_image("occlusion_%05d.png" % result.number, white)

    def close(self, lost: Sequence[str] = ()) -> None:
        """Ends the files; notes what is wrong with frames that were left out."""
        if lost:
            with self._open(LOST) as stream:
                stream.write(json.dumps(list(lost)).encode())
        for stream in (self._rows, *self._arrays.values()):
            stream.close()

    def _open(self, name: str) -> Any:
        return open(os.path.join(self._folder, name), "wb")

    def _write_flows(self, result: PairResult) -> None:
        path = os.path.join(self._folder, "%s_%05d.flo")
        write_flow(path % ("flow", result.number), result.flow)
        if self._options.backward and result.backward is not None:
            write_flow(path % ("backward", result.number), result.backward)

    def _write_pictures(self, result: PairResult) -> None:
        flows = {"flow": result.flow}
        if self._options.backward and result.backward is not None:
            flows["backward"] = result.backward
        for name, flow in flows.items():
            x, y = (
                os.path.join(self._folder, "%s_%s_%05d.jpg" % (name, axis, result.number))
                for axis in "xy"
            )
            write_flow_pictures(x, y, flow, self._options.bound)

    def _write_image(self, name: str, image: np.ndarray) -> None:
        write_bytes(os.path.join(self._folder, name), cv2.imencode(".png", image)[1].tobytes())


def _stored(array: np.ndarray, dtype: str, frame: int) -> bytes:
    if array.dtype == bool:
        return array.tobytes()
    with np.errstate(over="ignore"):
        stored = array.astype(dtype)
    if not np.isfinite(stored).all():
        raise ValueError(
            "The flow of frame %d does not fit into arrays of %s; float32 holds it" % (frame, dtype)
        )
    return stored.tobytes()


def parts_folder(output: str, item: Item, signature: str) -> str:
    """The folder of an item's parts; the signature tells those of other inputs apart."""
    return os.path.join(output, UNFINISHED, "%s-%s" % (item.key, signature))


def part_path(folder: str, index: int | None) -> str:
    """The folder of a part that is complete; parts count from 0, None is the whole item."""
    return os.path.join(folder, WHOLE if index is None else "part-%05d" % index)


@contextmanager
def new_part(folder: str, index: int | None) -> Iterator[str]:
    """Yields a hidden folder that becomes `part_path` when the block ends without an error."""
    os.makedirs(folder, exist_ok=True)
    path = part_path(folder, index)
    with os_errors_naming(path):
        temporary = tempfile.mkdtemp(prefix=partial_prefix(), dir=folder)
        try:
            yield temporary
            if index is None and os.path.isdir(path):  # of a job that was killed
                shutil.rmtree(path)
            try:
                os.rename(temporary, path)
            except OSError:  # another worker had the same stretch, which may be in use by now
                if not os.path.isdir(path):
                    raise
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
            with suppress(OSError):  # it holds complete parts
                os.rmdir(folder)


def remove_parts(output: str, item: Item) -> None:
    """Removes an item's parts, those of earlier inputs too."""
    folder = os.path.join(output, UNFINISHED)
    if not os.path.isdir(folder):
        return
    for name in os.listdir(folder):
        if name.startswith(item.key):
            shutil.rmtree(os.path.join(folder, name), ignore_errors=True)


def read_rows(part: str) -> list[dict[str, Any]]:
    """The rows of a part's pairs."""
    with open(os.path.join(part, PAIRS), "rb") as stream:
        return [json.loads(line) for line in stream]


def read_lost(part: str) -> list[str]:
    """What is wrong with frames that a part lacks."""
    path = os.path.join(part, LOST)
    if not os.path.exists(path):
        return []
    with open(path, "rb") as stream:
        return json.loads(stream.read())
