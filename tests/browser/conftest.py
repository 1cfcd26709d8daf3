"""A real Chromium for the tests that need one, and a whole server with a simulated QuickBooks before it."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

# The server for tests of the pages stands with the acceptance tests.
sys.path.append(str(Path(__file__).parents[1] / "acceptance"))

from web_office import WebOffice, running

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def chromium() -> Iterator["Browser"]:
    """A Chromium of this machine, or the one that playwright brings; else the test is skipped, or fails under CI."""
    try:
        from playwright.sync_api import Error, sync_playwright  # noqa: PLC0415 - an optional extra
    except ImportError:
        _missing("playwright is not installed: pip install -e '.[browser]'")
    with sync_playwright() as playwright:
        own = os.environ.get("QBWC_TEST_CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
        try:
            browser = playwright.chromium.launch(executable_path=own, args=["--no-sandbox"])
        except Error as problem:
            _missing(f"Chromium cannot be started ({problem.message.splitlines()[0]}): playwright install chromium")
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebOffice]:
    """A running server, filled."""
    with running(tmp_path_factory.mktemp("browser")) as started:
        yield started


def _missing(reason: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
