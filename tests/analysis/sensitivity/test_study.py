"""What sensitivity makes of its parts: the same joint law, the pair that matters most, effects in a word."""

from dataclasses import replace

import pandas as pd
import pytest

from mc_sie.analysis.sensitivity.indices import Indices
from mc_sie.analysis.sensitivity.study import _effect, _top_pair, check_same_joint
from mc_sie.engine.sample import sample_of
from mc_sie.errors import InputError
from mc_sie.events import parse_event


def indices_of(outcome=None, shapley=None):
    rows = [{"quantity": name, "index": "shapley", "value": value} for name, value in (shapley or {}).items()]
    return Indices(pd.DataFrame(rows), pd.DataFrame(), pd.DataFrame(), outcome, 0)


def test_indices_of_another_joint_law_than_that_of_the_draws_are_refused(simulation):
    sample = sample_of(simulation, parse_event("best_window[2.5] < 24"))
    design = replace(sample.design, n_per_replicate=sample.design.n_per_replicate // 2)
    first = sample.hits.reshape(sample.design.n_replicates, -1)[:, : design.n_per_replicate].ravel()
    check_same_joint(sample, design, indices_of(first.astype(float)))
    other = first.copy()
    other[:: max(1, len(other) // 8)] ^= True
    with pytest.raises(InputError, match=r"does not come back: in [8-9] of"):
        check_same_joint(sample, design, indices_of(other.astype(float)))
    check_same_joint(sample, replace(design, scheme="philox"), indices_of(other.astype(float)))  # other points


def test_the_pair_that_matters_most_has_the_largest_shapley_effects():
    worth = pd.DataFrame(
        {"kind": "pair", "measure": "brier_gain", "members": ["a, b", "b, c"], "value": [0.1, 0.2]},
    )
    assert _top_pair(worth, indices_of(shapley={"a": 0.2, "b": 0.1, "c": 0.7})) == ("c", "a")
    assert _top_pair(worth, None) == ("b", "c")
    assert _top_pair(worth.iloc[:0], None) is None


@pytest.mark.parametrize(
    ("total", "is_seen", "is_tied", "effect"),
    [
        ((0.3, 0.01), True, True, "distinguishable from zero, large"),
        ((0.3, 0.01), False, False, "distinguishable from zero, large"),
        ((0.03, 0.01), False, False, "distinguishable from zero, moderate"),
        ((0.003, 0.001), False, False, "distinguishable from zero, small"),
        ((0.0, 0.0), True, True, "through others"),
        ((0.0, 0.0), True, False, "none"),
        ((0.0, 0.0), False, True, "none"),
        ((0.01, 0.02), False, False, "not distinguishable from zero"),
        (None, True, False, "distinguishable from zero, moderate"),
        (None, False, False, "not distinguishable from zero"),
    ],
)
def test_an_effect_is_told_by_the_total_index_or_by_the_curve(total, is_seen, is_tied, effect):
    row = {"bits": 0.2, "bits_floor": 0.1, "first_order": 0.06, "first_order_low": 0.05 if is_seen else -0.05}
    if total is not None:
        value, se = total
        row |= {"total": value, "total_se": se, "total_low": value - 2.0 * se}
    assert _effect(row, is_tied) == effect
