"""The page of a comparison."""

import pytest

from pwcnet.evaluation.comparison import compare
from pwcnet.evaluation.html.comparison import difference_cell, write_comparison
from tests.helpers.evaluations import SCENES, evaluation

FIRST = dict(zip(SCENES, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, None]))
SECOND = dict(zip(SCENES, [1.0, 2.5, 2.0, 4.0, 5.0, 6.0, 7.0, 4.0, None]))


def read(path):
    with open(path, encoding="utf-8") as stream:
        return stream.read()


@pytest.mark.parametrize(
    "measure, value, text, tone",
    [
        ("EPE", -0.5, "−0.500", "better"),
        ("EPE", 0.5, "+0.500", "worse"),
        ("WAUC", 0.5, "+0.50", "better"),
        ("WAUC", -0.5, "−0.50", "worse"),
        ("EPE", 1e-6, "0.000", ""),
        ("Zero flow", 1.0, "+1.000", ""),
        ("EPE", None, "n/a", ""),
    ],
)
def test_differences(measure, value, text, tone):
    assert difference_cell(measure, value) == (text, value, tone)


def test_a_page(tmp_path):
    path = write_comparison(
        str(tmp_path),
        compare(evaluation(FIRST), evaluation(SECOND)),
        ("runs/<first>", "runs/second"),
    )
    text = read(path)
    assert text.count("<svg ") == 3 and "runs/&lt;first&gt;" in text and "Left out" not in text
    assert '<td class="better" data-value="-4.0">−4.000</td>' in text
    assert (
        text.index("scene_10/frames_0002_0003")
        < text.index("scene_1/frames_0003_0004")
        < text.index("scene_1/frames_0002_0003")
    )


def test_a_page_of_a_part_has_no_histograms_of_all(tmp_path):
    comparison = compare(evaluation(FIRST), evaluation({name: SECOND[name] for name in SCENES[:2]}))
    text = read(write_comparison(str(tmp_path), comparison, ("a", "b")))
    assert text.count("<svg ") == 1 and "7 pairs that only A has and 0 that only B has" in text


def test_no_pair_with_a_valid_pixel(tmp_path):
    comparison = compare(evaluation({"a": None}), evaluation({"a": None}))
    assert "n/a" in read(write_comparison(str(tmp_path), comparison, ("a", "b")))


def test_names_that_are_no_utf8(tmp_path):
    one = evaluation({"scene_\udcff": 1.0})
    page = write_comparison(str(tmp_path), compare(one, one), ("run_\udcfe", "other"))
    with open(page, "rb") as stream:
        text = stream.read()
    assert b"scene_\\udcff" in text and b"run_\\udcfe" in text
