"""Scores of pairs and scenes, the best and the worst pairs."""

import pytest

from pwcnet.evaluation.scores import (
    PairScores,
    best_and_worst,
    measure_names,
    scene_of,
    scene_scores,
    value_of,
)
from pwcnet.flow.averages import Mean
from tests.helpers.evaluations import SCENES, evaluation


def pairs_of(*epes):
    return [
        PairScores(str(index), {"EPE": Mean(epe, 0 if epe is None else 10)})
        for index, epe in enumerate(epes)
    ]


def test_measures_of_all_pairs_in_order():
    pairs = [
        PairScores("a", {"EPE": Mean(1, 1)}),
        PairScores("b", {"AAE": Mean(1, 1), "EPE": None}),
    ]
    assert measure_names(pairs) == ["EPE", "AAE"] and measure_names([]) == []


def test_scenes_are_means_of_their_pairs():
    epes = dict(zip(SCENES, [1.0, 2.0, None, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]))
    scenes = scene_scores(evaluation(epes).pairs)
    assert [(scene.name, scene.pairs, value_of(scene, "EPE")) for scene in scenes] == [
        ("scene_1", 3, 1.5),
        ("scene_2", 3, 5.0),
        ("scene_10", 3, 8.0),
    ]
    assert scenes[0].means["EPE"].count == 2 and value_of(scenes[0], "s40+") is None


@pytest.mark.parametrize(
    "pair, scene",
    [("alley_1/frames_0001_0002", "alley_1"), ("A/0001/left/0006", "A/0001/left"), ("00001", "")],
)
def test_the_scene_is_the_folder_of_the_id(pair, scene):
    assert scene_of(pair) == scene


def test_ids_without_scenes_have_none():
    assert scene_scores(evaluation({"00001": 1.0, "00002": 2.0}).pairs) == []


@pytest.mark.parametrize(
    "epes, best, worst",
    [
        ((3.0, 1.0, None, 2.0), "1", "03"),
        ((1.0, 2.0), "0", "1"),
        ((1.0,), "", "0"),
        ((None,), "", ""),
        ((5.0, 4.0, 3.0, 2.0, 1.0, 0.0), "54", "01"),
    ],
)
def test_best_and_worst_never_share_a_pair(epes, best, worst):
    lists = best_and_worst(pairs_of(*epes), 2)
    assert ["".join(pair.name for pair in pairs) for pairs in lists] == [best, worst]
