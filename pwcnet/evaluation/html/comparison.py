"""Two evaluations of the same pairs: what differs in all, by scene, by pair."""

import math
from typing import Dict, List, NamedTuple, Tuple

from pwcnet.evaluation.html.charts import epe_by_motion, epe_histogram, epe_of_pairs
from pwcnet.evaluation.html.page import check_page, provenance, write_page
from pwcnet.evaluation.html.tables import (
    EPE,
    HIGHER_IS_BETTER,
    Cell,
    Column,
    Row,
    Table,
    count_cell,
    measure_cell,
    measure_column,
    measures_of,
    number,
    pair_rows,
    scene_rows,
    totals,
    unit,
    value_of,
)
from pwcnet.flow.metrics import RunningMean

OFFLINE = "offline"  # the name of data that came as raw files, of whatever set
LABELS = "A", "B"
ZERO = "Zero flow"  # a number of the truth alone


class Comparison(NamedTuple):
    """The pairs that both runs have. abouts: of both runs. measures: that both have. totals: {measure: (RunningMean of A, of B)} over those pairs.

    scenes, pairs: [(Row of A, Row of B)], in the order of A. alone: how many pairs only A has, and only B.
    """

    abouts: Tuple[dict, dict]
    measures: List[str]
    totals: Dict[str, Tuple[RunningMean, RunningMean]]
    scenes: List[Tuple[Row, Row]]
    pairs: List[Tuple[Row, Row]]
    alone: Tuple[int, int]


def compare(first, second):
    """The `Comparison` of two pwcnet.evaluation.results.Evaluation, over the pairs that both have, by their ids; raw files go by their names.

    Raises ValueError for runs of different data, where one counts masked pixels and the other does not, where they share no pair, and for a shared pair
    whose EPE stands on different pixels or whose truth moves otherwise: means over different pixels say nothing about the weights.
    """
    _check_same_data(first.about, second.about)
    names = _file_name if OFFLINE in (first.about["data"], second.about["data"]) else str
    ours, theirs = (
        {names(row.name): row for row in pair_rows(evaluation)} for evaluation in (first, second)
    )
    pairs = [_of_one_name(row, theirs[name]) for name, row in ours.items() if name in theirs]
    if not pairs:
        raise ValueError(
            "expected runs that share pairs, got none among %d and %d (%s; %s); try runs of the same data"
            % (len(ours), len(theirs), next(iter(ours), "no pair"), next(iter(theirs), "no pair"))
        )
    _check_same_pixels(pairs)
    measures = [name for name in measures_of(first) if name in measures_of(second)]
    columns = [list(column) for column in zip(*pairs)]
    both = [totals(rows) for rows in columns]
    scenes = list(zip(*(scene_rows(rows) for rows in columns)))
    return Comparison(
        (first.about, second.about),
        measures,
        {
            name: (both[0][name], both[1][name])
            for name in measures
            if name in both[0] and name in both[1]
        },
        scenes,
        pairs,
        (len(ours) - len(pairs), len(theirs) - len(pairs)),
    )


def difference(pair, measure=EPE):
    """B - A of a pair of Rows; None where either has no value."""
    first, second = (value_of(row, measure) for row in pair)
    return None if first is None or second is None else second - first


def most_changed(pairs, measure=EPE):
    """The pairs of Rows whose difference is known, the largest change first."""
    known = [pair for pair in pairs if difference(pair, measure) is not None]
    return sorted(known, key=lambda pair: -abs(difference(pair, measure)))


def change(first, second):
    """ "+12.3 %" of the first value; "n/a" where that is 0 or either is not known."""
    return (
        "n/a"
        if first is None or second is None or not first
        else "%+.1f %%" % (100.0 * (second - first) / abs(first))
    )


def write_comparison(folder, comparison, names):
    """Writes folder/index.html, completely or not at all; returns its path. names: of the two runs, as the user calls them."""
    check_page(folder)
    pairs = [
        (first.means[EPE].value, second.means[EPE].value)
        for first, second in comparison.pairs
        if difference((first, second)) is not None
    ]
    runs = _same_histograms(comparison)
    return write_page(
        folder,
        "compare.html",
        title="Comparison on %s" % data_of(comparison),
        names=dict(zip(LABELS, names)),
        comparison=comparison,
        better=sum(second < first for first, second in pairs),
        worse=sum(second > first for first, second in pairs),
        totals=_totals_table(comparison),
        scenes=_difference_table(comparison.scenes, comparison.measures, True),
        pairs=_difference_table(most_changed(comparison.pairs), comparison.measures, False),
        scatter=epe_of_pairs(*(zip(*pairs) if pairs else ((), ())), labels=LABELS),
        motion=runs and epe_by_motion(runs),
        errors=runs and epe_histogram(runs),
        provenances=[(label, provenance(about)) for label, about in zip(LABELS, comparison.abouts)],
    )


def data_of(comparison):
    """The name of the data, the data set's where one run has raw files."""
    names = [about["data"] for about in comparison.abouts]
    return names[1] if names[0] == OFFLINE else names[0]


def _check_same_data(first, second):
    names = [about["data"] for about in (first, second)]
    if names[0] != names[1] and OFFLINE not in names:
        raise ValueError(
            "expected two runs of the same data, got %s and %s; try runs of one data set"
            % tuple(names)
        )
    masked = ["masked" if about.get("masked") else "dense" for about in (first, second)]
    if masked[0] != masked[1]:
        raise ValueError(
            "expected two runs that count the same pixels, got a %s and a %s one; try both with --masked or both without"
            % tuple(masked)
        )


def _check_same_pixels(pairs):
    for pair in pairs:
        counts = [row.means[EPE].count for row in pair if EPE in row.means]
        if len(set(counts)) > 1:
            raise ValueError(
                "expected the same pixels in both runs, got %d and %d of %s; try runs of the same truth and masks"
                % (counts[0], counts[1], pair[0].name)
            )
        speeds = [value_of(row, ZERO) for row in pair]
        if None not in speeds and not math.isclose(
            speeds[0], speeds[1], rel_tol=1e-4, abs_tol=2e-6
        ):
            raise ValueError(
                "expected the same truth in both runs, got a mean motion (Zero flow) of %g and %g px in %s; try runs of the same data"
                % (speeds[0], speeds[1], pair[0].name)
            )


def _file_name(pair):
    return pair.replace("/", "-")  # as pwcnet.data.sample.Sample.file_name


def _of_one_name(*rows):
    """The name that tells the scene is the name of both."""
    name = max((row.name for row in rows), key=lambda name: name.count("/"))
    return tuple(row._replace(name=name) for row in rows)


def _same_histograms(comparison):
    """{label: histograms} where both runs have the same pairs and edges, else None: their histograms are of all of their pairs."""
    found = [about.get("histograms") for about in comparison.abouts]
    if (
        any(comparison.alone)
        or not all(found)
        or any(found[0][edges] != found[1][edges] for edges in ("speed_edges", "epe_edges"))
    ):
        return None
    return dict(zip(LABELS, found))


def _totals_table(comparison):
    columns = [
        Column("%s %s" % (each, kind))
        for kind in ("per image", "pooled")
        for each in LABELS + ("Δ",)
    ]
    rows = []
    for measure, means in comparison.totals.items():
        values = [[getattr(mean, kind).value for mean in means] for kind in ("per_image", "pooled")]
        rows.append((measure, [cell for pair in values for cell in _cells(measure, *pair)]))
    return Table(columns, rows)


def _difference_table(pairs, measures, scenes):
    """EPE of both runs, then the difference in every measure."""
    others = [measure for measure in measures if measure not in (EPE, ZERO)]
    columns = [Column("Pairs")] * scenes + [Column("EPE " + label, unit(EPE)) for label in LABELS]
    columns += [
        measure_column(measure)._replace(title="Δ " + measure) for measure in [EPE] + others
    ]
    rows = [
        (
            pair[0].name,
            [count_cell(pair[0].pairs)] * scenes
            + _cells(EPE, *(value_of(row, EPE) for row in pair))
            + [difference_cell(measure, difference(pair, measure)) for measure in others],
        )
        for pair in pairs
    ]
    return Table(columns, rows)


def _cells(measure, first, second):
    known = first is not None and second is not None
    return [
        measure_cell(measure, first),
        measure_cell(measure, second),
        difference_cell(measure, second - first if known else None),
    ]


def difference_cell(measure, value):
    """The Cell of a difference, its sign written out."""
    text = number(measure, value, sign=True)
    moved = text[:1] in "+-" and measure != ZERO
    tone = (
        "" if not moved else "better" if (value > 0) == (measure in HIGHER_IS_BETTER) else "worse"
    )
    return Cell(text.replace("-", "−"), value, tone)
