"""Numbers computed or published elsewhere that a run from a prior file must reproduce."""

from __future__ import annotations

from itertools import pairwise

import pytest
from tests_settings import DATA, INTERPRETED

from mc_sie import load_prior, parse_event, simulate, summarise

DRAWS = 512 if INTERPRETED else 2**15


def answer(prior, event: str):
    asked = parse_event(event)
    levels = {5.0, *asked.levels}
    return summarise(simulate(prior, DRAWS, seed=1, levels=sorted(levels)), asked)


def points_off(summary, percent: float) -> float:
    return abs(100 * summary.answer.prob - percent)


def allowed(summary, points: float) -> float:
    """The target's own error, and four of ours (interpreted runs are small)."""
    return points + (400 * summary.answer.se if INTERPRETED else 0.0)


# computed from the law with 40,000 draws, +- 0.5 points: r loguniform(0.4, 3.6), lam = min(1, loguniform(0.3, 1.2)),
# D uniform(6, 16), Lambda 900, mu 2, T_pre 6, alpha 0.5, phi 0, no retraining
@pytest.mark.parametrize(
    ("rho", "percent"),
    [
        ('family = "fixed"\nvalue = 0.0', 44.0),
        ('family = "uniform"\nlow = -0.2\nhigh = 0.0', 16.0),
    ],
)
def test_the_three_beliefs_about_rho(tmp_path, rho, percent):
    file = tmp_path / "mine.toml"
    base = DATA / "must_hold.toml"
    file.write_text(f'title = "check"\nextends = "{base}"\n[rho]\n{rho}\nunit = "1"\nsource = "the check"\n')
    summary = answer(load_prior(file), "best_window_months[5] < 12")
    assert points_off(summary, percent) < allowed(summary, 0.5)


def test_the_economists_rho_leaves_almost_nothing(tmp_path):
    """-rho loguniform(0.15, 1.2): under 0.1 %. On sigma = 1/(1 - rho), which is monotone in rho, by its quantiles."""
    file = tmp_path / "mine.toml"
    edges = [-1.2 * (0.15 / 1.2) ** (i / 64) for i in range(65)]
    parts = ", ".join(
        f'{{ weight = {1 / 64}, family = "uniform", low = {low}, high = {high} }}' for low, high in pairwise(edges)
    )
    file.write_text(
        f'title = "check"\nextends = "{DATA / "must_hold.toml"}"\n[rho]\nfamily = "mixture"\ncomponents = [{parts}]\n'
        'unit = "1"\nsource = "the check: -rho loguniform(0.15, 1.2) in 64 pieces"\n'
    )
    summary = answer(load_prior(file), "best_window_months[5] < 12")
    assert summary.answer.prob < 0.001


# 40 labour-equivalent doublings in a year (5 years of progress) are 40 log10(2) / 2 = 6.0206 OOM of training efficiency
def test_davidson_and_houldens_event_in_the_continuous_law():
    summary = answer(load_prior("davidson-houlden-2025"), "best_window_months[6.020599913279624] < 12")
    assert points_off(summary, 44.7) < allowed(summary, 0.3)
    assert abs(100 * summary.from_start.prob - 41.9) < allowed(summary, 0.3)
