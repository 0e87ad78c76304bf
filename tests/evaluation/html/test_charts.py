"""Charts as SVG."""

import re
from xml.etree import ElementTree

from pwcnet.evaluation.html.charts import epe_by_motion, epe_histogram, epe_of_pairs
from tests.helpers.evaluations import evaluation

HISTOGRAMS = evaluation({"a": 1.0}).summary["histograms"]


def texts(svg):
    return [
        element.text
        for element in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
    ]


def test_charts_are_svg_with_text_in_the_colour_of_the_page():
    for chart, label in ((epe_by_motion, "mean EPE, px"), (epe_histogram, "EPE, px")):
        svg = chart({"": HISTOGRAMS})
        assert (
            svg.startswith("<svg")
            and "currentColor" in svg
            and "#0b0c0d" not in svg
            and "metadata" not in svg
        )
        assert label in texts(svg) and "∞" in texts(svg)


def test_two_runs_have_a_legend():
    assert {"A", "B"} <= set(
        texts(epe_histogram({"A": HISTOGRAMS, "B": dict(HISTOGRAMS, pixels_by_epe=[1, 2, 3, 4])}))
    )
    assert "A" not in texts(epe_histogram({"A": HISTOGRAMS}))


def test_ids_of_several_charts_on_a_page_differ():
    charts = [
        epe_by_motion({"": HISTOGRAMS}),
        epe_histogram({"": HISTOGRAMS}),
        epe_of_pairs([1, 200], [2, 300], ("A", "B")),
    ]
    ids = [name for chart in charts for name in re.findall(r' id="([^"]+)"', chart)]
    assert len(ids) == len(set(ids)) > 10
    for chart in charts:
        assert set(re.findall(r'(?:url\(#|href="#)([^")]+)', chart)) <= set(
            re.findall(r' id="([^"]+)"', chart)
        )


def test_nothing_to_draw():
    assert epe_by_motion({"": dict(HISTOGRAMS, pixels_by_speed=[0] * 4)}) is None
    assert epe_histogram({"": dict(HISTOGRAMS, pixels_by_epe=[0] * 4)}) is None
    assert epe_of_pairs([], [], ("A", "B")) is None


def test_pairs_of_any_size():
    for first, second in (
        ([0.0], [0.0]),
        ([1.0], [1.1]),
        ([0.01, 100.0], [0.02, 90.0]),
        ([0.0, 50.0], [0.0, 60.0]),
    ):
        assert "EPE of A, px" in texts(epe_of_pairs(first, second, ("A", "B")))
