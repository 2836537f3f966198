"""The production function: published ceilings, limits, and the reference."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference.law_of_motion import ces

from mc_sie.model.ces import labour_elasticity, ln_ceiling, ln_ces, ln_ces_and_share
from mc_sie.units import rho_from_sigma, sigma_from_rho

rhos = st.one_of(st.floats(-50.0, 0.99), st.floats(-1e-3, 1e-3), st.just(0.0))
alphas = st.floats(0.001, 0.999)
logs = st.floats(-20.0, 60.0)


# Davidson (2025), Will compute bottlenecks prevent a software intelligence explosion?, table of maximum speeds
@pytest.mark.parametrize(
    ("rho", "ceiling"), [(-1.0, 2.0), (-0.5, 4.0), (-0.2, 32.0), (-0.15, 101.59), (-0.1, 1024.0), (0.0, math.inf)]
)
def test_published_ceilings(rho, ceiling):
    assert math.exp(ln_ceiling(rho, 0.5)) == pytest.approx(ceiling, rel=1e-4)


# exact values of the same article's curves, alpha = 0.5, K = 1
@pytest.mark.parametrize(
    ("rho", "labour", "pace"),
    [
        (-1.0, 10.0, 1.818), (-0.5, 1e3, 3.759), (-0.4, 1e4, 5.317), (-0.3, 1e5, 9.086), (-0.2, 1e3, 10.44),
        (-0.2, 1e5, 19.87), (-0.155, 1e6, 42.74), (-0.1, 1e6, 108.9), (-0.01, 1e6, 787.9), (0.0, 1e6, 1000.0),
    ],
)  # fmt: skip
def test_published_curve(rho, labour, pace):
    assert math.exp(ln_ces(math.log(labour), 0.0, rho, 0.5)) == pytest.approx(pace, rel=5e-4)


@given(logs, st.floats(-5.0, 20.0), rhos, alphas)
@settings(deadline=None, derandomize=True, max_examples=300)
def test_ces_agrees_with_the_reference(ln_x, ln_k, rho, alpha):
    slow = ces(math.exp(ln_x), math.exp(ln_k), rho, alpha)
    assert ln_ces(ln_x, ln_k, rho, alpha) == pytest.approx(math.log(slow), rel=1e-12, abs=1e-11)


@given(logs, st.floats(-5.0, 20.0), alphas, st.floats(-12.0, -3.0), st.sampled_from([-1.0, 1.0]))
@settings(deadline=None, derandomize=True, max_examples=200)
def test_ces_is_continuous_through_rho_zero(ln_x, ln_k, alpha, exponent, sign):
    rho = sign * 10.0**exponent
    d = ln_x - ln_k
    limit = ln_k + (1 - alpha) * d
    # the next terms of the expansion in rho bound the difference
    bound = abs(rho) * alpha * (1 - alpha) * d * d / 2 * (1 + abs(rho * d)) + 1e-12 * (1 + abs(limit))
    assert abs(ln_ces(ln_x, ln_k, rho, alpha) - limit) <= bound


@given(logs, st.floats(-5.0, 20.0), rhos, alphas)
@settings(deadline=None, derandomize=True, max_examples=200)
def test_elasticity_is_the_derivative_of_output(ln_x, ln_k, rho, alpha):
    h = 1e-5
    slope = (ln_ces(ln_x + h, ln_k, rho, alpha) - ln_ces(ln_x - h, ln_k, rho, alpha)) / (2 * h)
    assert labour_elasticity(ln_x, ln_k, rho, alpha) == pytest.approx(
        slope, abs=3e-6
    )  # h^2 times |rho|^2, and rounding


@given(logs, rhos.filter(lambda rho: rho < -1e-6), alphas)
@settings(deadline=None, derandomize=True, max_examples=200)
def test_output_never_exceeds_the_ceiling(ln_x, rho, alpha):
    assert ln_ces(ln_x, 0.0, rho, alpha) <= ln_ceiling(rho, alpha) + 1e-9


def test_without_compute_output_is_labour():
    for rho in (-50.0, -0.3, 0.0, 0.5):
        assert ln_ces(7.0, 3.0, rho, 0.0) == pytest.approx(7.0, rel=1e-14)


@given(st.floats(0.02, 50.0))
@settings(deadline=None, derandomize=True)
def test_sigma_and_rho_are_inverse(sigma):
    assert sigma_from_rho(rho_from_sigma(sigma)) == pytest.approx(sigma, rel=1e-12)


# sigma and rho as published: Epoch's 0.7, Knoblach's 0.45 and 0.87, Whitfill & Wu's 2.583
@pytest.mark.parametrize(("sigma", "rho"), [(0.7, -0.4286), (0.45, -1.2222), (0.87, -0.1494), (2.583, 0.6129)])
def test_published_conversions(sigma, rho):
    assert rho_from_sigma(sigma) == pytest.approx(rho, abs=5e-5)


def test_elasticities_lie_between_zero_and_one():
    x = np.linspace(-100, 300, 41)
    for rho in (-50.0, -1.0, 1e-13, 0.0, 0.9):
        shares = [labour_elasticity(value, 0.0, rho, 0.3) for value in x]
        assert min(shares) >= 0.0
        assert max(shares) <= 1.0


@pytest.mark.parametrize("rho", [-20.0, -0.3, -1e-3, -1e-9, 0.0, 1e-9, 5e-4, 0.2, 0.9])
@pytest.mark.parametrize("ln_x", [-3.0, 0.0, 0.4, 5.0, 60.0])
def test_output_and_its_elasticity_in_one_are_the_same_apart(rho, ln_x):
    for alpha in (0.0, 0.05, 0.5, 0.95):
        ln_r, share = ln_ces_and_share(ln_x, 0.7, rho, alpha)
        assert ln_r == pytest.approx(ln_ces(ln_x, 0.7, rho, alpha), rel=1e-12, abs=2e-12)
        assert share == pytest.approx(labour_elasticity(ln_x, 0.7, rho, alpha), rel=1e-12)
