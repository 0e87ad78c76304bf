"""`pwcnet extract --report`."""

import logging
import os
import sys

import pytest

from tests.helpers.archives import write_folder
from tests.helpers.subcommands import call


@pytest.fixture
def source(tmp_path):
    """Two folders of frames."""
    for name in ("a", "b"):
        write_folder(tmp_path / "in" / name, 3)
    return tmp_path / "in"


def extract(source, output, *more):
    return call("extract", source, "--output", output, "--classical", "dis", *more)


def test_a_page_after_the_work_and_of_a_finished_archive(source, tmp_path, caplog, capsys):
    options = source, tmp_path / "out", "--save", "motion", "--pair-rows"
    page = tmp_path / "out" / "report" / "index.html"
    with caplog.at_level(logging.INFO):
        assert extract(*options, "--report") == 0
    assert str(page) in caplog.text
    text = page.read_text(encoding="utf-8")
    assert text.count("<img ") == 2 and text.count("<svg ") == 2 + 1  # without times one histogram
    page.unlink()
    capsys.readouterr()
    assert extract(*options, "--report") == 0
    assert "2 were before" in capsys.readouterr().out
    assert page.read_text(encoding="utf-8") == text


def test_refusals_before_the_work(source, tmp_path, capsys, monkeypatch):
    with pytest.raises(SystemExit):
        extract(source, tmp_path / "out", "--report")
    assert "--save motion" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "jinja2", None)
    options = source, tmp_path / "out", "--save", "motion", "--report"
    with pytest.raises(ValueError, match="Jinja2"):
        extract(*options)
    assert not os.path.exists(str(tmp_path / "out"))
    assert extract(*options, "--dry-run") == 0


def test_no_page_where_nothing_could_be_done(tmp_path, capsys):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "broken.mp4").write_bytes(b"no video")
    assert extract(tmp_path / "in", tmp_path / "out", "--save", "motion", "--report") == 1
    assert "failed: broken" in capsys.readouterr().out
    assert not os.path.exists(str(tmp_path / "out" / "report"))
