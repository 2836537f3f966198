// What follows: figures made of the draws of the answer, and the numbers behind them.

import { exceedanceChart, influenceChart, trajectoriesChart, whatIfChart } from "./charts.js";
import { byId, fillSelect, make, say } from "./elements.js";
import { curveOf, exceedance, firstOrderShares } from "./estimates.js";
import { saveButtons } from "./files.js";

const OOM_STEP = 0.25;
const OOM_TOP = 15;
const N_LINES = 60;
const PIECES = 12;
const MONTHS_ELSE = 12;

/** Figures of the page; `begin` before a simulation, `show` with each of its updates. */
export function createFigures(data, engine, { onLook, onWorld }) {
  const numbers = {};
  const draw = (name, text, rows) => {
    byId(`figure-${name}`).innerHTML = text;
    numbers[name] = rows;
  };
  for (const name of ["exceedance", "inputs", "what_if", "trajectories"]) saveButtons(name, () => numbers[name] ?? []);
  byId("look").addEventListener("change", () => onLook(byId("look").value));
  chosenBy(byId("figure-inputs"), "name", onLook);
  let shown = null; // {view, prior, update} of the last answer
  let lines = [];
  chosenBy(byId("figure-trajectories"), "index", (index) => {
    if (shown) onWorld(rowOf(shown.update, Number(index), data));
  });

  const figures = {
    keep: (view) => [...modelNames(data), gainKey(view)],
    show(update, view) {
      shown = { update, view };
      drawExceedance(update, view, draw);
      const shares = sharesOf(update, data);
      const look = view.look && shares.some((row) => row.name === view.look) ? view.look : shares[0]?.name;
      drawInputs(shares, look, draw);
      fillSelect(byId("look"), shares.map((row) => [row.name, row.label]), look ?? "");
      if (look) drawWhatIf(update, look, data, draw);
      if (update.done) drawLines(update, view);
    },
  };
  const drawLines = async (update, view) => {
    const indices = systematic(update);
    const rows = indices.map((index) => rowOf(update, index, data));
    const followed = await engine.trajectories(rows, data.horizon);
    if (shown.update !== update) return;
    lines = followed.map((one, i) => ({ months: [...one.months], ooms: [...one.effective_ooms], hit: update.hits[indices[i]] > 0, index: indices[i] }));
    const { gain, months } = view.event;
    const rest = [["draw", "event", "months", "ooms"]];
    for (const line of lines) line.months.forEach((month, i) => rest.push([line.index, line.hit ? 1 : 0, month, line.ooms[i]]));
    draw("trajectories", trajectoriesChart({ lines, gain, months, horizon: data.horizon }), rest);
  };
  return figures;
}

/** Clicks and Enter on a part of a figure that carries data. */
function chosenBy(box, key, act) {
  const choose = (event) => {
    const part = event.target.closest(`[data-${key}]`);
    if (part) act(part.dataset[key]);
    return Boolean(part);
  };
  box.addEventListener("click", choose);
  box.addEventListener("keydown", (event) => {
    if ((event.key === "Enter" || event.key === " ") && choose(event)) event.preventDefault();
  });
}

export function modelNames(data) {
  return Object.keys(data.quantities).filter((name) => data.quantities[name].determines === name);
}

/** Values of one draw, by quantity of the model. */
function rowOf(update, index, data) {
  return Object.fromEntries(modelNames(data).filter((name) => update.draws[name]).map((name) => [name, update.draws[name][index]]));
}

function drawExceedance(update, { event }, draw) {
  const gains = update.outcomes[gainKey({ event })];
  if (!gains) return;
  const ooms = Array.from({ length: OOM_TOP / OOM_STEP + 1 }, (_, i) => i * OOM_STEP);
  const found = exceedance(gains, update.ok, update.weights, update.nReplicates, ooms);
  const [prob, low, high] = ["prob", "low", "high"].map((key) => found.map((one) => one[key]));
  const rows = [["ooms", "probability", "low", "high"], ...ooms.map((x, i) => [x, prob[i], low[i], high[i]])];
  draw("exceedance", exceedanceChart({ ooms, prob, low, high, gain: event.gain, months: windowOf(event) }), rows);
}

/** Months of the window whose gain is shown: those of the event. */
function windowOf(event) {
  return event.kind === "other" ? MONTHS_ELSE : event.months;
}

function gainKey({ event }) {
  return `best_gain_ooms[${windowOf(event)}]`;
}

/** First-order shares of the inputs that vary, largest first. */
function sharesOf(update, data) {
  const inputs = Object.fromEntries(modelNames(data).filter((name) => update.draws[name]).map((name) => [name, update.draws[name]]));
  return firstOrderShares(inputs, update.hits, update.ok, update.weights, update.nReplicates)
    .map(({ name, value, se }) => ({ name, label: data.quantities[name].label, share: value, se }));
}

function drawInputs(rows, chosen, draw) {
  if (!rows.length) {
    byId("figure-inputs").replaceChildren(make("p", { text: "There is nothing to explain: every input has one value, or all draws agree." }));
    return;
  }
  draw("inputs", influenceChart({ rows, chosen }), [["input", "share", "se"], ...rows.map((row) => [row.name, row.share, row.se])]);
}

function drawWhatIf(update, name, data, draw) {
  const quantity = data.quantities[name];
  const isCategorical = name === "mode";
  const curve = curveOf(update.draws[name], update.hits, update.ok, update.weights, update.nReplicates, { isCategorical, nBins: PIECES })
    .filter((one) => one.kind !== "absent");
  const { label, unit, scale } = quantity;
  const [x, prob, low, high] = ["x", "prob", "low", "high"].map((key) => curve.map((one) => one[key]));
  const plain = { label, unit, scale, x, prob, low, high, overall: update.estimate.prob };
  if (isCategorical) plain.categories = data.modes;
  draw("what_if", whatIfChart(plain), [[name, "probability", "low", "high"], ...x.map((one, i) => [one, prob[i], low[i], high[i]])]);
  say(byId("what-if-note"), `Probability for those who know ${label} and keep everything else. The line is the probability as it stands.`);
}

/** Draws at even steps of the weights, those with the event first: the share of lines with it is the probability. */
export function systematic({ hits, ok, weights }, n = N_LINES) {
  const order = [];
  for (const wanted of [1, 0]) for (let i = 0; i < hits.length; i++) if (ok[i] && (hits[i] > 0) === (wanted === 1)) order.push(i);
  const weightOf = (i) => (weights ? weights[i] : 1);
  const total = order.reduce((sum, i) => sum + weightOf(i), 0);
  const chosen = [];
  let passed = 0;
  for (const i of order) {
    passed += weightOf(i);
    while (chosen.length < n && passed > ((chosen.length + 0.5) * total) / n) chosen.push(i);
  }
  return chosen;
}
