"""The results of items: files that are complete or absent, put together from parts.

An item NAME has
    NAME.npz               arrays flow [n, H, W, 2], frames [n, 2], times [n, 2] and, where asked
                           for, backward and occlusion; uncompressed, so that they can be mapped
or, with a kind that has a file a pair, a folder
    NAME/pairs.jsonl       a row a pair: its number, both frame numbers and times
    NAME/flow_00001.flo    and so on; flow_x_00001.jpg, flow_y_00001.jpg, occlusion_00001.png
    NAME/flow.npz          the arrays, if asked for
and, where motion is kept pair by pair, NAME.motion.jsonl or NAME.motion.parquet.

Parts lie in .unfinished/KEY/part-0000 of the output folder, one for each stretch of an item.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import zipfile
from contextlib import contextmanager, suppress
from typing import Any, Iterator, NamedTuple, Sequence

import cv2
import numpy as np

from pwcnet.archive.items import PAIRS, Item
from pwcnet.archive.options import ExtractOptions
from pwcnet.archive.places import check_place
from pwcnet.io.atomic import atomic_folder, atomic_path, os_errors_naming, write_bytes
from pwcnet.io.flow_files import write_flow
from pwcnet.io.flow_pictures import write_flow_pictures
from pwcnet.io.lost_frames import IrregularError
from pwcnet.io.partial_files import partial_prefix
from pwcnet.io.row_files import write_rows

UNFINISHED = ".unfinished"
WHOLE = "whole"  # the part of an item that is not cut
LOST = "lost.json"
ARRAYS = "flow", "backward", "occlusion"
BEGINNING_OF_TIME = (1980, 1, 1, 0, 0, 0)  # in archives, so that equal arrays give equal files


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
        raise ValueError("The flow of frame %d does not fit into arrays of %s" % (frame, dtype))
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


def publish(output: str, item: Item, parts: Sequence[str], options: ExtractOptions) -> list[str]:
    """Puts the parts of an item together under its name.

    Args:
        output: The folder of the archive.
        item: The item.
        parts: The folders of all its parts, in order.
        options: Of the archive.

    Returns:
        The paths of the results, relative to `output`.

    Raises:
        IrregularError: The parts do not fit together.
        OSError: A file cannot be written, or a folder of the item's name has other content.
    """
    rows = [row for part in parts for row in read_rows(part)]
    if len({tuple(row["size"]) for row in rows}) > 1:
        raise IrregularError("%s changes its size" % item.path)
    check_place(output, item, options)
    results = []
    if options.pair_rows and "motion" in options.save:
        results.append("%s.motion.%s" % (item.name, options.table))
        motions = [dict(_facts(row), **row["motion"]) for row in rows]
        write_rows(os.path.join(output, results[-1]), motions)
    if options.in_folders:
        results.append(item.name)
        with atomic_folder(os.path.join(output, item.name), PAIRS) as folder:
            _fill(folder, parts, rows, options)
    elif "npz" in options.save:
        results.append(item.name + ".npz")
        with atomic_path(os.path.join(output, results[-1])) as temporary:
            _write_arrays(temporary, parts, rows, options)
    return results


def _facts(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("pair", "frames", "times")}


def _fill(
    folder: str, parts: Sequence[str], rows: list[dict[str, Any]], options: ExtractOptions
) -> None:
    for part in parts:
        for entry in os.listdir(part):
            if entry not in (PAIRS, LOST) and not entry.endswith(".raw"):
                _link(os.path.join(part, entry), os.path.join(folder, entry))
    with open(os.path.join(folder, PAIRS), "w", encoding="ascii") as stream:
        stream.writelines(json.dumps(_facts(row)) + "\n" for row in rows)
    if "npz" in options.save:
        _write_arrays(os.path.join(folder, "flow.npz"), parts, rows, options)


def _link(source: str, target: str) -> None:
    """The same file under two names, so that parts stay whole until the item is complete."""
    try:
        os.link(source, target)
    except OSError:  # file systems without links
        shutil.copyfile(source, target)


def _write_arrays(
    path: str, parts: Sequence[str], rows: list[dict[str, Any]], options: ExtractOptions
) -> None:
    """Writes an .npz as numpy.savez does, without the arrays in memory."""
    height, width = rows[0]["size"] if rows else (0, 0)
    shapes: dict[str, tuple[tuple[int, ...], str]] = {
        "flow": ((len(rows), height, width, 2), options.dtype),
        "backward": ((len(rows), height, width, 2), options.dtype),
        "occlusion": ((len(rows), height, width), "bool"),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name in ARRAYS:
            files = [os.path.join(part, name + ".raw") for part in parts]
            if files and os.path.exists(files[0]):
                expected = int(np.prod(shapes[name][0])) * np.dtype(shapes[name][1]).itemsize
                if sum(map(os.path.getsize, files)) != expected:  # after a loss of power
                    raise ValueError("Parts of %s are damaged" % path)
                with _member(archive, name, *shapes[name]) as stream:
                    for file in files:
                        with open(file, "rb") as source:
                            shutil.copyfileobj(source, stream, 2**20)
        times = [[np.nan if time is None else time for time in row["times"]] for row in rows]
        for name, array in (
            ("frames", np.array([row["frames"] for row in rows], np.int64).reshape(-1, 2)),
            ("times", np.array(times, np.float64).reshape(-1, 2)),
        ):
            with _member(archive, name, array.shape, str(array.dtype)) as stream:
                stream.write(array.tobytes())


@contextmanager
def _member(
    archive: zipfile.ZipFile, name: str, shape: tuple[int, ...], dtype: str
) -> Iterator[Any]:
    """A stream for the values of an array in an archive."""
    info = zipfile.ZipInfo(name + ".npy", BEGINNING_OF_TIME)
    descr = np.lib.format.dtype_to_descr(np.dtype(dtype))
    header = {"descr": descr, "fortran_order": False, "shape": shape}
    with archive.open(info, "w", force_zip64=True) as stream:
        np.lib.format.write_array_header_1_0(stream, header)
        yield stream
