"""The page's engine: simulation in the page where no worker starts, and workers that die."""

import json

import pytest
from tests_settings import ROOT

from mc_sie import load_prior
from mc_sie.analysis.probability.summary import estimate_event
from mc_sie.engine.run import simulate_prior
from mc_sie.events import HEADLINE, parse_event
from mc_sie.explorer.data import page_data

NAME = "davidson-houlden-2025"
N = 2**11
SCRIPT = """
const { readFileSync } = require("fs");
globalThis.addEventListener = () => {};
const { createResponder } = await import(page("worker.js"));
const { createEngine } = await import(page("engine.js"));
const wasmBytes = input.isBroken ? new Uint8Array([0, 97, 115, 109, 9, 9, 9, 9]) : readFileSync(input.wasm);
let made = 0;
const lives = { never: 0, once: 1, always: 2 }[input.workers];
globalThis.Worker = class {
  constructor() {
    this.number = made++;
    if (lives === 0) setTimeout(() => this.onerror({ preventDefault() {} }));
    this.respond = createResponder();
  }
  async postMessage(message) {
    if (lives === 0 || this.isDead) return;
    if (message.kind === "block" && lives === 1 && this.number === 0) {
      this.isDead = true;
      setTimeout(() => this.onerror({ preventDefault() {} }));
      return;
    }
    if (message.kind === "block" && input.isHostile) {
      this.isDead = true;
      this.onerror({ preventDefault() {} });
      return;
    }
    this.last = (this.last ?? Promise.resolve()).then(() => this.respond(structuredClone(message)));
    const data = await this.last;
    if (!this.isDead) this.onmessage({ data });
  }
  terminate() { this.isDead = true; }
};
const { layout, data, name, event, draws } = input;
const engine = createEngine({ scriptText: "", wasmBytes, layout, data, workers: 2 });
const table = { title: "x", extends: name };
const updates = [];
await new Promise((done) => engine.run({ table, event, seed: "0", draws, channel: "answer" }, (update) => {
  const { error, nDraws, estimate } = update;
  updates.push(error ? { error } : { nDraws, prob: estimate.prob, done: update.done });
  if (update.error || update.done) done();
}));
return { updates, made };
"""


@pytest.fixture(scope="module")
def run(node):
    folder = ROOT / "mc_sie" / "explorer"
    layout = json.loads((folder / "kernel.json").read_text("utf-8"))
    given = {"data": page_data(), "layout": layout, "event": HEADLINE, "wasm": str(folder / "kernel.wasm")}
    return lambda **options: node(SCRIPT, given | {"name": NAME, "draws": N, "workers": "always"} | options)


@pytest.mark.parametrize("workers", ["always", "once", "never"])
def test_every_way_of_simulating_gives_the_number_of_python(run, workers):
    found = run(workers=workers)
    expected = estimate_event(simulate_prior(load_prior(NAME), N), parse_event(HEADLINE)).prob
    assert found["updates"][-1] == {"nDraws": N, "prob": pytest.approx(expected, rel=1e-12), "done": True}
    assert [one["nDraws"] for one in found["updates"]] == [1024, 2048]


def test_a_browser_that_cannot_make_the_kernel_says_so(run):
    (update,) = run(isBroken=True)["updates"]
    assert "WebAssembly" in update["error"]["why"]


def test_what_ends_every_worker_is_given_up(run):
    found = run(isHostile=True)
    assert "workers" in found["updates"][-1]["error"]["why"]
    assert found["made"] < 12
