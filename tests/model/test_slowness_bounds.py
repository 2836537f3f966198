"""Bounds on the time of a window, and on the error of the series of mode shortening."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from kernel_rows import prepared
from reference.law_of_motion import Law, pace
from reference.rows import SHORTENED, random_rows
from scipy.integrate import quad
from tests_settings import INTERPRETED

from mc_sie.model.chebyshev import fit, read
from mc_sie.model.event_bounds import SERIES_SAFETY
from mc_sie.model.law import on_route
from mc_sie.model.panels import Setting, Start
from mc_sie.model.quadrature import fill_exponents
from mc_sie.model.slowness_bounds import series_miss, slowness_of_law, window_bounds
from mc_sie.model.workspace import SECOND, SECOND_SLOPE
from mc_sie.units import LN_10, OOMS_PER_DOUBLING


def concave_row(seed: int, mode: str) -> dict[str, Any]:
    row = next(row for row in random_rows(seed, 100, (mode,)) if row["rho"] <= 0.0 and "route2_rho" not in row)
    return {name: row[name] for name in row if name not in ("rho_long", "reconfiguration_half_life_months")}


@pytest.mark.parametrize("seed", range(6 if INTERPRETED else 40))
def test_bounds_hold_the_time_of_a_window_by_the_slow_reference(seed):
    row = concave_row(seed, "none")
    top = min(20.0, row["limit_ooms"])
    rng = np.random.default_rng(seed)
    start, end = np.sort(rng.uniform(0.0, 0.98 * top, 2))
    while pace(row, end) < 1e-100:
        start = 0.5 * start
        end = 0.5 * end
    speed = OOMS_PER_DOUBLING / row["software_doubling_months"]
    months, _ = quad(lambda s: 1.0 / (speed * pace(row, s)), start, end, epsabs=0.0, epsrel=1e-10, limit=500)
    work = prepared(row)
    law = work.law
    nodes = work.nodes
    series = work.series[0]
    low, high = window_bounds(on_route(law, 0), law.mode, top, series, nodes, start, end - start)
    assert low * (1.0 - 1e-9) <= months <= high * (1.0 + 1e-9)
    narrow = end - start < 0.3
    assert high < low * 1.01 or not narrow  # and they are worth something
    at = slowness_of_law(on_route(law, 0), start)
    assert at.slowness_log == pytest.approx(-math.log(speed * pace(row, start)), abs=1e-9)


@pytest.mark.parametrize("seed", range(4 if INTERPRETED else 60))
def test_the_series_of_mode_shortening_is_wrong_by_less_than_is_said(seed):
    row = {**SHORTENED[seed][1], "mode": "shortening"} if seed < len(SHORTENED) else concave_row(seed, "shortening")
    work = prepared(row)
    law = work.law
    nodes = work.nodes
    series = work.series[0]
    on = on_route(law, 0)
    top = min(20.0, law.limit)
    fill_exponents(law, Setting(0, 0.0, False), Start(0.0, 0.0, 0.0), top, nodes)
    fit(nodes.second_slope, top, 0.0, series[SECOND_SLOPE], series[SECOND])
    said = SERIES_SAFETY * series_miss(on, top, nodes, series)
    # x / (1 + abs(x)) of the slow reference, integrated over pieces so short that nothing is left between their places
    at_an_end = np.geomspace(1e-7, 1e-3, 40)
    edges = top * np.unique(np.concatenate([np.linspace(0.0, 1.0, 2001), at_an_end, 1.0 - at_an_end]))
    places, weights = np.polynomial.legendre.leggauss(6)
    half = 0.5 * np.diff(edges)
    software = (edges[:-1] + half)[:, None] + half[:, None] * places
    reference = Law(row)
    x = reference.exponent(reference.z_array(software.ravel()), software.ravel(), np.zeros(software.size), 1.0)
    gained = LN_10 * (half[:, None] * weights * (x / (1.0 + np.abs(x))).reshape(software.shape)).sum(axis=1)
    ln_pace = np.concatenate([[0.0], np.cumsum(gained)])
    wrong = max(abs(read(series[SECOND], 2.0 * s / top - 1.0) - at) for s, at in zip(edges, ln_pace, strict=True))
    assert wrong <= said + 1e-9
    assert said <= 10.0 * wrong + 1e-9  # nor is it said to be much worse than it is
