"""The cost of retraining: on common draws, against closed forms, an independent solver and the essay's own numbers."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from reference.law_of_motion import solve
from tests_settings import INTERPRETED

from mc_sie import InputError, load_prior, retraining, simulate, structure
from mc_sie.analysis.comparison.retraining import RUN_DAYS, labels_of
from mc_sie.analysis.probability.summary import estimate_event
from mc_sie.events import HEADLINE, parse_event
from mc_sie.priors import fixed_entry
from mc_sie.quantities import MODES
from mc_sie.units import DAYS_PER_MONTH

pytestmark = pytest.mark.skipif(INTERPRETED, reason="many reruns: the same as compiled, a hundred times slower")

DRAWS = 2048
HOW = {"n_draws": DRAWS, "n_replicates": 16, "seed": 6}

ROW = {
    "rho": 0.0, "alpha_compute": 0.5, "r": 2.0, "lam": 0.8, "labour_per_efficiency": 2.0, "labour_multiplier": 900.0,
    "speedup_initial": 10.0, "software_doubling_months": 6.0, "limit_ooms": math.inf, "training_months": 3.0,
}  # fmt: skip
EXPONENT = 0.8 * 0.5 * 2.0 * (1.0 - 1.0 / 2.0)
"""x of ROW: lam (1 - alpha) mu (1 - 1/r)."""


def fixed(**changes):
    entries = {name: fixed_entry(name, value) for name, value in (ROW | changes).items()}
    return load_prior("davidson-houlden-2025").replaced(entries, "fixed")


def of(found, mode, days=math.nan):
    rows = found.cases[found.cases["mode"] == mode]
    rows = rows[rows["run_days"].isna() if math.isnan(days) else rows["run_days"] == days]
    (row,) = rows.to_dict("records")
    return row


@pytest.fixture(scope="module")
def author():
    return retraining(load_prior("davidson-2025"), **HOW)


def test_each_case_is_the_set_simulated_alone(author):
    prior = load_prior("davidson-2025")
    for mode, days in (("none", math.nan), ("continual", math.nan), ("from_scratch", 100.0)):
        alone = prior.pinned("mode", mode)
        if days == days:
            alone = alone.pinned("training_months", days / DAYS_PER_MONTH)
        alone = simulate(alone, DRAWS, n_replicates=16, seed=6)
        assert of(author, mode, days)["prob"] == estimate_event(alone, parse_event(HEADLINE)).prob
    assert labels_of(author.cases) == [
        "none", "shortening", "shortening_accelerating_only",
        *(f"{mode}{run}" for mode in MODES[3:] for run in ("", *(f", {days:g} days" for days in RUN_DAYS))),
    ]  # fmt: skip
    assert of(author, "shortening")["remark"] == "the length of runs acts only in modes continual and from_scratch"


def test_without_retraining_nothing_changes(author):
    row = of(author, "none")
    assert [row[f"delay_{q}"] for q in ("q05", "q50", "q95")] == [1.0, 1.0, 1.0]
    assert (row["change"], row["n_changed"], row["n_only_without"], row["n_only_with"]) == (0.0, 0, 0.0, 0.0)
    assert row["share_doubling"] == 1.0


def test_the_change_has_the_error_of_common_draws(author):
    without, row = of(author, "none"), of(author, "continual")
    assert row["change"] == pytest.approx(row["prob"] - without["prob"], abs=1e-12)
    assert 0.0 < row["se_change"] < 1.2 * math.hypot(row["se"], without["se"])
    fine = of(author, "shortening_accelerating_only")
    assert fine["se_change"] < 0.7 * math.hypot(fine["se"], without["se"])


def test_every_draw_is_counted_once(author):
    names = ["n_both", "n_only_without", "n_only_with", "n_neither"]
    np.testing.assert_allclose(author.cases[names].sum(axis=1) + author.cases["n_failed"], DRAWS)
    accelerating = of(author, "shortening_accelerating_only")
    assert accelerating["n_only_with"] == 0.0  # it never helps
    assert accelerating["delay_q05"] == pytest.approx(1.0, abs=1e-9)


def test_delays_and_counts_are_those_of_the_draws_put_side_by_side(author):
    prior = load_prior("davidson-2025")
    times = {
        mode: simulate(prior.pinned("mode", mode), DRAWS, n_replicates=16, seed=6).outcomes.values("months_to", 5.0)
        for mode in ("none", "from_scratch")
    }
    row = of(author, "from_scratch")
    assert row["n_only_without"] == np.sum(np.isfinite(times["none"]) & np.isinf(times["from_scratch"]))
    reached = np.isfinite(times["none"])
    ratios = np.sort(times["from_scratch"][reached] / times["none"][reached])
    for prob, name in ((0.05, "q05"), (0.5, "q50"), (0.95, "q95")):
        assert row[f"delay_{name}"] == ratios[math.ceil(prob * len(ratios)) - 1]


def test_the_error_of_the_median_delay_covers_over_seeds():
    prior = load_prior("davidson-houlden-2025")
    rows = [of(retraining(prior, n_draws=1024, n_replicates=16, seed=seed), "continual", 100.0) for seed in range(12)]
    spread = np.std([row["delay_q50"] for row in rows], ddof=1)
    assert (
        0.4 < spread / np.mean([row["se_delay_q50"] for row in rows]) < 1.9
    )  # chi-squared with 11 df, 0.1 %, and bias


@pytest.mark.parametrize("r", [2.0, 5.0])
def test_shortening_against_its_closed_form(r):
    found = retraining(fixed(r=r), n_draws=64, n_replicates=4)
    x = 0.8 * (1.0 - 1.0 / r)
    damped = x / (1.0 + x)
    expected = (-math.expm1(-5.0 * damped * math.log(10.0)) / damped) / (-math.expm1(-5.0 * x * math.log(10.0)) / x)
    without, row = of(found, "none"), of(found, "shortening")
    assert row["delay_q50"] == pytest.approx(expected, rel=1e-9)
    assert without["doublings_q50"] == pytest.approx(1.0 / x, rel=1e-9)
    assert row["doublings_q50"] == pytest.approx(1.0 / x + 1.0, rel=1e-9)


@pytest.mark.parametrize("changes", [{}, {"rho": -0.1, "limit_ooms": 9.0, "r": 4.0}, {"post_training_share": 0.4}])
def test_delays_against_the_independent_solver(changes):
    found = retraining(fixed(**changes), event="months_to[3] < 12", n_draws=64, n_replicates=4)
    assert found.gain_ooms == 3.0
    row = ROW | changes
    without = solve(row | {"mode": "none"}, (3.0,))["months_to"][3.0]
    for mode, days in (("shortening", math.nan), ("continual", 30.0), ("from_scratch", 100.0)):
        case = row | {"mode": mode}
        if days == days:
            case["training_months"] = days / DAYS_PER_MONTH
        expected = solve(case, (3.0,))["months_to"][3.0] / without
        assert of(found, mode, days)["delay_q50"] == pytest.approx(expected, rel=1e-7)


def test_n_from_scratch_against_the_solver_s_deployments():
    """Between deployments 10^(beta s) grows linearly where rho is 0, so that software follows in closed form."""
    row = of(retraining(fixed(), n_draws=64, n_replicates=4), "from_scratch")
    p, beta = 0.8 * 0.5 * 2.0, 0.8 * 0.5 * 2.0 / 2.0
    growth = beta * math.log(10.0) * math.log10(2.0) / 6.0 * 10.0  # of 10^(beta s) a month, on day one
    power, before, deployed = 1.0, 0.0, 0.0
    for months, reached in solve(ROW | {"mode": "from_scratch"})["deployments"]:
        power += growth * 10.0 ** (p * deployed) * (months - before)
        before, deployed = months, reached
        if 10.0 ** (p * deployed) >= 2.0 * power:
            break
    assert row["doublings_q50"] == pytest.approx(math.log10(power) / beta / math.log10(2.0), rel=1e-7)


def test_where_all_progress_needs_no_retraining_n_stays():
    """With psi = 1 labour follows software alone; the effective compute of a run still has to wait for it."""
    found = retraining(fixed(post_training_share=1.0), n_draws=64, n_replicates=4)
    for mode in ("continual", "from_scratch"):
        assert of(found, mode)["doublings_q50"] == pytest.approx(1.0 / EXPONENT, rel=1e-4)  # recorded points are apart


def test_runs_of_no_length_are_no_retraining():
    prior = load_prior("davidson-houlden-2025")
    short = {"training_months": 1e-7, "training_floor_months": 0.0, "generation_gain_ooms": 0.01}
    short["shortening_exponent"] = 0.0  # a run as long as the first has all its compute
    found = retraining(prior.replaced({n: fixed_entry(n, v) for n, v in short.items()}), **HOW)
    row = of(found, "from_scratch")
    assert 1.0 <= row["delay_q05"] <= row["delay_q95"] < 1.02
    assert abs(row["change"]) <= max(row["high_change"], 0.01)


def test_a_pace_that_never_doubles_has_no_n():
    found = retraining(fixed(r=0.8), n_draws=64, n_replicates=4)
    assert math.isnan(of(found, "none")["doublings_q50"])
    assert math.isnan(of(found, "none")["share_doubling"])


def test_modes_that_a_set_cannot_have_are_said():
    found = retraining(load_prior("davidson-2025-explicit"), event="pace_initial > 10", **HOW)
    assert found.gain_ooms == 5.0
    row = of(found, "shortening")
    assert math.isnan(row["prob"])
    assert "although [rho_long] is given" in row["remark"]
    assert of(found, "continual")["prob"] > 0.0


def test_members_that_cannot_have_a_mode_are_left_out_on_both_sides():
    base = load_prior("agnostic")
    one, other = load_prior("davidson-houlden-2025"), load_prior("davidson-2025-explicit")
    pool = replace(base, members=((one, 0.3), (other, 0.7))).replaced({}, "pool")
    found = retraining(pool, **HOW)
    row = of(found, "shortening")
    alone = of(retraining(one, **HOW), "shortening")
    assert row["remark"].startswith("without davidson-2025-explicit, which cannot have it")
    assert row["change"] == alone["change"]
    whole = of(found, "continual")
    assert whole["remark"] == ""
    assert whole["change"] == pytest.approx(whole["prob"] - of(found, "none")["prob"], abs=1e-12)


def test_a_set_given_evidence_is_asked_given_it():
    prior = load_prior("davidson-2025-evidence")
    found, before = retraining(prior, **HOW), retraining(prior.without_evidence(), **HOW)
    modes = structure(prior, **HOW).variants.set_index("variant")
    row = of(found, "continual")
    assert row["prob"] == modes.loc["continual", "prob"]
    assert row["prob"] != of(before, "continual")["prob"]
    assert 0.0 < row["ess"] < DRAWS
    assert sum(row[name] for name in ("n_both", "n_only_without", "n_only_with", "n_neither")) == pytest.approx(DRAWS)
    assert any("effective sample size" in note for note in found.notes)
    assert row["delay_q05"] < row["delay_q50"] < row["delay_q95"]


def test_an_event_beyond_the_horizon_is_refused():
    with pytest.raises(InputError, match="trajectories end after 240"):
        retraining(load_prior("davidson-2025"), event="months_to[5] < 500", **HOW)


def test_what_is_no_set_is_refused():
    with pytest.raises(InputError, match="is given no prior set"):
        retraining("davidson-2025")
