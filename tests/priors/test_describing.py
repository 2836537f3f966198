"""Tables that say what a prior set implies, and its medians."""

import math

import numpy as np
import pytest

from mc_sie import load_prior
from mc_sie.priors.describing import medians, prior_table
from mc_sie.quantities import MODES, QUANTITIES


def test_every_quantity_has_its_median():
    prior = load_prior("davidson-2025")
    row = medians(prior)
    assert row["r"] == pytest.approx(math.sqrt(0.4 * 3.6))  # log-uniform: the geometric mean of its ends
    assert row["limit_ooms"] == pytest.approx((7.2247 + 19.2659) / 2)
    assert row["training_months"] == pytest.approx(3.0)  # lognormal: the geometric mean of 1 and 9
    assert math.isnan(row["speedup_initial"])
    assert MODES[int(row["mode"])] == "shortening"  # as likely as two others: the first


def test_the_mode_of_a_pool_is_its_most_likely_one_and_each_quantity_its_median():
    prior = load_prior("agnostic")
    row = medians(prior)
    for name in ("rho", "r", "lam", "limit_ooms"):
        assert row[name] == prior.quantiles(name, [0.5])[0]
    assert math.isnan(row["speedup_initial"])  # one member in nine gives it
    shares = dict.fromkeys(MODES, 0.0)
    for member, weight in prior.members:
        for code in member.entries["mode"].distribution.ppf((np.arange(1000) + 0.5) / 1000):
            shares[MODES[int(code)]] += weight / 1000
    assert MODES[int(row["mode"])] == max(shares, key=shares.get)


def test_the_table_of_a_prior_shows_what_it_implies():
    frame = prior_table(load_prior("davidson-2025")).set_index("quantity")
    assert frame.loc["r", "prior"] == "loguniform from 0.4 to 3.6"
    assert frame.loc["r", "p50"] == "1.2"
    assert frame.loc["r", "p5"] == f"{0.4 * 9**0.05:.3g}"
    assert frame.loc["r", "mean"] == f"{3.2 / math.log(9):.3g}"
    assert frame.loc["generation_gain_ooms", "prior"] == "exactly 0.5 (default, ours)"
    assert frame.loc["mode", "prior"] == "10 % none, 30 % shortening, 30 % continual, 30 % from_scratch"
    assert frame.loc["mode", "p50"] == ""
    assert frame.loc["limit_ooms", "unit"] == "OOM"


def test_the_table_shows_what_is_derived():
    frame = prior_table(load_prior("epoch-2025"), density=True).set_index("quantity")
    assert frame.loc["rho", "prior"] == "derived"
    assert float(frame.loc["rho", "p50"]) == pytest.approx((0.7 - 1) / 0.7, rel=1e-2)
    assert len(frame.loc["r", "density, p1 to p99"]) == 24
    assert frame.loc["sigma", "density, p1 to p99"] == ""  # one value has no density


def test_the_table_of_a_pool_says_what_only_some_members_give():
    prior = load_prior("agnostic")
    frame = prior_table(prior).set_index("quantity")
    assert frame.loc["r", "prior"] == "pooled"
    weight = sum(weight for member, weight in prior.members if "speedup_initial" in member.entries)
    assert frame.loc["speedup_initial", "prior"] == f"pooled; given in {100 * weight:.3g} % of the draws"
    assert "shortening" in frame.loc["mode", "prior"]
    assert set(frame.index) <= set(QUANTITIES)
