"""Davidson & Houlden's simulator: run by run against stored runs of their public code, and against a plain twin."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from reference import published as naive
from tests_settings import DATA, INTERPRETED

from mc_sie.published import davidson_houlden as simulator
from mc_sie.published import davidson_houlden_tables as tables
from mc_sie.sampling import plan
from mc_sie.units import OOMS_PER_DOUBLING

GOLDEN = pd.read_csv(DATA / "davidson_houlden.csv")
DESIGN = plan(64 if INTERPRETED else 2**12, seed=3, n_replicates=4)
SEVERAL_BATCHES = 16 if INTERPRETED else 8192


@pytest.mark.parametrize("option", ["base", "retraining", "constant_r", "gradual"])
def test_every_run_of_the_public_code_comes_back(option):
    rows = GOLDEN[GOLDEN["option"] == option]
    assert len(rows) == 100
    ours = simulator.evaluate(list(rows["option"]), {name: rows[name] for name in simulator.INPUTS})
    assert tuple(ours) == simulator.OUTCOMES
    for name in ("n_doublings", *simulator.EVENTS):
        np.testing.assert_array_equal(ours[name], rows[name], err_msg=name)
    for name in set(simulator.OUTCOMES) - {"n_doublings", *simulator.EVENTS}:
        np.testing.assert_allclose(ours[name], rows[name], rtol=1e-9, err_msg=name)


@pytest.mark.parametrize("option", list(simulator.OPTIONS))
def test_every_option_agrees_with_a_plain_twin(option):
    rows = simulator.draw(DESIGN, 0, 60)
    ours = simulator.evaluate([option] * len(rows), dict(zip(simulator.INPUTS, rows.T, strict=True)))
    for i, row in enumerate(rows):
        twin = naive.davidson_houlden(option, *row)
        for name, array in ours.items():
            np.testing.assert_allclose(array[i], twin[name], rtol=1e-9, err_msg=f"{option} {name} {row}")


@pytest.mark.parametrize("cuts", [1, 2, 5])
@pytest.mark.parametrize(("doublings", "months"), [(24.0, 12.0), (80.0 / 3.0, 4.0), (16.6, 12.0)])
def test_finer_steps_agree_with_a_plain_twin(cuts, doublings, months):
    counts = simulator.simulate(DESIGN, cuts=cuts, windows=(months,))
    rows = simulator.draw(DESIGN, 0, 60)
    twin = [naive.davidson_houlden_fine(*row, cuts, doublings, months, simulator.HORIZON_MONTHS) for row in rows]
    np.testing.assert_array_equal(counts.hits(doublings, months)[:60], twin)


def test_counts_and_single_rows_tell_the_same():
    counts = simulator.simulate(DESIGN, windows=(4.0, 12.0))
    rows = simulator.draw(DESIGN, 0, DESIGN.n_draws)
    one = simulator.evaluate(["base"] * len(rows), dict(zip(simulator.INPUTS, rows.T, strict=True)))
    for name, (doublings, months) in simulator.EVENTS.items():
        np.testing.assert_array_equal(counts.hits(doublings, months), one[name] == 1)
    np.testing.assert_array_equal(counts.hits(8, 12.0, from_start=True), np.nan_to_num(one["t_d8"], nan=99.0) < 12.0)


@pytest.mark.parametrize("option", list(simulator.OPTIONS))
@pytest.mark.parametrize(("doublings", "months"), [(24, 12.0), (26, 4.0), (80, 12.0), (1, 0.4), (17, 3.0)])
@pytest.mark.parametrize("horizon", [6.0, 48.0, math.inf])
@pytest.mark.parametrize("cuts", [1, 3])
def test_one_event_is_decided_as_by_counting(option, doublings, months, horizon, cuts):
    design = replace(DESIGN, n_per_replicate=4 if INTERPRETED else 512)
    counted = simulator.simulate(design, option, windows=(months,), horizon_months=horizon, cuts=cuts)
    one = simulator.event_hits(design, option, doublings, months, horizon_months=horizon, cuts=cuts)
    np.testing.assert_array_equal(one, counted.hits(doublings, months))


def test_threads_change_nothing():
    one, two = (simulator.simulate(replace(DESIGN, n_per_replicate=SEVERAL_BATCHES), threads=n) for n in (1, 2))
    np.testing.assert_array_equal(one.most, two.most)


def test_retraining_as_coded_speeds_acceleration_up():
    assert simulator.retrained(-0.2, 1) == pytest.approx(-0.2 / 0.8)
    assert simulator.retrained(-0.2, 2) == pytest.approx(-0.2 / 1.2)
    assert simulator.retrained(-1.0, 1) == -math.inf
    assert simulator.power_of_two(-math.inf) == 0.0
    assert simulator.power_of_two(5000.0) == math.inf


def test_finer_steps_approach_our_law():
    """Best windows of 24 doublings: each halving of the step halves what is left to the law's."""
    design = replace(DESIGN, n_per_replicate=4 if INTERPRETED else 16)
    law = tables.law_outcomes(design, (24.0,), horizon_months=12000.0).best_window_months[:, 0]
    rows = simulator.draw(design, 0, design.n_draws)
    near = law < 240.0
    gaps = []
    for cuts in (8, 16, 32):
        best = []
        for f, r0, years, p in rows[near]:
            times = np.empty(math.ceil(8 * years * cuts) + 3)
            n, _ = simulator.doubling_times(f, r0, 8 * years, p, simulator.Rules(), 3 / f, math.inf, cuts, times)
            best.append((times[24 * cuts : n + 1] - times[: n + 1 - 24 * cuts]).min())
        gaps.append(np.abs(np.log(np.array(best) / law[near])))
    assert np.median(gaps[0]) < 0.02
    for coarse, fine in pairwise(gaps):
        assert np.median(coarse / fine) == pytest.approx(2.0, abs=0.4)


def test_the_law_is_asked_in_the_unit_of_the_simulator():
    """One labour-equivalent doubling takes 3/f months at first, in either unit of software."""
    design = replace(DESIGN, n_per_replicate=4)
    f = simulator.draw(design, 0, design.n_draws)[:, 0]
    for mu in (1.0, 2.0):
        outcomes = tables.law_outcomes(design, (1e-4,), labour_per_efficiency=mu)
        np.testing.assert_allclose(outcomes.months_to[:, 0], 1e-4 * 3.0 / f, rtol=1e-3)
    assert tables.law_outcomes(design, (24.0,)).levels[0] == pytest.approx(12 * OOMS_PER_DOUBLING)


def test_exceedance_contains_the_table():
    curves = tables.exceedance(DESIGN)
    base = curves[curves["case"] == "base"].set_index("years")["prob"]
    counts = simulator.simulate(DESIGN)
    for years in (1.0, 3.0, 10.0):
        assert base[years] == pytest.approx(100 * counts.hits(8 * years, 12.0).mean())
    for _, part in curves.groupby("case"):
        assert (np.diff(part["prob"]) <= 1e-9).all()


def test_single_run_ends_at_the_horizon_and_starts_faster_with_1_plus_f():
    run = tables.single_run(horizon_months=72.0)
    assert run["months"].iloc[1] == pytest.approx(3 / 9)
    assert run["months"].iloc[-2] < 72.0
    assert run["years"].iloc[8] == 1.0
