"""The explorer's draws: rounded before they are simulated, and weighed by densities."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from tests_settings import INTERPRETED

from mc_sie import load_prior, simulate
from mc_sie.engine.run import evaluate
from mc_sie.errors import InputError
from mc_sie.events import parse_event
from mc_sie.explorer.draws import (
    EXCEEDANCE_STEPS,
    N_CELLS,
    TRAJECTORY_OOMS,
    carry,
    coded,
    log_weights,
    proposal_for,
    read_off,
    theirs,
)
from mc_sie.priors import entry, fixed_entry, pool
from mc_sie.priors.modified import to_scale
from mc_sie.quantities import MODES, QUANTITIES

EVENT = parse_event("best_window_months[5] < 12")
N_DRAWS = 256 if INTERPRETED else 2**13


@pytest.fixture(scope="module")
def base():
    return load_prior("davidson-2025")


@pytest.fixture(scope="module")
def carried(base):
    return carry(base, EVENT, N_DRAWS, seed=3, n_replicates=8)


@pytest.mark.parametrize(("scale", "values"), [("linear", [-3.0, 0.9]), ("log", [0.01, 80.0]), ("logit", [0.02, 0.97])])
def test_a_value_moves_by_half_a_cell_at_most_and_stays_between_the_ends(scale, values):
    numbers = np.linspace(*values, 1001)
    coding, codes = coded(numbers, np.zeros(1001, dtype=bool), scale, "x")
    found = coding.decoded(codes)
    assert np.all((found > values[0]) & (found < values[1]))
    assert np.all(np.diff(found) > 0.0)
    moved = to_scale(scale, found) - to_scale(scale, numbers)
    assert np.abs(moved).max() <= 0.5 * coding.step * (1.0 + 1e-6)
    assert coding.step == pytest.approx(np.ptp(to_scale(scale, values)) / N_CELLS)


def test_values_of_their_own_and_what_is_not_given_stay_exact():
    values = np.array([0.1 + 0.2, 0.5, np.nan, 0.123456789, np.inf])
    coding, codes = coded(values, np.array([True, False, False, False, True]), "log", "x")
    found = coding.decoded(codes)
    np.testing.assert_array_equal(found[[0, 2, 4]], values[[0, 2, 4]])
    np.testing.assert_allclose(found[[1, 3]], values[[1, 3]], rtol=1e-4)


def test_too_many_values_of_their_own_are_refused():
    with pytest.raises(InputError, match="values have a probability of their own"):
        coded(np.linspace(1.0, 2.0, 600), np.ones(600, dtype=bool), "log", "r")


def test_the_proposal_has_every_mode_and_the_atoms_of_every_shipped_set(base):
    proposal = proposal_for(base)
    assert sum(weight for _, weight in proposal.members) == pytest.approx(1.0)
    held: dict[str, set[float]] = {}
    for member, _ in proposal.members:
        for name, one in member.entries.items():
            held.setdefault(name, set()).update(value for value, _ in one.distribution.atoms)
    assert held["mode"] == set(range(len(MODES)))
    for one in theirs().values():
        for member, _ in one.plain_sets:
            for name, stated in member.entries.items():
                assert {value for value, _ in stated.distribution.atoms} <= held[name], (one.name, name)


def test_outcomes_are_those_of_the_rounded_draws(carried):
    rows = np.arange(0, len(carried.is_counted), 37)
    draws = {name: values[rows] for name, values in carried.draws.items()}
    outcomes = evaluate({**draws, "horizon_months": carried.horizon_months}, levels=TRAJECTORY_OOMS, widths=(12.0,))
    for place, event in enumerate(carried.events):
        expected = event.holds(outcomes) & carried.is_counted[rows]
        np.testing.assert_array_equal(carried.hits[place, rows], expected, err_msg=str(event))
    gains = outcomes.values("best_gain_ooms", 12.0)
    for k in (1, 5, 10):
        expected = parse_event(f"best_gain_ooms[12] >= {k}").holds(outcomes)
        np.testing.assert_array_equal(carried.gain_codes[rows] >= k * EXCEEDANCE_STEPS, expected)
    ok = np.isfinite(gains)
    np.testing.assert_allclose(carried.gain_codes[rows][ok] / EXCEEDANCE_STEPS, gains[ok], atol=1.01 / EXCEEDANCE_STEPS)


def test_weighted_draws_have_the_law_that_was_asked_for(base, carried):
    """A wrong sign of the log ratio has as good a k-hat, and the mean on the other side."""
    stated = {"family": "lognormal", "median": 1.4, "sd_log": 0.5}
    weights = np.exp(log_weights(carried, base.replaced({"r": entry("r", stated, source="t", unit="1")})))
    z = (np.log(np.asarray(carried.draws["r"])) - np.log(1.4)) / 0.5
    by_replicate = [weights.reshape(8, -1).mean(axis=1), (weights * z).reshape(8, -1).mean(axis=1)]
    for replicates, expected in zip(by_replicate, (1.0, 0.0), strict=True):
        assert replicates.mean() == pytest.approx(expected, abs=5.0 * replicates.std(ddof=1) / np.sqrt(8))


@pytest.mark.skipif(INTERPRETED, reason="needs more draws than plain Python simulates")
@pytest.mark.parametrize(
    "target",
    [
        *("davidson-2025", "economists", "whitfill-wu-baseline", "agnostic"),
        {"sigma": {"family": "uniform", "low": 0.8, "high": 0.95}},
        {"max_speed": {"family": "lognormal", "median": 150.0, "sd_log": 0.8, "truncate_low": 15.0}},
        {"r_total": {"family": "lognormal", "median": 3.0, "sd_log": 0.4}},
    ],
    ids=str,
)
def test_the_answer_is_that_of_a_run(base, carried, target):
    if isinstance(target, str):
        prior = load_prior(target)
    else:
        prior = base.replaced(
            {name: entry(name, stated, source="t", unit=QUANTITIES[name].unit) for name, stated in target.items()}
        )
    found, run = read_off(carried, prior), simulate(prior, 2**13, seed=8)
    prob = float(EVENT.holds(run.outcomes).mean())
    assert found.covered == pytest.approx(1.0, abs=5.0 * found.covered_se)
    if found.answer.is_rare:
        assert found.answer.low <= prob <= found.answer.high
    else:
        assert found.answer.prob == pytest.approx(prob, abs=5.0 * np.hypot(found.answer.se, np.sqrt(prob / 2**13)))


@pytest.mark.parametrize(
    "changes",
    [
        {"alpha_compute": fixed_entry("alpha_compute", 0.6)},
        {"mode": fixed_entry("mode", "none"), "rho": fixed_entry("rho", -0.123)},
        {"r": entry("r", {"family": "uniform", "low": 60.0, "high": 90.0}, source="t", unit="1")},
        {
            name: entry(
                name,
                {
                    "family": "mixture",
                    "components": [
                        {"weight": 0.5, "family": "fixed", "value": value},
                        {"weight": 0.5, "family": "uniform", "low": low, "high": high},
                    ],
                },
                source="t",
                unit="1",
            )
            for name, value, low, high in (("alpha_compute", 0.5, 0.4, 0.6), ("labour_per_efficiency", 2.0, 1.5, 2.5))
        },
    ],
    ids=["an atom", "a mode and an atom", "support", "a combination of values, each of which there is"],
)
def test_what_the_draws_lack_is_red(base, carried, changes):
    found = read_off(carried, base.replaced(changes))
    assert found.light == "red"
    assert INTERPRETED or any("there are no draws" in reason for reason in found.reasons)


def test_a_draw_that_does_not_count_has_no_weight(base, carried):
    without = replace(carried, is_counted=carried.is_counted & (np.arange(len(carried.is_counted)) % 2 == 0))
    assert np.all(np.isneginf(log_weights(without, base)[1::2]))


@pytest.mark.parametrize("of", ["the page", "an answer"])
def test_sets_that_the_page_cannot_weigh_are_refused(carried, tmp_path, of):
    refusing = proposal_for if of == "the page" else partial(read_off, carried)
    with pytest.raises(InputError, match="is conditioned on evidence"):
        refusing(load_prior("economists-evidence"))
    file = tmp_path / "tied.toml"
    file.write_text(
        'title = "tied"\nextends = "davidson-2025"\n'
        '[[correlation]]\nbetween = ["r", "lam"]\nspearman = 0.4\nsource = "a test"\n'
    )
    with pytest.raises(InputError, match="has correlated quantities"):
        refusing(load_prior(file))


def test_a_pool_of_sets_is_drawn_from_as_it_is(base):
    both = pool("both", [(base, 0.5), (load_prior("economists"), 0.5)], "a test")
    proposal = proposal_for(both)
    assert [member.name for member, _ in proposal.members][:2] == ["davidson-2025", "economists"]
