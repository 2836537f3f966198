// One world: a value for every input, and the trajectory, deployments and verdict that follow.

import { worldChart } from "./charts.js";
import { modeWords } from "./controls.js";
import { nSteps, rangeOf, stepOf, valueAt, withUnit } from "./elicit.js";
import { byId, make, say } from "./elements.js";
import { inDigits } from "./errors.js";
import { modelNames } from "./figures.js";
import { saveButtons } from "./files.js";

/** The panel of one world; `begin` with a prior, `show` with the values of a draw. */
export function createWorld(data, engine) {
  let values = null;
  let view = null;
  let rows = [];
  let fields = [];
  let round = 0;
  saveButtons("world", () => rows);
  byId("one-world").addEventListener("toggle", () => byId("one-world").open && values && build());

  const build = () => {
    fields = modelNames(data).filter((name) => !Number.isNaN(values[name])).map((name) => field(name));
    byId("world-inputs").replaceChildren(...fields.map((one) => one.element));
    follow();
  };
  const field = (name) => {
    const quantity = data.quantities[name];
    const words = make("span");
    const say_ = () => say(words, name === "mode" ? modeWords(data.modes[values.mode]) : `${quantity.label}: ${withUnit(values[name], quantity.unit)}`);
    const change = (value) => {
      values[name] = value;
      say_();
      follow();
    };
    const input = name === "mode" ? modes(change) : slider(name, quantity, change);
    say_();
    return { element: make("label.row", {}, words, input) };
  };
  const modes = (change) => {
    const select = make("select", { "aria-label": "retraining mode", onchange: () => change(Number(select.value)) });
    select.append(...data.modes.map((mode, code) => make("option", { value: code, text: modeWords(mode) })));
    select.value = values.mode;
    return select;
  };
  const slider = (name, quantity, change) => {
    const range = rangeOf(name, data, null);
    const input = make("input", { type: "range", min: 0, max: nSteps(), step: 1, "aria-label": quantity.label });
    input.value = stepOf(quantity.scale, range, values[name]);
    input.addEventListener("input", () => change(valueAt(quantity.scale, range, Number(input.value))));
    return input;
  };
  const follow = async () => {
    const mine = (round += 1);
    const [found] = await engine.trajectories([{ ...values }], data.horizon);
    if (mine !== round) return;
    if (found.status !== 0) {
      byId("figure-world").replaceChildren();
      say(byId("world-verdict"), "These values cannot be simulated together.");
      return;
    }
    const { gain, months } = view.event;
    const path = { months: [...found.months], ooms: [...found.effective_ooms] };
    const outcomes = await engine.evaluate([{ ...values }], [gain], [months]);
    if (mine !== round) return;
    const best = outcomes[view.event.kind === "first" ? "months_to" : "best_window_months"][0];
    const hit = best < months;
    byId("figure-world").innerHTML = worldChart({ ...path, hit, deployments: [...(found.deployments ?? [])], gain, window: months, horizon: data.horizon });
    rows = [["months", "ooms"], ...path.months.map((month, i) => [month, path.ooms[i]])];
    say(byId("world-verdict"), verdict(best, hit, gain, found));
  };
  return {
    begin(prior, shown) {
      view = shown;
      values = valuesOf(prior, data);
      if (byId("one-world").open) build();
    },
    show(row) {
      values = { ...row };
      byId("one-world").open = true;
      build();
      byId("one-world").scrollIntoView({ block: "nearest" });
    },
  };
}

function verdict(best, hit, gain, found) {
  const so = Number.isFinite(best) ? `${inDigits(gain, 3)} OOM take ${inDigits(best, 3)} months` : `${inDigits(gain, 3)} OOM are never reached`;
  const n = found.deployments ? found.deployments.length : 0;
  const systems = n ? ` ${n} further ${n === 1 ? "system is" : "systems are"} deployed.` : "";
  return `${hit ? "A software intelligence explosion" : "No software intelligence explosion"}: ${so}.${systems}`;
}

/** A value for every quantity of the model: those of the draw in the middle of every dimension. */
function valuesOf(prior, data) {
  const values = prior.values(Object.fromEntries(prior.dimensions.map((name) => [name, Float64Array.of(0.5)])), 1);
  return Object.fromEntries(modelNames(data).map((name) => [name, values[name] ? values[name][0] : NaN]));
}
