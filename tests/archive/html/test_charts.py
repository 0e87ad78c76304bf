"""Charts of motion as SVG."""

from xml.etree import ElementTree

import numpy as np

from pwcnet.archive.html import charts
from pwcnet.archive.html.charts import motion_curves, motion_histogram, pace_histogram
from pwcnet.archive.html.films import CURVES, MOTION, RESIDUAL, Film, MotionCurves
from tests.helpers.motion_archives import absent, film_row


def texts(svg):
    return [
        element.text
        for element in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
    ]


def test_histograms_have_units_and_both_series():
    films = [Film(absent(str(motion)), film_row(motion), 4, None) for motion in (0.0, 3.0, 70.0)]
    for chart, unit in ((motion_histogram, "px a pair"), (pace_histogram, "diagonals per second")):
        shown = texts(chart(films))
        assert "films" in shown and "∞" in shown and any(unit in text for text in shown)
        assert set(CURVES[:2]) <= set(shown)


def test_films_are_counted_by_their_motion(monkeypatch):
    drawn = []
    monkeypatch.setattr(charts, "draw_bars", lambda axes, counts: drawn.append(counts))
    monkeypatch.setattr(charts, "_add_legend", lambda axes: None)
    films = [Film(absent(str(motion)), film_row(motion), 4, None) for motion in (0.0, 1.0, 70.0)]
    motion_histogram(films + [Film(absent("cuts"), film_row(None, None, None), 1, None)])
    assert drawn[0][MOTION].tolist() == [1, 0, 0, 0, 1, 0, 0, 0, 0, 1]
    assert drawn[0][RESIDUAL].tolist() == [0, 0, 0, 0, 3, 0, 0, 0, 0, 0]
    pace_histogram(films)  # 4 pairs in 8 s, diagonals of 500 px: a thousandth of the pixels
    assert drawn[1][MOTION].tolist() == [2, 0, 0, 0, 0, 1, 0, 0, 0, 0]


def test_nothing_to_draw():
    film = Film(absent("a"), film_row(None, None), 4, None)
    assert motion_histogram([film]) is None and pace_histogram([film]) is None


def test_curves():
    values = np.array([1.0, np.nan, 2.0])
    curves = MotionCurves(np.arange(3.0), "s", dict.fromkeys(CURVES, values), np.array([1.0]), 1)
    shown = texts(motion_curves(curves, "a"))
    assert {"time, s", "px a pair", "cut", *CURVES} <= set(shown)
    shown = texts(motion_curves(curves._replace(unit="frame", cuts=np.array([])), "a"))
    assert "number of the frame" in shown and "cut" not in shown


def test_unknown_curves_are_drawn_as_nothing():
    values = np.full(1, np.nan)
    curves = MotionCurves(np.zeros(1), "s", dict.fromkeys(CURVES, values), np.array([]), 1)
    assert "px a pair" in texts(motion_curves(curves, "a"))
