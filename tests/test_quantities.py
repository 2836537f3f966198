"""The table of quantities: whoever adds one sees here which other tables were forgotten."""

import math

import numpy as np
import pytest

from mc_sie.engine.kernel import KERNEL_COLUMNS
from mc_sie.engine.run import evaluate
from mc_sie.quantities import (
    BLOCKS,
    GROUPS,
    IDLE,
    MODEL_QUANTITIES,
    MODES,
    N_DIMENSIONS,
    PAIRED,
    PRIOR_SET_DIMENSION,
    QUANTITIES,
    group,
)


@pytest.mark.parametrize("name", QUANTITIES)
def test_every_quantity_has_what_people_read(name):
    quantity = QUANTITIES[name]
    assert quantity.label
    assert quantity.label != name
    assert "_" not in quantity.label
    assert quantity.symbol
    assert quantity.meaning
    assert quantity.unit in ("1", "x", "OOM", "months", "mode")


def test_no_two_have_the_same_label():
    assert len({quantity.label for quantity in QUANTITIES.values()}) == len(QUANTITIES)


def test_each_has_a_dimension_of_its_own_but_for_those_that_determine_the_same():
    dimensions = [QUANTITIES[name].dimension for name in MODEL_QUANTITIES]
    assert sorted([*dimensions, PRIOR_SET_DIMENSION]) == list(range(N_DIMENSIONS))
    for quantity in QUANTITIES.values():
        assert quantity.dimension == QUANTITIES[quantity.determined].dimension


def test_each_belongs_to_one_block_and_one_group():
    assert sorted(name for names in BLOCKS.values() for name in names) == sorted(QUANTITIES)
    assert sorted(name for names in GROUPS.values() for name in names) == sorted(MODEL_QUANTITIES)
    for first, second in PAIRED:
        assert any({first, second} <= set(names) for names in BLOCKS.values())


def test_the_kernel_takes_each_quantity_of_the_model():
    assert set(KERNEL_COLUMNS) == {*MODEL_QUANTITIES, "horizon_months"}


def test_defaults_lie_in_the_domain():
    for quantity in QUANTITIES.values():
        if quantity.name == "mode":
            assert quantity.default in MODES
        elif quantity.default is not None:
            assert quantity.contains(quantity.default)


def test_a_domain_is_written_as_it_is_meant():
    assert QUANTITIES["rho"].domain == "[-50, 1)"
    assert not QUANTITIES["rho"].contains(1.0)
    assert QUANTITIES["rho"].contains(-50.0)
    assert QUANTITIES["limit_ooms"].contains(math.inf)
    assert not QUANTITIES["limit_ooms"].contains(0.0)
    assert not QUANTITIES["r"].contains(math.nan)


def test_a_reparametrisation_is_in_the_group_of_what_it_determines():
    assert group("sigma") == group("rho") == "compute bottleneck"
    assert group("r_total") == "returns"
    assert group("prior_set") == "prior set"


WORLD = {
    "rho": -0.05, "r": 3.0, "lam": 0.6, "alpha_compute": 0.4, "limit_ooms": 12.0, "labour_multiplier": 900.0,
    "labour_per_efficiency": 2.0, "experiment_efficiency_share": 0.2, "software_doubling_months": 6.0,
    "training_months": 3.0, "training_floor_months": 2.5, "shortening_exponent": 1.0, "post_training_share": 0.3,
    "retraining_compute_share": 0.5, "generation_gain_ooms": 0.5, "speedup_initial": 8.0,
}  # fmt: skip
"""A world that speeds up, so that runs shorten, to a floor that can be felt."""

COMPANIONS = {
    "rho_long": {"rho_long": -0.01, "reconfiguration_half_life_months": 6.0},
    "reconfiguration_half_life_months": {"rho_long": -0.01, "reconfiguration_half_life_months": 6.0},
    "route2_rho": {"route2_rho": -0.01, "route2_alpha_compute": 0.4},
    "route2_alpha_compute": {"route2_rho": -0.01, "route2_alpha_compute": 0.4},
}
"""What an optional quantity of a pair needs beside it; the second route is the better one."""


def moves(name, world):
    """True where some outcome depends on a quantity, beyond rounding; None where there is no such trajectory."""
    other = world[name] * 1.07
    before, after = evaluate(world).to_frame(), evaluate({**world, name: other}).to_frame()
    if before["status"].iloc[0] != "ok":
        return None
    numbers = [frame.select_dtypes("number").to_numpy(float) for frame in (before, after)]
    return not np.allclose(*numbers, rtol=1e-9, atol=1e-9, equal_nan=True)


@pytest.mark.parametrize("name", [name for name in MODEL_QUANTITIES if name != "mode"])
def test_a_quantity_acts_in_the_modes_of_the_table_and_in_no_other(name):
    world = WORLD | COMPANIONS.get(name, {})
    found = {mode: moves(name, world | {"mode": mode}) for mode in MODES}
    assert tuple(mode for mode in MODES if found[mode]) == QUANTITIES[name].modes
    # where the table says that it does not act there is a trajectory that shows it, but for a law that changes in time
    assert (None in found.values()) == (name in ("rho_long", "reconfiguration_half_life_months"))


@pytest.mark.parametrize("idle", IDLE, ids=[idle.name for idle in IDLE])
def test_others_leave_a_quantity_without_effect_as_the_table_says(idle):
    known = WORLD | dict.fromkeys(idle.absent, math.nan) | dict(idle.at)
    assert idle.holds(known)
    given = {name: value for name, value in known.items() if not math.isnan(value)}
    for mode in MODES:
        assert moves(idle.name, given | {"mode": mode}) is False
    for name, value in idle.at:  # and it acts again where one of the conditions fails
        changed = {**known, name: value - 0.1 if name == "rho" else value + 1.0}
        assert not idle.holds(changed)
        acting = {name: value for name, value in changed.items() if not math.isnan(value)}
        assert any(moves(idle.name, acting | {"mode": mode}) for mode in MODES)
    for name in idle.stated:
        assert not idle.holds({**known, name: math.nan})
    for name in idle.absent:
        assert not idle.holds({**known, name: 0.1})
    assert not idle.holds({name: value for name, value in known.items() if name not in dict(idle.at)})
