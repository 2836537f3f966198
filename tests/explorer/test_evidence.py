"""Evidence and proposals of the live page against those of Python."""

import json

import numpy as np
import pytest
from scipy.special import log_ndtr

from mc_sie.analysis.importance.conditioning import condition, log_likelihoods, normalised, with_marks
from mc_sie.analysis.importance.proposal import PICK_DIMENSION, dimension_of
from mc_sie.engine.run import simulate_prior
from mc_sie.errors import InputError
from mc_sie.explorer.data import page_data, proposal_record
from mc_sie.priors import load_prior
from mc_sie.priors.evidence import Evidence
from mc_sie.sampling import points
from mc_sie.stats.estimates import effective_size

WITH_EVIDENCE = ("agnostic-evidence", "davidson-2025-evidence", "economists-evidence")
PRELUDE = """
const { priorOf } = await import(page("prior.js"));
const evidence = await import(page("evidence.js"));
const columns = (one) => Object.fromEntries(Object.entries(one).map(([name, x]) => [name, Float64Array.from(x)]));
"""


@pytest.fixture(scope="module")
def data():
    return page_data()


def piece(likelihood, about="pace_initial", unit="x", **parameters):
    return {
        "name": f"{likelihood} {parameters}",
        "about": about,
        "likelihood": likelihood,
        "unit": unit,
        "source": "s",
        **parameters,
    }


PIECES = [
    piece("normal", value=3.0, sd=0.5), piece("lognormal", value=3.0, sd_log=0.3),
    piece("interval", low=2.0, high=4.0), piece("interval", low=2.0, high=4.0, sd=0.01),
    piece("interval", low=2.0, high=2.5, sd_log=0.8),
    piece("at_least", value=3.0, sd=0.02), piece("at_most", value=3.0, sd_log=0.1),
    piece("at_least", value=5.0, sd_log=3.0),
]  # fmt: skip


def evidence_of(row):
    keys = ("value", "low", "high", "sd", "sd_log")
    header = {key: row[key] for key in ("name", "about", "likelihood", "unit", "source")}
    parameters = {key: row[key] for key in keys if key in row}
    return Evidence(**header, parameters=parameters, judgement=None, already_used_by=(), origin="here")


def test_likelihoods_of_every_kind(node):
    values = np.concatenate([np.geomspace(1e-9, 1e9, 400), np.linspace(1.5, 6.0, 200), [0.0, -3.0, np.inf, np.nan]])
    script = PRELUDE + """
    const keys = ["value", "low", "high", "sd", "sd_log"];
    return input.pieces.map((row) => {
      const parameters = Object.fromEntries(keys.filter((key) => key in row).map((key) => [key, row[key]]));
      return evidence.logLikelihood({ ...row, parameters }, Float64Array.from(input.values));
    });
    """  # fmt: skip
    for row, found in zip(PIECES, node(script, {"pieces": PIECES, "values": values}), strict=True):
        expected = evidence_of(row).log_likelihood(values)
        np.testing.assert_allclose(np.array(found, dtype=float), expected, rtol=1e-10, atol=1e-14, err_msg=row["name"])


def test_the_logarithm_of_the_normal_distribution_function(node):
    z = np.concatenate([np.linspace(-60.0, 10.0, 701), [-1e6, -np.inf, np.inf]])
    found = node('const { logNdtr } = await import(page("evidence.js")); return input.map((z) => logNdtr(z));', z)
    np.testing.assert_allclose(found, log_ndtr(z), rtol=1e-11)


@pytest.mark.parametrize("name", WITH_EVIDENCE)
def test_weights_of_shipped_sets(node, data, name):
    prior = load_prior(name)
    levels, widths = with_marks(prior, (5.0,), (12.0,))
    before = simulate_prior(prior.without_evidence(), 2048, levels=levels, widths=widths)
    script = PRELUDE + """
    const prior = priorOf({ title: "t", extends: input.name }, input.data);
    const draws = columns(input.draws);
    const byItem = evidence.logLikelihoods(prior, draws, {});
    evidence.checkSatisfied(prior, byItem);
    const { weights, logMarginal } = evidence.normalised(evidence.logWeightsOf(prior, draws, {}));
    return { byItem, weights, logMarginal, ess: evidence.effectiveSize(weights), marks: evidence.marksOf(prior) };
    """  # fmt: skip
    found = node(script, {"data": data, "name": name, "draws": before.draws})
    by_item = log_likelihoods(prior, before.draws, before.outcomes)
    np.testing.assert_allclose(np.array(found["byItem"]).T, by_item, rtol=1e-10, atol=1e-13)
    weights, log_marginal = normalised(by_item.sum(axis=1))
    np.testing.assert_allclose(found["weights"], weights, rtol=1e-9, atol=1e-300)
    assert found["logMarginal"] == pytest.approx(log_marginal, rel=1e-12)
    assert found["ess"] == pytest.approx(effective_size(weights), rel=1e-9)
    assert found["marks"] == {"levels": [], "widths": []}


