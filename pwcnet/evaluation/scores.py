"""Scores of the pairs of an evaluation, the means of its scenes, its best and worst pairs."""

from __future__ import annotations

from typing import NamedTuple, Sequence, Union

from pwcnet.evaluation.measures import EPE
from pwcnet.flow.averages import Mean, RunningMean


class PairScores(NamedTuple):
    """The scores of one pair.

    Attributes:
        name: The id of the pair.
        means: {measure: Mean over the valid pixels of the pair}.
        seconds: How long the prediction took; None where it is unknown.
    """

    name: str
    means: dict[str, Mean]
    seconds: float | None = None


class SceneScores(NamedTuple):
    """The scores of one scene.

    Attributes:
        name: The folder that the ids of its pairs have in common.
        means: {measure: Mean of the pairs' means}; their counts are of pairs.
        pairs: The number of pairs.
    """

    name: str
    means: dict[str, Mean]
    pairs: int


Scores = Union[PairScores, SceneScores]


def value_of(scores: Scores, measure: str) -> float | None:
    """The value of a measure; None where no pixel counts."""
    return scores.means.get(measure, Mean(None, 0)).value


def measure_names(pairs: Sequence[PairScores]) -> list[str]:
    """The names of the measures that any pair has, in the order of the first that has them."""
    names: dict[str, None] = {}
    for pair in pairs:
        names.update(dict.fromkeys(pair.means))
    return list(names)


def running_means(scores: Sequence[Scores]) -> dict[str, RunningMean]:
    """{measure: RunningMean} over pairs or scenes."""
    means: dict[str, RunningMean] = {}
    for item in scores:
        for measure, mean in item.means.items():
            means.setdefault(measure, RunningMean()).add(mean)
    return means


def scene_of(pair: str) -> str:
    """The scene of a pair's id: "alley_1" for "alley_1/frames_0001_0002", "" without a folder."""
    return pair.rpartition("/")[0]


def scene_scores(pairs: Sequence[PairScores]) -> list[SceneScores]:
    """The means of the pairs' means by scene, in the order of the pairs.

    Args:
        pairs: The scores of the pairs.

    Returns:
        One entry per scene; an empty list where the ids have no scenes.
    """
    scenes: dict[str, list[PairScores]] = {}
    for pair in pairs:
        scenes.setdefault(scene_of(pair.name), []).append(pair)
    if set(scenes) <= {""}:
        return []
    return [
        SceneScores(
            scene,
            {measure: mean.per_image for measure, mean in running_means(group).items()},
            len(group),
        )
        for scene, group in scenes.items()
    ]


def best_and_worst(
    pairs: Sequence[PairScores], count: int
) -> tuple[list[PairScores], list[PairScores]]:
    """The pairs with the smallest and those with the largest EPE.

    Args:
        pairs: The scores of the pairs; those without a valid pixel are left out.
        count: The length of each list at most.

    Returns:
        (best, worst), the most extreme pair of each first. No pair is in both lists; the worst
        list is filled first where there are few pairs.
    """
    ranked = sorted(
        (pair for pair in pairs if value_of(pair, EPE) is not None),
        key=lambda pair: value_of(pair, EPE) or 0.0,
    )
    worst = ranked[::-1][: min(count, -(-len(ranked) // 2))]
    return ranked[: min(count, len(ranked) - len(worst))], worst
