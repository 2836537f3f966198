"""Slow, obvious reference versions of the published models, which `mc_sie.published` is held to.

Written from what the publications and their published code and spreadsheets say: loops, direct formulas, quadrature and
root finding. Nothing here shares code with the package, or was written from it.
"""

from __future__ import annotations

import math

from scipy.integrate import quad, solve_ivp
from scipy.optimize import root

DH_OPTIONS = (
    "base",
    "retraining",
    "retraining_fixed",
    "constant_r",
    "gradual",
    "gradual_linear",
    "pseudocode",
    "one_plus_f",
)
DH_HORIZON_MONTHS = 48.0
DH_DOUBLINGS_PER_YEAR = 8.0  # 4 / software share 0.5
DH_RAMP_MONTHS = 60.0
DH_RAMP_START = 0.1
DH_OUTCOMES = {
    "ge3y_12m": (24, 12.0),
    "ge3y_4m": (26, 4.0),
    "ge10y_12m": (80, 12.0),
    "ge10y_4m": (80, 4.0),
    "d17_12m": (17, 12.0),
}
DAYS_PER_SHEET_MONTH = 30.0


# ---------------------------------------------------------------- Davidson & Houlden (2025)


def _pow2(exponent: float) -> float:
    """2 to a power, infinite where the double overflows (Python raises there)."""
    return float(2.0**exponent) if exponent < 1024.0 else math.inf


def _dh_first_doubling(option: str, f: float) -> float:
    """Months of the first doubling: 3/f, 3/(1+f0) on a ramp, 3/(1+f) in single_sim."""
    if option in ("gradual", "gradual_linear"):
        return 3.0 / (1.0 + DH_RAMP_START)
    if option == "one_plus_f":
        return 3.0 / (1.0 + f)
    return 3.0 / f


def _dh_exponent(option: str, p: float, r: float) -> float:
    """Log2 of the ratio of successive doubling times at returns r."""
    q = p * (1.0 / r - 1.0)
    if option == "retraining":  # as shipped
        return q / abs(q + 1.0)
    if option == "retraining_fixed":  # as the article writes it
        return q / (1.0 + abs(q))
    return q


def _dh_ramp(option: str, f_max: float, t: float) -> float:
    """Speed-up of the gradual boost at t < 60 months: exponential (code) or linear (article)."""
    if option == "gradual":
        return float(DH_RAMP_START * (f_max / DH_RAMP_START) ** (t / DH_RAMP_MONTHS))
    return DH_RAMP_START + (f_max - DH_RAMP_START) * t / DH_RAMP_MONTHS


def davidson_houlden(option: str, f: float, r0: float, limit_years: float, p: float) -> dict[str, float]:
    """One run of the multi-run simulator, in the columns of `tests/data/davidson_houlden.csv`."""
    if option not in DH_OPTIONS:
        raise ValueError(option)
    doublings_to_ceiling = DH_DOUBLINGS_PER_YEAR * limit_years
    ceiling = 2.0**doublings_to_ceiling
    dt = dt0 = _dh_first_doubling(option, f)
    t, size, r, boost = 0.0, 1.0, r0, DH_RAMP_START
    times = [0.0]
    while t < DH_HORIZON_MONTHS and size < ceiling and r > 0.0:
        t += dt
        size *= 2.0
        times.append(t)
        r_before = r
        if option != "constant_r":
            r -= r0 / doublings_to_ceiling
        if r <= 0.0:
            break  # the loop would end here, and 1/r may not exist
        dt *= _pow2(_dh_exponent(option, p, r_before if option == "pseudocode" else r))
        if option in ("gradual", "gradual_linear") and t < DH_RAMP_MONTHS:
            new_boost = _dh_ramp(option, f, t)
            dt *= (1.0 + boost) / (1.0 + new_boost)
            boost = new_boost

    row: dict[str, float] = {"dt0": dt0, "n_doublings": len(times) - 1}
    for k in (1, 2, 4, 8, 16, 32, 64):
        row[f"t_d{k}"] = times[k] if k < len(times) else math.nan
    row["t_last"] = times[-1]
    row["final_r"] = r
    for name, (doublings, months) in DH_OUTCOMES.items():
        row[name] = int(
            any(times[i + doublings] - times[i] < months for i in range(len(times)) if i + doublings < len(times))
        )
    return row


def davidson_houlden_fine(
    f: float,
    r0: float,
    limit_years: float,
    p: float,
    m: int,
    window_doublings: float,
    window_months: float,
    horizon_months: float,
    option: str = "base",
) -> bool:
    """The simulator's recursion with each doubling cut into m equal sub-steps: does some window hold the doublings?

    A sub-step multiplies size by 2^(1/m), lowers r by r0/(D m) and multiplies the sub-step's length by 2^(exponent/m).
    Windows start at any sub-step boundary, t = 0 included, and are strictly shorter than window_months.
    """
    if option not in DH_OPTIONS:
        raise ValueError(option)
    total = DH_DOUBLINGS_PER_YEAR * limit_years
    step = _dh_first_doubling(option, f) / m
    r, boost = r0, DH_RAMP_START
    boundaries = [0.0]
    while boundaries[-1] < horizon_months and 2.0 ** ((len(boundaries) - 1) / m) < 2.0**total and r > 0.0:
        t = boundaries[-1] + step
        boundaries.append(t)
        r_before = r
        if option != "constant_r":
            r = r - r0 / (total * m)
        if r <= 0.0:
            break
        step = step * _pow2(_dh_exponent(option, p, r_before if option == "pseudocode" else r) / m)
        if option in ("gradual", "gradual_linear") and t < DH_RAMP_MONTHS:
            new_boost = _dh_ramp(option, f, t)
            step = step * (1.0 + boost) / (1.0 + new_boost)
            boost = new_boost

    needed = math.ceil(window_doublings * m - 1e-9)
    for start in range(len(boundaries)):
        end = start + needed
        if end < len(boundaries) and boundaries[end] - boundaries[start] < window_months:
            return True
    return False


# ---------------------------------------------------------------- Davidson (2025), retraining


def retraining_sheet(
    r: float, training_days: float | None, research_days: float = 60.0, step_days: float = 1.0
) -> list[tuple[float, float, float]]:
    """Rows (day, x, e) of the daily Euler sheet; the last row is the one that overflows.

    training_days None is the sheet without retraining, where e = x^r (better algorithms act instantly). Days count from
    0. A row overflows when x or e is not a finite double, and infinity is written there. x^r is no column of the sheet
    with retraining: its overflow shows in the next row's e. Only so do all the published months come out.
    """

    def software(x: float) -> float:
        try:
            return float(x**r)
        except OverflowError:
            return math.inf

    if r < 1.0:
        raise ValueError("below r = 1 growth is polynomial, and the sheet never overflows")
    day, x, e = 0.0, 1.0, 1.0
    rows = [(day, x, e)]
    count = 0
    while math.isfinite(x) and math.isfinite(e):
        if training_days is None:
            x = x + step_days * software(x) / research_days
            e = software(x)
        else:
            x, e = x + step_days * e / research_days, e + step_days * 0.5 * software(x) / training_days
        count += 1
        day = count * step_days
        rows.append((day, x, e))
    return rows


def sheet_months_to_infinity(
    r: float, training_days: float | None, research_days: float = 60.0, step_days: float = 1.0
) -> float:
    """Months of 30 days to the sheet's overflow row, numbers sections 3.1 and 3.2."""
    return retraining_sheet(r, training_days, research_days, step_days)[-1][0] / DAYS_PER_SHEET_MONTH


