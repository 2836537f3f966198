"""When a run has enough draws, and that stopping by its own error costs nothing."""

import math

import pytest
from tests_settings import INTERPRETED

from mc_sie import load_prior
from mc_sie.analysis.importance.rare import estimate_rare
from mc_sie.errors import InputError
from mc_sie.stats.estimates import Estimate, se_bound_factor
from mc_sie.stats.stopping import Precision, precision

CHEAP = "davidson-houlden-2025"


statistical = pytest.mark.skipif(INTERPRETED, reason="the same numbers as compiled, a hundred times slower")


@pytest.mark.parametrize("wanted", [{"target_se": 0.01, "rel_se": None}, {"target_se": None, "rel_se": 0.01}])
def test_too_few_replicates_stop_no_run(wanted):
    option = "target_se" if wanted["target_se"] else "rel_se"
    for ask in (
        lambda: precision(**wanted, n_draws=64, max_draws=128, n_replicates=31),
        lambda: estimate_rare(load_prior(CHEAP), n_draws=64, n_replicates=31, precision=Precision(**wanted)),
    ):
        with pytest.raises(InputError, match=f"n_replicates = 31 are too few for {option}"):
            ask()
    assert precision(None, None, n_draws=64, max_draws=128, n_replicates=2) == Precision()


def test_a_target_is_reached_when_the_bound_on_the_error_lies_below_it():
    known = Estimate(0.2, 0.001, 0.198, 0.202, "t", 2000, 10_000)
    bound = 0.001 * se_bound_factor(32)
    assert not Precision(target_se=0.001).is_reached(known, 32)  # the error itself may be too small by luck
    assert Precision(target_se=1.001 * bound).is_reached(known, 32)
    assert not Precision(target_se=0.999 * bound).is_reached(known, 32)
    assert Precision(rel_se=1.001 * bound / 0.2).is_reached(known, 32)
    assert not Precision(target_se=0.1, rel_se=0.001).is_reached(known, 32)
    assert Precision().is_reached(known, 2)


def test_of_a_rare_event_the_width_of_the_bound_counts():
    rare = Estimate(0.0, math.nan, 0.0, 3e-4, "binomial upper", 0, 10_000)
    assert Precision(target_se=4e-4).is_reached(rare, 32)
    assert not Precision(target_se=2e-4).is_reached(rare, 32)
    assert not Precision(rel_se=0.5).is_reached(rare, 32)
    assert "width of the 95 % bound" in Precision(target_se=2e-4).sentence(rare, 32)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"target_se": 0.0, "rel_se": None, "max_draws": 128}, "0 is not between 0 and 1"),
        ({"target_se": None, "rel_se": 1.5, "max_draws": 128}, "1.5 is not between 0 and 1"),
        ({"target_se": 0.1, "rel_se": None, "max_draws": 32}, "is below the 64 draws to start with"),
    ],
)
def test_what_cannot_be_reached_is_refused(asked, message):
    with pytest.raises(InputError, match=message):
        precision(**asked, n_draws=64, n_replicates=32)


def test_what_was_reached_is_said():
    known = Estimate(0.2, 0.001, 0.198, 0.202, "t", 2000, 10_000)
    assert Precision().sentence(known, 32) == ""
    said = Precision(target_se=0.01, rel_se=0.1).sentence(known, 32)
    assert said.endswith("is the 90 % bound on the standard error with 10,000 draws.")
    assert " are reached: " in said
    assert " is not reached: " in Precision(target_se=0.0001).sentence(known, 32)
