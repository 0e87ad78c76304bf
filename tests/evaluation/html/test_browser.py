"""The pages in a real browser, opened from disk."""

import pytest

from pwcnet.evaluation.comparison import compare
from pwcnet.evaluation.html.comparison import write_comparison
from pwcnet.evaluation.html.report import write_report
from tests.helpers.browser import open_browser
from tests.helpers.evaluations import SCENES, evaluation, loaded_pair

EPES = dict(zip(SCENES, [10.0, 9.0, None, 0.5, 2.0, 100.0, 7.0, 8.0, 1.5]))
CELLS = (
    "return Array.from(document.querySelectorAll('[aria-label=\"%s\"] tbody tr'), "
    "row => row.cells[%d].textContent)"
)
HEADING = "[aria-label='%s'] thead th:nth-child(%d)"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with open_browser(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    return write_report(str(tmp_path_factory.mktemp("report")), evaluation(EPES), loaded_pair)


def open_page(browser, path, width=1280, scheme="light"):
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False},
    )
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"features": [{"name": "prefers-color-scheme", "value": scheme}]},
    )
    browser.get("file://" + path)


def column(browser, table, number):
    return browser.execute_script(CELLS % (table, number))


def heading(browser, table, number):
    """The th of a column, and its button."""
    found = browser.find_element("css selector", HEADING % (table, number + 1))
    return found, found.find_element("css selector", "button")


def test_opens_without_errors_and_with_all_images(browser, report):
    open_page(browser, report)
    assert browser.get_log("browser") == []
    widths = browser.execute_script(
        "return Array.from(document.images, image => image.complete && image.naturalWidth)"
    )
    assert len(widths) == 8 * 5 + 1 and all(0 < width <= 512 for width in widths)


def test_a_click_sorts_up_and_another_down_with_unknown_ones_last(browser, report):
    open_page(browser, report)
    assert column(browser, "Pairs", 0) == SCENES
    th, button = heading(browser, "Pairs", 1)
    assert th.get_attribute("aria-sort") is None
    button.click()
    assert column(browser, "Pairs", 1) == [
        "0.500",
        "1.500",
        "2.000",
        "7.000",
        "8.000",
        "9.000",
        "10.000",
        "100.000",
        "n/a",
    ]
    assert th.get_attribute("aria-sort") == "ascending"
    button.click()
    assert column(browser, "Pairs", 1) == [
        "100.000",
        "10.000",
        "9.000",
        "8.000",
        "7.000",
        "2.000",
        "1.500",
        "0.500",
        "n/a",
    ]
    assert th.get_attribute("aria-sort") == "descending"
    other, button = heading(browser, "Pairs", 0)
    button.click()
    assert column(browser, "Pairs", 0) == SCENES  # scene_2 before scene_10
    assert th.get_attribute("aria-sort") is None and other.get_attribute("aria-sort") == "ascending"
    assert column(browser, "Scenes", 0) == [
        "scene_1",
        "scene_2",
        "scene_10",
    ]  # tables sort on their own


def test_sorts_by_the_keyboard(browser, report):
    open_page(browser, report)
    th, button = heading(browser, "Scenes", 2)
    for key, order in (
        ("\ue007", ["scene_10", "scene_1", "scene_2"]),
        (" ", ["scene_2", "scene_1", "scene_10"]),
    ):
        button.send_keys(key)
        assert column(browser, "Scenes", 0) == order


@pytest.mark.parametrize("width", [400, 1280])
def test_nothing_sticks_out(browser, report, width, tmp_path):
    compared = write_comparison(
        str(tmp_path), compare(evaluation(EPES), evaluation(EPES)), ("a", "b" * 200)
    )
    for path in (report, compared):
        open_page(browser, path, width)
        assert (
            browser.execute_script(
                "const page = document.documentElement; return page.scrollWidth - page.clientWidth"
            )
            == 0
        )
        assert browser.get_log("browser") == []


def test_light_and_dark(browser, report):
    colors = []
    for scheme in ("light", "dark"):
        open_page(browser, report, scheme=scheme)
        colors.append(
            browser.execute_script(
                "const style = getComputedStyle(document.body); "
                "return [style.backgroundColor, style.color]"
            )
        )
    assert colors == [
        ["rgb(255, 255, 255)", "rgb(27, 31, 36)"],
        ["rgb(20, 23, 26)", "rgb(228, 231, 234)"],
    ]


def test_a_comparison_sorts_differences(browser, tmp_path):
    other = dict(EPES, **{SCENES[0]: 4.0, SCENES[5]: 101.0})
    open_page(
        browser,
        write_comparison(str(tmp_path), compare(evaluation(EPES), evaluation(other)), ("a", "b")),
    )
    assert column(browser, "Pairs", 3)[:2] == ["−6.000", "+1.000"]
    _, button = heading(browser, "Pairs", 3)
    button.click()
    button.click()
    assert column(browser, "Pairs", 3)[:2] == ["+1.000", "0.000"]
