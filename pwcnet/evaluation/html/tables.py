"""Tables of a page: measures with their units, by scene and by pair."""

from __future__ import annotations

from typing import Any, NamedTuple, Sequence

from pwcnet.evaluation.measures import (
    EPE,
    MEANINGS,
    NOT_AVAILABLE,
    format_value,
    unit_symbol,
)
from pwcnet.evaluation.scores import PairScores, SceneScores, Scores, value_of
from pwcnet.flow.averages import Mean


class Cell(NamedTuple):
    """A number on a page.

    Attributes:
        text: What is shown.
        value: What the table is sorted by; None is unknown and sorted last.
        tone: "better" or "worse" for a difference, otherwise "".
    """

    text: str
    value: float | None
    tone: str = ""


class Column(NamedTuple):
    """A column of numbers.

    Attributes:
        title: The heading.
        unit: The unit beside it; may be "".
        meaning: The tooltip of the heading; may be "".
    """

    title: str
    unit: str = ""
    meaning: str = ""


class Table(NamedTuple):
    """A table whose rows have names.

    Attributes:
        columns: The columns of numbers, without that of the names.
        rows: (name, cells) of each row.
    """

    columns: list[Column]
    rows: list[tuple[str, list[Cell]]]


def measure_cell(measure: str, value: float | None) -> Cell:
    """The cell of a measure's value."""
    return Cell(format_value(measure, value), value)


def measure_column(measure: str) -> Column:
    """The column of a measure, with its unit and meaning."""
    return Column(measure, unit_symbol(measure), MEANINGS.get(measure, ""))


def count_cell(count: int) -> Cell:
    """The cell of a number of pairs, images or pixels."""
    return Cell("{:,}".format(count), count)


def totals_table(totals: dict[str, dict[str, Any]]) -> Table:
    """The mean over images and over pixels of each measure, with the number of each.

    Args:
        totals: The "totals" of evaluation.json, see
            `pwcnet.evaluation.measures.format_totals`.
    """
    columns = [
        Column("Per image", "", "mean of the images' means, as in published EPE"),
        Column("Images"),
        Column("Pooled", "", "mean over all pixels of all images, as in published Fl"),
        Column("Pixels"),
    ]
    rows = [
        (
            measure,
            [
                measure_cell(measure, total["per_image"]),
                count_cell(total["images"]),
                measure_cell(measure, total["pooled"]),
                count_cell(total["pixels"]),
            ],
        )
        for measure, total in totals.items()
    ]
    return Table(columns, rows)


def scene_table(scenes: Sequence[SceneScores], measures: Sequence[str]) -> Table:
    """One row per scene: the number of its pairs, then the measures."""
    columns = [Column("Pairs")] + [measure_column(measure) for measure in measures]
    rows = [
        (scene.name, [count_cell(scene.pairs)] + _measure_cells(scene, measures))
        for scene in scenes
    ]
    return Table(columns, rows)


def pair_table(pairs: Sequence[PairScores], measures: Sequence[str]) -> Table:
    """One row per pair: the measures, the valid pixels and, where it is known, the time."""
    timed = any(pair.seconds is not None for pair in pairs)
    columns = [measure_column(measure) for measure in measures]
    columns += [Column("Pixels", "", "valid pixels of the pair")] + [Column("Time", "ms")] * timed
    rows = [
        (
            pair.name,
            _measure_cells(pair, measures)
            + [count_cell(pair.means.get(EPE, Mean(None, 0)).count)]
            + [_time_cell(pair.seconds)] * timed,
        )
        for pair in pairs
    ]
    return Table(columns, rows)


def _measure_cells(scores: Scores, measures: Sequence[str]) -> list[Cell]:
    return [measure_cell(measure, value_of(scores, measure)) for measure in measures]


def _time_cell(seconds: float | None) -> Cell:
    return Cell(NOT_AVAILABLE if seconds is None else "%.1f" % (1000 * seconds), seconds)
