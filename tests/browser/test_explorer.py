"""The explorer in a browser: it weighs as Python does, follows its controls, and gives back what it was told."""

from __future__ import annotations

import base64
import json
from urllib.parse import urlencode

import numpy as np
import pytest
from waiting import settled

from mc_sie import load_prior
from mc_sie.analysis.comparison.decomposition import compare
from mc_sie.explorer.draws import log_weights, read_off
from mc_sie.explorer.page import explorer_page

RELATIVE = 1e-9


def link(start="davidson-2025", look="rho", **changes) -> str:
    """The address of a view; ``changes`` by quantity are (family, parameters)."""
    stated = {name: {"family": family, "parameters": parameters} for name, (family, parameters) in changes.items()}
    text = base64.urlsafe_b64encode(json.dumps(stated).encode()).decode().rstrip("=")
    given = {"start": start, "event": "best_window_months[5] < 12", "look": look, "changes": text}
    return "#" + urlencode(given)


def exported(page, folder):
    """The page's priors, as the program reads them."""
    file = folder / "mine.toml"
    file.write_text(page.input_value("#toml"), encoding="utf-8")
    prior = load_prior(file)
    assert not [warning for warning in prior.warnings if "one bottleneck twice" in warning]
    return prior


def check_agreement(page, carried, prior, event=0) -> None:
    """The weights of the page and of Python, and everything made of them."""
    weights = np.array(page.evaluate("Array.from(current.weights)"))
    expected = np.exp(log_weights(carried, prior))
    np.testing.assert_allclose(weights, expected, rtol=RELATIVE, atol=1e-300)
    found = page.evaluate("({...current, weights: null, members: null})")
    reading = read_off(carried, prior, event)
    for ours, theirs in (
        (found["prob"], reading.answer.prob),
        (found["se"], reading.answer.se),
        (found["low"], reading.answer.low),
        (found["high"], reading.answer.high),
        (found["ess"], reading.answer.ess),
        (found["covered"], reading.covered),
        (found["coveredSe"], reading.covered_se),
        (found["k"], reading.pareto_k),
    ):
        assert ours == pytest.approx(theirs, rel=RELATIVE, abs=1e-15, nan_ok=True)
    assert found["colour"] == reading.light


LAWS = {
    "uniform": {"r": ("uniform", {"low": 0.5, "high": 3.0})},
    "loguniform, cut": {"r": ("loguniform", {"low": 0.3, "high": 4.0, "truncate_low": 0.5})},
    "normal, cut on both sides": {
        "rho": ("normal", {"mean": -0.1, "sd": 0.1, "truncate_low": -0.6, "truncate_high": 0.2})
    },
    "lognormal": {"r": ("lognormal", {"median": 1.2, "sd_log": 0.4, "truncate_low": 0.01, "truncate_high": 100.0})},
    "lognormal far in its tail": {
        "r": ("lognormal", {"median": 0.4, "sd_log": 0.3, "truncate_low": 1.5, "truncate_high": 4.0})
    },
    "beta": {"lam": ("beta", {"a": 2.5, "b": 1.3, "low": 0.25, "high": 1.1})},
    "beta, cut": {"lam": ("beta", {"a": 0.8, "b": 3.0, "low": 0.2, "high": 1.2, "truncate_high": 0.9})},
    "triangular": {"limit_ooms": ("triangular", {"low": 6.0, "peak": 9.0, "high": 18.0})},
    "pert": {"software_doubling_months": ("pert", {"low": 3.0, "peak": 5.0, "high": 9.0})},
    "student_t, cut": {
        "rho": ("student_t", {"location": -0.2, "scale": 0.1, "df": 3.5, "truncate_low": -1.0, "truncate_high": 0.5})
    },
    "quantiles": {
        "r": ("quantiles", {"q05": 0.5, "q95": 3.0, "fit": "lognormal", "truncate_low": 0.01, "truncate_high": 100.0})
    },
    "normal quantiles": {
        "rho": ("quantiles", {"q05": -0.4, "q95": -0.05, "fit": "normal", "truncate_low": -50.0, "truncate_high": 0.99})
    },
    "mixture with an atom": {
        "rho": (
            "mixture",
            {
                "components": [
                    {"weight": 0.3, "family": "fixed", "value": 0.0},
                    {"weight": 0.5, "family": "uniform", "low": -0.3, "high": 0.0},
                    {"weight": 0.2, "family": "triangular", "low": -0.8, "peak": -0.3, "high": -0.1},
                ]
            },
        )
    },
    "modes": {"mode": ("categorical", {"values": {"none": 0.25, "shortening": 0.25, "continual": 0.5}})},
    "restated sigma": {"sigma": ("uniform", {"low": 0.6, "high": 0.98})},
    "restated max_speed": {"max_speed": ("loguniform", {"low": 8.0, "high": 1000.0})},
    "restated r_total": {
        "r_total": ("lognormal", {"median": 1.2, "sd_log": 0.4, "truncate_low": 0.05, "truncate_high": 50.0})
    },
    "a quantity set free": {"alpha_compute": ("uniform", {"low": 0.3, "high": 0.7})},
    "an absent one given": {"speedup_initial": ("loguniform", {"low": 3.0, "high": 20.0})},
    "a fixed value that no draw has": {"alpha_compute": ("fixed", {"value": 0.61})},
    "several at once": {
        "r": ("pert", {"low": 0.4, "peak": 1.0, "high": 3.0}),
        "lam": ("uniform", {"low": 0.4, "high": 0.9}),
        "mode": ("categorical", {"values": {"continual": 1.0}}),
    },
}


@pytest.mark.parametrize("changes", LAWS.values(), ids=LAWS.keys())
def test_weights_agree_with_python_and_the_export_is_the_same_prior(opened, carried, tmp_path, changes):
    page = opened(link(**changes))
    prior = exported(page, tmp_path)
    assert set(changes) <= {name for name, one in prior.entries.items() if not one.is_default}
    check_agreement(page, carried, prior)


@pytest.mark.parametrize(
    "name", ["davidson-2025", "economists", "davidson-2025-explicit", "ho-whitfill-2025", "agnostic"]
)
def test_shipped_sets_agree_with_python_and_are_run_by_name(opened, carried, name):
    page = opened(link(start=name))
    check_agreement(page, carried, load_prior(name))
    assert f"mc-sie run {name} --draws" in page.inner_text("#command")


def test_the_page_fits_and_answers_without_anything_else(opened, page_file):
    page = opened()
    assert page_file.stat().st_size < 6_000_000  # the priors of the forecasters' sets are carried as columns of draws
    assert page.inner_text("#lamp") == "Good to use"
    assert "%" in page.inner_text("#prob")
    assert page.evaluate("performance.getEntriesByName('answer').length") == 1
    for chart in ("exceedance", "conditional", "spaghetti"):
        label = page.get_attribute(f"#{chart} svg", "aria-label")
        assert label
        assert "NaN" not in label
        assert "NaN" not in page.inner_html(f"#{chart}")


def test_a_slider_moves_the_answer_by_keyboard_alone(opened, carried, tmp_path):
    page = opened()
    before = float(page.get_attribute("#prob", "value"))
    page.focus("#card-r summary")
    page.keyboard.press("Enter")
    settled(page)
    knob = page.locator("#card-r input[type=range]").first
    knob.focus()
    for _ in range(120):
        page.keyboard.press("ArrowRight")
    settled(page)
    low = float(page.locator("#card-r input[data-key=low]").input_value())
    assert low > 0.4
    assert float(page.get_attribute("#prob", "value")) > before
    prior = exported(page, tmp_path)
    assert prior.entries["r"].parameters["low"] == low
    assert prior.entries["r"].source == "mine: explorer"
    check_agreement(page, carried, prior)
    assert page.input_value("#look") == "r"


def test_every_family_can_be_picked_and_runs(opened, carried, tmp_path):
    page = opened()
    page.click("#card-r summary")
    settled(page)
    families = page.evaluate("NUMBER_FAMILIES")
    for family in families:
        page.select_option("#card-r .body > .field select[data-key=family]", family)
        settled(page)
        prior = exported(page, tmp_path)
        assert prior.entries["r"].family == family
        check_agreement(page, carried, prior)


def test_every_quantity_can_be_changed(opened, carried, tmp_path):
    page = opened()
    for model in page.evaluate("MODEL.filter((name) => name !== 'mode')"):
        page.click("#reset") if page.is_visible("#reset") else None
        page.evaluate(f"document.querySelector('#card-{model}').open = true")
        settled(page)
        page.select_option(f"#card-{model} .body > .field select[data-key=family]", "uniform")
        if model in ("rho_long", "reconfiguration_half_life_months"):
            page.evaluate("document.querySelector('#card-mode').open = true")
            settled(page)
            for key, weight in (("shortening", 0), ("from_scratch", 0.5)):
                page.fill(f"#card-mode input[data-key={key}]", str(weight))
        settled(page)
        prior = exported(page, tmp_path)
        assert prior.entries[model].family == "uniform"
        check_agreement(page, carried, prior)


def test_a_way_to_state_it_is_exchanged_not_doubled(opened, carried, tmp_path):
    page = opened()
    page.click("#card-rho summary")
    settled(page)
    page.select_option("#card-rho select[data-key=way]", "sigma")
    settled(page)
    prior = exported(page, tmp_path)
    assert "sigma" in prior.entries
    assert "rho" not in prior.entries
    check_agreement(page, carried, prior)


def test_a_link_brings_the_view_back(opened):
    page = opened(link(**LAWS["several at once"]))
    page.select_option("#look", "lam")
    page.select_option("#event", "3")
    page.evaluate("document.querySelector('#compare').open = true")
    page.select_option("#against", "economists")
    page.wait_for_timeout(500)
    address = page.url[page.url.index("#") :]
    other = opened(address)
    assert other.evaluate("JSON.stringify(bare(state.changes))") == page.evaluate("JSON.stringify(bare(state.changes))")
    for chosen in ("#look", "#event", "#start", "#against", "#toml"):
        assert other.input_value(chosen) == page.input_value(chosen)
    assert other.evaluate("current.prob") == page.evaluate("current.prob")
    assert other.evaluate("toLink()") == address


def test_a_link_of_another_page_or_a_broken_one_is_said(opened):
    assert "of other draws" in opened(link() + "&page=000000000000").inner_text("#notes")
    assert "cannot be read" in opened("#start=davidson-2025&event=best_window_months[5] < 12&changes=%%%").inner_text(
        "#notes"
    )
    assert 'has no prior set "nobody"' in opened("#start=nobody&event=x").inner_text("#notes")
    unknown = opened("#start=davidson-2025&event=pace_peak+%3E+2")
    assert 'does not carry the event "pace_peak > 2"' in unknown.inner_text("#notes")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"alpha_compute": ("fixed", {"value": 0.61})}, "no draw has alpha compute = 0.61"),
        ({"r": ("uniform", {"low": 60.0, "high": 90.0})}, "worth only"),
    ],
)
def test_what_the_draws_lack_is_red_and_shows_no_number(opened, changes, reason):
    page = opened(link(**changes))
    assert page.inner_text("#lamp") == "Run it again"
    assert page.locator("#prob").count() == 0
    assert reason in page.inner_text("#error") or "no draws like it" in page.inner_text("#error")
    assert "mc-sie run mine.toml --draws 131072 --event 'best_window_months[5] < 12'" in page.inner_text("#rerun")


def test_what_cannot_be_used_is_said_beside_the_field(opened):
    page = opened()
    page.click("#card-r summary")
    settled(page)
    page.fill("#card-r input[data-key=low]", "9")
    settled(page)
    assert "the lower end must be below the upper one" in page.inner_text("#card-r .problem")
    assert page.inner_text("#lamp") == "No answer"
    page.fill("#card-r input[data-key=low]", "0.9")
    settled(page)
    assert page.inner_text("#card-r .problem") == ""
    assert "%" in page.inner_text("#prob")


def test_the_waterfall_adds_up_and_is_that_of_compare(opened, tmp_path):
    page = opened(link(**LAWS["several at once"]))
    page.evaluate("document.querySelector('#compare').open = true")
    page.select_option("#against", "davidson-2025")
    page.wait_for_selector("#waterfall[data-change]", timeout=60_000)
    box = page.locator("#waterfall")
    total = float(box.get_attribute("data-change"))
    assert float(box.get_attribute("data-sum")) == pytest.approx(total, abs=1e-12)
    found = page.evaluate("waterfall(membersOf('davidson-2025', {}), current.members, 0, () => true)")
    assert found["end"] - found["start"] == pytest.approx(total, abs=1e-12)
    theirs = compare(load_prior("davidson-2025"), exported(page, tmp_path), n_draws=2**13, seed=2).bars
    expected = theirs.set_index("block")
    assert {bar["label"] for bar in found["bars"]} == set(expected.index) == {"returns", "lam", "retraining"}
    for bar in found["bars"]:
        row = expected.loc[bar["label"]]
        assert bar["change"] == pytest.approx(row["change"], abs=4.0 * np.hypot(bar["se"], row["se"]))


def test_a_comparison_that_the_draws_cannot_make_is_refused(opened):
    page = opened(link(start="davidson-houlden-2025"))
    page.evaluate("document.querySelector('#compare').open = true")
    page.select_option("#against", "davidson-2025")
    page.wait_for_selector("#waterfall-note:has-text('No comparison')", timeout=60_000)
    assert "use mc-sie compare" in page.inner_text("#waterfall-note")
    assert page.inner_html("#waterfall") == ""


def test_too_many_blocks_or_none_are_said(opened):
    page = opened()
    page.evaluate("document.querySelector('#compare').open = true")
    page.select_option("#against", "davidson-2025")
    page.wait_for_timeout(600)
    assert "the two say the same" in page.inner_text("#waterfall-note")


def test_a_phone_shows_it_without_scrolling_sideways(opened):
    page = opened(viewport={"width": 360, "height": 740}, color_scheme="dark")
    page.click("#card-rho summary")
    settled(page)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    unlabelled = page.evaluate(
        "[...document.querySelectorAll('input, select, textarea')]"
        ".filter((one) => !one.labels.length && !one.ariaLabel).map((one) => one.outerHTML)"
    )
    assert unlabelled == []


CHIPS = 'family = "histogram"\nedges = [0.4, 0.8, 1.6, 3.6]\nchips = [3, 5, 2]'
QUANTILES = 'family = "quantiles"\nquantiles = { q05 = 0.5, q50 = 1, q95 = 3.5 }'


@pytest.mark.parametrize("stated", [CHIPS, QUANTILES])
def test_a_law_by_tables_is_taken_from_the_file(browser, opened, tmp_path, stated):
    from mc_sie.events import parse_event
    from mc_sie.explorer.draws import carry

    file = tmp_path / "tables.toml"
    file.write_text(f'title = "Stated"\nextends = "davidson-2025"\n[r]\n{stated}\nunit = "1"\nsource = "a test"\n')
    prior = load_prior(file)
    carried = carry(prior, parse_event("best_window_months[5] < 12"), 2**13, seed=4)
    path = tmp_path / "page.html"
    path.write_text(explorer_page(carried, command="", version="0"), encoding="utf-8")
    page = opened(path=path)
    check_agreement(page, carried, prior)
    page.click("#card-r summary")
    settled(page)
    assert "taken from the file" in page.inner_text("#card-r .body")
    again = exported(page, tmp_path)
    assert again.digest == prior.digest  # a set that is not shipped is stated whole
    page.select_option("#card-r .body > .field select[data-key=family]", "quantiles")
    settled(page)
    check_agreement(page, carried, exported(page, tmp_path))


@pytest.mark.parametrize("name", ["davidson-2025", "agnostic"])
def test_of_sixty_typical_worlds_as_many_have_the_event_as_the_probability_says(opened, carried, name):
    page = opened(link(start=name))
    reading = read_off(carried, load_prior(name))
    assert reading.light != "red", "the page shows no worlds"
    alt = page.get_attribute("#spaghetti svg", "aria-label")
    n_hits = round(60 * reading.answer.prob)
    assert alt == f"60 typical trajectories of effective compute; in {n_hits} of them the event holds"
    assert (page.locator("#spaghetti path.hit").count() > 0) == (n_hits > 0)
    # every line is drawn to the horizon, or to where effective compute has left the figure
    ends = page.evaluate(
        """() => [...document.querySelectorAll("#spaghetti path")]
               .map((line) => line.getAttribute("d").split(/[ML]/).at(-1))"""
    )
    right, top = page.evaluate(
        """() => { const line = document.querySelector("#spaghetti line.grid:nth-of-type(5)");
                   return [+line.getAttribute("x2"), +line.getAttribute("y1")]; }"""
    )
    for x, y in (map(float, end.split()) for end in ends):
        assert x == pytest.approx(right, abs=0.1) or y == pytest.approx(top, abs=0.1)
