"""The live page as people use it: every change has an answer, nothing is lost, and files say what is shown."""

from __future__ import annotations

import math
import re
import tomllib

import pytest
from axe_playwright_python.sync_playwright import Axe
from waiting import answered

import mc_sie
from mc_sie import load_prior
from mc_sie.events import HEADLINE
from mc_sie.priors import shipped_priors

FEW = 4096
EXTENDS = 'title = "x"\nextends = "davidson-2025"\n'
SINGLE_VALUES = {
    "rho": [-1.0, -0.2, 0.0, 0.3],
    "r": [0.4, 1.2, 5.0],
    "lam": [0.3, 1.0],
    "alpha_compute": [0.2, 0.8],
    "limit_ooms": [3.0, "inf"],
    "labour_multiplier": [30.0, 1e5],
    "speedup_initial": [3.0],
    "labour_per_efficiency": [1.0],
    "experiment_efficiency_share": [0.0, 0.5],
    "software_doubling_months": [3.0, 12.0],
    "training_months": [1.0, 6.0],
    "training_floor_months": [0.03],
    "shortening_exponent": [0.0, 2.0],
    "post_training_share": [0.3],
    "retraining_compute_share": [1.0],
    "generation_gain_ooms": [1.0],
}
FAMILIES = [
    "uniform", "loguniform", "normal", "lognormal", "shifted_lognormal", "beta", "triangular", "pert", "student_t",
    "quantiles", "interval", "histogram", "tabulated", "mixture",
]  # fmt: skip


def change_of(page, name: str, **table) -> float | None:
    """What the page answers once a quantity is stated otherwise, by its own control's way."""
    page.evaluate("([name, table]) => livePage.changeQuantity(name, table)", [name, table])
    return answered(page)


def exported(page, folder):
    """The prior set of the file that the page shows."""
    file = folder / "mine.toml"
    file.write_text(page.input_value("#toml"), encoding="utf-8")
    return load_prior(file)


def run_of(prior) -> float:
    """What the command line gives with as many draws."""
    simulated = mc_sie.simulate(prior, n_draws=FEW, seed=0)
    return mc_sie.summarise(simulated, mc_sie.parse_event(HEADLINE)).answer.prob


