"""Motion statistics of an archive: of pairs, of items from their pairs, and their table."""

from __future__ import annotations

import os
from dataclasses import asdict, replace
from typing import Any, Sequence

import numpy as np

from pwcnet.archive.items import Item
from pwcnet.archive.manifest import Ledger, Shard, manifests
from pwcnet.flow.film_motion import film_motion
from pwcnet.flow.motion import PairMotion, pair_motion
from pwcnet.io.row_files import check_rows_path, write_rows

LENGTHS = ("mean", "median", "percentile_95", "pan_x", "pan_y", "camera_mean", "residual_mean")
DIGITS = 6  # of numbers in rows
TABLES = ("jsonl", "parquet")


def pair_row(
    frame1: np.ndarray, frame2: np.ndarray, flow: np.ndarray, still: float, scale: float
) -> dict[str, Any]:
    """The motion of a pair, as of `PairMotion`, in pixels of the item's own frames.

    Args:
        frame1: [h, w, 3] uint8 RGB, at the size that the flow was computed at.
        frame2: Likewise.
        flow: [h, w, 2] float32, pixels of that size, channels (u, v).
        still: Pixels of the item's frames.
        scale: The size of the frames, as a share of that in the item.
    """
    motion = pair_motion(frame1, frame2, flow, still * scale)
    if scale != 1:
        lengths = {name: getattr(motion, name) for name in LENGTHS}
        motion = replace(
            motion,
            height=int(round(motion.height / scale)),
            width=int(round(motion.width / scale)),
            **{name: value / scale for name, value in lengths.items() if value is not None},
        )
    return _rounded(asdict(motion))


def item_row(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The motion of an item, as of `film_motion`.

    Args:
        rows: Of its pairs, with "times" and "motion".
    """
    seconds: Any = [_seconds(*row["times"]) for row in rows]
    if None in seconds:
        seconds = None
    return _rounded(film_motion([PairMotion(**row["motion"]) for row in rows], seconds=seconds))


def table_path(folder: str, shard: Shard, table: str) -> str:
    """The table of a shard's items in the folder of an archive."""
    return os.path.join(folder, "motion%s.%s" % (shard.suffix, table))


def check_table(folder: str, shard: Shard, table: str) -> None:
    """Checks, before the work, that the table of a shard can be written to a folder.

    Raises:
        ValueError: The format needs a package that is missing.
        FileExistsError: A file of its name stands in a folder without a manifest: a user's own.
    """
    path = table_path(folder, shard, table)
    check_rows_path(path)
    if os.path.lexists(path) and not manifests(folder):
        raise FileExistsError("%s is no table of an extraction: it is not replaced" % path)


def table_names(ledger: Ledger, items: Sequence[Item], shard: Shard) -> list[str]:
    """The names of a table's rows: these items, then others of the shard from earlier jobs."""
    earlier = [name for name in sorted(ledger.done) if Item(name, "").in_shard(*shard)]
    return list(dict.fromkeys([item.name for item in items] + earlier))


def write_table(path: str, ledger: Ledger, names: Sequence[str]) -> None:
    """Writes the table of items: a row for each of these that is complete.

    Raises:
        ValueError: The format needs a package that is missing.
        OSError: The file cannot be written.
    """
    records = [ledger.done[name] for name in names if name in ledger.done]
    write_rows(
        path,
        [
            {"name": record["name"], "path": record["path"], **record["motion"]}
            for record in records
            if "motion" in record
        ],
    )


def _seconds(first: float | None, second: float | None) -> float | None:
    if first is None or second is None or second <= first:
        return None
    return second - first


def _rounded(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: float("%.*g" % (DIGITS, value)) if isinstance(value, float) else value
        for name, value in row.items()
    }
