"""Exponential and logarithm of our own against decimal arithmetic of fifty digits."""

from __future__ import annotations

import math
from decimal import Decimal, getcontext

import numba
import numpy as np
import pytest
from llvmlite.binding import get_host_cpu_features
from tests_settings import INTERPRETED

from mc_sie._jit import fma
from mc_sie.model.elementary import exp_and_expm1, ln_near_one

getcontext().prec = 50


def units(value: float, exact: Decimal) -> float:
    """Error in units in the last place of the exact value."""
    return float(abs(Decimal(value) - exact)) / math.ulp(float(exact))


def numbers(scale: float, n: int = 1000) -> list[float]:
    return (np.random.default_rng(1).uniform(-1.0, 1.0, n) * scale).tolist()


@pytest.mark.parametrize("scale", [1e-12, 1e-3, 0.35, 3.0, 40.0, 700.0])
def test_exponentials_are_good_to_two_units_in_the_last_place(scale):
    errors = []
    for x in numbers(scale):
        power, less_one = exp_and_expm1(x)
        exact = Decimal(x).exp()
        errors.append((units(power, exact), units(less_one, exact - 1)))
    assert np.max(errors, axis=0)[0] < 2
    assert np.max(errors, axis=0)[1] < 2


def test_beyond_normal_doubles_an_exponential_stays_finite():
    assert exp_and_expm1(-1e9)[0] == pytest.approx(math.exp(-708.0), rel=1e-15)
    assert exp_and_expm1(1e9)[0] == pytest.approx(math.exp(709.0), rel=1e-15)
    assert math.isnan(exp_and_expm1(math.nan)[0])


@pytest.mark.parametrize("scale", [1e-12, 1e-3, 0.29, 0.9])
def test_a_logarithm_next_to_one_is_good_to_two_units_in_the_last_place(scale):
    for less_one in numbers(scale):
        x = 1.0 + less_one
        exact = (1 + Decimal(less_one)).ln()
        # beyond the roots of 1/2 and 2 the number is x, and how that was rounded is not the logarithm's fault
        slack = 0.0 if abs(less_one) < 0.29 else math.ulp(x) / x / math.ulp(float(exact))
        assert units(ln_near_one(x, less_one), exact) < 2 + slack, less_one


def test_a_logarithm_far_from_one_is_good_to_two_units_in_the_last_place():
    for ln_x in numbers(600.0):
        x = math.exp(ln_x)
        assert units(ln_near_one(x, math.nan), Decimal(x).ln()) < 2


@pytest.mark.skipif(INTERPRETED, reason="plain Python rounds twice")
def test_a_product_and_a_sum_are_rounded_once():
    """(1 + d) (1 - d) - 1 is -d^2; with the product rounded first it is 0."""
    found = numba.njit(lambda a, b, c: fma(a, b, c))(1.0 + 2.0**-30, 1.0 - 2.0**-30, -1.0)
    assert found == (-(2.0**-60) if get_host_cpu_features().get("fma", True) else 0.0)