def opened_up(page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")


def test_it_opens_with_the_answer_in_words_dots_and_numbers(opened, page_file):
    page = opened()
    assert page_file.stat().st_size < 1_000_000
    sentence = page.inner_text("#sentence")
    percent = page.inner_text("#percent")
    assert sentence.startswith(f"There is a {percent} chance (about 1 in ")
    assert "100,000 times" in sentence
    prob = float(page.get_attribute("html", "data-prob"))
    assert page.locator("#dots i.hit").count() == round(100 * prob)
    assert "error" in page.inner_text("#precision")
    assert "NaN" not in page.content().split("<script", maxsplit=1)[0]
    assert set(page.locator(".card").evaluate_all("all => all.map((one) => one.dataset.set)")) == set(shipped_priors())
    for card in page.locator(".card").all():
        assert re.search(r"\d %", card.inner_text())


@pytest.mark.parametrize("name", sorted(shipped_priors()))
def test_every_preset_answers_and_runs_by_name(opened, name):
    page = opened(f"#v=1&set={name}")
    assert page.inner_text("#notes") == ""
    assert f"mc-sie run {name} --event 'best_window_months[5] < 12'" in page.inner_text("#command")
    assert "%" in page.inner_text("#percent")


def test_every_single_value_answers(opened):
    page = opened()
    for name, values in SINGLE_VALUES.items():
        for value in values:
            unit = page.evaluate("(name) => livePage.data.quantities[name].unit", name)
            number = float(value)
            text = "Infinity" if math.isinf(number) else str(number)
            page.evaluate(
                "([name, value, unit]) => livePage.changeQuantity(name, "
                "{ family: 'fixed', value: Number(value), unit, source: 'test' })",
                [name, text, unit],
            )
            assert answered(page) is not None, (name, value)
            assert page.inner_text("#notes") == ""
    assert page.locator(".control.changed").count() == len(SINGLE_VALUES)


def test_every_family_answers_and_is_the_same_prior_in_python(opened, tmp_path):
    page = opened()
    opened_up(page)
    for family in FAMILIES:
        page.locator("#control-r .advanced label", has_text="family").locator("select").select_option(family)
        assert answered(page) is not None, family
        prior = exported(page, tmp_path)
        assert prior.entries["r"].family == family
    assert answered(page) == pytest.approx(run_of(prior), abs=1e-12)


def test_weights_of_modes_sum_to_one_and_answer(opened, tmp_path):
    page = opened()
    page.locator("#mode-none").fill("100")
    assert answered(page) is not None
    prior = exported(page, tmp_path)
    assert prior.entries["mode"].distribution.constant == 0.0
    assert page.locator("#control-training_months").get_attribute("class") == "control inert"
    assert "Changes nothing here" in page.inner_text("#control-training_months .idle")
    before = answered(page)
    page.locator("#training_months-middle").fill("350")
    assert answered(page) == before
    page.locator("#mode-continual").fill("40")
    assert answered(page) != before
    assert "inert" not in page.locator("#control-training_months").get_attribute("class")


def test_a_slider_by_keyboard_moves_the_answer_and_undo_brings_it_back(opened):
    page = opened()
    before = answered(page)
    page.focus("#r-middle")
    for _ in range(12):
        page.keyboard.press("ArrowRight")
    moved = answered(page)
    assert moved > before
    assert page.inner_text("#change").startswith("+")
    page.keyboard.press("Control+z")
    assert answered(page) == before
    assert page.is_disabled("#undo")
    page.click("#redo")
    assert answered(page) == moved


def test_changes_stay_while_another_set_is_looked_at(opened):
    page = opened()
    before = change_of(page, "r", family="fixed", value=1.5, unit="1", source="test")
    page.click(".card[data-set=economists]")
    assert answered(page) != before
    page.click(".card[data-set=davidson-2025]")
    assert answered(page) == before
    assert "with your changes" in page.inner_text(".card[data-set=davidson-2025]")


def test_what_cannot_be_is_refused_at_its_control_and_the_answer_stays(opened):
    page = opened()
    opened_up(page)
    before = answered(page)
    page.fill("#control-r .row:first-of-type .number input", "-3")
    page.keyboard.press("Tab")
    page.locator("#control-lam .advanced label", has_text="family").locator("select").select_option("normal")
    changed = answered(page)
    field = page.locator("#control-lam .advanced input[data-key=sd]")
    field.fill("-1")
    field.press("Tab")
    assert page.inner_text("#control-lam > .problem") != ""
    assert answered(page) == changed
    assert before is not None


def test_the_event_is_asked_in_words(opened):
    page = opened()
    best = answered(page)
    page.select_option("#event-kind", "first")
    assert answered(page) < best
    page.fill("#event-gain", "3")
    page.keyboard.press("Tab")
    assert answered(page) > best
    assert "months_to[3] < 12" in page.inner_text("#command")
    assert "1,000 times" in page.inner_text("#sentence")
    page.fill("#event-gain", "99")
    page.keyboard.press("Tab")
    assert page.inner_text("#event-problem") != ""


def test_a_link_brings_the_view_back(opened):
    page = opened()
    prob = change_of(page, "rho", family="uniform", low=-0.4, high=-0.1, unit="1", source="test")
    page.select_option("#event-kind", "first")
    prob = answered(page)
    address = page.evaluate("location.hash")
    other = opened(address)
    assert answered(other) == prob
    assert other.evaluate("location.hash") == address
    assert other.input_value("#event-kind") == "first"


def test_a_file_goes_out_and_in_and_runs_to_the_same_number(opened, tmp_path):
    page = opened()
    prob = change_of(page, "r", family="triangular", low=0.5, peak=1.0, high=4.0, unit="1", source="test")
    prior = exported(page, tmp_path)
    assert prob == pytest.approx(run_of(prior), abs=1e-12)
    other = opened()
    with other.expect_file_chooser() as chooser:
        other.click("label.button:has(#open-toml)")
    chooser.value.set_files(tmp_path / "mine.toml")
    other.wait_for_selector(".card[data-set='your file'][aria-pressed=true]")
    assert answered(other) == prob
    assert tomllib.loads(other.input_value("#toml"))["r"]["family"] == "triangular"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title = \"x\"\n[rho]\nfamily = uniform", "line 3"),
        (f'{EXTENDS}[r]\nfamily = "uniform"\nlow = 3\nhigh = 1\nunit = "1"\nsource = "s"', "r"),
        ('title = "x"\nextends = "/etc/passwd"', "extends"),
        ("[" * 5000, "line 1"),
        ('title = "x"\n__proto__ = 1', "line 2"),
    ],
)  # fmt: skip
def test_a_hostile_file_is_refused_with_its_place(opened, text, message):
    page = opened()
    before = answered(page)
    page.fill("#toml", text)
    page.click("#use-toml")
    assert message in page.inner_text("#toml-problem")
    assert answered(page) == before


