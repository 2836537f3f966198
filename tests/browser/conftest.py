"""A page of the explorer in a headless Chromium, where there is one."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest
from tests_settings import INTERPRETED
from waiting import settled

from mc_sie import load_prior
from mc_sie.events import parse_event
from mc_sie.explorer.draws import Carried, carry
from mc_sie.explorer.page import explorer_page

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
N_DRAWS = 2**15


def lacking(what: str) -> NoReturn:
    """Skip where a newcomer may lack it; fail where tests are relied on (``CI=true``, as such services set it)."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what}; in CI no test of a page may be skipped", pytrace=False)
    pytest.skip(what)


@pytest.fixture(scope="session")
def browser():
    if INTERPRETED:
        pytest.skip("the draws of a page take too long as plain Python")
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        lacking("playwright is not installed (pip install '.[test]')")
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        lacking(f"no Chromium on the path (looked for {', '.join(NAMES)})")
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=found, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def carried(browser) -> Carried:
    """Draws around the default prior; fewer than a page has, so that lights are sooner amber."""
    return carry(load_prior("davidson-2025"), parse_event("best_window_months[5] < 12"), N_DRAWS, seed=1)


@pytest.fixture(scope="session")
def page_file(carried, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("explorer") / "page.html"
    path.write_text(explorer_page(carried, command="mc-sie explore", version="0"), encoding="utf-8")
    return path


@pytest.fixture
def opened(browser, page_file):
    """Opens the page from its file, with a hash; fails the test on any error of the script or any request."""
    contexts, errors = [], []

    def open_page(hash_text: str = "", path: Path = page_file, **options):
        context = browser.new_context(**{"viewport": {"width": 1366, "height": 900}, **options})
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", lambda request: request.url.startswith(("file:", "blob:")) or errors.append(request.url))
        page.goto(path.as_uri() + hash_text)
        page.wait_for_selector("html[data-ready]", timeout=60_000)
        settled(page)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []
