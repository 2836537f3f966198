"""The CES production function of research, in logarithms so that no exponent overflows.

    R(X, K) = [ alpha K^rho + (1 - alpha) X^rho ]^(1/rho),        rho -> 0:  K^alpha X^(1 - alpha)

X is labour (with stepping on toes already applied), K experiments, alpha the weight on K. With rho < 0 the two are
complements and R is bounded by ``alpha^(1/rho)`` as X grows at K = 1; with 0 < rho < 1 they are substitutes.
"""

from __future__ import annotations

import math

from mc_sie._jit import inlined, part
from mc_sie.model.elementary import branchless_exp, exp_and_expm1, ln_near_one

_RHO_SERIES = 1e-13  # below this the first-order expansion in rho is exact to double precision


@part
def exp(x: float) -> float:
    """e^x, inf where that overflows: compiled code gives inf there, the interpreter would raise."""
    return math.exp(x) if x < 709.0 else math.inf


@part
def ln_ces(ln_x: float, ln_k: float, rho: float, alpha_compute: float) -> float:
    """Natural logarithm of research output R(X, K).

    Parameters
    ----------
    ln_x, ln_k : float
        ln X (labour to the power lambda) and ln K (experiments).
    rho : float
        Substitution parameter, below 1; 0 is the Cobb-Douglas limit.
    alpha_compute : float
        Weight on K, in [0, 1).

    Returns
    -------
    float
        ln R, exact to rounding for every rho, however near 0.

    Notes
    -----
    With d = ln X - ln K, ``ln R = ln K + ln(alpha + (1 - alpha) e^(rho d)) / rho``, or the mirror image around X, of
    which the one with a non-positive exponent is taken. For small ``rho d`` the logarithm is a difference of nearly
    equal numbers and goes through expm1 and log1p; the term linear in rho carries the limit.
    """
    d = ln_x - ln_k
    labour = 1.0 - alpha_compute
    if abs(rho) < _RHO_SERIES:
        return ln_k + labour * d + 0.5 * rho * alpha_compute * labour * d * d
    if alpha_compute == 0.0:
        return ln_x
    q = rho * d
    if q > 0.0:  # labour's term is the larger
        if q < 0.5:
            return ln_x + math.log1p(alpha_compute * math.expm1(-q)) / rho
        return ln_x + math.log(labour + alpha_compute * math.exp(-q)) / rho
    if q > -0.5:
        return ln_k + math.log1p(labour * math.expm1(q)) / rho
    return ln_k + math.log(alpha_compute + labour * math.exp(q)) / rho


@inlined
def ln_ces_and_share(ln_x: float, ln_k: float, rho: float, alpha_compute: float) -> tuple[float, float]:
    """ln R(X, K) and its elasticity to X, as :func:`ln_ces` and :func:`labour_elasticity` give them, but branchless."""
    d = ln_x - ln_k
    labour = 1.0 - alpha_compute
    q = rho * d
    is_flat = abs(rho) < _RHO_SERIES
    power, less_one = exp_and_expm1(-abs(q))
    smaller = alpha_compute if q > 0.0 else labour  # weight on the smaller of the two terms
    total = (1.0 - smaller) + smaller * power
    ln_r = (ln_x if q > 0.0 else ln_k) + ln_near_one(total, smaller * less_one) / (1.0 if is_flat else rho)
    share = (labour if q > 0.0 else labour * power) / total
    # both overwritten rather than branched to: a choice between numbers is vectorised
    if is_flat:
        ln_r = ln_k + labour * d + 0.5 * rho * alpha_compute * labour * d * d
        share = labour
    if alpha_compute == 0.0:
        ln_r = ln_x
        share = 1.0
    return ln_r, share


@inlined
def labour_elasticity(ln_x: float, ln_k: float, rho: float, alpha_compute: float) -> float:
    """Elasticity of R to X, ``(1 - alpha) X^rho / (alpha K^rho + (1 - alpha) X^rho)``; that to K is one minus it."""
    labour = 1.0 - alpha_compute
    q = rho * (ln_x - ln_k)
    power = branchless_exp(-abs(q))
    of_labour = labour if q > 0.0 else labour * power
    share = of_labour / (of_labour + (alpha_compute * power if q > 0.0 else alpha_compute))
    return 1.0 if alpha_compute == 0.0 else share


@part
def ln_ceiling(rho: float, alpha_compute: float) -> float:
    """ln of the largest R with unlimited labour at K = 1: ``ln(alpha) / rho`` for rho < 0 and alpha > 0, else inf.

    At alpha = 1/2 that is 2 for rho = -1, and 32 for rho = -0.2.
    """
    if rho >= 0.0 or alpha_compute == 0.0:
        return math.inf
    return math.log(alpha_compute) / rho
