"""Typical draws with the event."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from tests_settings import INTERPRETED

from mc_sie.analysis.sensitivity import archetypes as module
from mc_sie.analysis.sensitivity.archetypes import archetypes, medoids
from mc_sie.engine.sample import sample_of
from mc_sie.events import parse_event

EVENT = parse_event("best_window[2.5] < 24")
compiled = pytest.mark.skipif(INTERPRETED, reason="the same numbers as compiled, a hundred times slower")


def test_medoids_are_the_best_of_all_choices():
    rng = np.random.default_rng(3)
    places = np.concatenate([rng.normal(centre, 0.3, (12, 2)) for centre in ((0, 0), (4, 0), (0, 4))])
    distances = np.linalg.norm(places[:, None] - places[None, :], axis=2)

    def cost(chosen):
        return distances[:, list(chosen)].min(axis=1).sum()

    for k in (1, 2, 3):
        found = medoids(places, k)
        best = min(map(cost, combinations(range(36), k)))
        assert cost([place for place, _ in found]) <= best * (1.0 + 1e-9 if k != 2 else 1.02)  # k = 2: two share one
        assert sum(share for _, share in found) == pytest.approx(1.0)
    assert [share for _, share in medoids(places, 3)] == pytest.approx([1 / 3] * 3)


@pytest.mark.parametrize("seed", range(8))
def test_there_are_as_many_medoids_as_different_points(seed):
    rng = np.random.default_rng(seed)
    n_different = 1 + seed % 5
    places = rng.normal(size=(n_different, 3))[rng.integers(0, n_different, 40)] * 1e3
    different = len(np.unique(places, axis=0))
    for k in (1, 3, 7):
        found = medoids(places, k)
        assert len(np.unique(places[[place for place, _ in found]], axis=0)) == len(found) == min(k, different)
        assert sum(share for _, share in found) == pytest.approx(1.0)
    assert medoids(np.zeros((5, 1)), 3) == [(0, 1.0)]


@compiled
def test_typical_worlds_are_looked_for_among_the_first_hits_of_every_randomisation(simulation, monkeypatch):
    every = replace(sample_of(simulation, EVENT), hits=simulation.outcomes.is_ok)
    monkeypatch.setattr(module, "MEDOID_HITS_HIGH", 40)
    worlds, _ = archetypes(every)
    share = min(np.mean(every.draws["mode"] == code) for code in np.unique(every.draws["mode"]))
    assert (worlds["draw"] % every.design.n_per_replicate <= 1.3 * 40 / every.design.n_replicates / share).all()
    assert 1.3 * 40 / every.design.n_replicates / share < 0.3 * every.design.n_per_replicate  # few of all there are


def test_typical_worlds_are_draws_with_the_event(simulation):
    sample = sample_of(simulation, EVENT)
    worlds, trajectories = archetypes(sample)
    mode = np.asarray(sample.draws["mode"])[sample.hits]
    counts = np.unique(mode, return_counts=True)[1]
    shown = counts >= min(30, counts.max())
    assert worlds["share"].sum() == pytest.approx(counts[shown].sum() / len(mode))
    for world in worlds.itertuples():
        assert sample.hits[world.draw]
        assert world.r == sample.draws["r"][world.draw]
        ooms = trajectories[trajectories["archetype"] == world.archetype]["effective_ooms"]
        assert ooms.max() >= 2.5
