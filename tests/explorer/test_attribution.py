"""Shares of a difference by block: they sum to it exactly, and each is what it should be."""

from __future__ import annotations

import pytest


def attributed(node, blocks, body):
    return node(
        'const { attributed } = await import(page("attribution.js"));'
        f"const value = async (taken) => {{ {body} }}; return attributed(input, value);",
        blocks,
    )


def test_an_additive_difference_goes_to_its_blocks(node):
    found = attributed(node, ["a", "b", "c"], "return taken.reduce((s, x) => s + { a: 1, b: 2, c: -4 }[x], 10);")
    assert found == pytest.approx({"a": 1, "b": 2, "c": -4})


def test_an_interaction_is_shared_alike(node):
    found = attributed(node, ["a", "b", "c"], 'return taken.includes("a") && taken.includes("b") ? 6 : 0;')
    assert found == pytest.approx({"a": 3, "b": 3, "c": 0})


def test_many_blocks_still_sum_to_the_difference(node):
    found = attributed(node, list("abcdefghi"), "return 1 / (1 + taken.length) + taken.includes('d') * taken.length;")
    assert sum(found.values()) == pytest.approx(1 / 10 + 9 - 1)


def test_an_interaction_of_three_among_seven_is_shared_alike(node):
    """One order and its reverse would give half to the first, half to the last, and nothing to the one between."""
    body = 'return ["a", "d", "g"].every((one) => taken.includes(one)) ? 6 : 0;'
    found = attributed(node, list("abcdefg"), body)
    assert found == pytest.approx(dict.fromkeys("bcef", 0) | dict.fromkeys("adg", 2))
