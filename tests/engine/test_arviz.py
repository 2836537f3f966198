"""ArviZ's own functions on our trees, with ArviZ's defaults: what they say, and where they do not apply."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from packaging.version import Version
from tests_settings import INTERPRETED

from mc_sie import load_prior, simulate

arviz_stats = pytest.importorskip("arviz_stats", reason="the extra [arviz]")
arviz_plots = pytest.importorskip("arviz_plots", reason="the extra [arviz]")

pytestmark = [
    pytest.mark.skipif(INTERPRETED, reason="thousands of trajectories"),
    pytest.mark.filterwarnings("ignore:.*:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*:FutureWarning"),
]

TWO = ["r", "lam"]


@pytest.fixture(scope="module")
def tree():
    """Of a set given evidence: ArviZ's default group is the posterior."""
    return simulate(load_prior("economists-evidence"), 8192, seed=3, n_replicates=16).to_datatree()


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def drawn(collection) -> str:
    """All that stands in the figures of a plot."""
    figures = [plt.figure(number) for number in plt.get_fignums()]
    assert figures
    for figure in figures:
        figure.canvas.draw()
    axes = [axis for figure in figures for axis in figure.axes]
    assert any(axis.lines or axis.collections or axis.patches for axis in axes)
    texts = [text.get_text() for axis in axes for text in (axis.title, axis.xaxis.label, axis.yaxis.label, *axis.texts)]
    texts += [label.get_text() for axis in axes for label in (*axis.get_xticklabels(), *axis.get_yticklabels())]
    return "\n".join(texts)


def test_summary_takes_the_posterior_without_a_warning(tree):
    table = arviz_stats.summary(tree, kind="stats", round_to="none")
    assert list(table.index) == list(tree["posterior"].data_vars)
    assert table.loc["rho", "mean"] == pytest.approx(float(tree["posterior"]["rho"].mean()))
    predictive = arviz_stats.summary(tree, group="posterior_predictive", kind="stats")
    assert np.isfinite(predictive.loc["months_to[16.0]", "mean"])
    assert "event" in predictive.index


@pytest.mark.parametrize("name", ["plot_dist", "plot_forest", "plot_ridge", "plot_pair"])
def test_plots_take_the_posterior(tree, name):
    texts = drawn(getattr(arviz_plots, name)(tree, var_names=TWO, backend="matplotlib"))
    for variable in TWO:
        assert variable in texts


def test_plots_of_a_set_without_evidence_name_the_group(simulation):
    tree = simulation.to_datatree()
    assert "r" in drawn(arviz_plots.plot_dist(tree, var_names=TWO, group="prior", backend="matplotlib"))
    with pytest.raises((KeyError, ValueError, AttributeError)):
        arviz_plots.plot_dist(tree, var_names=TWO, backend="matplotlib")


def test_what_is_absent_in_some_draws_of_a_pool_can_be_plotted(pooled):
    tree = pooled.to_datatree()
    names = ["speedup_initial", "route2_rho"]
    assert "route2_rho" in drawn(arviz_plots.plot_dist(tree, var_names=names, group="prior", backend="matplotlib"))


def test_prior_and_posterior_stand_side_by_side(tree):
    assert "r" in drawn(arviz_plots.plot_prior_posterior(tree, var_names=TWO, backend="matplotlib"))


def test_predicted_readings_stand_beside_the_observed(tree):
    assert "reading" in drawn(
        arviz_plots.plot_ppc_dist(tree, var_names="reading", kind="ecdf", num_samples=50, backend="matplotlib")
    )


def test_psense_sees_what_the_evidence_speaks_of(tree):
    table = arviz_stats.psense_summary(tree, var_names=["rho", "r"])
    assert table.loc["rho", "likelihood"] > 0.05  # the evidence is about the bottleneck,
    assert table.loc["r", "likelihood"] < 0.05  # and not about returns
    of_rho = arviz_stats.psense_summary(tree, var_names=["rho", "r"], prior_coords={"quantity": ["rho"]})
    assert of_rho.loc["r", "prior"] < 0.05 < table.loc["r", "prior"]


def test_psense_of_the_event(tree):
    with_event = tree.copy()
    with_event["posterior"] = tree["posterior"].to_dataset().assign(event=tree["posterior_predictive"]["event"])
    assert arviz_stats.psense_summary(with_event, var_names=["event"]).loc["event", "likelihood"] > 0.05


def test_psense_can_be_plotted(tree):
    if Version(arviz_plots.__version__) < Version("1") and Version(xr.__version__) >= Version("2026.3"):
        pytest.skip("this arviz-plots makes a Dataset of a Dataset, which this xarray refuses")
    assert "r" in drawn(arviz_plots.plot_psense_dist(tree, var_names=TWO, backend="matplotlib"))


def test_loo_refuses_and_the_group_says_why(tree):
    with pytest.raises(TypeError, match="several log likelihood arrays"):
        arviz_stats.loo(tree)
    assert "no density of data" in tree["log_likelihood"].attrs["note"]
