"""`pwcnet evaluate --report`."""

import json
import logging
import os
import shutil

import pytest

from pwcnet.data.datasets.sintel import FOLDER
from tests.helpers.subcommands import call


def evaluate(tiny_sintel, weights, tmp_path, *more):
    return call(
        "evaluate",
        "--data",
        "sintel-clean=" + tiny_sintel,
        "--weights",
        weights,
        "--output",
        tmp_path / "run",
        "--report",
        tmp_path / "page",
        "--device",
        "cpu",
        *more,
    )


@pytest.mark.whole_on("tf2")
def test_a_page_after_the_evaluation_and_later(
    tiny_sintel, small_frozen, small_checkpoint, tmp_path, capsys
):
    evaluate(tiny_sintel, small_frozen, tmp_path)
    assert capsys.readouterr().out.splitlines()[-1].startswith("Average EPE=")
    page, run = tmp_path / "page" / "index.html", tmp_path / "run"
    text = page.read_text(encoding="utf-8")
    assert os.listdir(str(tmp_path / "page")) == ["index.html"] and sorted(
        os.listdir(str(run))
    ) == ["evaluation.json", "pairs.csv"]
    assert (
        text.count('alt="End-point error of scene_0') == 4
        and text.count('alt="Confidence of scene_0') == 4
        and text.count("<svg ") == 2
        and "pwcnet.pb" in text
    )

    page.unlink()
    evaluate(tiny_sintel, small_frozen, tmp_path)  # complete: the page alone
    assert capsys.readouterr().out == "" and page.read_text(encoding="utf-8").count(
        "<img "
    ) == text.count("<img ")
    with pytest.raises(ValueError, match="run has another masked, weights; repeat"):
        evaluate(tiny_sintel, small_checkpoint, tmp_path, "--masked")


@pytest.mark.whole_on("tf2")
def test_a_complete_evaluation_of_pairs_that_are_gone_or_of_an_earlier_version(
    tiny_sintel, small_frozen, tmp_path
):
    shutil.copytree(os.path.join(tiny_sintel, FOLDER), str(tmp_path / "data" / FOLDER))
    call(
        "evaluate",
        "--data",
        "sintel-clean=%s" % (tmp_path / "data"),
        "--weights",
        small_frozen,
        "--output",
        tmp_path / "run",
        "--device",
        "cpu",
    )
    about = tmp_path / "run" / "evaluation.json"
    content = json.loads(about.read_text())
    assert content.pop("session")
    about.write_text(json.dumps(content))  # earlier versions did not tell
    evaluate(str(tmp_path / "data"), small_frozen, tmp_path)
    (tmp_path / "page" / "index.html").unlink()
    for kind in os.listdir(str(tmp_path / "data" / FOLDER / "training")):
        shutil.rmtree(
            str(tmp_path / "data" / FOLDER / "training" / kind / "scene_02"), ignore_errors=True
        )
    with pytest.raises(
        ValueError,
        match="run .*scene_02/frames_000._000., .*%s; repeat" % (tmp_path / "data"),
    ):
        evaluate(str(tmp_path / "data"), small_frozen, tmp_path)
    assert os.listdir(str(tmp_path / "page")) == []


def test_a_method_of_opencv_shows_no_confidence(tiny_sintel, tmp_path):
    folder = tmp_path / "report"
    call(
        "evaluate",
        "--data",
        "sintel-clean=" + tiny_sintel,
        "--classical",
        "dis",
        "--report",
        folder,
    )
    text = (folder / "index.html").read_text(encoding="utf-8")
    assert 'alt="End-point error of' in text and "Confidence" not in text


def test_without_output_the_evaluation_lies_beside_the_page(
    tiny_sintel, small_frozen, tmp_path, caplog
):
    caplog.set_level(logging.INFO)
    folder = tmp_path / "report"
    command = ["--data", "sintel-clean=" + tiny_sintel, "--weights", small_frozen]
    call("evaluate", *(command + ["--report", folder]))
    assert sorted(os.listdir(str(folder))) == ["evaluation.json", "index.html", "pairs.csv"]
    assert "evaluation in %s" % folder in caplog.text


def test_a_page_that_cannot_be_written_is_found_before_the_work(tiny_sintel, tmp_path):
    (tmp_path / "page").write_text("")
    with pytest.raises(NotADirectoryError):
        evaluate(tiny_sintel, "no.pb", tmp_path)
    assert not (tmp_path / "run").exists()
