"""Comparisons of two evaluations."""

import pytest

from pwcnet.evaluation.comparison import compare, difference, most_changed, relative_change
from pwcnet.flow.averages import Mean
from tests.helpers.evaluations import SCENES, evaluation

FIRST = dict(zip(SCENES, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, None]))
SECOND = dict(zip(SCENES, [1.0, 2.5, 2.0, 4.0, 5.0, 6.0, 7.0, 4.0, None]))


def test_totals_scenes_and_pairs():
    comparison = compare(evaluation(FIRST), evaluation(SECOND))
    assert (
        comparison.unshared == (0, 0)
        and len(comparison.pairs) == 9
        and comparison.measures == ["EPE", "Zero flow", "Fl-all", "WAUC", "s40+", "EPE matched"]
    )
    assert [mean.per_image.value for mean in comparison.totals["EPE"]] == [36 / 8, 31.5 / 8]
    assert [(pair[0].name, difference(pair)) for pair in comparison.scenes] == [
        ("scene_1", pytest.approx(-0.5 / 3)),
        ("scene_2", 0.0),
        ("scene_10", -2.0),
    ]
    changed = [(pair[0].name, difference(pair)) for pair in most_changed(comparison.pairs)]
    assert (
        changed[:3]
        == [
            ("scene_10/frames_0002_0003", -4.0),
            ("scene_1/frames_0003_0004", -1.0),
            ("scene_1/frames_0002_0003", 0.5),
        ]
        and len(changed) == 8
    )


def test_only_common_pairs_count():
    comparison = compare(
        evaluation(dict(FIRST, extra=99.0)), evaluation({name: SECOND[name] for name in SCENES[:2]})
    )
    assert comparison.unshared == (8, 0) and [
        mean.per_image.value for mean in comparison.totals["EPE"]
    ] == [
        1.5,
        1.75,
    ]


@pytest.mark.parametrize(
    "other, message",
    [
        (evaluation(SECOND, data="kitti-2015"), "sintel-clean.*kitti-2015"),
        (evaluation(SECOND, masked=True), "not masked.*masked"),
        (evaluation({"other/1": 1.0}), "A has 9 .*B has 1 "),
        (
            evaluation(SECOND, pixels=399),
            "scene_1/frames_0001_0002 has 400 .*399",
        ),
    ],
)
def test_runs_that_cannot_be_compared(other, message):
    with pytest.raises(ValueError, match=message):
        compare(evaluation(FIRST), other)


def test_another_ground_truth_is_refused():
    other = evaluation(SECOND)
    for motion, same in ((5.0 * (1 + 5e-5), True), (5.01, False)):
        other.pairs[1][1]["Zero flow"] = Mean(motion, 400)
        if same:
            compare(evaluation(FIRST), other)
        else:
            with pytest.raises(
                ValueError,
                match="scene_1/frames_0002_0003 .* 5 px .* 5.01 px",
            ):
                compare(evaluation(FIRST), other)


def test_raw_files_of_any_data():
    raw = evaluation(
        {name.replace("/", "-"): epe for name, epe in FIRST.items()},
        data="offline",
        weights={"path": None},
    )
    for runs in ((raw, evaluation(SECOND)), (evaluation(FIRST), raw)):
        comparison = compare(*runs)
        assert comparison.data == "sintel-clean" and [
            pair[0].name for pair in comparison.scenes
        ] == [
            "scene_1",
            "scene_2",
            "scene_10",
        ]
    assert compare(raw, raw).scenes == []


@pytest.mark.parametrize(
    "first, second, text",
    [(2.0, 1.0, "-50.0 %"), (2.0, 2.5, "+25.0 %"), (0.0, 1.0, "n/a"), (None, 1.0, "n/a")],
)
def test_relative_changes(first, second, text):
    assert relative_change(first, second) == text