def _retraining_days_at_log_x(r: float, training_days: float, research_days: float, log_x: float) -> float:
    """Days until ln x reaches log_x in the ODE of the sheet, with u = ln x as the clock and w = ln e."""

    def slope(u: float, y: tuple[float, float]) -> list[float]:
        w, _ = y
        dw_du = research_days / (2.0 * training_days) * math.exp((r + 1.0) * u - 2.0 * w)
        dt_du = research_days * math.exp(u - w)
        return [dw_du, dt_du]

    solution = solve_ivp(slope, (0.0, log_x), [0.0, 0.0], method="DOP853", rtol=1e-12, atol=1e-12)
    assert solution.success, solution.message
    return float(solution.y[1, -1])


def retraining_exact_days(r: float, training_days: float | None, research_days: float = 60.0) -> float:
    """Days to infinity of that ODE, exactly, by integration."""
    if r <= 1.0:
        return math.inf
    if training_days is None:  # dt = T x^-r dx, with u = ln x
        days, _ = quad(lambda u: research_days * math.exp((1.0 - r) * u), 0.0, math.inf, epsabs=0.0, epsrel=1e-12)
        return float(days)
    # Late on e ~ x^((r+1)/2), so the days left at x fall as x^-((r-1)/2): stop where that is 1e-15.
    log_x = 2.0 / (r - 1.0) * math.log(1e15)
    return _retraining_days_at_log_x(r, training_days, research_days, log_x)


def retraining_exact_days_to(
    r: float,
    training_days: float | None,
    research_days: float = 60.0,
    software: float | None = None,
    effective: float | None = None,
) -> float:
    """Days until software S = x^r, or effective FLOP e, is up by a factor; the same ODE, exactly."""
    if (software is None) == (effective is None):
        raise ValueError("give exactly one of software and effective")
    if training_days is None:  # e = x^r there, so the two factors are the same question
        factor = software if software is not None else effective
        assert factor is not None
        log_x = math.log(factor) / r
        days, _ = quad(lambda u: research_days * math.exp((1.0 - r) * u), 0.0, log_x, epsabs=0.0, epsrel=1e-12)
        return float(days)
    if software is not None:
        return _retraining_days_at_log_x(r, training_days, research_days, math.log(software) / r)
    assert effective is not None

    def slope(w: float, y: tuple[float, float]) -> list[float]:  # w = ln e is the clock
        u, _ = y
        du_dw = 2.0 * training_days / research_days * math.exp(2.0 * w - (r + 1.0) * u)
        dt_dw = research_days * math.exp(u - w) * du_dw
        return [du_dw, dt_dw]

    solution = solve_ivp(slope, (0.0, math.log(effective)), [0.0, 0.0], method="DOP853", rtol=1e-12, atol=1e-12)
    assert solution.success, solution.message
    return float(solution.y[1, -1])


# ---------------------------------------------------------------- Davidson (2025), compute bottlenecks


def ces(rho: float, alpha: float, labour: float, compute: float = 1.0) -> float:
    """Pace of software progress; alpha is the weight on compute, as in the article's equation."""
    if rho == 0.0:
        return float(compute**alpha * labour ** (1.0 - alpha))
    return float((alpha * compute**rho + (1.0 - alpha) * labour**rho) ** (1.0 / rho))


def ces_ceiling(rho: float, alpha: float) -> float:
    """Pace at infinite labour and compute 1: alpha^(1/rho), infinite from rho = 0 up."""
    return float(alpha ** (1.0 / rho)) if rho < 0.0 else math.inf


# ---------------------------------------------------------------- smaller published models


def speedup_calculator(alpha: float, gamma: float, r_cog: float, g_l: float, g_c: float) -> dict[str, float]:
    """Growth before and after automation, and their ratio, without an explosion."""
    if r_cog >= 1.0:
        raise ValueError("the calculator's formula needs r_cog < 1")
    r_comp = r_cog * (1.0 - alpha) / alpha
    before = r_cog * g_l + r_comp * g_c
    after = r_cog * (1.0 / alpha + gamma) * g_c / (1.0 - r_cog)
    return {"g_before": before, "g_after": after, "ratio": after / before}


