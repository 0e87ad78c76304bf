"""A real browser for tests of pages and videos."""

import shutil

import pytest

OPTIONS = (
    "headless",
    "no-sandbox",
    "disable-gpu",
    "disable-dev-shm-usage",
    "disable-quic",
    "no-first-run",
    "disable-background-networking",
    "disable-component-update",
    "disable-sync",
    "force-color-profile=srgb",
)


def open_browser(folder):
    """The context of a headless Chromium with its profile in this folder; else skips the test."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (chromium and driver):
        pytest.skip(
            "no chromium and chromedriver; apt-get install chromium chromium-driver to test pages "
            "in a browser"
        )
    webdriver = pytest.importorskip(
        "selenium.webdriver",
        reason="no selenium: tests/requirements.txt has it for Python 3.9 and later",
    )
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for option in OPTIONS:
        options.add_argument("--" + option)
    options.add_argument("--user-data-dir=%s" % folder)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(service=Service(executable_path=driver), options=options)
