"""Tables of a page."""

from pwcnet.evaluation.html.tables import pair_table, scene_table, totals_table
from pwcnet.evaluation.scores import measure_names, scene_scores
from tests.helpers.evaluations import evaluation

MEASURES = ["EPE", "Zero flow", "Fl-all", "WAUC", "s40+", "EPE matched"]


def test_pairs_have_every_measure_the_pixels_and_the_time():
    pairs = evaluation({"a/1": 1.0, "a/2": None}).pairs
    assert measure_names(pairs) == MEASURES
    table = pair_table(pairs, MEASURES)
    assert [column.title for column in table.columns] == MEASURES + ["Pixels", "Time"]
    assert [column.unit for column in table.columns] == ["px", "px", "%", "%", "px", "px", "", "ms"]
    texts = ["1.000", "5.000", "10.00", "99.00", "n/a", "1.000", "400", "250.0"]
    assert [cell.text for cell in table.rows[0][1]] == texts
    assert [cell.value for cell in table.rows[1][1]] == [None] * 6 + [0, None]


def test_scenes_have_the_number_of_their_pairs():
    scenes = scene_scores(evaluation({"a/1": 1.0, "a/2": None}).pairs)
    table = scene_table(scenes, MEASURES)
    assert [column.title for column in table.columns] == ["Pairs"] + MEASURES
    name, cells = table.rows[0]
    assert name == "a" and [cell.text for cell in cells[:2]] == ["2", "1.000"]


def test_totals_have_both_means_and_what_they_are_of():
    table = totals_table(evaluation({"a/1": 1.0, "a/2": 3.0}).summary["totals"])
    assert [name for name, _ in table.rows] == MEASURES
    assert [cell.text for cell in table.rows[0][1]] == ["2.000", "2", "2.000", "800"]
    assert [cell.value for cell in table.rows[4][1]] == [None, 0, None, 0]
