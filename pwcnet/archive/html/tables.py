"""Tables of the motion in an archive: kinds of films, and film by film."""

from __future__ import annotations

import math
from typing import NamedTuple, Sequence

from pwcnet.archive.html.films import Film, known_values, stillest_and_fastest
from pwcnet.evaluation.html.tables import Cell, Column, Table, count_cell
from pwcnet.evaluation.measures import NARROW_SPACE, NOT_AVAILABLE

ROWS = 500  # films in the table: of more, half of it the stillest and half the fastest
UNKNOWN = "unknown"
KINDS = {
    "still": "nothing moves but noise",
    "camera": "the camera alone moves",
    "moving": "something moves by itself",
    UNKNOWN: "too little is known of the camera",
}
LARGEST_EXPONENT = 100.0  # of zooms, which are nonsense long before that


class _Measure(NamedTuple):
    column: Column
    key: str
    decimals: int
    sign: bool = False


MEASURES = (
    _Measure(Column("Motion", "px/pair", "mean length of the flow"), "motion_mean", 2),
    _Measure(
        Column("Motion", "diagonals/s", "the same as share of the frame's diagonal, in a second"),
        "motion_mean_per_second",
        3,
    ),
    _Measure(
        Column("Residual", "px/pair", "mean length of the flow without the camera's"),
        "residual_mean",
        2,
    ),
    _Measure(
        Column("Pan right", "px", "of the camera over the film, to the left below 0"),
        "camera_pan_x",
        1,
        True,
    ),
    _Measure(
        Column("Pan down", "px", "of the camera over the film, upwards below 0"),
        "camera_pan_y",
        1,
        True,
    ),
)
ZOOM = Column("Zoom", "×", "of the camera over the film; above 1 the image grows")
KIND = Column("Kind", "", "; ".join("%s: %s" % item for item in KINDS.items()))


def kind_of(film: Film) -> str:
    """One of KINDS."""
    kind = film.motion.get("kind")
    return kind if kind in KINDS else UNKNOWN


def kind_table(films: Sequence[Film]) -> Table:
    """The films, pairs and time of each kind; those of unknown kind where there are some."""
    columns = [Column("Films"), Column("Share", "%"), Column("Pairs"), Column("Time")]
    rows = []
    for kind, meaning in KINDS.items():
        found = [film for film in films if kind_of(film) == kind]
        if found or kind != UNKNOWN:
            share, seconds = 100 * len(found) / len(films), known_seconds(found)
            cells = [count_cell(len(found)), Cell("%.1f" % share, share)]
            cells += [count_cell(sum(film.pairs for film in found))]
            cells += [Cell(format_duration(seconds), seconds)]
            rows.append(("%s: %s" % (kind, meaning), cells))
    return Table(columns, rows)


def film_table(films: Sequence[Film]) -> Table:
    """One row a film, by name; of more than ROWS the stillest and the fastest."""
    shown = films
    if len(films) > ROWS:
        extremes = stillest_and_fastest(films, ROWS // 2)
        shown = sorted(sum(extremes, []), key=lambda film: film.item.name)
    columns = [KIND, *(measure.column for measure in MEASURES), ZOOM]
    columns += [
        Column("Cuts"),
        Column("Pairs"),
        Column("Time", "s", "without cuts and blank frames"),
    ]
    return Table(columns, [(film.item.name, _cells(film)) for film in shown])


def known_seconds(films: Sequence[Film]) -> float | None:
    """The seconds of films together, as far as they are known; None where none are."""
    known = known_values(films, "seconds")
    return math.fsum(known) if known else None


def format_duration(seconds: float | None) -> str:
    """Seconds as hours, minutes or seconds with their unit; "n/a" for None."""
    if seconds is None:
        return NOT_AVAILABLE
    for unit, length in (("h", 3600), ("min", 60)):
        if seconds >= length:
            return "%.1f%s%s" % (seconds / length, NARROW_SPACE, unit)
    return "%.1f%ss" % (seconds, NARROW_SPACE)


def number_cell(value: float | None, decimals: int, sign: bool = False) -> Cell:
    """The cell of a number; with a sign unless it rounds to zero."""
    if value is None:
        return Cell(NOT_AVAILABLE, None)
    text = "%.*f" % (decimals, abs(value))
    if float(text):
        text = ("−" if value < 0 else "+" if sign else "") + text
    return Cell(text, value)


def _cells(film: Film) -> list[Cell]:
    kind = kind_of(film)
    cells = [Cell(kind, None if kind == UNKNOWN else list(KINDS).index(kind))]
    cells += [
        number_cell(film.value(measure.key), measure.decimals, measure.sign) for measure in MEASURES
    ]
    log_zoom = film.value("camera_log_zoom")
    if log_zoom is None:
        cells.append(number_cell(None, 0))
    else:
        zoom = math.exp(max(-LARGEST_EXPONENT, min(log_zoom, LARGEST_EXPONENT)))
        cells.append(Cell(("%.2f" if zoom < 100 else "%.3g") % zoom, zoom))
    cells += [count_cell(int(film.value("cuts") or 0)), count_cell(film.pairs)]
    return cells + [number_cell(film.value("seconds"), 1)]
