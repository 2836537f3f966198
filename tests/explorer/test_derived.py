"""Derived quantities of the live page against those of Python."""

import numpy as np
import pytest

from mc_sie.derived import DERIVED, SUBJECTS, subject_of
from mc_sie.explorer.data import page_data
from mc_sie.model.ces import ln_ces
from mc_sie.quantities import MODEL_QUANTITIES

FACTORS = [0.004, 0.1, 1.0, 10.0, 40.0]


@pytest.fixture(scope="module")
def data():
    return page_data()


def draws(n=3000):
    rng = np.random.default_rng(0)
    found = {name: np.full(n, np.nan) for name in MODEL_QUANTITIES}
    found["rho"] = rng.uniform(-6.0, 0.9, n)
    found["rho"][:100] = rng.choice([0.0, 1e-14, -1e-14, 1e-8, -1e-6, -50.0], 100)
    found["alpha_compute"] = rng.choice([0.0, 0.2, 0.5, 0.97], n)
    found["route2_rho"] = np.where(rng.random(n) < 0.5, rng.uniform(-2.0, 0.5, n), np.nan)
    found["route2_alpha_compute"] = np.where(np.isnan(found["route2_rho"]), np.nan, rng.random(n))
    found["lam"] = rng.uniform(0.1, 1.5, n)
    found["labour_multiplier"] = 10.0 ** rng.uniform(0.0, 5.0, n)
    found["speedup_initial"] = np.where(rng.random(n) < 0.5, rng.uniform(2.0, 30.0, n), np.nan)
    found["software_doubling_months"] = rng.uniform(1.0, 12.0, n)
    found["labour_per_efficiency"] = rng.uniform(0.5, 3.0, n)
    found["r"] = rng.uniform(0.1, 4.0, n)
    return found


def test_every_derived_quantity_is_restated_in_javascript(node):
    """A new one needs its formula in mc_sie/explorer/page/derived.js (docs/extending.md)."""
    assert node('return Object.keys((await import(page("derived.js"))).DERIVED);') == list(DERIVED)


def test_the_same_values(node, data):
    texts = [f"{name}[{factor}]" for name in DERIVED if DERIVED[name].index_unit for factor in FACTORS]
    texts += [name for name in DERIVED if not DERIVED[name].index_unit] + ["rho", "lam"]
    script = """
    const { subjectOf, subjectValues } = await import(page("derived.js"));
    const draws = Object.fromEntries(Object.entries(input.draws).map(([name, x]) => [name, Float64Array.from(x)]));
    return input.texts.map((text) => subjectValues(subjectOf(text, input.data, "about"), draws));
    """
    given = draws()
    for text, found in zip(texts, node(script, {"texts": texts, "draws": given, "data": data}), strict=True):
        np.testing.assert_allclose(
            np.array(found, dtype=float), subject_of(text).values(given), rtol=1e-11, atol=1e-13, err_msg=text
        )


def test_the_ces_where_it_cancels(node):
    rows = [
        [3.0, 0.0, rho, alpha] for rho in (1e-12, -1e-12, 2e-13, 0.0, -0.1, 0.3, -40.0) for alpha in (0.0, 0.3, 0.9)
    ]
    found = node('const { lnCes } = await import(page("derived.js")); return input.map((row) => lnCes(...row));', rows)
    np.testing.assert_allclose(found, [ln_ces(*row) for row in rows], rtol=1e-12)


GOOD = ["pace_at_compute[0.1]", "pace_initial", "rho", "best_gain_ooms[12]", "months_to[ 5 ]", "max_speed", "pace_peak"]
BAD = [
    "pace_tenth_compute", "nothing", "mode", "pace_at_compute", "pace_at_compute[0]", "pace_at_labour[inf]", "rho[3]",
    "months_to[25]", "months_to", "pace_peak[1]", "pace_at_compute[-2]", "constructor", "sigma[2]", "r_cumulative",
]  # fmt: skip


def test_subjects(node, data):
    script = """
    const { subjectOf } = await import(page("derived.js"));
    return input.texts.map((text) => {
      try { return subjectOf(text, input.data, "about"); } catch (error) { return error.name; }
    });
    """
    found = node(script, {"texts": GOOD + BAD, "data": data})
    assert found[len(GOOD) :] == ["InputError"] * len(BAD)
    for text in BAD:
        with pytest.raises(ValueError):  # noqa: PT011
            subject_of(text)
    for text, answer in zip(GOOD, found, strict=False):
        subject = subject_of(text)
        assert answer == {
            "name": subject.name,
            "index": subject.index,
            "unit": subject.unit,
            "isOutcome": subject.is_outcome,
        }
    assert data["subjects"] == list(SUBJECTS)
