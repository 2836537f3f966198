"""Guesses at windows from their neighbours: they save time and change nothing."""

from __future__ import annotations

import numpy as np
import pytest

from mc_sie.engine.run import evaluate
from mc_sie.model.window_continuation import guessed_ends, straight_window, with_curvature

BASE = {"rho": -0.3, "r": 1.6, "lam": 0.7, "limit_ooms": 11.0, "experiment_efficiency_share": 0.3}


@pytest.mark.parametrize("mode", ["none", "shortening", "continual"])
@pytest.mark.parametrize("levels", [(9.0, 0.5, 5.0, 2.0, 7.0, 0.5), tuple(np.linspace(0.1, 20.0, 70))])
def test_the_order_and_number_of_levels_do_not_matter(mode, levels):
    """Each window starts from the one before it, and each level from the panel of the one before it."""
    row = {**BASE, "mode": mode, "r": 3.0}
    together = evaluate(row, levels=levels, widths=(7.0, 12.0, 1.0))
    widths = (1.0, 12.0, 7.0)
    apart = [evaluate(row, levels=(level,), widths=widths) for level in levels]
    np.testing.assert_allclose(together.months_to[0], [one.months_to[0, 0] for one in apart], rtol=1e-12)
    np.testing.assert_allclose(
        together.best_window_months[0], [one.best_window_months[0, 0] for one in apart], rtol=1e-9
    )
    for one in apart:
        np.testing.assert_allclose(together.best_gain_ooms[0, [2, 1, 0]], one.best_gain_ooms[0], rtol=1e-9)
        assert one.first_year_ooms[0] == pytest.approx(together.first_year_ooms[0], rel=1e-12)
    without = evaluate(row, levels=(), widths=())
    assert without.first_year_ooms[0] == pytest.approx(together.first_year_ooms[0], rel=1e-12)


def test_ends_that_move_as_cubics_are_guessed_exactly():
    def ends(width: float) -> tuple[float, float]:
        return 3.0 - 0.4 * width + 0.05 * width**3, 3.0 + 0.7 * width - 0.02 * width**2

    def window(width: float):  # with the derivatives of its ends
        start, end = ends(width)
        return straight_window(1.0, width, start, end, 1.0, -0.4 + 0.15 * width**2, 0.7 - 0.04 * width)

    near = with_curvature(window(1.2), window(0.5))
    for width in (0.8, 1.2, 2.5):
        assert guessed_ends(near, width) == pytest.approx(ends(width), rel=1e-12)
