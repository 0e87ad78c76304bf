"""The results of items: files that are complete or absent, put together from parts.

An item NAME has
    NAME.npz               arrays flow [n, H, W, 2], frames [n, 2], times [n, 2] and, where asked
                           for, backward and occlusion; uncompressed, so that they can be mapped
or, with a kind that has a file a pair, a folder
    NAME/pairs.jsonl       a row a pair: its number, both frame numbers and times
    NAME/flow_00001.flo    and so on; flow_x_00001.jpg, flow_y_00001.jpg, occlusion_00001.png
    NAME/flow.npz          the arrays, if asked for
and, where motion is kept pair by pair, NAME.motion.jsonl or NAME.motion.parquet.
"""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from contextlib import contextmanager
from typing import Any, Iterator, Sequence

import numpy as np

from pwcnet.archive.items import PAIRS, Item
from pwcnet.archive.options import ExtractOptions
from pwcnet.archive.parts import LOST
from pwcnet.archive.places import check_place
from pwcnet.io.atomic import atomic_folder, atomic_path
from pwcnet.io.lost_frames import IrregularError
from pwcnet.io.row_files import write_rows

ARRAYS = "flow", "backward", "occlusion"
BEGINNING_OF_TIME = (1980, 1, 1, 0, 0, 0)  # in archives, so that equal arrays give equal files


def publish(
    output: str,
    item: Item,
    parts: Sequence[str],
    rows: Sequence[dict[str, Any]],
    options: ExtractOptions,
) -> list[str]:
    """Puts the parts of an item together under its name.

    Args:
        output: The folder of the archive.
        item: The item.
        parts: The folders of all its parts, in order.
        rows: The rows of the parts' pairs.
        options: Of the archive.

    Returns:
        The paths of the results, relative to `output`.

    Raises:
        IrregularError: The parts do not fit together.
        OSError: A file cannot be written, or a folder of the item's name has other content.
    """
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
    folder: str, parts: Sequence[str], rows: Sequence[dict[str, Any]], options: ExtractOptions
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
    path: str, parts: Sequence[str], rows: Sequence[dict[str, Any]], options: ExtractOptions
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
