"""A page of the explorer in a headless Chromium, where there is one."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest
from waiting import answered

from mc_sie import load_prior
from mc_sie.explorer.page import explorer_page

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
N_DRAWS = 2**12
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def lacking(what: str) -> NoReturn:
    """Skip where a newcomer may lack it; fail where tests are relied on (``CI=true``, as such services set it)."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what}; in CI no test of a page may be skipped", pytrace=False)
    pytest.skip(what)


@pytest.fixture(scope="session")
def browser():
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
def page_file(browser, tmp_path_factory) -> Path:
    """The live page with few draws, so that each answer is soon there; all else as users have it."""
    path = tmp_path_factory.mktemp("explorer") / "page.html"
    page = explorer_page(load_prior("davidson-2025"), command="mc-sie explore", version="0", n_draws=N_DRAWS)
    path.write_text(page, encoding="utf-8")
    return path


@pytest.fixture
def opened(browser, page_file):
    """Opens the page from its file, with a hash; fails the test on any error of the script or any request."""
    contexts, errors = [], []

    def open_page(hash_text: str = "", path: Path = page_file, **options):
        context = browser.new_context(**{"viewport": {"width": 1300, "height": 900}, **options})
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "request", lambda request: request.url.startswith(("file:", "blob:", "data:")) or errors.append(request.url)
        )
        page.goto(path.as_uri() + hash_text)
        answered(page)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []
