"""Why two prior sets disagree: bars that sum, and that mean what they say."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from tests_settings import INTERPRETED

from mc_sie import InputError, compare, load_prior
from mc_sie.analysis.comparison.common_draws import (
    common_draws,
    distinct_names,
)
from mc_sie.analysis.comparison.decomposition import Comparison
from mc_sie.distributions import families
from mc_sie.priors import Entry, fixed_entry
from mc_sie.priors.modified import differing_blocks, mixed
from mc_sie.stats.shapley import exact

pytestmark = pytest.mark.skipif(INTERPRETED, reason="many reruns: the same as compiled, a hundred times slower")

DRAWS = 2048
HOW = {"n_draws": DRAWS, "n_replicates": 16, "seed": 3}
PACE = "pace_initial > 20"
"""Known in closed form at rho = 0: the pace on the day of automation is Lambda^((1 - alpha) lambda)."""


def author(**changes):
    """The author's set without whatever takes time, with other fixed values."""
    prior = load_prior("davidson-houlden-2025").replaced({"speedup_initial": None})
    return prior.replaced(
        {name: fixed_entry(name, value) for name, value in changes.items()}, "changed" * bool(changes)
    )


@pytest.fixture(scope="module")
def found() -> Comparison:
    return compare(
        load_prior("davidson-houlden-2025"), load_prior("ho-whitfill-2025"), event="first_year_ooms > 2", **HOW
    )


def test_bars_sum_exactly_to_the_change_on_the_same_draws(found):
    (change,) = found.changes.itertuples()
    before, after = found.sets["prob"]
    assert change.change == after - before
    assert found.bars["change"].sum() == pytest.approx(after - before, abs=1e-12)
    assert change.n_mixed == 2**change.n_players - 2
    assert len(found.bars) == change.n_players


def test_bars_are_shapley_values_of_the_mixed_sets(found):
    blocks = differing_blocks(load_prior("davidson-houlden-2025"), load_prior("ho-whitfill-2025"))
    probs = dict(zip(found.mixed["taken"], found.mixed["prob"], strict=True))
    k = len(blocks)
    values = [probs[" + ".join(b for i, b in enumerate(blocks) if mask >> i & 1)] for mask in range(2**k)]
    expected = dict(zip(blocks, exact(np.array(values)[:, None])[:, 0], strict=True))
    for bar in found.bars.itertuples():
        assert bar.change == pytest.approx(expected[bar.block], abs=1e-12)


def test_each_mixed_set_is_run_on_the_same_points(found):
    asked = common_draws("first_year_ooms > 2", **HOW)
    one, other = load_prior("davidson-houlden-2025"), load_prior("ho-whitfill-2025")
    row = found.mixed[found.mixed["taken"] == "returns + lam"].iloc[0]
    assert asked.ask(mixed(one, other, ["returns", "lam"])).estimate.prob == row["prob"]


def test_a_difference_in_one_block_is_one_bar():
    result = compare(author(), author(labour_multiplier=100.0), event=PACE, **HOW)
    (bar,), (change,) = result.bars.itertuples(), result.changes.itertuples()
    assert bar.block == "initial_pace"
    assert bar.quantities == "labour_multiplier"
    assert (bar.change, bar.n_changed, change.n_mixed) == (change.change, change.n_changed, 0)
    assert bar.se == pytest.approx(change.se, rel=1e-9)
    assert "one thing only, initial pace" in result.readings[0]


def test_a_block_without_effect_has_a_bar_of_nothing_with_its_bound():
    other = author(labour_multiplier=100.0, training_months=9.0, limit_ooms=20.0)
    result = compare(author(), other, event=PACE, **HOW)
    bars = result.bars.set_index("block")
    for name in ("retraining", "limit_ooms"):  # mode none, and the day of automation
        assert (bars.loc[name, "change"], bars.loc[name, "se"], bars.loc[name, "n_changed"]) == (0.0, 0.0, 0)
        assert bars.loc[name, "interval"] == "binomial, 95 %"
        assert bars.loc[name, "high"] == pytest.approx(1.0 - 0.05 ** (1.0 / DRAWS), rel=1e-9)
    assert bars.loc["initial_pace", "change"] == pytest.approx(result.changes["change"].iloc[0], abs=1e-12)


