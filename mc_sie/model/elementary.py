"""Exponential and logarithm without a branch, so that the compiler takes several nodes of a panel at a time.

The library's functions are called for one number after another. These are arithmetic alone: in a loop over the nodes
they cost a fifth of it; for a single number, about the same. Errors are below 2 units in the last place.
"""

from __future__ import annotations

import math

import numpy as np

from mc_sie._jit import config, fma, inlined

_LOWEST = -708.0  # between these two, e^x is a normal double
_HIGHEST = 709.0
_SHIFTER = 1.5 * 2.0**52  # added to a number, it leaves the nearest integer in the last bits
_PER_LN_2 = 1.4426950408889634
_LN_2_HIGH = 6.93147180369123816490e-01  # 20 zeros at its end: a multiple of it by an exponent is exact
_LN_2_LOW = 1.90821492927058770002e-10

# P of exp_and_expm1
_E0 = 0.5000000000000001
_E1 = 0.16666666666666669
_E2 = 0.04166666666662413
_E3 = 0.008333333333330062
_E4 = 0.0013888888917213717
_E5 = 0.00019841269863053618
_E6 = 2.4801521295954376e-05
_E7 = 2.7557268459997064e-06
_E8 = 2.7620088445409746e-07
_E9 = 2.510038549551032e-08

# bits of a double: 52 of the mantissa below those of the exponent
_WIDTH = np.uint64(52)
_ONE = np.uint64(0x3FF0000000000000)
_MANTISSA = np.uint64(0x000FFFFFFFFFFFFF)
_ROOT_HALF = np.uint64(0x3FE6A09E00000000)
_EXPONENT_OFFSET = np.uint64(0x3FF0000000000000 - 0x3FE6A09E00000000)  # moves sqrt(1/2) to a power of two
_SHIFTER_BITS = np.uint64(0x4330000000000000)  # 2^52


@inlined
def within_range(x: float) -> float:
    """x, or the nearest number of which e^x is a normal double; nan as it is."""
    x = _LOWEST if x < _LOWEST else x
    return _HIGHEST if x > _HIGHEST else x


@inlined
def exp_and_expm1(x: float) -> tuple[float, float]:
    """e^x and e^x - 1, both to rounding; x is taken as -708 below and as 709 above, short of underflow and overflow.

    ``e^x = 2^k e^r`` with ``abs(r) <= ln(2)/2``, and ``e^r = 1 + r + r^2 P(r)``, with P exact at the ten Chebyshev
    points of that range: e^r then errs by 2e-17 of itself.
    """
    x = within_range(x)
    shifted = fma(x, _PER_LN_2, _SHIFTER)
    k = shifted - _SHIFTER
    r = fma(-k, _LN_2_LOW, fma(-k, _LN_2_HIGH, x))
    r2 = r * r
    r4 = r2 * r2
    low = fma(r2, fma(r, _E3, _E2), fma(r, _E1, _E0))
    middle = fma(r2, fma(r, _E7, _E6), fma(r, _E5, _E4))
    change = fma(r2, fma(r4, fma(r4, fma(r, _E9, _E8), middle), low), r)
    power = np.uint64((np.float64(shifted).view(np.uint64) << _WIDTH) + _ONE).view(np.float64)  # 2^k
    return fma(power, change, power), fma(power, change, power - 1.0)


@inlined
def branchless_exp(x: float) -> float:
    """e^x, as :func:`exp_and_expm1` has it."""
    return exp_and_expm1(x)[0]


@inlined
def ln_near_one(x: float, less_one: float) -> float:
    """ln x, to rounding also next to x = 1, for a positive normal double of which x - 1 is known better than x tells.

    ``less_one`` is x - 1, used for x between sqrt(1/2) and sqrt(2) only. With ``x = 2^k m``, m between these two, and
    ``s = (m - 1) / (m + 1)``, ``ln m = 2 artanh s`` is a polynomial in s^2; coefficients of FreeBSD's ``e_log.c``
    (error below 2^-58).
    """
    bits = np.float64(x).view(np.uint64) + _EXPONENT_OFFSET
    k = np.uint64((bits >> _WIDTH) | _SHIFTER_BITS).view(np.float64) - (2.0**52 + 1023.0)
    f = less_one if k == 0.0 else np.uint64((bits & _MANTISSA) + _ROOT_HALF).view(np.float64) - 1.0
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    even = fma(w, fma(w, 0.1531383769920937332, 0.2222219843214978396), 0.3999999999940941908)
    odd = fma(w, 0.1479819860511658591, 0.1818357216161805012)
    odd = fma(w, fma(w, odd, 0.2857142874366239149), 0.6666666666666735130)
    half_square = 0.5 * f * f
    series = fma(z, odd, fma(w, even, half_square))
    return fma(k, _LN_2_HIGH, fma(s, series, fma(k, _LN_2_LOW, -half_square)) + f)


def _exp_and_expm1(x: float) -> tuple[float, float]:
    x = within_range(x)
    return math.exp(x), math.expm1(x)


def _ln_near_one(x: float, less_one: float) -> float:
    return math.log1p(less_one) if 0.7071 < x < 1.4142 else math.log(x)


if config.DISABLE_JIT:  # interpreted, they would be slow, and their bits are not what is tested then
    exp_and_expm1 = _exp_and_expm1
    ln_near_one = _ln_near_one
