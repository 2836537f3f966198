"""Quantities set by hand in a prior set."""

import pytest

from mc_sie import InputError, load_prior
from mc_sie.priors.settings import with_settings


def test_settings_take_the_place_of_what_determined_a_quantity():
    prior = load_prior("epoch-2025")
    changed = with_settings(prior, ["rho=uniform -0.4 -0.1", "mode = continual"])
    assert changed.quantiles("rho", [0.25])[0] == pytest.approx(-0.325)
    assert changed.entries["mode"].parameters == {"value": "continual"}
    assert "sigma" not in changed.entries
    assert changed.digest != prior.digest
    assert changed.title == f"{prior.title}, with rho = uniform -0.4 -0.1, mode = continual"
    assert with_settings(prior, []) is prior


def test_an_empty_setting_takes_an_optional_quantity_away_and_a_pool_is_changed_in_every_member():
    assert "sigma" in load_prior("epoch-2025").entries
    with pytest.raises(InputError, match="does not say what rho is"):
        with_settings(load_prior("epoch-2025"), ["sigma="])
    pooled = with_settings(load_prior("agnostic"), ["lam=0.5"])
    assert {member.entries["lam"].distribution.constant for member, _ in pooled.members} == {0.5}


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("rho", r"^settings rho is not name=value"),
        ("rhoo=1", r"^settings rhoo is no quantity\. Did you mean 'rho'"),
        ("rho=5", r"^settings rho=5: \[rho\] value = 5.0 is above 1"),
        ("rho=uniform 1", r"^settings rho=uniform 1: \[rho\] has no high"),
    ],
)
def test_a_setting_that_cannot_be_used_is_refused_by_its_text(setting, message):
    with pytest.raises(InputError, match=message):
        with_settings(load_prior("davidson-2025"), [setting])
    with pytest.raises(InputError, match=r"sets rho a second time"):
        with_settings(load_prior("davidson-2025"), ["rho=0", "rho=1"])
