"""A link is somebody else's text: it runs nothing, shows no number but that of the priors shown, and breaks no page."""

from __future__ import annotations

import pytest
from hostile import WORDS, hostile_links
from test_explorer import check_agreement, exported
from waiting import settled

from mc_sie import load_prior
from mc_sie.events import parse_event
from mc_sie.explorer.draws import carry
from mc_sie.explorer.page import explorer_page

LINKS = hostile_links()
FOREIGN = "script:not(body > script), img, iframe, object, embed, link, base, form, [onerror], [onload], [onclick]"


def check_unharmed(page, carried, tmp_path) -> None:
    """The page works, holds nothing of a link but names it knows and numbers, and its number is that of its file."""
    page.evaluate("for (const card of document.querySelectorAll('.card')) card.open = true")
    settled(page)
    assert page.evaluate("document.documentElement.dataset.pwned") is None
    assert page.locator(FOREIGN).count() == 0
    assert page.locator(".card[open]").count() > 10
    for text in (page.inner_text("body"), page.input_value("#toml")):
        assert WORDS not in text.replace(f'"{WORDS}', "")  # a name that is unknown may be quoted
        assert "passwd" not in text
    if page.locator("#prob").count() and not page.evaluate("isPool()"):
        check_agreement(page, carried, exported(page, tmp_path))


@pytest.fixture(scope="session")
def light_file(browser, tmp_path_factory):
    """A page of few draws, which is soon there: for links of which nothing is taken."""
    few = carry(load_prior("davidson-2025"), parse_event("best_window_months[5] < 12"), 2**10, seed=2)
    path = tmp_path_factory.mktemp("light") / "page.html"
    path.write_text(explorer_page(few, command="mc-sie explore", version="0"), encoding="utf-8")
    return path


@pytest.mark.parametrize(("outcome", "link"), [one[1:] for one in LINKS], ids=[one[0] for one in LINKS])
def test_a_hostile_link_does_no_harm(opened, carried, page_file, light_file, tmp_path, outcome, link):
    page = opened(link, path=page_file if outcome == "kept" else light_file)
    notes = page.inner_text("#notes")
    assert ("cannot be read" in notes) == (outcome == "refused")
    assert ("has no prior set" in notes) == (outcome == "noted")
    assert (page.evaluate("Object.keys(state.changes).length") > 0) == (outcome == "kept")
    check_unharmed(page, carried, tmp_path)


def test_a_link_followed_on_an_open_page_does_no_harm_either(opened, carried, light_file, tmp_path):
    page = opened(path=light_file)
    for _, outcome, link in LINKS[::4]:
        page.evaluate("(link) => { location.hash = link; }", link)
        page.wait_for_timeout(20)
        settled(page)
        assert ("cannot be read" in page.inner_text("#notes")) == (outcome == "refused")
        check_unharmed(page, carried, tmp_path)


def test_a_link_shows_the_number_of_its_priors_and_no_other(opened, carried, tmp_path):
    """Weights, law and words that come with the parameters once made 0.85 % look like 26 %, in green."""
    lie = next(link for name, _, link in LINKS if name == "a law beside the parameters")
    page = opened(lie)
    assert page.locator("#prob").count() == 1
    check_agreement(page, carried, exported(page, tmp_path))
