"""One page that shows an evaluation: totals, scenes, pairs, charts, and the best and worst pairs in pictures."""

from typing import NamedTuple

from pwcnet.evaluation.html.charts import epe_by_motion, epe_histogram
from pwcnet.evaluation.html.gallery import PairPictures, error_legend, pair_pictures, wheel_picture
from pwcnet.evaluation.html.page import check_page, provenance, write_page
from pwcnet.evaluation.html.tables import (
    EPE,
    Column,
    Table,
    best_and_worst,
    count_cell,
    measure_cell,
    measures_of,
    pair_rows,
    pair_table,
    scene_rows,
    scene_table,
    value_of,
    with_unit,
)

SHOWN = 10  # best and worst pairs each
FACTS = "Zero flow", "Fl-all", "1px", "3px", "AAE"  # beside a pair's pictures

check_report = check_page


class Shown(NamedTuple):
    """A pair with pictures. rank: 1 is the best or worst. epe: text. facts: (measure, text with its unit)."""

    rank: int
    name: str
    epe: str
    facts: list
    pictures: PairPictures


def shown_pairs(evaluation):
    """The ids of the pairs that a report shows in pictures: the worst, then the best, at most 10 of each."""
    best, worst = best_and_worst(pair_rows(evaluation), SHOWN)
    return [row.name for row in worst + best]


def write_report(folder, evaluation, pictures=None):
    """Writes folder/index.html, completely or not at all; returns its path. `check_report` finds before the work what would hinder it.

    evaluation: as of pwcnet.evaluation.results.read_evaluation. pictures: a function of a pair's id that returns (pwcnet.data.sample.Loaded with truth,
    flow [H, W, 2] floating, pixels, channels (u, v)); it is called once for each of `shown_pairs`. None: a page without pictures.
    Raises what `pictures` raises, ValueError for a flow that does not fit its frames and where Jinja2 or matplotlib is missing.
    """
    check_report(folder)
    about, rows, measures = evaluation.about, pair_rows(evaluation), measures_of(evaluation)
    best, worst = best_and_worst(rows, SHOWN) if pictures else ([], [])
    histograms = about.get("histograms")
    runs = {"": histograms} if histograms else None
    return write_page(
        folder,
        "report.html",
        title="Evaluation of %s" % about["data"],
        about=about,
        weights=(about.get("weights") or {}).get("path"),
        facts=_facts(about),
        totals=totals_table(about["totals"]),
        motion=runs and epe_by_motion(runs),
        errors=runs and epe_histogram(runs),
        scenes=scene_table(scene_rows(rows), measures),
        pairs=pair_table(rows, measures),
        galleries=[
            ("Worst pairs", _shown(worst, pictures)),
            ("Best pairs", _shown(best, pictures)),
        ],
        wheel=wheel_picture(),
        error_legend=error_legend(),
        provenance=provenance(about),
    )


def totals_table(totals):
    """A row a measure: its mean over images, and over pixels, with the number of each. totals: of evaluation.json."""
    columns = [
        Column("Per image", "", "mean of the images' means, as in published EPE"),
        Column("Images"),
        Column("Pooled", "", "mean over all pixels of all images, as in published Fl"),
        Column("Pixels"),
    ]
    return Table(
        columns,
        [
            (
                name,
                [
                    measure_cell(name, total["per_image"]),
                    count_cell(total["images"]),
                    measure_cell(name, total["pooled"]),
                    count_cell(total["pixels"]),
                ],
            )
            for name, total in totals.items()
        ],
    )


def _facts(about):
    """[(label, text)]: the numbers to see first, each as benchmarks publish it: EPE as the mean of the images' means, KITTI's Fl over all pixels."""
    totals, seconds = about["totals"], about.get("mean_seconds")
    facts = [
        (
            label,
            with_unit(
                measure, totals[measure]["pooled" if measure.startswith("Fl-") else "per_image"]
            ),
        )
        for label, measure in (
            ("EPE", EPE),
            ("EPE of no motion", "Zero flow"),
            ("Fl-all", "Fl-all"),
        )
        if measure in totals
    ]
    return (
        facts
        + [("Pairs", "{:,}".format(about["pairs"]))]
        + ([("Time a pair", "%.1f\u202fms" % (1000 * seconds))] if seconds is not None else [])
    )


def _shown(rows, pictures):
    return [
        Shown(
            rank,
            row.name,
            with_unit(EPE, value_of(row, EPE)),
            [(name, with_unit(name, value_of(row, name))) for name in FACTS if name in row.means],
            pair_pictures(*pictures(row.name)),
        )
        for rank, row in enumerate(rows, 1)
    ]
