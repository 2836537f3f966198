"""Series on one panel: integrating, fitting, reading and solving, against NumPy's and closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.polynomial import chebyshev

from mc_sie.model.chebyshev import N_NODES, N_TERMS, NODES, fit, integrate, is_reached, read, solve, step_factor


def test_a_panel_integrates_what_it_resolves():
    """The integral of e^(3x) over [-1, 1] is known; fourteen digits of it come out, at the nodes and between them."""
    h = 2.0
    start = 0.25
    slope_series = np.zeros(N_TERMS)
    series = np.zeros(N_TERMS)
    values = np.zeros(N_NODES)
    slopes = np.exp(3 * NODES)
    error = fit(slopes, h, start, slope_series, series)
    integrate(slopes, h, start, values)
    x = np.linspace(-1, 1, 101)
    exact = start + (np.exp(3 * x) - math.exp(-3)) / 3
    np.testing.assert_allclose([read(series, at) for at in x], exact, rtol=0, atol=1e-10)
    np.testing.assert_allclose([read(slope_series, at) for at in x], np.exp(3 * x), rtol=0, atol=1e-9)
    np.testing.assert_allclose(values, start + (np.exp(3 * NODES) - math.exp(-3)) / 3, rtol=0, atol=1e-10)
    assert np.abs([read(series, at) for at in x] - exact).max() < error < 1e-8


@pytest.mark.parametrize("rate", [-4.0, 0.1, 3.0])
def test_a_series_is_read_to_rounding_and_its_error_is_that_of_its_last_terms(rate):
    """By powers as by Chebyshev's own terms, with those of the interpolating polynomial solved for.

    Rounding was seen to leave 2e-15 of the largest value; ten times that is four digits below what a panel may err.
    """
    h = 3.0
    start = 2.0
    slope_series = np.zeros(N_TERMS)
    series = np.zeros(N_TERMS)
    slopes = np.exp(rate * NODES) * np.cos(2 * NODES)
    error = fit(slopes, h, start, slope_series, series)
    terms = np.linalg.solve(chebyshev.chebvander(NODES, N_NODES - 1), slopes)
    integral = 0.5 * h * chebyshev.chebint(terms, lbnd=-1)
    x = np.linspace(-1, 1, 101)
    size = np.abs(slopes).max()
    read_slopes, read_values = ([read(each, at) for at in x] for each in (slope_series, series))
    np.testing.assert_allclose(read_slopes, chebyshev.chebval(x, terms), rtol=0, atol=2e-14 * size)
    np.testing.assert_allclose(read_values, start + chebyshev.chebval(x, integral), rtol=0, atol=2e-14 * h * size)
    assert error == pytest.approx(abs(integral[-1]) + 0.1 * abs(integral[-2]), rel=1e-3, abs=1e-15)


@pytest.mark.parametrize("length", [0.1, 0.9, 1.7, 3.9, 4.1, math.inf, math.nan])
def test_a_longer_panel_is_known_to_reach_without_its_length(length):
    for error in (0.0, 1e-17, 1e-9, 1e-3, 0.3, 1.0):
        h = 1.3
        assert is_reached(length * h, h, error) == (length <= step_factor(error))


@pytest.mark.parametrize("length", [0.1, 2.0, 7.0])
def test_a_panel_finds_where_a_function_takes_a_value(length):
    slope_series = np.zeros(N_TERMS)
    series = np.zeros(N_TERMS)
    slopes = np.exp(NODES)
    values = np.zeros(N_NODES)
    fit(slopes, length, 0.0, slope_series, series)
    integrate(slopes, length, 0.0, values)
    for x in (-1.0, -0.3, 0.2, 0.9):
        found = solve(values, slopes, series, slope_series, length, read(series, x))
        assert found == pytest.approx(x, abs=1e-9)
