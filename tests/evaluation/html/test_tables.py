import pytest

from pwcnet.evaluation.html.tables import (
    Row,
    best_and_worst,
    measures_of,
    number,
    pair_rows,
    pair_table,
    scene_of,
    scene_rows,
    scene_table,
    value_of,
    with_unit,
)
from pwcnet.flow.metrics import Mean
from tests.evaluation.made_up import SCENES, evaluation


def rows(*epes):
    return [
        Row(str(index), {"EPE": Mean(epe, 0 if epe is None else 10)})
        for index, epe in enumerate(epes)
    ]


def test_numbers_have_the_decimals_of_their_unit():
    assert [
        number(*each)
        for each in (("EPE", 1.23456), ("Fl-all", 12.345), ("AAE", 1.0), ("EPE", None))
    ] == ["1.235", "12.35", "1.00", "n/a"]
    assert [number("EPE", value, sign=True) for value in (0.5, -0.5, 0.0, -0.0001, None)] == [
        "+0.500",
        "-0.500",
        "0.000",
        "0.000",
        "n/a",
    ]
    assert [with_unit(*each) for each in (("s40+", 1), ("WAUC", 5), ("AAE", 2), ("EPE", None))] == [
        "1.000\u202fpx",
        "5.00\u202f%",
        "2.00°",
        "n/a",
    ]


def test_scenes_are_means_of_their_pairs():
    made = evaluation(dict(zip(SCENES, [1.0, 2.0, None, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0])))
    scenes = scene_rows(pair_rows(made))
    assert [(scene.name, scene.pairs, value_of(scene, "EPE")) for scene in scenes] == [
        ("scene_1", 3, 1.5),
        ("scene_2", 3, 5.0),
        ("scene_10", 3, 8.0),
    ]
    assert scenes[0].means["EPE"].count == 2 and value_of(scenes[0], "s40+") is None
    assert [
        scene_of(name) for name in ("alley_1/frames_0001_0002", "A/0001/left/0006", "00001")
    ] == ["alley_1", "A/0001/left", ""]


def test_ids_without_scenes_have_none():
    assert scene_rows(pair_rows(evaluation({"00001": 1.0, "00002": 2.0}))) == []


def test_tables_hold_every_measure_and_what_is_not_known():
    made = evaluation({"a/1": 1.0, "a/2": None})
    measures = measures_of(made)
    assert measures == ["EPE", "Zero flow", "Fl-all", "WAUC", "s40+", "EPE matched"]
    table = pair_table(pair_rows(made), measures)
    assert [column.title for column in table.columns] == measures + ["Pixels", "Time"]
    assert [cell.text for cell in table.rows[0][1]] == [
        "1.000",
        "5.000",
        "10.00",
        "99.00",
        "n/a",
        "1.000",
        "400",
        "250.0",
    ]
    assert [cell.value for cell in table.rows[1][1]] == [None] * 6 + [0, None]
    assert [cell.text for cell in scene_table(scene_rows(pair_rows(made)), measures).rows[0][1]][
        :2
    ] == ["2", "1.000"]


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
    found = best_and_worst(rows(*epes), 2)
    assert ["".join(row.name for row in each) for each in found] == [best, worst]
