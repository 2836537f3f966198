"""Entries from Python: what is no number and no name is refused where it is given."""

import json
import math

import numpy as np
import pytest

from mc_sie.errors import InputError
from mc_sie.priors import entry, load_prior, prior_from_dict
from mc_sie.priors.entries import fixed_entry

UNIFORM = {"family": "uniform", "low": 1, "high": 9}


def stated(distribution, **cuts):
    return entry("limit_ooms", distribution, unit="OOM", source="mine", **cuts)


@pytest.mark.parametrize("distribution", [3, 3.0, np.float64(3), np.int64(3), np.float32(3)])
def test_a_number_is_a_fixed_value(distribution):
    assert stated(distribution).distribution.constant == 3.0


@pytest.mark.parametrize("distribution", [True, False, 10**400, {"family": "fixed", "value": True}])
def test_a_truth_value_and_a_number_beyond_all_are_no_distribution(distribution):
    with pytest.raises(InputError, match=r"in Python: \[limit_ooms\].* (is not a number|is outside what can be)"):
        stated(distribution)


@pytest.mark.parametrize("value", [True, "x", None, math.nan])
def test_a_pinned_value_is_a_number(value):
    with pytest.raises(InputError, match=r"^pinned: \[r\] value.* is not a number"):
        fixed_entry("r", value)


@pytest.mark.parametrize("cut", [True, "2", math.nan, [2]])
def test_a_cut_is_a_number_beside_whatever_the_distribution_states(cut):
    for distribution in (UNIFORM, UNIFORM | {"truncate_high": 5}):
        with pytest.raises(InputError, match=r"\[limit_ooms\] truncate_high.* is not a number"):
            stated(distribution, truncate_high=cut)


def test_of_two_cuts_the_tighter_counts():
    distribution = UNIFORM | {"truncate_low": 2, "truncate_high": 5}
    assert stated(distribution, truncate_low=3, truncate_high=6).distribution.support == (3.0, 5.0)
    assert stated(distribution, truncate_low=1, truncate_high=4).distribution.support == (2.0, 4.0)


@pytest.mark.parametrize("name", ["limit", 5, None, ["r"], "x" * 10**6])
def test_what_names_no_quantity_is_refused(name):
    for make in (lambda: entry(name, 3, source="mine"), lambda: fixed_entry(name, 3)):
        with pytest.raises(InputError, match=r"is no quantity\.") as caught:
            make()
        assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("key", ["weight", "value"])
def test_a_truth_value_inside_a_mixture_is_no_number(key):
    component = {"weight": 1.0, "family": "fixed", "value": 0.0, key: True}
    with pytest.raises(InputError, match=rf"components\[0\]\.{key} = true is not a number"):
        entry("rho", {"family": "mixture", "components": [component]}, unit="1", source="s")


def test_three_quantiles_have_the_ends_of_the_domain_and_a_record_holds_them():
    quantiles = {"q05": -0.5, "q50": -0.15, "q95": -0.02}
    found = entry("rho", {"family": "quantiles", "quantiles": quantiles}, unit="1", source="mine")
    assert found.parameters == {"fit": "metalog", "low": -50.0, "high": 1.0, "quantiles": quantiles}
    assert found.distribution.ppf([0.05, 0.5, 0.95]).tolist() == pytest.approx([-0.5, -0.15, -0.02], rel=1e-12)
    part = {"weight": 0.5, "family": "quantiles", "quantiles": quantiles, "high": 0.0}
    both = {"family": "mixture", "components": [{"weight": 0.5, "family": "fixed", "value": 0.0}, part]}
    mixed = entry("rho", both, unit="1", source="mine")
    assert mixed.parameters["components"][1]["low"] == -50.0
    assert mixed.distribution.support == (-50.0, 0.0)
    prior = load_prior("davidson-2025").replaced({"rho": mixed}, "mine")
    assert prior_from_dict(json.loads(json.dumps(prior.to_dict())), "run.json").digest == prior.digest
