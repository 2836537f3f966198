"""Bounds that decide an event: against quadrature of the slow reference's pace, and against trajectories."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from kernel_rows import table_of
from reference.rows import SHORTENED, corner_rows, random_rows, telling_rows
from tests_settings import INTERPRETED

from mc_sie import load_prior, simulate
from mc_sie.engine.cpu import CODES, Processor
from mc_sie.engine.hits import hits_of_batch, hits_of_design, hits_of_points
from mc_sie.engine.kernel import KERNEL_COLUMNS, kernel_table
from mc_sie.engine.run import evaluate, uniforms_of
from mc_sie.events import parse_event
from mc_sie.model import event_bounds
from mc_sie.priors import shipped_priors
from mc_sie.units import MONTHS_PER_YEAR

NOT_BELOW = event_bounds.NOT_BELOW
BELOW = event_bounds.BELOW
OPEN = event_bounds.OPEN
N_ROWS = 40 if INTERPRETED else 4000
N_DRAWS = 32 if INTERPRETED else 4096
GAINS = (0.5, 2.5, 5.0, 12.0, 16.0)


def decided(rows: list[dict[str, Any]], ooms: float, months: float, *, with_window: bool = True) -> np.ndarray:
    answers = np.empty((len(rows), 2), dtype=np.int8)
    codes = np.zeros((len(rows), len(CODES)), dtype=np.int32)
    with np.errstate(all="ignore"):  # interpreted, what overflows would warn
        Processor().decide(table_of(rows), ooms, months, with_window, answers, codes)
    return answers


def times(rows: list[dict[str, Any]], ooms: float) -> np.ndarray:
    """Months that the best window and the one from the start take, by the kernel; nan where there is no trajectory."""
    table = table_of(rows)
    outcomes = evaluate(dict(zip(KERNEL_COLUMNS, table, strict=True)), levels=(ooms,), widths=())
    return np.column_stack([outcomes.best_window_months[:, 0], outcomes.months_to[:, 0]])


def assert_no_contradiction(rows: list[dict[str, Any]], ooms: float, months: float, true: np.ndarray) -> np.ndarray:
    answers = decided(rows, ooms, months)
    simulated = ~np.isnan(true)
    wrong = simulated & (answers != OPEN) & ((answers == BELOW) != (true < months))
    assert not wrong.any(), [(rows[i], true[i], answers[i]) for i in np.flatnonzero(wrong.any(axis=1))[:3]]
    return answers[simulated.all(axis=1)]


@pytest.mark.parametrize(("ooms", "row"), SHORTENED)
def test_bounds_in_mode_shortening_hold_where_its_series_follows_the_law_badly(ooms, row):
    row = {**row, "mode": "shortening", "horizon_months": 12_000.0}
    true = times([row], ooms)
    assert np.isfinite(true).all()
    for exact in true[0]:
        for part in (1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.03, 0.1, 0.2):
            assert_no_contradiction([row], ooms, exact * (1.0 - part), true)
            assert_no_contradiction([row], ooms, exact * (1.0 + part), true)


@pytest.mark.parametrize("ooms", GAINS)
def test_what_bounds_decide_of_random_rows_is_what_trajectories_say(ooms):
    rows = random_rows(20261122 + int(ooms), N_ROWS)
    true = times(rows, ooms)
    for months in (0.3, 3.0, 12.0, 60.0):
        assert_no_contradiction(rows, ooms, months, true)
    finite = np.sort(true[np.isfinite(true)])
    for months in finite[:: max(1, finite.size // 20)]:  # thresholds at the times themselves
        assert_no_contradiction(rows, ooms, months, true)
        assert_no_contradiction(rows, ooms, months * (1.0 + 1e-3), true)


@pytest.mark.parametrize("ooms", [0.2, 1.0, 4.0])
def test_a_row_just_above_and_just_below_its_own_times_is_not_decided_wrongly(ooms):
    """Nearly balanced windows are often longer than the best one by more than the bounds on them are apart.

    A threshold is moved by ten times CLEARANCE, so that bounds may answer; windows of below 1e-6 months lie next to a
    singularity, where the kernel's own times are not good to that.
    """
    rows = random_rows(5, 60 if INTERPRETED else 900, ("none", "shortening", "continual"))
    for row, own in zip(rows, times(rows, ooms), strict=True):
        for i in (0, 1) if row["mode"] != "continual" else (0,):
            if 1e-6 < own[i] < math.inf:
                assert decided([row], ooms, own[i] * (1.0 + 10.0 * event_bounds.CLEARANCE))[0, i] != NOT_BELOW
                assert decided([row], ooms, own[i] * (1.0 - 10.0 * event_bounds.CLEARANCE))[0, i] != BELOW


def test_what_bounds_decide_of_corners_is_what_trajectories_say():
    rows = corner_rows()[:: 4 if INTERPRETED else 1] + telling_rows()
    for ooms in GAINS:
        true = times(rows, ooms)
        for months in (1.0, 12.0, 100.0):
            assert_no_contradiction(rows, ooms, months, true)


def test_a_window_that_the_horizon_cuts_short_is_left_to_the_trajectory():
    base = {"mode": "none", "rho": 0.0, "r": 3.0, "lam": 1.0, "limit_ooms": 30.0}
    best, from_start = times([base], 5.0)[0]
    assert best < 0.5 * from_start  # it accelerates: the best window comes late
    true = times([{**base, "horizon_months": 0.9 * from_start}], 5.0)[0]
    assert true[0] == math.inf
    short = [{**base, "horizon_months": h * from_start} for h in (0.9, 1.01, 1.2, 3.0)]
    answers = assert_no_contradiction(short, 5.0, 0.8 * from_start, times(short, 5.0))
    assert answers[0, 0] == OPEN
    assert answers[-1, 0] == BELOW


@pytest.mark.parametrize("mode", ["none", "shortening"])
def test_a_limit_at_the_gain_itself_is_left_to_the_trajectory(mode):
    rows = [
        {"mode": mode, "rho": -0.1, "r": 1.2, "lam": 0.8, "limit_ooms": 5.0 * (1.0 + d)}
        for d in (-1e-3, -1e-9, 0.0, 1e-9, 1e-3)
    ]
    answers = decided(rows, 5.0, 12.0)
    assert (answers[0] == NOT_BELOW).all()
    assert (answers[1:4] == OPEN).all()


def test_what_is_not_concave_is_left_to_the_trajectory():
    base = {"mode": "none", "rho": -0.1, "r": 1.2, "lam": 0.8}
    rows = [
        {**base, "rho": 0.1},
        {**base, "route2_rho": -0.5, "route2_alpha_compute": 0.3},
        {**base, "rho_long": 0.0, "reconfiguration_half_life_months": 12.0},
        {**base, "mode": "from_scratch"},
        {**base, "mode": "shortening_accelerating_only"},
    ]
    assert (decided(rows, 5.0, 12.0) == OPEN).all()
    assert (decided([base], 5.0, 12.0) != OPEN).all()


def test_most_draws_are_decided():
    """Otherwise bounds that say nothing would pass every other test."""
    prior = load_prior("davidson-2025")
    for mode, share in (("none", 0.99), ("shortening", 0.99), ("continual", 0.55)):
        pinned = prior.pinned("mode", mode)
        simulation = simulate(pinned, N_DRAWS, seed=5, levels=(5.0,), widths=())
        table, codes = kernel_table(simulation.draws, N_DRAWS, 240.0)
        answers = np.empty((N_DRAWS, 2), dtype=np.int8)
        Processor().decide(table, 5.0, 12.0, True, answers, codes)
        assert (answers != OPEN).all(axis=1).mean() > share, mode
        true = np.column_stack([simulation.outcomes.best_window_months[:, 0], simulation.outcomes.months_to[:, 0]])
        assert (((answers == BELOW) == (true < MONTHS_PER_YEAR)) | (answers == OPEN)).all()


EVENTS = [
    "best_window_months[5] < 12",
    "best_window_months[2.5] >= 6",
    "months_to[5] <= 12",
    "months_to[1] > 4",
    "best_gain_ooms[12] > 3",
    "pace_peak > 20",
][:: 4 if INTERPRETED else 1]


@pytest.mark.parametrize("name", sorted(set(shipped_priors())))
def test_hits_are_those_of_the_simulation(name):
    prior = load_prior(name)
    if prior.evidence:
        pytest.skip("such a set is drawn from by weights, not asked in this way")
    for text in EVENTS:
        event = parse_event(text)
        n = N_DRAWS // 4
        simulation = simulate(prior, n, seed=9, n_replicates=4, levels=event.levels, widths=event.widths)
        expected = event.holds(simulation.outcomes)
        design = simulation.design
        assert_same(hits_of_design(prior, design, 240.0, event), simulation, expected)
        points = uniforms_of(prior, design, 0, n)
        if points:
            assert_same(hits_of_points(prior, points, 240.0, event, threads=1), simulation, expected)
        from_start = event.from_start
        ours = hits_of_batch(prior, points, n, 240.0, event, Processor(), with_twin=True)[1]
        assert_same(ours, simulation, expected)
        if from_start is None:
            assert ours.holds_from_start is None
        else:
            np.testing.assert_array_equal(ours.holds_from_start, from_start.holds(simulation.outcomes))


def assert_same(ours: Any, simulation: Any, expected: np.ndarray) -> None:
    np.testing.assert_array_equal(ours.holds, expected)
    np.testing.assert_array_equal(ours.status, simulation.outcomes.status)
    np.testing.assert_array_equal(ours.is_ok, simulation.outcomes.is_ok)


def test_draws_that_cannot_be_simulated_are_no_hits():
    prior = load_prior("davidson-2025").pinned("mode", "none")
    points = {name: np.full(3, 0.5) for name in prior.dimensions}
    event = parse_event("best_window_months[5] > 12")
    assert hits_of_points(prior, points, 240.0, event).holds.all()
    hits = hits_of_points(prior, points, -1.0, event)  # a horizon outside the domain
    assert not hits.is_ok.any()
    assert not hits.holds.any()
