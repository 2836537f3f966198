"""The essay's figures beside ours: on its own inputs they are known."""

import pytest
from tests_settings import INTERPRETED

from mc_sie import load_prior, retraining
from mc_sie.published.retraining_compared import beside_essay
from mc_sie.report.tables import essay_table

pytestmark = pytest.mark.skipif(INTERPRETED, reason="many reruns: the same as compiled, a hundred times slower")


def test_the_essay_s_inputs_give_the_times_that_its_equations_give():
    """Days to 5 OOM of the sheet's equations with r = 1.5, by quadrature: 117.4, with runs of 100 and 30 days 411.2 and
    239.3.
    """
    found = retraining(load_prior("davidson-houlden-2025"), n_draws=1024, n_replicates=16)
    table = beside_essay(found)
    longer, hundred, thirty, without, shortened = table.to_dict("records")
    assert hundred["on_its_inputs"] == pytest.approx(411.2 / 117.4, rel=1e-3)
    assert thirty["on_its_inputs"] == pytest.approx(239.3 / 117.4, rel=1e-3)
    # x = 1/5 becomes 1/6, and (1 - 10^(-5 x))/x is the time
    assert longer["on_its_inputs"] == pytest.approx(100 * (1.2 * (1 - 10 ** (-5 / 6)) / (1 - 10**-1.0) - 1), rel=1e-6)
    assert (without["on_its_inputs"], shortened["on_its_inputs"]) == pytest.approx((5.0, 6.0), rel=1e-9)
    assert [row["essay"] for row in (longer, hundred, thirty, without, shortened)] == pytest.approx([20, 3, 2, 5, 6])
    case = found.cases[(found.cases["mode"] == "continual") & (found.cases["run_days"] == 100.0)]
    assert hundred["median"] == case["hit_delay_q50"].iloc[0]
    assert essay_table(table)["the essay"].tolist() == ["20", "3", "2", "5", "6"]
