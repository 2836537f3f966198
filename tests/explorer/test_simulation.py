"""Draws and outcomes of the live page against those of Python: every shipped set, the same Sobol' points."""

import json
import math

import numpy as np
import pytest
from tests_settings import ROOT

from mc_sie.analysis.importance.conditioning import condition
from mc_sie.analysis.probability.summary import estimate_event
from mc_sie.engine.run import simulate_prior
from mc_sie.events import HEADLINE, parse_event
from mc_sie.explorer.data import page_data, stored_proposals
from mc_sie.priors import load_prior
from mc_sie.priors.shipped import shipped_priors
from mc_sie.sampling import N_REPLICATES_DEFAULT
from mc_sie.stats.estimates import label

N = 2**11
PER = N // N_REPLICATES_DEFAULT
SCRIPT = f"""
const {{ readFileSync }} = require("fs");
const {{ estimateLabel, probability }} = await import(page("estimates.js"));
const {{ parseEvent }} = await import(page("events.js"));
const {{ logWeightsOf, normalised, proposalOf }} = await import(page("evidence.js"));
const {{ loadKernel }} = await import(page("kernel.js"));
const {{ priorOf }} = await import(page("prior.js"));
const {{ simulateBlock }} = await import(page("simulation.js"));
const {{ data, event }} = input;
const kernel = await loadKernel(readFileSync(input.wasm), input.layout);
const claim = parseEvent(event);

function answerOf(name) {{
  const prior = priorOf(data.sets[name].table, data, name);
  const proposal = proposalOf(data.proposals[name]);
  const columns = {{ status: [], months: [], gain: [], hits: [], logs: [] }};
  for (let replicate = 0; replicate < {N_REPLICATES_DEFAULT}; replicate++) {{
    const design = {{ seed: 0n, horizon: data.horizon, proposal, data }};
    const {{ draws, outcomes, priorWeights }} = simulateBlock(kernel, prior, design, replicate, 0, {PER}, [5], [12]);
    columns.status.push(...outcomes.status);
    columns.months.push(...outcomes.best_window_months);
    columns.gain.push(...outcomes.best_gain_ooms);
    columns.hits.push(...claim.holds(outcomes));
    if (prior.evidence.length) columns.logs.push(...logWeightsOf(prior, draws, outcomes, priorWeights));
  }}
  const weights = columns.logs.length ? normalised(columns.logs).weights : null;
  const ok = columns.status.map((status) => Number(status === 0));
  const estimate = probability(columns.hits, ok, weights, {N_REPLICATES_DEFAULT});
  return {{ ...columns, estimate, label: estimateLabel(estimate) }};
}}
return Object.fromEntries(input.names.map((name) => [name, answerOf(name)]));
"""


@pytest.fixture(scope="module")
def answers(node):
    """The page's answers for every shipped set."""
    folder = ROOT / "mc_sie" / "explorer"
    layout = json.loads((folder / "kernel.json").read_text("utf-8"))
    given = {"data": page_data(), "layout": layout, "event": HEADLINE, "wasm": str(folder / "kernel.wasm")}
    return node(SCRIPT, given | {"names": list(shipped_priors())})


@pytest.mark.parametrize("name", shipped_priors())
def test_page_and_command_line_give_one_answer(answers, name):
    prior = load_prior(name)
    asked = {"levels": (5.0,), "widths": (12.0,)}
    if name in stored_proposals():
        simulation = condition(prior, N, method="proposal", **asked)
    elif prior.evidence:
        simulation = condition(prior, N, method="prior", **asked)
    else:
        simulation = simulate_prior(prior, N, **asked)
    found, outcomes = answers[name], simulation.outcomes
    event = parse_event(HEADLINE)
    assert found["status"] == outcomes.status.tolist()
    assert found["hits"] == event.holds(outcomes).astype(int).tolist()
    months = np.array(found["months"], dtype=float)
    np.testing.assert_allclose(months, outcomes.best_window_months[:, 0], rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(
        np.array(found["gain"], dtype=float), outcomes.best_gain_ooms[:, 0], rtol=1e-8, atol=1e-8
    )
    expected = estimate_event(simulation, event)
    assert found["label"] == label(expected)
    assert found["estimate"]["prob"] == pytest.approx(expected.prob, rel=1e-9, abs=1e-12)
    if not math.isnan(expected.se):
        assert found["estimate"]["se"] == pytest.approx(expected.se, rel=1e-7)
