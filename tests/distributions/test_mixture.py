"""Mixtures: inverted as plain bisection inverts them, atoms included."""

import time

import numpy as np
import pytest

from mc_sie.distributions import families as f
from mc_sie.distributions.base import Unusable
from mc_sie.distributions.mixture import PARTS_HIGH, Mixture

U = np.concatenate([10.0 ** -np.arange(1.0, 16.0), np.linspace(0.001, 0.999, 999), 1.0 - 10.0 ** -np.arange(3.0, 16.0)])


MIXTURES = {
    "overlapping": f.mixture([(0.2, f.normal(0.0, 1.0)), (0.5, f.normal(3.0, 0.1)), (0.3, f.normal(-2.0, 5.0))]),
    "apart": f.mixture([(0.3, f.uniform(-1.2, -0.3)), (0.7, f.uniform(-0.2, 0.0))]),
    "touching, atom at the end": f.mixture([(0.9, f.uniform(-0.2, 0.0)), (0.1, f.fixed(0.0))]),
    "one behind the other": f.mixture(
        [
            (0.3, f.triangular(2.0, 3.0, 3.0)),
            (0.05, f.fixed(3.0)),
            (0.1, f.loguniform(1e-6, 1e-3)),
            (0.1, f.fixed(0.5)),
            (0.25, f.truncated(f.normal(1.0, 1.0), 0.5, 2.0)),
            (0.2, f.truncated(f.normal(0.0, 1.0), 3.0, 9.0)),
        ]
    ),
    "atoms inside": f.mixture(
        [(0.3, f.lognormal(2.0, 1.0)), (0.4, f.uniform(0.0, 1.0)), (0.2, f.fixed(0.3)), (0.1, f.fixed(5.0))]
    ),
    "poles": f.mixture([(0.5, f.beta(0.5, 0.5)), (0.3, f.beta(3.0, 5.0)), (0.2, f.beta(0.8, 2.7, 0.1, 0.6))]),
    "scales apart": f.mixture([(0.5, f.loguniform(1e-6, 1e-3)), (0.5, f.student_t(0.0, 1e3, 2.5))]),
    "rare part": f.mixture([(1e-6, f.normal(50.0, 1.0)), (1.0 - 1e-6, f.normal(0.0, 1.0))]),
}


def bisected(distribution, u):
    """The smallest x with P(X <= x) >= u, by halving an interval 300 times; from the upper tail where u is there."""
    low, high = np.full(u.shape, -1e9), np.full(u.shape, 1e9)
    for _ in range(300):
        middle = 0.5 * (low + high)
        below = np.where(u <= 0.5, distribution.cdf(middle) < u, distribution.sf(middle) > 1.0 - u)
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return high


@pytest.mark.parametrize("name", MIXTURES)
def test_a_mixture_is_inverted_as_bisection_inverts_it(name):
    distribution = MIXTURES[name]
    found, expected = distribution.ppf(U), bisected(distribution, U)
    # A value is as good as one step of u: where the distribution is thin, x is not determined better than that.
    resolution = np.abs(bisected(distribution, np.clip(U + 2e-16, 0.0, 1.0 - 1e-16)) - expected)
    np.testing.assert_array_less(np.abs(found - expected), 1e-12 * np.abs(expected) + 4.0 * resolution + 1e-14)


@pytest.mark.parametrize("name", MIXTURES)
def test_a_mixture_has_the_cumulative_function_of_its_parts(name):
    distribution = MIXTURES[name]
    x = np.linspace(-10.0, 10.0, 2001)
    expected = sum(w * part.cdf(x) for w, part in distribution.parts) + sum(p * (x >= a) for a, p in distribution.atoms)
    np.testing.assert_allclose(distribution.cdf(x), expected, rtol=1e-14)
    np.testing.assert_allclose(distribution.cdf(x) + distribution.sf(x), 1.0, rtol=1e-14)
    assert distribution.mean() == pytest.approx(
        float(np.mean(distribution.ppf((np.arange(2**20) + 0.5) / 2**20))), rel=2e-3, abs=1e-5
    )


