"""Comparison of two evaluations of the same pairs: differences in total, by scene and by pair."""

from __future__ import annotations

import math
from typing import Any, NamedTuple, Sequence

from pwcnet.evaluation.measures import EPE, NOT_AVAILABLE, ZERO_FLOW
from pwcnet.evaluation.results import Evaluation
from pwcnet.evaluation.scores import (
    PairScores,
    SceneScores,
    Scores,
    measure_names,
    running_means,
    scene_scores,
    value_of,
)
from pwcnet.flow.averages import RunningMean

OFFLINE = "offline"  # the data set's name in an evaluation of raw files, whichever set they are of


class Comparison(NamedTuple):
    """The pairs that two runs, A and B, have in common.

    Attributes:
        summaries: `Evaluation.summary` of A and of B.
        measures: The names of the measures that both have.
        totals: {measure: (RunningMean of A, of B)} over the common pairs.
        scenes: (scores of A, of B) for each scene, in the order of A.
        pairs: (scores of A, of B) for each common pair, in the order of A.
        unshared: The number of pairs that only A has, and that only B has.
    """

    summaries: tuple[dict[str, Any], dict[str, Any]]
    measures: list[str]
    totals: dict[str, tuple[RunningMean, RunningMean]]
    scenes: list[tuple[SceneScores, SceneScores]]
    pairs: list[tuple[PairScores, PairScores]]
    unshared: tuple[int, int]

    @property
    def data(self) -> str:
        """The name of the data set; where one run is of raw files, that of the other run."""
        names = [summary["data"] for summary in self.summaries]
        return names[1] if names[0] == OFFLINE else names[0]


def compare(first: Evaluation, second: Evaluation) -> Comparison:
    """Compares two evaluations over the pairs that both have.

    Pairs are matched by their ids; where one run is of raw files, by the names of the files.

    Args:
        first: The evaluation A.
        second: The evaluation B.

    Returns:
        The `Comparison`.

    Raises:
        ValueError: The runs are of different data sets, only one of them is masked, they share no
            pair, or a shared pair has other valid pixels or another ground truth: means over
            different pixels say nothing about the weights.
    """
    _check_same_data(first.summary, second.summary)
    offline = OFFLINE in (first.summary["data"], second.summary["data"])
    key = _file_name if offline else str
    pairs_a, pairs_b = (
        {key(pair.name): pair for pair in evaluation.pairs} for evaluation in (first, second)
    )
    common = [_with_scene(pair, pairs_b[name]) for name, pair in pairs_a.items() if name in pairs_b]
    if not common:
        raise ValueError(
            "No pair is in both runs: A has %d (%s), B has %d (%s)"
            % (
                len(pairs_a),
                next(iter(pairs_a), "none"),
                len(pairs_b),
                next(iter(pairs_b), "none"),
            )
        )
    _check_same_pixels(common)
    common_a, common_b = [pair[0] for pair in common], [pair[1] for pair in common]
    totals_a, totals_b = running_means(common_a), running_means(common_b)
    names_b = measure_names(second.pairs)
    measures = [name for name in measure_names(first.pairs) if name in names_b]
    return Comparison(
        (first.summary, second.summary),
        measures,
        {
            name: (totals_a[name], totals_b[name])
            for name in measures
            if name in totals_a and name in totals_b
        },
        list(zip(scene_scores(common_a), scene_scores(common_b))),
        common,
        (len(pairs_a) - len(common), len(pairs_b) - len(common)),
    )


def difference(pair: tuple[Scores, Scores], measure: str = EPE) -> float | None:
    """B - A in a measure; None where either has no value."""
    first, second = (value_of(scores, measure) for scores in pair)
    return None if first is None or second is None else second - first


def most_changed(
    pairs: Sequence[tuple[PairScores, PairScores]], measure: str = EPE
) -> list[tuple[PairScores, PairScores]]:
    """The pairs whose difference is known, the largest absolute difference first."""
    known = [pair for pair in pairs if difference(pair, measure) is not None]
    return sorted(known, key=lambda pair: -abs(difference(pair, measure) or 0.0))


def relative_change(first: float | None, second: float | None) -> str:
    """The change in percent of the first value, for example "+12.3 %".

    Returns:
        "n/a" where a value is unknown or the first is 0.
    """
    if first is None or second is None or not first:
        return NOT_AVAILABLE
    return "%+.1f %%" % (100.0 * (second - first) / abs(first))


def _check_same_data(first: dict[str, Any], second: dict[str, Any]) -> None:
    names = [summary["data"] for summary in (first, second)]
    if names[0] != names[1] and OFFLINE not in names:
        raise ValueError(
            "The runs are of different data: A is of %s, B is of %s" % (names[0], names[1])
        )
    masked = ["masked" if summary.get("masked") else "not masked" for summary in (first, second)]
    if masked[0] != masked[1]:
        raise ValueError(
            "The runs count different pixels: A is %s, B is %s; both must be evaluated with masks "
            "of invalid pixels, or both without" % (masked[0], masked[1])
        )


def _check_same_pixels(pairs: Sequence[tuple[PairScores, PairScores]]) -> None:
    for pair in pairs:
        counts = [scores.means[EPE].count for scores in pair if EPE in scores.means]
        if len(set(counts)) > 1:
            raise ValueError(
                "%s has %d valid pixels in A and %d in B; both runs must use the same ground truth "
                "and masks" % (pair[0].name, counts[0], counts[1])
            )
        first, second = (value_of(scores, ZERO_FLOW) for scores in pair)
        if first is None or second is None:
            continue
        if not math.isclose(first, second, rel_tol=1e-4, abs_tol=2e-6):
            raise ValueError(
                "%s has a mean motion (Zero flow) of %g px in A and %g px in B; both runs must use "
                "the same ground truth" % (pair[0].name, first, second)
            )


def _file_name(pair: str) -> str:
    return pair.replace("/", "-")  # as pwcnet.data.sample.Sample.file_name


def _with_scene(first: PairScores, second: PairScores) -> tuple[PairScores, PairScores]:
    """Gives both scores the name that contains the scene: names of raw files have none."""
    name = max((first.name, second.name), key=lambda name: name.count("/"))
    return first._replace(name=name), second._replace(name=name)