def test_the_errors_of_bars_cover_over_seeds():
    """P(Lambda^((1 - alpha) lambda) > 20) with Lambda lognormal and lambda loguniform, by quadrature over Lambda."""

    def lognormal(median: float) -> Entry:
        law = families.lognormal(median, 0.8)
        return Entry("labour_multiplier", "test", {"median": median}, "x", "test", None, "test", law)

    def exact_prob(median: float, alpha: float) -> float:
        log_labour = math.log(median) + 0.8 * stats.norm.ppf((np.arange(200_000) + 0.5) / 200_000)
        least = math.log(20.0) / (1.0 - alpha) / np.maximum(log_labour, 1e-9)
        return float(np.clip(np.log(1.2 / least) / math.log(4.0), 0.0, 1.0).mean())

    one = author().replaced({"labour_multiplier": lognormal(900.0)})
    other = one.replaced({"labour_multiplier": lognormal(400.0), "alpha_compute": fixed_entry("alpha_compute", 0.4)})
    values = np.array([exact_prob(median, alpha) for alpha in (0.5, 0.4) for median in (900.0, 400.0)])
    expected = dict(zip(("initial_pace", "alpha_compute"), exact(values[:, None])[:, 0], strict=True))
    t, covered = [], 0
    for seed in range(40):
        result = compare(one, other, event=PACE, n_draws=2048, n_replicates=16, seed=seed)
        for bar in result.bars.itertuples():
            t.append((bar.change - expected[bar.block]) / bar.se)
            covered += bar.low <= expected[bar.block] <= bar.high
    assert covered >= 62  # of 80 at 90 %, were they independent: fewer once in a thousand
    assert 0.7 < math.sqrt(np.mean(np.square(t))) < 1.4
    assert abs(np.mean(t)) < 0.5


def test_two_equal_blocks_share_alike():
    """The pace is Lambda^((1 - alpha) lambda): halving 1 - alpha and halving lambda are the same, and come together."""
    speed_up = load_prior("davidson-houlden-2025").entries["speedup_initial"]
    one = author(lam=1.0).replaced({"labour_multiplier": replace(speed_up, name="labour_multiplier")})
    other = one.replaced({name: fixed_entry(name, value) for name, value in (("lam", 0.5), ("alpha_compute", 0.75))})
    result = compare(one, other, event="pace_initial > 2", **HOW)
    bars = result.bars.set_index("block")["change"]
    assert bars["lam"] == pytest.approx(bars["alpha_compute"], abs=1e-12)
    assert bars["lam"] < 0.0


def test_random_orders_sum_exactly_and_agree_with_all_mixed_sets(found):
    one, other = load_prior("davidson-houlden-2025"), load_prior("ho-whitfill-2025")
    sampled = compare(one, other, event="first_year_ooms > 2", order_pairs=4, **HOW)
    exact, bars = (frame.bars.set_index("block") for frame in (found, sampled))
    assert bars["change"].sum() == pytest.approx(sampled.changes["change"].iloc[0], abs=1e-12)
    assert sampled.changes["change"].iloc[0] == found.changes["change"].iloc[0]
    assert "8 random orders" in sampled.changes["method"].iloc[0]
    for block in exact.index:  # the points are the same: only the orders differ
        spread = math.sqrt(max(bars.loc[block, "se"] ** 2 - 0.5 * exact.loc[block, "se"] ** 2, 0.0))
        assert abs(bars.loc[block, "change"] - exact.loc[block, "change"]) <= 6.0 * spread + 1e-12


def test_sets_that_are_the_same_do_not_differ():
    one = load_prior("davidson-houlden-2025")
    result = compare(one, one, event=PACE, **HOW)
    assert "do not differ" in result.readings[0]
    assert len(result.bars) == len(result.differences) == len(result.densities) == 0
    assert list(result.sets["name"]) == ["davidson-houlden-2025", "davidson-houlden-2025 (2)"]
    assert result.changes["change"].iloc[0] == 0.0
    assert distinct_names([one, one, one])[2].endswith("(3)")


def test_every_set_is_held_against_the_first():
    result = compare(author(), author(labour_multiplier=100.0), author(lam=0.4), event=PACE, **HOW)
    assert list(result.changes["against"]) == ["changed", "changed (2)"]
    assert len(result.readings) == 2
    for against, part in result.bars.groupby("against"):
        whole = result.changes.set_index("against").loc[against, "change"]
        assert part["change"].sum() == pytest.approx(whole, abs=1e-12)


def test_blocks_that_refuse_each_other_are_one_player():
    one, other = load_prior("davidson-2025"), load_prior("davidson-2025-explicit")
    result = compare(one, other, event="pace_initial > 20", **HOW)
    assert "substitution + retraining" in set(result.bars["block"])
    assert any("substitution and retraining are taken together" in note for note in result.notes)
    assert result.bars["change"].sum() == pytest.approx(result.changes["change"].iloc[0], abs=1e-12)


def test_mixed_sets_that_may_count_a_bottleneck_twice_are_listed():
    one, other = load_prior("davidson-2025"), load_prior("ho-whitfill-2025")
    result = compare(one, other, event=PACE, **HOW)
    marked = set(result.mixed.loc[result.mixed["may_count_twice"], "taken"])
    assert "returns" in marked
    assert "" not in marked
    (note,) = [note for note in result.notes if "twice" in note]
    assert f"{len(marked)} of the 30 mixed sets" in note
    assert all(taken in note for taken in marked)


def test_a_pool_is_split_through_its_members():
    """Its bars are the weighted mean of those of its members: the Shapley value is linear in what it splits."""
    one, other = author(), author(labour_multiplier=100.0, lam=0.4)
    target = author(labour_multiplier=30.0, lam=0.7)
    base = load_prior("agnostic")
    pool = replace(base, members=((one, 0.25), (other, 0.75)), name="pool").replaced({}, "pool")
    how = HOW | {"n_draws": DRAWS * 4}
    whole = compare(pool, target, event=PACE, **how)
    assert any("pool is a pool" in note for note in whole.notes)
    parts = [compare(member, target, event=PACE, **how) for member in (one, other)]
    for bar in whole.bars.itertuples():
        expected, errors = 0.0, bar.se**2
        for weight, part in zip((0.25, 0.75), parts, strict=True):
            found = part.bars.set_index("block").loc[bar.block]
            expected += weight * found["change"]
            errors += (weight * found["se"]) ** 2
        assert abs(bar.change - expected) < 4.5 * math.sqrt(errors) + 1e-3
    back = compare(target, pool, event=PACE, **how)
    assert sorted(back.bars["change"]) == pytest.approx(sorted(-whole.bars["change"]), abs=1e-12)


def test_two_pools_are_not_split_and_it_is_said():
    base = load_prior("agnostic")
    pools = [
        replace(base, members=((author(), w), (author(lam=0.4), 1.0 - w)), name="pool").replaced({}, f"pool {w:g}")
        for w in (0.25, 0.75)
    ]
    result = compare(*pools, event=PACE, **HOW)
    assert list(result.bars["block"]) == ["whole set"]
    assert result.bars["change"].iloc[0] == result.changes["change"].iloc[0]
    assert any("both pools" in note for note in result.notes)


def test_draws_that_could_not_be_simulated_are_reported(monkeypatch):
    from mc_sie.analysis.comparison import common_draws

    real = common_draws.hits_of_design

    def failing(*arguments, **options):
        hits = real(*arguments, **options)
        hits.status[::10] = 4
        hits.holds[::10] = False
        return hits

    monkeypatch.setattr(common_draws, "hits_of_design", failing)
    result = compare(author(), author(labour_multiplier=100.0, lam=0.4), event=PACE, **HOW)
    assert (result.sets["n_failed"] == math.ceil(DRAWS / 10)).all()
    said = [note for note in result.notes if "could not be simulated" in note]
    assert all("the probability lies between" in note for note in said)
    assert len(said) == 3
    assert said[0].startswith("Draws failed in 2 of the 2 mixed sets between")
    assert result.bars["change"].sum() == pytest.approx(result.changes["change"].iloc[0], abs=1e-12)


def test_too_rare_to_split_is_said():
    result = compare(author(), author(labour_multiplier=100.0), event="pace_initial > 1e6", **HOW)
    assert "too few to say" in result.readings[0]


def test_the_laws_that_differ_are_shown_as_drawn():
    result = compare(load_prior("davidson-2025"), load_prior("epoch-2025"), event=PACE, **HOW)
    assert set(result.densities["quantity"]) == {"rho"}  # one states rho, the other sigma
    atoms = result.densities[result.densities["kind"] == "atom"]
    assert dict(zip(atoms["set"], atoms["value"], strict=True)) == {
        "davidson-2025": pytest.approx(0.1, abs=0.03),
        "epoch-2025": 1.0,
    }
    assert atoms[atoms["set"] == "epoch-2025"]["low"].iloc[0] == pytest.approx(-3.0 / 7.0)
    smooth = result.densities[result.densities["kind"] == "density"]
    mass = float((smooth["value"] * (smooth["high"] - smooth["low"])).sum())
    assert mass == pytest.approx(0.9, abs=0.04)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"event": "months_to[5] < 500"}, "asks about 500 months, but trajectories end after 240"),
        ({"event": "pace > 3"}, "names no outcome"),
        ({"n_draws": 0}, "n_draws = 0"),
        ({"order_pairs": 1}, "order_pairs = 1 is below 2"),
        ({"threads": 0}, "threads = 0"),
        ({"horizon_months": -1.0}, "horizon_months = -1"),
    ],
)
def test_bad_requests_are_refused_before_anything_runs(options, message):
    with pytest.raises(InputError, match=message.replace("[", r"\[")):
        compare(author(), author(lam=0.4), **(HOW | options))


def test_one_set_is_not_compared():
    with pytest.raises(InputError, match="one prior set"):
        compare(author())
