"""Distributions moved on their natural scale, and sets with blocks of another."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from mc_sie import InputError, load_prior, shipped_priors
from mc_sie.distributions import families as f
from mc_sie.distributions.base import Distribution
from mc_sie.priors import Entry, fixed_entry
from mc_sie.priors.modified import (
    Moved,
    change_in_words,
    differing_blocks,
    from_scale,
    is_same_entry,
    mixed,
    moved_entry,
    to_scale,
)
from mc_sie.quantities import BLOCKS, QUANTITIES

U = np.linspace(0.0005, 0.9995, 1999)
PLAIN = [name for name in shipped_priors() if name != "agnostic" and not load_prior(name).evidence]


def entry(name: str, distribution: Distribution) -> Entry:
    return Entry(name, "test", {}, QUANTITIES[name].unit, "test", None, "test", distribution)


def moved(name: str, distribution: Distribution, *change: float) -> Moved:
    found = moved_entry(entry(name, distribution), *change).distribution
    assert isinstance(found, Moved)
    return found


LAWS = {
    "linear": ("rho", f.mixture([(0.6, f.uniform(-0.6, -0.1)), (0.3, f.normal(-0.4, 0.05)), (0.1, f.fixed(0.0))])),
    "log": ("r", f.mixture([(0.8, f.lognormal(1.2, 0.4)), (0.2, f.fixed(2.0))])),
    "logit": ("alpha_compute", f.beta(2.0, 3.0)),
}


@pytest.mark.parametrize("scale", LAWS)
@pytest.mark.parametrize("change", [(0.3,), (-0.3,), (0.0, 1.25, 0.1), (0.2, 0.5, -0.2)])
def test_quantiles_move_on_the_natural_scale(scale, change):
    name, distribution = LAWS[scale]
    shift, widening, centre = (*change, 1.0, 0.0)[:3] if len(change) == 1 else change
    places = centre + widening * (to_scale(scale, distribution.ppf(U)) - centre) + shift
    np.testing.assert_allclose(moved(name, distribution, *change).ppf(U), from_scale(scale, places), rtol=1e-9)


@pytest.mark.parametrize("scale", LAWS)
def test_a_moved_distribution_is_one_distribution(scale):
    name, distribution = LAWS[scale]
    change = moved(name, distribution, 0.25, 1.25, 0.1)
    x = change.ppf(U)
    away = ~np.isin(x, [value for value, _ in change.atoms])
    np.testing.assert_allclose(change.cdf(x[away]), U[away], rtol=1e-9)
    np.testing.assert_allclose(change.cdf(x) + change.sf(x), 1.0, rtol=1e-12)
    assert [prob for _, prob in change.atoms] == [prob for _, prob in distribution.atoms]
    low, high = x[0], x[-1]
    grid = np.linspace(low, high, 400_001)
    middle = 0.5 * (grid[1:] + grid[:-1])
    smooth = float(np.sum(change.pdf(middle) * np.diff(grid)))
    inside = float(change.cdf(high) - change.cdf(low)) - sum(prob for _, prob in change.atoms)
    assert smooth == pytest.approx(inside, abs=1e-5)
    assert change.mean() == pytest.approx(float(np.mean(change.ppf((np.arange(2**18) + 0.5) / 2**18))), rel=1e-4)
    assert low >= change.support[0]
    assert high <= change.support[1]
    for value, prob in change.atoms:
        assert float(change.cdf(value) - change.cdf(np.nextafter(value, -np.inf))) == pytest.approx(prob, rel=1e-9)


def test_a_moved_lognormal_is_a_lognormal():
    change = moved("r", f.lognormal(1.2, 0.4), math.log(1.5), 1.25, math.log(1.2))
    distribution = stats.lognorm(0.5, scale=1.8)
    np.testing.assert_allclose(change.ppf(U), distribution.ppf(U), rtol=1e-9)
    x = distribution.ppf(U)
    np.testing.assert_allclose(change.pdf(x), distribution.pdf(x), rtol=1e-9)
    np.testing.assert_allclose(change.cdf(x), distribution.cdf(x), rtol=1e-9)
    np.testing.assert_allclose(change.sf(x), distribution.sf(x), rtol=1e-9)


def test_what_would_leave_the_domain_is_cut_off_and_said_and_leaves_no_atom():
    change = moved("rho", f.uniform(-0.5, 0.5), 0.75)  # would be 0.25 to 1.25; rho is below 1
    assert change.outside == pytest.approx(0.25)
    assert change.support == (0.25, 1.0)
    assert change.atoms == ()
    np.testing.assert_allclose(change.ppf(U), 0.25 + 0.75 * U, rtol=1e-12)
    np.testing.assert_allclose(change.cdf([0.0, 0.625, 1.0, 2.0]), [0.0, 0.5, 1.0, 1.0])
    np.testing.assert_allclose(change.sf([0.0, 0.625, 1.0, 2.0]), [1.0, 0.5, 0.0, 0.0])
    np.testing.assert_allclose(change.pdf([0.0, 0.625, 1.5]), [0.0, 4.0 / 3.0, 0.0])
    with pytest.raises(InputError, match=r"moved by \+3 leaves nothing within \[-50, 1\)"):
        moved_entry(entry("rho", f.uniform(-0.5, 0.5)), 3.0)


def test_a_value_beyond_the_scale_stays_where_it_is():
    no_limit = moved("limit_ooms", f.mixture([(0.7, f.uniform(6.0, 16.0)), (0.3, f.fixed(math.inf))]), math.log(2.0))
    assert no_limit.atoms == ((math.inf, pytest.approx(0.3)),)
    np.testing.assert_allclose(no_limit.ppf([0.35, 0.9]), [22.0, math.inf])
    assert no_limit.outside == 0.0
    assert no_limit.mean() == math.inf
    share = moved("experiment_efficiency_share", f.mixture([(0.5, f.uniform(0.0, 1.0)), (0.5, f.fixed(0.0))]), 1.0)
    assert share.atoms == ((0.0, pytest.approx(0.5)),)
    assert float(share.ppf(0.75)) == pytest.approx(1.0 / (1.0 + math.exp(-1.0)))


def test_a_change_is_named_as_a_reader_would():
    assert change_in_words(QUANTITIES["rho"], -0.1) == "moved by -0.1"
    assert change_in_words(QUANTITIES["r"], math.log(1.5)) == "multiplied by 1.5"
    assert change_in_words(QUANTITIES["alpha_compute"], math.log(2.0)) == "odds multiplied by 2"
    assert change_in_words(QUANTITIES["r"], 0.0, 1.25) == "1.25 times as wide"


# --- blocks ---


def test_every_quantity_is_in_one_block():
    assert sorted(name for block in BLOCKS.values() for name in block) == sorted(QUANTITIES)
    for name, quantity in QUANTITIES.items():
        if quantity.determines:
            assert any({name, quantity.determines} <= set(block) for block in BLOCKS.values())


@pytest.mark.parametrize("first", PLAIN)
@pytest.mark.parametrize("second", ["davidson-2025", "davidson-2025-explicit", "economists"])
def test_all_blocks_of_another_set_make_that_set(first, second):
    one, other = load_prior(first), load_prior(second)
    assert mixed(one, other, differing_blocks(one, other)).digest == other.digest
    assert mixed(one, other, tuple(BLOCKS)).digest == other.digest
    assert mixed(one, other, ()).digest == one.digest


def test_blocks_differ_where_numbers_do_and_not_where_words_do():
    one = load_prior("davidson-houlden-2025")
    assert differing_blocks(one, one.replaced({"mode": fixed_entry("mode", "none")})) == ()  # categorical { none = 1 }
    assert differing_blocks(one, load_prior("epoch-2025")) == (
        "substitution", "initial_pace", "retraining", "lam", "software_doubling_months",
    )  # fmt: skip
    assert not is_same_entry(None, one.entries["r"])
    assert is_same_entry(None, None)


def test_a_mixed_set_keeps_what_is_stated():
    one, other = load_prior("davidson-2025-explicit"), load_prior("ho-whitfill-2025")
    both = mixed(one, other, ["alpha_compute", "labour_per_efficiency"])
    assert "r_total" in both.entries
    values = both.values({name: np.array([0.3, 0.8]) for name in both.dimensions})
    expected = (1.0 - values["alpha_compute"]) * values["labour_per_efficiency"] * values["r_total"]
    np.testing.assert_allclose(values["r"], expected)
    np.testing.assert_allclose(values["labour_per_efficiency"], 1.0)


def test_a_mixed_set_that_cannot_exist_is_refused():
    with pytest.raises(InputError, match=r"shortening a credence of 30 % although \[rho_long\] is given"):
        mixed(load_prior("davidson-2025"), load_prior("davidson-2025-explicit"), ["substitution"])


def test_a_statement_on_bottlenecks_holds_for_the_numbers_it_was_made_for():
    one, other = load_prior("davidson-2025"), load_prior("ho-whitfill-2025")
    assert not one.may_count_twice
    assert not other.may_count_twice
    assert mixed(one, other, ["returns"]).may_count_twice  # their r with his rho
    assert not mixed(one, other, ["labour_per_efficiency"]).may_count_twice
    assert not mixed(one, other, ["returns", "alpha_compute", "substitution"]).may_count_twice
    assert not mixed(one, load_prior("epoch-2025"), ["substitution"]).may_count_twice


def test_each_member_of_a_pool_takes_or_gives_the_blocks():
    pool, one = load_prior("agnostic"), load_prior("epoch-2025")
    took = mixed(pool, one, ["returns"])
    gave = mixed(one, pool, ["returns"])
    for (member, weight), (of_took, _), (of_gave, same) in zip(pool.members, took.members, gave.members, strict=True):
        assert weight == same
        assert of_took.entries["r"].distribution == one.entries["r"].distribution
        assert set(of_gave.entries) & {"r", "r_total"} == set(member.entries) & {"r", "r_total"}
        assert "sigma" in of_gave.entries
    with pytest.raises(InputError, match="both pools"):
        mixed(pool, pool, ["returns"])


CORRELATED = """
title = "t"
extends = "davidson-2025"
[[correlation]]
between = ["r", "lam"]
spearman = 0.6
source = "test"
[[correlation]]
between = ["rho", "limit_ooms"]
spearman = -0.4
source = "test"
"""


def test_a_correlation_is_kept_only_where_both_blocks_come_from_one_set(tmp_path):
    (tmp_path / "tied.toml").write_text(CORRELATED)
    tied, free = load_prior(tmp_path / "tied.toml"), load_prior("epoch-2025")
    assert differing_blocks(tied, free) == ("substitution", "returns", "lam", "limit_ooms")

    def pairs(blocks):
        return {frozenset(one.between) for one in mixed(tied, free, blocks).correlations}

    r_lam, rho_limit = frozenset(("r", "lam")), frozenset(("rho", "limit_ooms"))
    assert pairs([]) == {r_lam, rho_limit}
    assert pairs(["returns"]) == pairs(["lam"]) == {rho_limit}
    assert pairs(["substitution"]) == {r_lam}
    assert pairs(["returns", "limit_ooms"]) == set()
    back = {frozenset(one.between) for one in mixed(free, tied, ["returns", "lam"]).correlations}
    assert back == {r_lam}
    assert mixed(free, tied, tuple(BLOCKS)).digest == tied.digest


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"shift": math.nan}, r"shift = nan is not a number"),
        ({"shift": True}, r"shift = True is not a number"),
        ({"shift": "1"}, r"shift = '1' is not a number"),
        ({"widening": 0.0}, r"widening = 0 is not a finite number above 0"),
        ({"widening": -1.0}, r"widening = -1 is not a finite number above 0"),
        ({"widening": math.inf}, r"widening = inf is not a finite number above 0"),
        ({"widening": 2.0, "centre": math.nan}, r"centre = nan is not a number"),
    ],
)
def test_a_change_that_is_none_is_refused_by_its_name(change, message):
    with pytest.raises(InputError, match=message):
        moved_entry(load_prior("davidson-2025").entries["r"], **change)


def test_a_mode_is_not_moved():
    with pytest.raises(InputError, match=r"\[mode\] has no scale to be moved on"):
        moved_entry(load_prior("davidson-2025").entries["mode"], 0.1)


@pytest.mark.parametrize(
    ("blocks", "message"), [(["retruns"], "Did you mean 'returns'?"), ("returns", "is text, not"), ([1], "Known: ")]
)
def test_blocks_that_there_are_not_are_refused(blocks, message):
    with pytest.raises(InputError) as caught:
        mixed(load_prior("davidson-2025"), load_prior("epoch-2025"), blocks)
    assert message in str(caught.value)
