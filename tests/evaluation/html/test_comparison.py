import pytest

from pwcnet.evaluation.comparison import compare, difference, most_changed, relative_change
from pwcnet.evaluation.html.comparison import difference_cell, write_comparison
from pwcnet.flow.averages import Mean
from tests.helpers.evaluations import SCENES, evaluation

FIRST = dict(zip(SCENES, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, None]))
SECOND = dict(zip(SCENES, [1.0, 2.5, 2.0, 4.0, 5.0, 6.0, 7.0, 4.0, None]))


def read(path):
    with open(path, encoding="utf-8") as stream:
        return stream.read()


def test_totals_scenes_and_pairs():
    found = compare(evaluation(FIRST), evaluation(SECOND))
    assert (
        found.unshared == (0, 0)
        and len(found.pairs) == 9
        and found.measures == ["EPE", "Zero flow", "Fl-all", "WAUC", "s40+", "EPE matched"]
    )
    assert [mean.per_image.value for mean in found.totals["EPE"]] == [36 / 8, 31.5 / 8]
    assert [(pair[0].name, difference(pair)) for pair in found.scenes] == [
        ("scene_1", pytest.approx(-0.5 / 3)),
        ("scene_2", 0.0),
        ("scene_10", -2.0),
    ]
    changed = [(pair[0].name, difference(pair)) for pair in most_changed(found.pairs)]
    assert (
        changed[:3]
        == [
            ("scene_10/frames_0002_0003", -4.0),
            ("scene_1/frames_0003_0004", -1.0),
            ("scene_1/frames_0002_0003", 0.5),
        ]
        and len(changed) == 8
    )


def test_only_shared_pairs_count():
    found = compare(
        evaluation(dict(FIRST, extra=99.0)), evaluation({name: SECOND[name] for name in SCENES[:2]})
    )
    assert found.unshared == (8, 0) and [mean.per_image.value for mean in found.totals["EPE"]] == [
        1.5,
        1.75,
    ]


@pytest.mark.parametrize(
    "other, message",
    [
        (evaluation(SECOND, data="kitti-2015"), "sintel-clean.*kitti-2015"),
        (evaluation(SECOND, masked=True), "dense.*masked"),
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
        found = compare(*runs)
        assert found.data == "sintel-clean" and [pair[0].name for pair in found.scenes] == [
            "scene_1",
            "scene_2",
            "scene_10",
        ]
    assert compare(raw, raw).scenes == []


def test_differences():
    asked = (
        ("EPE", -0.5),
        ("EPE", 0.5),
        ("WAUC", 0.5),
        ("WAUC", -0.5),
        ("EPE", 1e-6),
        ("Zero flow", 1.0),
        ("EPE", None),
    )
    assert [difference_cell(*each)[::2] for each in asked] == [
        ("−0.500", "better"),
        ("+0.500", "worse"),
        ("+0.50", "better"),
        ("−0.50", "worse"),
        ("0.000", ""),
        ("+1.000", ""),
        ("n/a", ""),
    ]
    assert [
        relative_change(*each) for each in ((2.0, 1.0), (2.0, 2.5), (0.0, 1.0), (None, 1.0))
    ] == [
        "-50.0 %",
        "+25.0 %",
        "n/a",
        "n/a",
    ]


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
    found = compare(evaluation(FIRST), evaluation({name: SECOND[name] for name in SCENES[:2]}))
    text = read(write_comparison(str(tmp_path), found, ("a", "b")))
    assert text.count("<svg ") == 1 and "7 pairs that only A has and 0 that only B has" in text


def test_no_pair_with_a_valid_pixel(tmp_path):
    found = compare(evaluation({"a": None}), evaluation({"a": None}))
    assert "n/a" in read(write_comparison(str(tmp_path), found, ("a", "b")))
