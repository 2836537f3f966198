"""A link is somebody else's text: it runs nothing, shows no words of its own, and breaks no page."""

from __future__ import annotations

from hostile import WORDS, hostile_links
from waiting import answered

FOREIGN = "script:not(body > script), img, iframe, object, embed, link, base, form:not(#event), [onerror], [onclick]"
BACK = "livePage.store.change({ set: 'davidson-2025', edits: {}, event: { kind: 'best', gain: 5, months: 12 } })"


def test_no_hostile_link_does_harm(opened):
    page = opened()
    before = answered(page)
    for name, _, link in hostile_links():
        page.evaluate("(link) => { location.hash = link; }", link)
        assert answered(page) is not None, name
        assert page.evaluate("document.documentElement.dataset.pwned") is None, name
        assert page.locator(FOREIGN).count() == 0, name
        for text in (page.inner_text("body"), page.input_value("#toml"), page.inner_text("#notes")):
            assert WORDS not in text, name
            assert "passwd" not in text, name
        page.evaluate(BACK)
        assert answered(page) == before, name
        assert "NaN" not in page.inner_text("#percent")


def test_a_link_that_is_refused_says_so_and_the_page_works(opened):
    page = opened("#v=1&set=nobody")
    assert "cannot be read" in page.inner_text("#notes")
    assert "%" in page.inner_text("#percent")
    other = opened("#v=1&set=davidson-2025&changes=bm9uc2Vuc2U")
    assert "cannot be read" in other.inner_text("#notes")
    assert answered(other) == answered(page)


def test_numbers_of_a_link_are_checked_like_those_of_a_file(opened):
    # {"r": {"family": "uniform", "low": 3, "high": 1}}
    page = opened("#v=1&set=davidson-2025&changes=eyJyIjp7ImZhbWlseSI6InVuaWZvcm0iLCJsb3ciOjMsImhpZ2giOjF9fQ")
    assert page.inner_text("#notes") != ""
    assert page.locator(".control.changed").count() == 0
