"""Low, middle and high: from distributions to sliders and back."""

from __future__ import annotations

import math

import pytest

LOG = {"scale": "log", "unit": "1", "low": 0.01, "high": 100.0, "lowOpen": False, "highOpen": False}
LINEAR = {"scale": "linear", "unit": "1", "low": -50.0, "high": 1.0, "lowOpen": False, "highOpen": True}
SHARE = {"scale": "logit", "unit": "1", "low": 0.0, "high": 1.0, "lowOpen": False, "highOpen": True}


def imported(names: str) -> str:
    return f'const {{ {names} }} = await import(page("elicit.js"));'


@pytest.mark.parametrize(
    ("quantity", "belief"),
    [
        (LOG, {"low": 0.4, "middle": 1.2, "high": 3.6}),
        (LOG, {"low": 1.0, "middle": 1.01, "high": 9.0}),  # no single hump has these
        (LINEAR, {"low": -0.5, "middle": -0.1, "high": 0.0}),
        (LINEAR, {"low": -0.5, "middle": -0.49, "high": 0.98}),
        (SHARE, {"low": 0.2, "middle": 0.5, "high": 0.7}),
    ],
)
def test_any_three_values_make_a_distribution_that_has_them(node, quantity, belief):
    found = node(
        imported("tableOfBelief, beliefOf")
        + 'const { distributionOf } = await import(page("distributions.js"));'
        + 'const table = tableOfBelief(input.belief, "x", input.quantity);'
        + "const made = distributionOf(table, input.quantity); return [beliefOf(made), made.support, table];",
        {"quantity": quantity, "belief": belief},
    )
    for key, value in belief.items():
        assert found[0][key] == pytest.approx(value, rel=0.03, abs=0.005), found[2]
    assert found[1][0] >= quantity["low"]
    assert found[1][1] <= quantity["high"]


def test_a_moved_part_pushes_the_others_along_and_never_crosses(node):
    found = node(
        imported("movedBelief")
        + 'return [["low", 5], ["middle", 0.1], ["high", 0.2], ["middle", 1.5]].map(([part, value]) => '
        + 'movedBelief({ low: 1, middle: 2, high: 3 }, part, value, "log"));'
    )
    for belief in found:
        assert belief["low"] < belief["middle"] < belief["high"]
    assert [found[0]["low"], found[1]["middle"], found[2]["high"]] == [5, 0.1, 0.2]
    assert found[3] == {"low": 1, "middle": 1.5, "high": 3}


@pytest.mark.parametrize("quantity", [LOG, LINEAR, SHARE])
@pytest.mark.parametrize("value", [0.02, 0.5, 0.9])
def test_a_range_around_a_value_lies_in_the_domain_and_makes_a_distribution(node, quantity, value):
    found = node(
        imported("beliefAround, tableOfBelief, isInDomain")
        + 'const { distributionOf } = await import(page("distributions.js"));'
        + "const belief = beliefAround(input.value, input.quantity);"
        + 'distributionOf(tableOfBelief(belief, "x", input.quantity), input.quantity);'
        + "return [belief, Object.values(belief).every((one) => isInDomain(input.quantity, one))];",
        {"quantity": quantity, "value": value},
    )
    assert found[1]
    assert found[0]["low"] < found[0]["middle"] < found[0]["high"]


def test_sliders_reach_their_ends_and_give_back_their_values(node):
    found = node(
        imported("stepOf, valueAt, nSteps")
        + 'const n = nSteps(); const range = [0.1, 10]; return [valueAt("log", range, 0), valueAt("log", range, n),'
        + ' valueAt("log", range, n / 2), stepOf("log", range, 1), stepOf("log", range, Infinity),'
        + ' stepOf("linear", [0, 4], -9)];'
    )
    assert found[:3] == pytest.approx([0.1, 10.0, 1.0])
    assert found[3:] == [200, 400, 0]


def test_values_are_read_and_written_as_people_do(node):
    found = node(
        'const { numberOf } = await import(page("controls.js")); const { withUnit } = await import(page("elicit.js"));'
        'return [numberOf("\\u22120.5"), numberOf(" 1e3 "), numberOf("no limit"), numberOf(""), numberOf("much"),'
        ' withUnit(Infinity, "OOM"), withUnit(3.14159, "months"), withUnit(900, "x")];'
    )
    assert found[:3] == [-0.5, 1000.0, math.inf]
    assert math.isnan(found[3])
    assert math.isnan(found[4])
    assert found[5:] == ["no limit", "3.14 months", "900\u00d7"]