def eth_davidson_doublings(r: float, first: float, n: int) -> list[float]:
    """Lengths of n successive doublings, each 2^(1/r - 1) times the one before."""
    lengths = [first]
    while len(lengths) < n:
        lengths.append(lengths[-1] * 2.0 ** (1.0 / r - 1.0))
    return lengths


def papers_r(first: float, second: float, n: int = 3) -> tuple[float, list[float]]:
    """Returns r and the first n doubling times, in months, of the paper-counting toy.

    Doubling k needs first * (second/first)^k papers and is written at a pace of 2^k papers a month. Research before a
    doubling of software grows by second/first each time, so r solves 2 = (second/first)^r.
    """
    growth = second / first
    papers, pace, months = first, 1.0, []
    for _ in range(n):
        months.append(papers / pace)
        papers *= growth
        pace *= 2.0
    return math.log(2.0) / math.log(growth), months


def ai2027_phase_years(human_years: float, v0: float, v1: float) -> float:
    """Calendar years of a phase: dt = Y dp / v(p), v from v0 to v1 geometrically in progress."""
    years, _ = quad(lambda progress: human_years / (v0 * (v1 / v0) ** progress), 0.0, 1.0, epsabs=0.0, epsrel=1e-12)
    return float(years)


def ai_futures_ces(
    inf_labour: float = 15.0, inf_compute: float = 1000.0, tenth_compute: float = 1.0 / 2.8
) -> dict[str, float]:
    """Rho, compute share and zeta that meet the three anchors, and throughput at 30x labour.

    Throughput = [share C^(zeta rho) + (1 - share) L^(lambda rho)]^(1/rho), lambda = 0.5, relative to the reference
    C = L = 1. For rho < 0 the term of an infinite input is 0.
    """

    def misses(unknowns: tuple[float, float, float]) -> list[float]:
        rho, share, zeta = unknowns
        return [
            share - inf_labour**rho,
            (1.0 - share) - inf_compute**rho,
            share * 10.0 ** (-zeta * rho) + (1.0 - share) - tenth_compute**rho,
        ]

    found = root(misses, [-0.2, 0.6, 0.6], method="hybr", options={"xtol": 1e-13})
    assert max(abs(miss) for miss in misses(tuple(found.x))) < 1e-12, found.message
    rho, share, zeta = (float(value) for value in found.x)
    at_30 = (share + (1.0 - share) * (30.0**0.5) ** rho) ** (1.0 / rho)
    return {"rho": rho, "compute_share": share, "zeta": zeta, "throughput_30x_labour": at_30}


def govai_months_to_pace(first_doubling_months: float, exponent: float, factor: float) -> float:
    """Months until growth is `factor` times as fast, if each doubling of A multiplies it by 2^exponent.

    Growth is A^exponent continuously, and scaled so that the first doubling as a whole takes first_doubling_months.
    """
    doublings = math.log2(factor) / exponent

    def relative_time(n: float) -> float:
        return float(2.0 ** (-exponent * n))

    first, _ = quad(relative_time, 0.0, 1.0, epsabs=0.0, epsrel=1e-12)
    whole, _ = quad(relative_time, 0.0, doublings, epsabs=0.0, epsrel=1e-12)
    return float(first_doubling_months * whole / first)


def best_run_length_years(growth_per_year: float) -> float:
    """Run length that maximises effective compute at a fixed end date, by grid search.

    A run of length L locks in hardware, budget and algorithms when it starts, so it gets L exp(-g L). The maximum is
    flat, so comparing doubles finds it to a relative 1e-7 or so, no better.
    """

    def log_effective_compute(length: float) -> float:
        return math.log(length) - growth_per_year * length

    low, high = 1e-6, 1000.0
    while high - low > 1e-9 * high:
        grid = [low + (high - low) * i / 1000.0 for i in range(1001)]
        best = max(range(1001), key=lambda i: log_effective_compute(grid[i]))
        low, high = grid[max(best - 1, 0)], grid[min(best + 1, 1000)]
    return 0.5 * (low + high)
