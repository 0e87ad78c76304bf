"""The films of an archive and their motion: as a whole, ranked, and pair by pair."""

from __future__ import annotations

import math
import os
from itertools import zip_longest
from typing import Any, NamedTuple, Sequence

import numpy as np

from pwcnet.archive.items import Item
from pwcnet.archive.manifest import Ledger
from pwcnet.archive.motion import TABLES
from pwcnet.io.row_files import read_rows

# The ends of the names of a film's pair rows.
PAIR_ROWS = tuple(".motion." + table for table in TABLES)
MOTION, RESIDUAL = "motion", "residual (without the camera)"
PAN = "pan of the camera"
CURVES = MOTION, RESIDUAL, PAN
CURVE_FILMS = 6  # films with curves
MOST_MOTION, LEAST_MOTION, MOST_CUTS = "most motion", "least motion", "most cuts"
POINTS = 500  # of a curve; beyond that, points are means of several pairs


class Film(NamedTuple):
    """A film whose motion is known.

    Attributes:
        item: Its name, its file or folder, and its frames.
        motion: Its row, with the keys of `pwcnet.flow.film_motion.film_motion`; a value is None
            where it is unknown.
        pairs: The number of its pairs.
        pair_rows: The file with a row for each pair; None where none was kept or it is gone.
    """

    item: Item
    motion: dict[str, Any]
    pairs: int
    pair_rows: str | None

    def value(self, key: str) -> float | None:
        """A number of its row; None where it is unknown."""
        return self.motion.get(key)


class MotionCurves(NamedTuple):
    """The motion of a film's pairs over time.

    Attributes:
        positions: [n] float64, when the pairs begin.
        unit: Of the positions: "s", or "frame" for the numbers of frames without times.
        curves: {one of CURVES: [n] float64}, pixels a pair; NaN at cuts, at blank frames and where
            it is unknown.
        cuts: [m] float64, the positions of cuts.
        pairs: The number of pairs that a point is the mean of.
    """

    positions: np.ndarray
    unit: str
    curves: dict[str, np.ndarray]
    cuts: np.ndarray
    pairs: int


def films_of(folder: str, ledger: Ledger) -> list[Film]:
    """The complete films of an archive that have motion, by name.

    Args:
        folder: The archive.
        ledger: Of all its shards.

    Raises:
        ValueError: There is none.
    """
    films = []
    for name in sorted(ledger.done):
        record = ledger.done[name]
        if record.get("motion"):
            item = Item(name, record["path"], record.get("first", 1), record.get("last"))
            files = [os.path.join(folder, path) for path in record["results"]]
            rows = [path for path in files if path.endswith(PAIR_ROWS) and os.path.isfile(path)]
            films.append(Film(item, record["motion"], record["pairs"], rows[0] if rows else None))
    if not films:
        raise ValueError("No film in %s has motion" % folder)
    return films


def known_values(films: Sequence[Film], key: str) -> list[float]:
    """A number of the films' rows, of those films where it is known."""
    values = (film.value(key) for film in films)
    return [value for value in values if value is not None]


def rank(films: Sequence[Film]) -> list[Film]:
    """The films from the least mean motion to the most; those of unknown motion are left out."""
    known = [film for film in films if film.value("motion_mean") is not None]
    return sorted(known, key=lambda film: film.value("motion_mean") or 0.0)


def stillest_and_fastest(films: Sequence[Film], count: int) -> tuple[list[Film], list[Film]]:
    """The films with the least and those with the most mean motion, the utmost of each first.

    Args:
        films: Of which those without a known motion are left out.
        count: The length of each list at most. No film is in both; where there are few, the list
            of the fastest is filled first.
    """
    ranked = rank(films)
    fastest = ranked[::-1][: min(count, -(-len(ranked) // 2))]
    return ranked[: min(count, len(ranked) - len(fastest))], fastest


def films_with_curves(films: Sequence[Film]) -> list[tuple[str, Film]]:
    """The films whose curves are shown, with what each is shown for; CURVE_FILMS at most."""
    kept = [film for film in films if film.pair_rows]
    ranked = rank(kept)
    by_cuts = sorted(
        (film for film in kept if film.value("cuts")), key=lambda film: -(film.value("cuts") or 0)
    )
    reasons = MOST_MOTION, LEAST_MOTION, MOST_CUTS
    chosen: dict[str, tuple[str, Film]] = {}
    for group in zip_longest(ranked[::-1], ranked, by_cuts):
        for reason, film in zip(reasons, group):
            if film is not None and len(chosen) < CURVE_FILMS:
                chosen.setdefault(film.item.name, (reason, film))
        if len(chosen) == CURVE_FILMS:
            break
    return sorted(chosen.values(), key=lambda entry: reasons.index(entry[0]))


def read_curves(path: str, points: int = POINTS) -> MotionCurves | None:
    """Reads the pair rows of a film.

    Args:
        path: The file NAME.motion.jsonl or NAME.motion.parquet.
        points: The largest length of a curve.

    Returns:
        The `MotionCurves`; None where there is no pair.

    Raises:
        ValueError: The file is damaged or holds other rows, or the package to read it is missing.
        OSError: It cannot be read.
    """
    try:
        rows = [_values(row) for row in read_rows(path)]
    except (TypeError, LookupError) as error:
        raise ValueError("%s holds other rows than those of pairs (%s)" % (path, error)) from error
    if not rows:
        return None
    time, frame, is_cut, is_blank, *values = np.array(rows, np.float64).T
    positions, unit = (frame, "frame") if np.isnan(time).any() else (time, "s")
    shown = np.where(np.logical_or(is_cut, is_blank), np.nan, values)
    size = -(-len(rows) // points)
    cuts = np.unique(np.flatnonzero(is_cut) // size)
    return MotionCurves(
        positions[::size],
        unit,
        {label: _means(curve, size) for label, curve in zip(CURVES, shown)},
        positions[::size][cuts],
        size,
    )


def _values(row: dict[str, Any]) -> tuple[Any, ...]:
    """Time and number of the first frame, whether the pair is a cut or blank, and CURVES."""
    x, y = row["pan_x"], row["pan_y"]
    pan = None if None in (x, y) else math.hypot(x, y)
    kinds = row["is_cut"], row["is_blank"]
    return (row["times"][0], row["frames"][0], *kinds, row["mean"], row["residual_mean"], pan)


def _means(values: np.ndarray, size: int) -> np.ndarray:
    """The mean of each `size` values, of those that are known; the last is of fewer."""
    padded = np.full(-(-len(values) // size) * size, np.nan)
    padded[: len(values)] = values
    groups = padded.reshape(-1, size)
    known = np.isfinite(groups)
    total, count = np.where(known, groups, 0).sum(axis=1), known.sum(axis=1)
    return np.divide(total, count, out=np.full(len(groups), np.nan), where=count > 0)
