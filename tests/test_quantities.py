"""The table of quantities: whoever adds one sees here which other tables were forgotten."""

import math

import pytest

from mc_sie.engine.kernel import KERNEL_COLUMNS
from mc_sie.quantities import (
    BLOCKS,
    GROUPS,
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
