"""The page of an evaluation."""

import os
import re
import sys

import pytest

from pwcnet.evaluation.html.page import check_page
from pwcnet.evaluation.html.report import gallery_pairs, write_report
from tests.helpers.evaluations import SCENES, evaluation, loaded_pair


def page(folder, result, predict=loaded_pair):
    path = write_report(str(folder), result, predict)
    assert path == str(folder / "index.html") and os.listdir(str(folder)) == ["index.html"]
    with open(path, encoding="utf-8") as stream:
        return stream.read()


def test_a_page_holds_all_it_needs(tmp_path):
    text = page(tmp_path / "new" / "report", evaluation(dict(zip(SCENES, range(1, 10)))))
    assert "http" not in re.sub(r'xmlns[^=]*="[^"]*"|http-equiv|<!DOCTYPE svg[^>]*>', "", text)
    assert not re.search(r'<(link|iframe|script [^>]*src)|@import|src="(?!data:)', text)
    assert len(re.findall(r"<img ", text)) == 9 * 5 + 1 and len(re.findall(r"<svg ", text)) == 2
    for shown in (
        "Evaluation on sintel-clean",
        "pwcnet.ckpt-7",
        "ab" * 32,
        "pwcnet evaluate --output &#39;a b&#39;",
        "numpy 1.19",
        "2024-02-03 04:05 UTC",
        "250.0\u202fms",
        "scenes [&#39;alley&#39;]",
        "dense",
    ):
        assert shown in text
    assert "limit" not in text and "n/a" in text


def test_the_first_numbers_are_as_benchmarks_publish_them(tmp_path):
    result = evaluation({"a": 1.0, "b": 2.0})
    result.summary["totals"]["EPE"]["pooled"], result.summary["totals"]["Fl-all"]["pooled"] = (
        1.25,
        12.5,
    )
    shown = dict(re.findall("<dt>(.*?)</dt><dd>(.*?)</dd>", page(tmp_path, result, None)))
    assert shown["EPE"] == "1.500\u202fpx" and shown["Fl-all"] == "12.50\u202f%"


def test_sparse_ground_truth_is_called_so(tmp_path):
    result = evaluation({"a": 1.0})
    result.summary["data"] = "kitti2015"
    assert "sparse: every pixel with known ground truth" in page(tmp_path, result, None)


def test_confidence_is_shown_where_both_directions_are_known(tmp_path):
    def predict(name):
        loaded, prediction = loaded_pair(name)
        return loaded, prediction, -prediction

    text = page(tmp_path, evaluation({"a": 1.0, "b": 2.0}), predict)
    assert re.findall('alt="Confidence of (.)"', text) == ["b", "a"]
    assert "Confidence: how likely" in text
    assert "Confidence" not in page(tmp_path, evaluation({"a": 1.0, "b": 2.0}))


def test_each_pair_of_the_galleries_is_predicted_once(tmp_path):
    result, predicted = evaluation({"%05d" % number: 1.0 + number for number in range(25)}), []

    def predict(name):
        predicted.append(name)
        return loaded_pair(name, 8, 16)

    text = page(tmp_path, result, predict)
    assert predicted and sorted(predicted) == sorted(gallery_pairs(result)) == [
        "%05d" % number for number in [*range(10), *range(15, 25)]
    ]
    assert (
        text.index("End-point error of 00024")
        < text.index("End-point error of 00023")
        < text.index("End-point error of 00000")
        < text.index("End-point error of 00001")
    )
    assert "<h2>Scenes" not in text


def test_without_images_histograms_weights_or_times(tmp_path):
    result = evaluation(
        {"a": 1.0, "b": None}, weights=None, histograms=None, mean_seconds=None, masked=True
    )
    text = page(tmp_path, result, None)
    assert (
        "<svg" not in text and "<img" not in text and "Worst pairs" not in text and "masked" in text
    )


def test_what_ids_and_commands_hold_is_text(tmp_path):
    name = '<script>alert(1)</script>/"&'
    text = page(tmp_path, evaluation({name: 1.0}, data="<b>", command=["<i>"]))
    assert (
        "<script>alert" not in text
        and "<b>" not in text
        and "<i>" not in text
        and "&lt;script&gt;alert(1)&lt;/script&gt;/&#34;&amp;" in text
    )


def test_nothing_is_left_where_a_prediction_fails(tmp_path):
    def predict(name):
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        write_report(str(tmp_path / "new"), evaluation({"a": 1.0}), predict)
    assert not (tmp_path / "new").exists()


def test_a_folder_that_cannot_be_written_is_found_before_the_work(tmp_path):
    (tmp_path / "file").write_text("")
    for folder, error in (
        (tmp_path / "file", NotADirectoryError),
        (tmp_path / "taken", IsADirectoryError),
    ):
        (tmp_path / "taken" / "index.html").mkdir(parents=True, exist_ok=True)
        with pytest.raises(error):
            check_page(str(folder))
    check_page(str(tmp_path / "new"))
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("missing", ["jinja2", "matplotlib.figure"])
def test_missing_packages_are_named_before_the_work(tmp_path, monkeypatch, missing):
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ValueError, match="Jinja2 and matplotlib .* -m pip install 'jinja2"):
        check_page(str(tmp_path))
