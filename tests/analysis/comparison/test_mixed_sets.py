"""Mixed sets between two shipped sets; which blocks go together is in ``test_decomposition.py``."""

from __future__ import annotations

from mc_sie import load_prior
from mc_sie.analysis.comparison.mixed_sets import MixedSets


def test_nothing_is_mixed_between_a_set_and_itself():
    prior = load_prior("economists")
    assert MixedSets.of(prior, prior, None, 0).players == ()


def test_the_set_that_takes_nothing_is_the_first():
    first, other = load_prior("davidson-2025"), load_prior("economists")
    plan = MixedSets.of(first, other, None, 0)
    assert plan.masks == tuple(range(2 ** len(plan.players)))
    assert plan.set_of(0).digest == first.digest
    assert set(plan.taken(plan.masks[-1])) == {block for player in plan.players for block in player}
