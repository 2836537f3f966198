"""What sensitivity makes of its parts: the same joint law, the pair that matters most, effects in a word."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pieces import piece
from tests_settings import INTERPRETED

from mc_sie import load_prior, sensitivity, simulate
from mc_sie.analysis.sensitivity.indices import Indices
from mc_sie.analysis.sensitivity.study import _effect, _top_pair, check_same_joint, index_design, sample_design
from mc_sie.engine.sample import sample_of
from mc_sie.errors import InputError
from mc_sie.events import parse_event
from mc_sie.report.figures.sensitivity import sensitivity_figures
from mc_sie.sampling import Design


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


EVENT = parse_event("best_window[2.5] < 24")


compiled = pytest.mark.skipif(INTERPRETED, reason="the same numbers as compiled, a hundred times slower")


SIZE = {"n_draws": 2**15, "seed": 4, "threads": 2}


@pytest.fixture(scope="module")
def found():
    return sensitivity(load_prior("davidson-2025"), "best_window[2.5] < 24", **SIZE)


@compiled
def test_the_ranking_has_every_input_with_every_number(found):
    ranking = found.ranking
    assert ranking["quantity"].tolist()[:2] in (["r", "rho"], ["rho", "r"])
    assert ranking["shapley"].is_monotonic_decreasing
    assert ranking["shapley"].sum() == pytest.approx(1.0)
    for name in ("shapley", "total", "first_order", "brier_gain", "bits", "delta", "ks", "decision_value"):
        assert np.isfinite(ranking[[name, f"{name}_se", f"{name}_low", f"{name}_high"]]).all(axis=None), name
    assert set(found.fixed) == {
        name for name, entry in found.sample.prior.entries.items() if entry.distribution.constant is not None
    }
    assert any("Shapley effects, out of 100 %" in sentence for sentence in found.sentences)
    assert any("Most worth researching" in sentence for sentence in found.sentences)
    assert set(found.tables) == {
        "ranking", "measures", "curves", "value", "pair", "boxes", "worlds", "trajectories", "indices", "groups",
        "interactions",
    }  # fmt: skip
    assert set(found.readings) > {"shapley", "bits", "total"}


@compiled
def test_figures_are_drawn_from_it(found):
    figures = sensitivity_figures(found)
    assert set(figures) == {"ranking", "curves", "pair", "worlds"}
    only = sensitivity(found.sample, curves_only=True)
    assert only.indices is None
    assert only.ranking["first_order"].is_monotonic_decreasing
    assert set(sensitivity_figures(only)) == {"ranking", "curves", "pair", "worlds"}


@compiled
def test_threads_and_the_way_in_change_nothing(found):
    again = sensitivity(found.sample, n_draws=2**15, threads=1)
    assert again.ranking.equals(found.ranking)
    assert again.boxes.drop(columns="box").equals(found.boxes.drop(columns="box"))


@compiled
def test_draws_of_another_model_are_refused(found):
    # the same draws, but with the event turned around in a hundredth of them: no rerun gives that
    hits = found.sample.hits.copy()
    hits[::100] = ~hits[::100]
    with pytest.raises(InputError, match=r"does not come back: in .* draws the model now decides the event otherwise"):
        sensitivity(replace(found.sample, hits=hits), n_draws=2**15)


@compiled
def test_stated_coordinates_are_players_and_derived_ones_get_curves(tmp_path):
    file = tmp_path / "speeds.toml"
    file.write_text(
        'title = "speeds"\nextends = "davidson-houlden-2025"\n'
        '[max_speed]\nfamily = "loguniform"\nlow = 5\nhigh = 500\nunit = "x"\nsource = "test"\n'
        '[training_months]\nfamily = "uniform"\nlow = 2\nhigh = 4\nunit = "months"\nsource = "test"\n'
        '[mode]\nfamily = "categorical"\nvalues = { none = 1.0 }\nsource = "test"\n',
        encoding="utf-8",
    )
    ranking = sensitivity(load_prior(file), "best_window[2] < 24", **SIZE).ranking.set_index("quantity")
    assert ranking.loc["max_speed", "role"] == "stated"
    assert ranking.loc["max_speed", "shapley"] > 0.0
    assert ranking.loc["rho", "role"] == "derived"
    assert np.isnan(ranking.loc["rho", "shapley"])
    assert ranking.loc["rho", "first_order"] == pytest.approx(ranking.loc["max_speed", "first_order"])
    assert ranking.loc["training_months", "effect"] == "none"  # mode none: nothing is retrained
    assert ranking.loc["training_months", ["total", "total_se"]].tolist() == [0.0, 0.0]


@compiled
def test_weighted_draws_get_curves_and_no_design(found):
    weights = np.where(found.sample.draws["r"] > 1.2, 2.0, 0.5)
    given = sensitivity(found.sample, weights=weights)
    assert given.indices is None
    assert any("weights" in note for note in given.notes)
    assert given.boxes.empty
    exact = weights[found.sample.hits].sum() / weights.sum()
    assert given.answer.prob == pytest.approx(exact, abs=0.01 * given.answer.se)
    assert given.answer.prob > found.answer.prob + 10.0 * found.answer.se
    plain, weighted = (one.curves.levels.set_index("quantity").loc["r", "share"] for one in (found, given))
    assert weighted.iloc[-1] > 1.2 * plain.iloc[-1]


def test_a_set_given_evidence_has_shapley_effects_given_it():
    given = sensitivity(load_prior("economists-evidence"), n_draws=2**13, n_replicates=8)
    shapley = given.indices.index("shapley")["value"]
    assert shapley.sum() == pytest.approx(1.0)
    assert {"sigma", "r_total"} <= set(shapley.sort_values().index[-3:])
    assert "total" not in given.ranking
    assert given.sentences[0].startswith("What drives the probability (Shapley effects")


def test_a_set_given_evidence_about_an_outcome_says_why_it_has_none_and_where_some_are():
    item = piece("first_year_ooms", "normal", unit="OOM", value=1.5, sd=0.8)
    given = sensitivity(load_prior("davidson-2025").given([item]), n_draws=2**13, n_replicates=8)
    assert given.indices is None
    (note,) = [note for note in given.notes if "No Shapley effects" in note]
    assert "about an outcome" in note
    assert "without_evidence" in note


def test_a_prior_without_anything_random_is_refused():
    prior = load_prior("davidson-houlden-2025")
    for name in prior.dimensions:
        prior = prior.pinned(name, float(prior.quantiles(name, [0.5])[0]))
    with pytest.raises(InputError, match="has no input that varies"):
        sensitivity(prior)


def test_an_event_that_never_happens_is_refused_with_its_bound():
    prior = load_prior("davidson-houlden-2025")
    simulation = simulate(prior, 64, n_replicates=4, levels=(20,), widths=())
    with pytest.raises(InputError, match=r"holds in none of the 64 draws \(binomial 95 % bound: below 4\.6 %\)"):
        sensitivity(sample_of(simulation, parse_event("months_to[20] < 0.1")))


def test_the_indices_begin_with_the_points_of_the_draws():
    prior = load_prior("davidson-2025")
    drawn = sample_design(2**20, seed=7)
    design = index_design(prior, drawn, 2**20)
    assert (design.scheme, design.seed, design.n_replicates) == ("sobol", 7, drawn.n_replicates)
    assert design.n_per_replicate <= drawn.n_per_replicate
    assert index_design(prior, Design("philox", 7, 8, 100), 2**15).scheme == "sobol"


@compiled
def test_an_input_that_only_tells_of_others_is_said_to(tmp_path):
    file = tmp_path / "tied.toml"
    file.write_text(
        'title = "tied"\nextends = "davidson-houlden-2025"\n'
        '[training_months]\nfamily = "uniform"\nlow = 2\nhigh = 4\nunit = "months"\nsource = "test"\n'
        '[[correlation]]\nbetween = ["r", "training_months"]\nspearman = 0.9\nsource = "test"\n',
        encoding="utf-8",
    )
    tied = sensitivity(load_prior(file), "best_window[2] < 24", **SIZE)
    row = tied.ranking.set_index("quantity").loc["training_months"]
    assert row["effect"] == "through others"
    assert (row["total"], row["first_order"] > 0.1, row["shapley"] > 0.05) == (0.0, True, True)
    assert any("correlated" in note for note in tied.notes)