def test_evidence_can_be_left_out(opened, tmp_path):
    page = opened("#v=1&set=economists-evidence")
    given = answered(page)
    assert "without the evidence" in page.inner_text("#precision")
    assert "effective sample size" in page.inner_text("#precision")
    page.uncheck("#evidence-on")
    assert answered(page) != given
    assert exported(page, tmp_path).evidence == ()
    page.check("#evidence-on")
    assert answered(page) == given


def test_a_pool_is_changed_by_the_weights_of_its_members(opened, tmp_path):
    page = opened("#v=1&set=agnostic")
    before = answered(page)
    page.locator("#weight-whitfill-wu-baseline").fill("90")
    assert answered(page) > before
    prior = exported(page, tmp_path)
    assert {m.name: w for m, w in prior.members}["whitfill-wu-baseline"] == pytest.approx(0.9, abs=1e-3)


def test_a_worker_that_dies_is_replaced(opened):
    page = opened()
    before = answered(page)
    page.evaluate("livePage.engine.killWorkers()")
    page.click(".card[data-set=epoch-2025]")
    assert answered(page) is not None
    page.click(".card[data-set=davidson-2025]")
    assert answered(page) == before


def test_figures_are_drawn_and_saved(opened):
    page = opened()
    for name, kind in (("exceedance", "CSV"), ("inputs", "SVG"), ("trajectories", "PNG"), ("what_if", "CSV")):
        page.wait_for_selector(f"#figure-{name} svg")
        with page.expect_download() as download:
            page.click(f".save[data-figure={name}] button:has-text('{kind}')")
        content = download.value.path().read_bytes()
        assert content[:4] == {"SVG": b"<svg", "PNG": b"\x89PNG"}.get(kind, content[:4])
        assert b"NaN" not in content
        assert len(content) > 100


def test_one_world_and_the_comparison(opened):
    page = opened()
    page.click("#one-world summary")
    page.wait_for_selector("#figure-world svg")
    assert "software intelligence explosion" in page.inner_text("#world-verdict")
    page.click("#compare summary")
    page.select_option("#against", "davidson-houlden-2025")
    page.wait_for_selector("#figure-waterfall svg", timeout=120_000)


def test_an_old_browser_is_told(browser, page_file):
    context = browser.new_context()
    context.add_init_script("delete window.WebAssembly")
    page = context.new_page()
    page.goto(page_file.as_uri())
    assert "WebAssembly" in page.inner_text("#sentence")
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1300, 768, 390])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_window(opened, width, scheme):
    page = opened("#v=1&set=davidson-2025-evidence", viewport={"width": width, "height": 900}, color_scheme=scheme)
    opened_up(page)
    page.wait_for_selector("#figure-world svg")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
