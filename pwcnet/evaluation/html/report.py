"""The page of one evaluation: totals, charts, scenes, pairs, and images of the best and worst."""

from __future__ import annotations

from typing import Any, Callable, NamedTuple, Sequence, Tuple

from pwcnet.evaluation.html.charts import epe_by_motion, epe_histogram
from pwcnet.evaluation.html.gallery import PairImages, error_legend, pair_images, wheel_image
from pwcnet.evaluation.html.page import check_page, format_date, provenance, write_page
from pwcnet.evaluation.html.tables import pair_table, scene_table, totals_table
from pwcnet.evaluation.measures import EPE, NARROW_SPACE, ZERO_FLOW, format_with_unit
from pwcnet.evaluation.results import Evaluation
from pwcnet.evaluation.scores import (
    PairScores,
    best_and_worst,
    measure_names,
    scene_scores,
    value_of,
)

GALLERY_LENGTH = 10  # pairs with images: the best and the worst, each
# The id of a pair -> its frames and ground truth, its flow and perhaps its backward flow.
Predict = Callable[[str], Tuple[Any, ...]]
CARD_MEASURES = ZERO_FLOW, "Fl-all", "1px", "3px", "AAE"  # beside the images of a pair


class GalleryEntry(NamedTuple):
    """A pair with images.

    Attributes:
        rank: 1 is the best or the worst pair.
        name: The id of the pair.
        epe: The EPE with its unit.
        facts: (measure, value with its unit).
        images: The images.
    """

    rank: int
    name: str
    epe: str
    facts: list[tuple[str, str]]
    images: PairImages


def gallery_pairs(evaluation: Evaluation) -> list[str]:
    """The ids of the pairs that a report shows in images: the worst, then the best."""
    best, worst = best_and_worst(evaluation.pairs, GALLERY_LENGTH)
    return [pair.name for pair in worst + best]


def write_report(
    folder: str,
    evaluation: Evaluation,
    predict: Predict | None = None,
) -> str:
    """Writes folder/index.html, completely or not at all.

    `pwcnet.evaluation.html.page.check_page` finds errors of the folder and missing packages before
    the work.

    Args:
        folder: The folder of the page; it is created if it is missing.
        evaluation: The evaluation, as `pwcnet.evaluation.results.read_evaluation` reads it.
        predict: Called once with each id of `gallery_pairs`; returns the loaded pair with ground
            truth, as its sample's `load` does, its prediction [H, W, 2], floating, pixels,
            channels (u, v), and, to show confidence, that from frame 2 to frame 1 or None. None
            writes a page without images.

    Returns:
        The path of the page.

    Raises:
        ValueError: Jinja2 or matplotlib is missing, or a prediction does not fit its frames.
        OSError: The page cannot be written.
        Exception: Whatever `predict` raises.
    """
    check_page(folder)
    summary, measures = evaluation.summary, measure_names(evaluation.pairs)
    best, worst = best_and_worst(evaluation.pairs, GALLERY_LENGTH) if predict else ([], [])
    histograms = summary.get("histograms")
    runs = {"": histograms} if histograms else None
    return write_page(
        folder,
        "report.html",
        title="Evaluation on %s" % summary["data"],
        summary=summary,
        weights=(summary.get("weights") or {}).get("path"),
        date=format_date(summary),
        facts=_headline(summary),
        totals=totals_table(summary["totals"]),
        motion=runs and epe_by_motion(runs),
        errors=runs and epe_histogram(runs),
        scenes=scene_table(scene_scores(evaluation.pairs), measures),
        pairs=pair_table(evaluation.pairs, measures),
        galleries=[
            ("Worst pairs", _gallery(worst, predict)),
            ("Best pairs", _gallery(best, predict)),
        ],
        wheel=wheel_image(),
        error_legend=error_legend(),
        provenance=provenance(summary),
    )


def _headline(summary: dict[str, Any]) -> list[tuple[str, str]]:
    """(label, text) of the numbers at the top, as benchmarks publish them.

    EPE is the mean of the images' means, KITTI's Fl the mean over all pixels.
    """
    totals, seconds = summary["totals"], summary.get("mean_seconds")
    facts = [
        (label, format_with_unit(measure, totals[measure][kind]))
        for label, measure, kind in (
            ("EPE", EPE, "per_image"),
            ("EPE of zero flow", ZERO_FLOW, "per_image"),
            ("Fl-all", "Fl-all", "pooled"),
        )
        if measure in totals
    ]
    facts.append(("Pairs", "{:,}".format(summary["pairs"])))
    if seconds is not None:
        facts.append(("Time per pair", "%.1f%sms" % (1000 * seconds, NARROW_SPACE)))
    return facts


def _gallery(pairs: Sequence[PairScores], predict: Predict | None) -> list[GalleryEntry]:
    return [
        GalleryEntry(
            rank,
            pair.name,
            format_with_unit(EPE, value_of(pair, EPE)),
            [
                (measure, format_with_unit(measure, value_of(pair, measure)))
                for measure in CARD_MEASURES
                if measure in pair.means
            ],
            pair_images(*predict(pair.name)),
        )
        for rank, pair in enumerate(pairs, 1)
        if predict
    ]
