"""The page about the motion of an archive."""

import os
import re

import pytest

from pwcnet.archive.html import report, tables
from pwcnet.archive.html.report import write_motion_report
from pwcnet.archive.items import Item
from tests.helpers.archives import write_folder
from tests.helpers.motion_archives import absent, film_row, pair_row, write_motion_archive

NAME = '<b>/"x"&</b>'


def page(folder):
    path = write_motion_report(str(folder))
    assert path == os.path.join(str(folder), "report", "index.html")
    assert os.listdir(os.path.dirname(path)) == ["index.html"]
    with open(path, encoding="utf-8") as stream:
        return stream.read()


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    """The page of two folders of frames, a video that is gone, one that is broken, one of cuts."""
    inputs, folder = tmp_path_factory.mktemp("in"), tmp_path_factory.mktemp("out")
    items = [Item(name, write_folder(inputs / name, 4)) for name in ("fast", "slow")]
    (inputs / "broken.mp4").write_bytes(b"no video")
    films = [
        (items[0], film_row(30.0, 20.0, cuts=2), [pair_row(1), pair_row(2, is_cut=True)]),
        (items[1], film_row(0.1, 0.05, "still"), [pair_row(1, rate=None)]),
        (absent(NAME), film_row(5.0, 0.0, "camera"), None),
        (Item("broken", str(inputs / "broken.mp4")), film_row(1.0, 1.0), None),
        (absent("cuts"), film_row(None, None, None, pairs=1, cuts=1, seconds=None), None),
    ]
    write_motion_archive(folder, films, ["failed"], pair_rows=True, short_side=256, sample_fps=5.0)
    return page(folder)


def test_a_page_holds_all_it_needs(text):
    assert "http" not in re.sub(r'xmlns[^=]*="[^"]*"|http-equiv|<!DOCTYPE svg[^>]*>', "", text)
    assert not re.search(r'<(link|iframe|script [^>]*src)|@import|src="(?!data:)', text)
    assert len(re.findall(r"<svg ", text)) == 4 and len(re.findall(r"<img ", text)) == 2
    facts = dict(re.findall("<dt>(.*?)</dt><dd>(.*?)</dd>", text[: text.index("<main>")]))
    assert facts["Films"] == "5" and facts["Pairs"] == "17" and facts["Cuts"] == "3"
    assert facts["Time of film"] == "32.0\u202fs"
    assert facts["Median film&#39;s motion"] == "3.00\u202fpx/pair"
    for shown in ("OpenCV&#39;s dis", "256 px", "about 5 frames", "/films", "time: 1.", "why: 1."):
        assert shown in text


def test_ids_of_the_charts_differ(text):
    ids = re.findall(r' id="([^"]+)"', text)
    assert len(ids) == len(set(ids)) > 10


def test_the_fastest_and_the_stillest_films_have_pictures(text):
    fastest, stillest = re.split("<h2>", text)[3:5]
    order = [re.findall(r"<h3><span>\d</span> (.*?)</h3>", part) for part in (fastest, stillest)]
    assert order == [["fast", "&lt;b&gt;/&#34;x&#34;&amp;&lt;/b&gt;"], ["slow", "broken"]]
    assert re.findall('alt="(.*?)"', text) == ["Frame 3 of fast", "Frame 3 of slow"]


def test_films_that_are_gone_or_broken_are_named(text):
    missing = re.findall('<p class="missing">(.*?)</p>', text)
    assert len(missing) == 2 and "b&gt;.mp4 is gone" in missing[0] and "broken.mp4" in missing[1]


def test_names_are_text(text):
    assert "<b>" not in text and text.count("&lt;b&gt;/&#34;x&#34;&amp;") == 2


def test_rows_that_are_left_out_are_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "ROWS", 2)
    monkeypatch.setattr(report, "GALLERY_LENGTH", 0)
    films = [(absent("f%d" % number), film_row(float(number)), None) for number in range(5)]
    shown = page(write_motion_archive(tmp_path, films))
    assert re.findall('<th scope="row">(f.)</th>', shown) == ["f0", "f4"]
    assert "The 2 stillest and fastest of 5 films" in shown and "over time" not in shown


def test_nothing_is_written_without_motion(tmp_path):
    with pytest.raises(ValueError, match=str(tmp_path)):
        write_motion_report(str(tmp_path))
    assert os.listdir(str(tmp_path)) == []


def test_a_folder_that_cannot_be_written(tmp_path):
    write_motion_archive(tmp_path, [(absent("a"), film_row(), None)])
    (tmp_path / "report").write_text("")
    with pytest.raises(NotADirectoryError):
        write_motion_report(str(tmp_path))
