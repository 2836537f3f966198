"""Functions on a stretch of a coordinate as Chebyshev series: fitting, integrating, reading, solving.

A panel is a stretch of length h of the coordinate of integration. A derivative is known at :data:`N_NODES` nodes of it

    x_j = -cos(pi j / (N - 1)),        x = -1 at the start of the panel, 1 at its end,

and is replaced by its interpolating polynomial ``sum_n d_n T_n(x)``, whose integral from the start is again a series,

    c_n = (h/2) (d_(n-1) - d_(n+1)) / (2 n)    (d_0 counted twice at n = 1),    c_0 so that it is 0 at x = -1.

Where the function is analytic in the ellipse with foci at the ends of the panel and half axes that add up to rho h/2,
the terms fall as rho^-n, so that the last terms say how long a panel may be.

What is kept of a series is what it is read by: since ``T_2m(x)`` and ``T_2m+1(x) / x`` are polynomials in
``y = 2 x^2 - 1``, the function is ``x O(y) + E(y)``, and the coefficients of O and of E by powers of y follow one
another in :data:`N_TERMS` numbers. Powers up to the eighth cost a digit of sixteen beside the terms themselves, and are
read in half the time. Since ``dy = 4 x dx``, the integral of ``x o(y) + e(y)`` has ``E' = o / 4`` and
``O + 2 (1 + y) O' = e``.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.polynomial import chebyshev, polynomial
from numpy.typing import NDArray

from mc_sie._jit import fma, inlined, part
from mc_sie.model.rootfinding import newton_in

FloatArray = NDArray[np.float64]

N_NODES = 16
"""Nodes of a panel, its two ends among them."""

N_TERMS = N_NODES + 1
"""Terms of the series of an integral; the series of a derivative has a last term 0."""

EVEN = N_NODES // 2
"""Where the powers of E begin, behind those of O."""

LAST = N_NODES - 1
"""Index of the node at the end of a panel."""


def _matrices() -> tuple[FloatArray, FloatArray, FloatArray]:
    """Positions of the nodes; columns of the matrices from values to the powers of y, and to the integral."""
    n = N_NODES
    j = np.arange(n)
    angles = np.pi * j / (n - 1)
    weights = np.where((j == 0) | (j == n - 1), 0.5, 1.0)
    # c_k = (2/(n-1)) w_k sum_i w_i f(cos(angle_i)) cos(k angle_i); our nodes run the other way, so cos -> (-1)^k cos
    series = 2.0 / (n - 1) * weights[:, None] * weights[None, :] * np.cos(np.outer(j, angles)) * ((-1.0) ** j)[:, None]
    nodes: FloatArray = -np.cos(angles)
    integral = chebyshev.chebval(nodes, chebyshev.chebint(series, lbnd=-1)).T.astype(np.float64)
    integral[0] = 0.0
    powers = np.zeros((n, n))  # by term
    odd: NDArray[np.floating[Any]] = np.ones(1)
    for m in range(n // 2):
        even = chebyshev.cheb2poly(np.eye(m + 1)[m])
        odd = polynomial.polysub(2.0 * even, odd)  # T_(2m+1) / x = 2 T_2m - T_(2m-1) / x
        powers[EVEN : EVEN + m + 1, 2 * m] = even
        powers[: m + 1, 2 * m + 1] = odd
    to_powers: FloatArray = powers @ series
    return nodes, to_powers.T.copy(), integral.T.copy()


NODES, TO_POWERS, TO_INTEGRAL = _matrices()
"""Nodes in [-1, 1]; matrices, by columns, from values at the nodes to the powers of their series, and to their integral
there."""

_M = np.arange(EVEN)
RISES = 1.0 / (4.0 * (_M + 1.0))
SHARES = 1.0 / (2.0 * _M + 1.0)
CARRIES = -2.0 * (_M + 1.0) / (2.0 * _M + 1.0)
"""Of an integral: E_m+1 over o_m; and ``O_m = SHARES e_m + CARRIES O_m+1``."""

Values = tuple[float, ...]


@inlined
def in_registers(values: FloatArray) -> Values:
    """Values at the nodes as local variables."""
    return (
        values[0], values[1], values[2], values[3], values[4], values[5], values[6], values[7],
        values[8], values[9], values[10], values[11], values[12], values[13], values[14], values[15],
    )  # fmt: skip


@inlined
def product(matrix: FloatArray, j: int, f: Values) -> float:
    """Entry j of a matrix, given by columns, times values at the nodes.

    Written out, with the values in local variables and the matrix a constant, the compiler takes several rows at a
    time, which is three times as fast as two loops.
    """
    a = fma(matrix[0, j], f[0], fma(matrix[1, j], f[1], fma(matrix[2, j], f[2], matrix[3, j] * f[3])))
    b = fma(matrix[4, j], f[4], fma(matrix[5, j], f[5], fma(matrix[6, j], f[6], matrix[7, j] * f[7])))
    c = fma(matrix[8, j], f[8], fma(matrix[9, j], f[9], fma(matrix[10, j], f[10], matrix[11, j] * f[11])))
    d = fma(matrix[12, j], f[12], fma(matrix[13, j], f[13], fma(matrix[14, j], f[14], matrix[15, j] * f[15])))
    return (a + b) + (c + d)


@part
def integrate(slopes: FloatArray, length: float, start: float, values: FloatArray) -> None:
    """Values at the nodes, received in ``values``, of a function known there by its slopes and by its start."""
    half = 0.5 * length
    f = in_registers(slopes)
    for j in range(N_NODES):
        values[j] = fma(half, product(TO_INTEGRAL, j, f), start)


@part
def fit(slopes: FloatArray, length: float, start: float, slope_series: FloatArray, series: FloatArray) -> float:
    """Series of a function known by its slopes at the nodes, and of that derivative; the size of its last terms.

    That is the last Chebyshev term of the function, or a tenth of the one before it where symmetry has made the last
    one small: several times what the panel is wrong by, since the terms left out are smaller still. Of the terms of the
    derivative only the last two have a seventh power of y: T_14 has 64, and T_15 / x has 128.
    """
    f = in_registers(slopes)
    for j in range(N_NODES):
        slope_series[j] = product(TO_POWERS, j, f)
    slope_series[N_NODES] = 0.0
    half = 0.5 * length
    at_start = 0.0
    for m in range(EVEN):
        series[EVEN + 1 + m] = half * RISES[m] * slope_series[m]
        at_start += series[EVEN + 1 + m]
    odd = 0.0
    for m in range(EVEN - 1, -1, -1):
        odd = fma(CARRIES[m], odd, half * SHARES[m] * slope_series[EVEN + m])
        series[m] = odd
        at_start -= odd
    series[EVEN] = start - at_start
    # T_15 is integrated to 1/64 of T_16, T_14 to 1/60 of T_15
    last = length * (1.0 / 64.0 / 128.0) * slope_series[EVEN - 1]
    before = length * (1.0 / 60.0 / 64.0) * slope_series[LAST]
    return abs(last) + 0.1 * abs(before)


@part
def read(series: FloatArray, x: float) -> float:
    """A series at a position x in [-1, 1]; pairs of powers first, so that little waits for anything else."""
    y = fma(2.0 * x, x, -1.0)
    y2 = y * y
    y4 = y2 * y2
    odd = fma(y2, fma(series[3], y, series[2]), fma(series[1], y, series[0]))
    odd_high = fma(y2, fma(series[7], y, series[6]), fma(series[5], y, series[4]))
    even = fma(y2, fma(series[11], y, series[10]), fma(series[9], y, series[8]))
    even_high = fma(y2, fma(series[15], y, series[14]), fma(series[13], y, series[12]))
    even = fma(y4, fma(y4, series[16], even_high), even)
    return fma(x, fma(y4, odd_high, odd), even)


@part
def solve(
    values: FloatArray, slopes: FloatArray, series: FloatArray, slope_series: FloatArray, length: float, value: float
) -> float:
    """Position x in [-1, 1] of a panel at which a growing function takes a value, at most that at the last node.

    The function and its derivative by the coordinate are given at the nodes and as series; ``length`` is the panel's.
    """
    j = 0
    while j < LAST - 1 and values[j + 1] <= value:
        j += 1
    return solve_between(
        series, slope_series, length, value, NODES[j], NODES[j + 1], values[j], values[j + 1], slopes[j], slopes[j + 1]
    )


@part
def solve_between(
    series: FloatArray,
    slope_series: FloatArray,
    length: float,
    value: float,
    low: float,
    high: float,
    at_low: float,
    at_high: float,
    slope_low: float,
    slope_high: float,
) -> float:
    """As :func:`solve`, between two positions at which the function and its slopes are known.

    Newton's method kept inside a shrinking bracket. It starts from the inverse function's cubic with the same values
    and slopes at both ends.
    """
    half = 0.5 * length
    rise = at_high - at_low
    width = high - low
    fraction = 0.5
    if rise > 0.0:
        y = min(1.0, max(0.0, (value - at_low) / rise))
        fraction = y
        steepness = rise / (half * width)
        cubic = y * y * (3.0 - 2.0 * y) + y * (1.0 - y) * steepness * ((1.0 - y) / slope_low - y / slope_high)
        if cubic >= 0.0 and cubic <= 1.0:
            fraction = cubic
    x = low + fraction * width
    for _ in range(80):
        miss = read(series, x) - value
        if miss < 0.0:
            low = x
        else:
            high = x
        guess, is_newton = newton_in(low, high, x, miss, half * read(slope_series, x))
        if is_newton and abs(guess - x) <= 1e-6:  # the next correction would be of the order of its square
            return guess
        if not is_newton and high - low <= 1e-15:
            return guess
        x = guess
    return x


@part
def step_factor(error: float) -> float:
    """Factor by which the next panel may be longer, from the error of this one in units of the tolerance."""
    if not error < math.inf:  # there is no solution: inf or nan
        return 0.2
    if error < 1e-16:
        return 4.0
    return min(4.0, max(0.2, 0.9 * error ** (-1.0 / N_NODES)))


@part
def is_reached(wanted: float, length: float, error: float) -> bool:
    """True if a panel that is longer than this one by :func:`step_factor` has the length that is wanted.

    The same as comparing with the factor, but without its power, which is the dearest operation of a panel's end.
    """
    share = 0.9 * length / wanted
    square = share * share
    fourth = square * square
    eighth = fourth * fourth
    return wanted <= 4.0 * length and error <= eighth * eighth  # to the power N_NODES
