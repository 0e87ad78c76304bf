"""The page in a real browser, opened from disk."""

import pytest

from pwcnet.archive.html.report import write_motion_report
from pwcnet.archive.items import Item
from tests.helpers.archives import write_folder
from tests.helpers.browser import open_browser
from tests.helpers.motion_archives import absent, film_row, pair_row, write_motion_archive

SIZES = "const page = document.documentElement; return page.scrollWidth - page.clientWidth"
LOADED = "return Array.from(document.images, image => image.naturalWidth)"
KINDS = (
    "document.querySelector('[aria-label=\"Films\"] thead th:nth-child(2) button').click();"
    "return Array.from(document.querySelectorAll('[aria-label=\"Films\"] tbody tr'), "
    "row => row.cells[1].textContent)"
)


@pytest.mark.full
def test_opens_without_errors_fits_and_sorts(tmp_path):
    films = [
        (Item("a", write_folder(tmp_path / "in", 3)), film_row(), [pair_row(1)]),
        (absent("long_name_" * 30), film_row(9.0, 8.0, "still"), None),
        (absent("c"), film_row(None, None, None), None),
        (absent("d"), film_row(3.0, 0.1, "camera"), None),
    ]
    path = write_motion_report(write_motion_archive(tmp_path / "out", films))
    with open_browser(tmp_path / "profile") as browser:
        for width in (1280, 400):
            size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
            browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
            browser.get("file://" + path)
            assert browser.get_log("browser") == []
            assert browser.execute_script(SIZES) == 0
        assert browser.execute_script(LOADED) == [64]
        assert browser.execute_script(KINDS) == ["still", "camera", "moving", "unknown"]
