"""The page of a comparison of two evaluations."""

from __future__ import annotations

from typing import Any, Sequence

from pwcnet.evaluation.comparison import Comparison, difference, most_changed
from pwcnet.evaluation.html.charts import epe_by_motion, epe_histogram, epe_of_pairs
from pwcnet.evaluation.html.page import check_page, provenance, write_page
from pwcnet.evaluation.html.tables import (
    Cell,
    Column,
    Table,
    count_cell,
    measure_cell,
    measure_column,
)
from pwcnet.evaluation.measures import (
    EPE,
    HIGHER_IS_BETTER,
    ZERO_FLOW,
    format_value,
    unit_symbol,
)
from pwcnet.evaluation.scores import Scores, value_of

LABELS = "A", "B"


def write_comparison(folder: str, comparison: Comparison, names: Sequence[str]) -> str:
    """Writes folder/index.html, completely or not at all.

    Args:
        folder: The folder of the page; it is created if it is missing.
        comparison: The comparison.
        names: What the page calls the two runs, for example the folders of the evaluations.

    Returns:
        The path of the page.

    Raises:
        ValueError: Jinja2 or matplotlib is missing.
        OSError: The page cannot be written.
    """
    check_page(folder)
    values = [[value_of(scores, EPE) for scores in pair] for pair in comparison.pairs]
    known = [(a, b) for a, b in values if a is not None and b is not None]
    first, second = ([pair[run] for pair in known] for run in (0, 1))
    runs = _common_histograms(comparison)
    return write_page(
        folder,
        "compare.html",
        title="Comparison on %s" % comparison.data,
        names=dict(zip(LABELS, names)),
        comparison=comparison,
        better=sum(b < a for a, b in known),
        worse=sum(b > a for a, b in known),
        totals=_totals_table(comparison),
        scenes=_scene_table(comparison),
        pairs=_pair_table(comparison),
        scatter=epe_of_pairs(first, second, labels=LABELS),
        motion=runs and epe_by_motion(runs),
        errors=runs and epe_histogram(runs),
        provenances=[
            (label, provenance(summary)) for label, summary in zip(LABELS, comparison.summaries)
        ],
    )


def difference_cell(measure: str, value: float | None) -> Cell:
    """The cell of a difference, with its sign; "better" or "worse" unless it rounds to zero."""
    text = format_value(measure, value, sign=True)
    tone = ""
    if value is not None and text[:1] in "+-" and measure != ZERO_FLOW:
        tone = "better" if (value > 0) == (measure in HIGHER_IS_BETTER) else "worse"
    return Cell(text.replace("-", "−"), value, tone)


def _common_histograms(comparison: Comparison) -> dict[str, Any] | None:
    """{label: histograms} where both runs have the same pairs and the same edges, else None.

    The histograms of an evaluation are of all its pairs.
    """
    histograms = [summary.get("histograms") or {} for summary in comparison.summaries]
    if any(comparison.unshared) or not all(histograms):
        return None
    if any(histograms[0][edges] != histograms[1][edges] for edges in ("speed_edges", "epe_edges")):
        return None
    return dict(zip(LABELS, histograms))


def _totals_table(comparison: Comparison) -> Table:
    columns = [
        Column("%s %s" % (label, kind))
        for kind in ("per image", "pooled")
        for label in LABELS + ("Δ",)
    ]
    rows = []
    for measure, means in comparison.totals.items():
        values = [[getattr(mean, kind).value for mean in means] for kind in ("per_image", "pooled")]
        rows.append((measure, [cell for pair in values for cell in _cells(measure, *pair)]))
    return Table(columns, rows)


def _scene_table(comparison: Comparison) -> Table:
    table = _difference_table(comparison.scenes, comparison.measures)
    return Table(
        [Column("Pairs")] + table.columns,
        [
            (name, [count_cell(scene[0].pairs)] + cells)
            for scene, (name, cells) in zip(comparison.scenes, table.rows)
        ],
    )


def _pair_table(comparison: Comparison) -> Table:
    return _difference_table(most_changed(comparison.pairs), comparison.measures)


def _difference_table(pairs: Sequence[tuple[Scores, Scores]], measures: Sequence[str]) -> Table:
    """EPE of both runs, then the differences in EPE and all other measures."""
    others = [measure for measure in measures if measure not in (EPE, ZERO_FLOW)]
    columns = [Column("EPE " + label, unit_symbol(EPE)) for label in LABELS]
    columns += [
        measure_column(measure)._replace(title="Δ " + measure) for measure in [EPE] + others
    ]
    rows = [
        (
            pair[0].name,
            _cells(EPE, *(value_of(scores, EPE) for scores in pair))
            + [difference_cell(measure, difference(pair, measure)) for measure in others],
        )
        for pair in pairs
    ]
    return Table(columns, rows)


def _cells(measure: str, first: float | None, second: float | None) -> list[Cell]:
    change = None if first is None or second is None else second - first
    return [
        measure_cell(measure, first),
        measure_cell(measure, second),
        difference_cell(measure, change),
    ]
