"""Every family, wherever families are told of: whoever adds one sees here which places were forgotten."""

import inspect
import json
from pathlib import Path

import numpy as np
import pytest

from mc_sie import InputError
from mc_sie.priors import entry, family_keys, json_schema, new_prior_text
from mc_sie.priors.csv_import import NUMBER_COLUMNS, TEXT_COLUMNS
from mc_sie.priors.family_keys import CUTS, FAMILIES, Family, FamilyKeys, Several
from mc_sie.priors.text_entry import parameters_of

ROOT = Path(__file__).parents[2]

EXAMPLES = {
    "fixed": {"value": 0.3},
    "uniform": {"low": 0.2, "high": 0.9},
    "loguniform": {"low": 0.2, "high": 0.9},
    "normal": {"mean": 3.0, "sd": 0.4, "truncate_low": 0.1, "truncate_high": 9.0},
    "lognormal": {"median": 1.2, "sd_log": 0.4, "truncate_low": 0.1, "truncate_high": 90.0},
    "shifted_lognormal": {"shift": 0.2, "median": 1.2, "sd_log": 0.4, "truncate_high": 90.0},
    "beta": {"a": 2.0, "b": 3.0, "low": 0.1, "high": 4.0},
    "triangular": {"low": 0.2, "peak": 0.3, "high": 0.9},
    "pert": {"low": 0.2, "peak": 0.3, "high": 0.9},
    "student_t": {"location": 3.0, "scale": 0.5, "df": 4.0, "truncate_low": 0.1, "truncate_high": 9.0},
    "quantiles": {"quantiles": {"q05": 0.5, "q95": 3.0}, "fit": "loguniform"},
    "interval": {"mean": 3.0, "interval": [2.0, 4.0], "fit": "uniform"},
    "histogram": {"edges": [0.5, 1.0, 2.0], "chips": [3, 1]},
    "tabulated": {"p": [0.0, 0.3, 1.0], "x": [0.5, 1.0, 4.0]},
    "mixture": {
        "components": [
            {"weight": 0.25, "family": "fixed", "value": 1.0},
            {"weight": 0.75, "family": "uniform", "low": 0.5, "high": 2.0},
        ]
    },
    "linear_pool": {
        "components": [
            {"weight": 0.5, "family": "uniform", "low": 0.5, "high": 2.0},
            {"weight": 0.5, "family": "uniform", "low": 1.0, "high": 4.0},
        ]
    },
    "categorical": {"values": {"shortening": 0.5, "continual": 0.5}},
    "absent": {},
}

DISTRIBUTIONS = [family for family in EXAMPLES if family not in ("categorical", "absent")]


def stated(family):
    """The distribution of r by an example."""
    return entry("r", {"family": family, **EXAMPLES[family]}, unit="1", source="s").distribution


def test_every_family_is_registered_and_has_an_example():
    classes = [one for _, one in inspect.getmembers(family_keys, inspect.isclass) if issubclass(one, FamilyKeys)]
    shared = {FamilyKeys, Family, family_keys.Truncatable, family_keys.Fitted, Several, family_keys.FixedMode}
    assert set(classes) - shared == set(FAMILIES.values())
    assert set(EXAMPLES) == set(FAMILIES)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_template_and_the_page_on_prior_files_name_it(family):
    assert FAMILIES[family].hint
    assert f'family = "{family}"' in new_prior_text()
    assert f"`{family}`" in (ROOT / "docs" / "prior_files.md").read_text(encoding="utf-8")


def test_the_schema_for_editors_is_the_one_that_is_printed():
    written = json.loads((ROOT / "priors" / "prior-set.schema.json").read_text(encoding="utf-8"))
    assert written == json_schema(), "write it anew: mc-sie priors schema > priors/prior-set.schema.json"


@pytest.mark.parametrize("family", DISTRIBUTIONS)
def test_its_quantile_function_inverts_its_cumulative_one(family):
    distribution = stated(family)
    u = np.linspace(0.01, 0.99, 197)
    x = distribution.ppf(u)
    assert (np.diff(x) >= 0.0).all()
    assert (distribution.cdf(x) >= u - 1e-9).all()
    np.testing.assert_allclose(distribution.cdf(x) + distribution.sf(x), 1.0, atol=1e-12)
    low, high = distribution.support
    assert low <= x[0] <= x[-1] <= high
    assert low <= distribution.mean() <= high
    assert distribution.describe()


@pytest.mark.parametrize("family", [family for family in DISTRIBUTIONS if family != "fixed"])
def test_it_can_be_cut_and_has_no_atom_at_the_cut(family):
    whole = stated(family)
    low, high = whole.ppf([0.4, 0.9])
    cut = entry("r", {"family": family, **EXAMPLES[family]}, unit="1", source="s", truncate_low=low, truncate_high=high)
    assert cut.distribution.support == pytest.approx((low, high))
    own = dict(whole.atoms)
    assert all(value in own for value, _ in cut.distribution.atoms)


@pytest.mark.parametrize("family", FAMILIES)
def test_its_keys_can_be_typed_or_stand_in_a_row_of_a_table(family):
    keys = parameters_of(family)
    assert not set(keys) & {"family", *CUTS}
    if FAMILIES[family].fits_in_a_row:
        assert set(keys) <= {*NUMBER_COLUMNS, *TEXT_COLUMNS, "quantiles", "interval"}


def test_a_family_without_a_distribution_is_not_an_entry():
    with pytest.raises(InputError, match=r"prior\.replaced"):
        entry("speedup_initial", {"family": "absent"}, source="s", unit="x")
