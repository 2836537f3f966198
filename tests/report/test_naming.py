"""Labels with code names behind."""

import pytest

from mc_sie.report.naming import axis_label, labelled


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("r", "returns to software R&D (r)"),
        ("rho + r", "substitution of labour for experiments (rho) + returns to software R&D (r)"),
        ("best_window_months_5", "best window for 5 OOM (best_window_months_5)"),
        ("best_gain_ooms_12", "largest gain in 12 months (best_gain_ooms_12)"),
        ("pace_peak", "peak pace (pace_peak)"),
        ("shortening_exponent", "shortening of training runs (shortening_exponent)"),
        ("made_up", "made_up"),
        ("pace_peak_5", "pace_peak_5"),
    ],
)
def test_a_label_has_the_code_name_behind_it(name, shown):
    assert labelled(name) == shown


def test_axes_have_units_and_short_lines():
    assert axis_label("training_months") == "duration of the first training run (τ₀),\nmonths"
    assert axis_label("r") == "returns to software R&D (r)"
    assert axis_label("made_up", "x") == "made_up, x"
    assert labelled("shortening_exponent", 30) == "shortening of training runs\n(shortening_exponent)"
