"""A proposal is a density on the cube, of which the prior is a part."""

import numpy as np
import pytest

from mc_sie import load_prior
from mc_sie.analysis.importance.proposal import (
    Component,
    Histogram,
    Proposal,
    cells_of,
    principal_axes,
    with_wider,
)


def test_a_histogram_is_a_density_with_its_quantile_function():
    rng = np.random.default_rng(3)
    for values in (rng.beta(30, 2, 500), 1.0 - 1e-9 * rng.random(200), rng.random(64), np.full(40, 0.3)):
        histogram = Histogram.fitted(values)
        assert histogram.masses.sum() == pytest.approx(1.0)
        assert (histogram.masses > 0.0).all()
        assert (np.diff(histogram.edges) > 0.0).all()
        u = (np.arange(4096) + 0.5) / 4096
        x = histogram.quantile(u)
        assert (np.diff(x) >= 0.0).all()
        middle = np.abs(values - np.median(values)) < 1.0
        assert np.log(histogram.density(values[middle])).mean() > -0.05
        np.testing.assert_allclose((1.0 / histogram.density(x)).mean(), 1.0, rtol=0.02)


def test_principal_axes_are_a_rotation_that_decorrelates():
    rng = np.random.default_rng(4)
    z = rng.normal(size=(800, 4))
    assert principal_axes(z) is None
    z[:, 1] = -0.9 * z[:, 0] + 0.2 * z[:, 1]
    axes = principal_axes(z)
    np.testing.assert_allclose(axes.T @ axes, np.eye(4), atol=1e-12)
    np.testing.assert_allclose(axes[2:, 2:], np.eye(2))
    assert abs(np.corrcoef((z @ axes)[:, :2].T)[0, 1]) < 1e-9


@pytest.mark.parametrize("name", ["davidson-2025", "agnostic"])
def test_cells_share_out_the_cube(name):
    prior = load_prior(name)
    cells = cells_of(prior)
    assert sum(cell.mass for cell in cells) == pytest.approx(1.0)
    rng = np.random.default_rng(6)
    uniforms = {dimension: rng.random(500) for dimension in prior.dimensions}
    assert (np.sum([cell.contains(uniforms) for cell in cells], axis=0) == 1).all()


def test_weights_are_the_prior_over_the_proposal_and_bounded():
    """The mean weight of its draws is 1, and draws come from the prior at its share."""
    prior = load_prior("davidson-2025")
    cell = cells_of(prior)[0]
    histogram = Histogram(np.array([0.0, 0.9, 1.0]), np.array([0.1, 0.9]))
    parts = with_wider([Component(1.0, None, {0: histogram})])
    proposal = Proposal(prior, 0.1, tuple((cell, part) for part in parts))
    rng = np.random.default_rng(7)
    n = 20_000
    placed, is_plain = proposal.place({name: rng.random(n) for name in prior.dimensions}, rng.random(n))
    weights = proposal.weights(placed)
    assert weights.max() <= 10.0
    assert abs(weights.mean() - 1.0) < 4.0 * weights.std() / np.sqrt(n)
    assert is_plain.mean() == pytest.approx(0.1, abs=0.01)
    first = placed[cell.names[0]][cell.contains(placed)]
    assert (first > 0.9).mean() > 0.5