def test_evidence_on_outcomes(node, data):
    """Failed draws have no likelihood; what the trajectories do not reach is refused."""
    row = piece("at_least", "best_gain_ooms[9]", "OOM", value=4.0, sd=0.5)
    table = {"title": "t", "extends": "davidson-2025", "evidence": [row]}
    outcomes = {
        "levels": [5.0],
        "widths": [4.0, 9.0],
        "status": [0, 0, 1],
        "best_gain_ooms": [1, 3.0, 1, 6.0, 1, np.nan],
    }
    script = PRELUDE + """
    const prior = priorOf(input.table, input.data);
    const refused = [];
    for (const months of [6, 240]) {
      try { evidence.checkEvidenceHorizon(prior, months); } catch (error) { refused.push([months, error.why]); }
    }
    return { marks: evidence.marksOf(prior), logs: evidence.logLikelihoods(prior, {}, input.outcomes)[0], refused };
    """  # fmt: skip
    found = node(script, {"data": data, "table": table, "outcomes": outcomes})
    assert found["marks"] == {"levels": [], "widths": [9]}
    np.testing.assert_allclose(found["logs"], [*log_ndtr([-2.0, 4.0]), -np.inf], rtol=1e-12)
    assert found["refused"] == [[6, "asks about 9 months, but trajectories end after 6"]]
    with pytest.raises(InputError):
        evidence_of(row).check_horizon(6.0)


@pytest.mark.parametrize("name", ["agnostic-evidence", "economists-evidence"])
def test_the_stored_proposal_is_that_of_the_set(node, data, name):
    """Made anew it has the same numbers, and its points and weights are those of Python.

    Where a shipped set or the search has changed: ``python -m mc_sie.explorer.data``.
    """
    prior = load_prior(name)
    drawn = condition(prior, 4096, seed=0, method="proposal")
    proposal = drawn.proposal
    record = data["proposals"][name]
    fresh = json.loads(json.dumps(proposal_record(proposal)))
    assert fresh["dimensions"] == record["dimensions"] == list(prior.dimensions)
    assert [part["share"] for part in fresh["parts"]] == pytest.approx([part["share"] for part in record["parts"]])
    design = drawn.design
    uniforms = {one: points(design, dimension_of(one), 0, 4096) for one in prior.dimensions}
    pick = points(design, PICK_DIMENSION, 0, 4096)
    script = PRELUDE + """
    const proposal = evidence.proposalOf(input.record);
    const placed = proposal.place(columns(input.uniforms), Float64Array.from(input.pick));
    return { placed, weights: proposal.weights(placed) };
    """  # fmt: skip
    found = node(script, {"record": record, "uniforms": uniforms, "pick": pick})
    placed, _ = proposal.place(uniforms, pick)
    for one, column in placed.items():
        np.testing.assert_allclose(found["placed"][one], column, rtol=1e-10, err_msg=one)
    np.testing.assert_allclose(found["weights"], proposal.weights(placed), rtol=1e-10)


def test_stored_proposals_are_of_todays_sets(data):
    from mc_sie.explorer.data import stored_proposals

    for name, row in stored_proposals().items():
        assert load_prior(name).digest == row["digest"], "python -m mc_sie.explorer.data"
    assert set(stored_proposals()) == {"agnostic-evidence", "economists-evidence"}
    assert not condition(load_prior("davidson-2025-evidence"), 4096).proposal


def test_what_no_draw_satisfies_is_refused(node, data):
    table = {"title": "t", "extends": "davidson-2025", "evidence": [piece("interval", "lam", "1", low=2.0, high=3.0)]}
    script = PRELUDE + """
    const prior = priorOf(input.table, input.data);
    const draws = { lam: Float64Array.from([0.3, 0.5]) };
    const byItem = evidence.logLikelihoods(prior, draws, {});
    try { evidence.checkSatisfied(prior, byItem); } catch (error) { return error.why; }
    """  # fmt: skip
    assert "satisfied by none of 2 draws" in node(script, {"data": data, "table": table})


def test_evidence_about_what_draws_do_not_have_is_refused(node, data):
    row = piece("normal", "route2_rho", "1", value=0.0, sd=1.0)
    script = PRELUDE + """
    const prior = priorOf(input.table, input.data);
    const draws = { route2_rho: Float64Array.from([NaN, 0]) };
    try { evidence.logLikelihoods(prior, draws, {}); } catch (error) { return error.why; }
    """  # fmt: skip
    table = {"title": "t", "extends": "davidson-2025", "evidence": [row]}
    assert "do not have" in node(script, {"data": data, "table": table})