def test_an_atom_takes_its_share_of_u_and_no_more():
    distribution = MIXTURES["touching, atom at the end"]
    assert distribution.ppf(0.9) == pytest.approx(0.0, abs=1e-15)
    x = distribution.ppf(np.array([0.45, 0.8999, 0.900001, 0.95, 0.999999]))
    np.testing.assert_allclose(x[:2], [-0.1, -0.2 + 0.2 * 0.8999 / 0.9])
    assert np.all(x[2:] == 0.0)
    assert distribution.atoms == ((0.0, pytest.approx(0.1)),)
    distribution = MIXTURES["atoms inside"]
    below, upto = float(distribution.cdf(np.nextafter(0.3, 0.0))), float(distribution.cdf(0.3))
    assert upto - below == pytest.approx(0.2)
    x = distribution.ppf(np.linspace(below + 1e-12, upto - 1e-12, 100))
    assert np.all(x == 0.3)
    assert distribution.ppf(below - 1e-9) < 0.3 < distribution.ppf(upto + 1e-9)


def test_atoms_alone_never_give_a_value_between_them():
    weights = (0.1, 0.2, 0.3, 0.15, 0.25)
    distribution = f.mixture([(weight, f.fixed(float(code))) for code, weight in enumerate(weights)])
    u = (np.arange(2**16) + 0.5) / 2**16
    cuts = np.cumsum(weights)
    u = np.sort(np.concatenate([u, cuts[:-1], np.nextafter(cuts[:-1], 0.0), np.nextafter(cuts[:-1], 1.0)]))
    x = distribution.ppf(u)
    assert set(x) == {0.0, 1.0, 2.0, 3.0, 4.0}
    np.testing.assert_allclose([np.mean(x == code) for code in range(5)], weights, atol=1e-4)


def test_no_limit_can_have_a_credence():
    distribution = f.mixture([(0.2, f.fixed(np.inf)), (0.8, f.lognormal(10.0, 0.3))])
    assert np.all(np.isinf(distribution.ppf([0.8001, 0.9, 1.0 - 1e-16])))
    x = distribution.ppf(np.array([1e-15, 0.4, 0.7999999, 0.8 - 1e-15]))
    assert np.all(np.isfinite(x))
    assert x[1] == pytest.approx(10.0)
    assert distribution.mean() == np.inf
    assert distribution.support == (0.0, np.inf)
    assert f.fixed(np.inf).constant == np.inf


@pytest.mark.parametrize("name", ["overlapping", "atoms inside", "poles"])
def test_a_million_values_of_a_mixture_take_about_a_second(name):
    u = np.random.default_rng(0).random(2**20)
    start = time.process_time()
    MIXTURES[name].ppf(u)
    assert time.process_time() - start < 3.0


def test_inverting_a_mixture_takes_a_few_readings_of_its_cumulative_function(monkeypatch):
    parts = [f.uniform(0.45, 0.87), f.uniform(0.5, 0.7), f.lognormal(0.3, 0.5), f.normal(0.4, 0.1)]
    distribution = f.truncated(f.mixture([(0.25, part) for part in parts]), 0.02, 0.9)
    distribution.ppf(0.5)  # makes the grid
    readings = []
    honest = Mixture._smooth
    monkeypatch.setattr(Mixture, "_smooth", lambda *args, **how: readings.append(args) or honest(*args, **how))
    distribution.ppf((np.arange(4096) + 0.5) / 4096)
    assert len(readings) <= 8  # halving an interval to the last digit takes some fifty


def test_a_mixture_of_many_parts_is_inverted_as_bisection_inverts_it():
    """The grid of many parts is thinner, and the answers are as good."""
    generator = np.random.Generator(np.random.Philox(5))
    centres, widths = generator.uniform(-5.0, 5.0, PARTS_HIGH), generator.uniform(0.01, 2.0, PARTS_HIGH)
    share = 1.0 / PARTS_HIGH
    distribution = f.mixture([(share, f.normal(*one)) for one in zip(centres, widths, strict=True)])
    u = U[::40]
    found, expected = distribution.ppf(u), bisected(distribution, u)
    resolution = np.abs(bisected(distribution, np.clip(u + 2e-16, 0.0, 1.0 - 1e-16)) - expected)
    np.testing.assert_array_less(np.abs(found - expected), 1e-12 * np.abs(expected) + 4.0 * resolution + 1e-14)


def test_more_parts_than_can_be_inverted_are_refused():
    """1,024 took 104 seconds."""
    inner = f.mixture([(0.25, f.normal(place, 1.0)) for place in range(4)])
    n = PARTS_HIGH // 4
    assert len(f.mixture([(1.0 / n, inner)] * n).parts) == PARTS_HIGH
    with pytest.raises(Unusable, match=f"make {PARTS_HIGH + 4} distributions together, more than {PARTS_HIGH}"):
        f.mixture([(1.0 / (n + 1), inner)] * (n + 1))
