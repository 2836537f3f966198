// What follows: figures made of the draws of the answer, and the numbers behind them.

import { exceedanceChart, influenceChart, trajectoriesChart, whatIfChart } from "./charts.js";
import { byId, fillSelect, make, say } from "./elements.js";
import { curveOf, exceedance, firstOrderShares } from "./estimates.js";
import { saveButtons } from "./files.js";

const OOM_STEP = 0.25;
const OOM_TOP = 15;
const N_LINES = 60;
const PIECES = 12;

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
    keep: () => [...modelNames(data), "best_gain_ooms"],
    begin() {},
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
  const gains = update.outcomes.best_gain_ooms;
  if (!gains) return;
  const ooms = Array.from({ length: OOM_TOP / OOM_STEP + 1 }, (_, i) => i * OOM_STEP);
  const found = exceedance(gains, ooms, update.ok, update.weights, update.nReplicates);
  const rows = [["ooms", "probability", "low", "high"], ...ooms.map((x, i) => [x, found.prob[i], found.low[i], found.high[i]])];
  draw("exceedance", exceedanceChart({ ooms, prob: [...found.prob], low: [...found.low], high: [...found.high], gain: event.gain, months: event.kind === "other" ? 12 : event.months }), rows);
}

/** First-order shares of the inputs that vary, largest first. */
function sharesOf(update, data) {
  const varying = modelNames(data).filter((name) => update.draws[name] && varies(update.draws[name]));
  const found = firstOrderShares(
    Object.fromEntries(varying.map((name) => [name, update.draws[name]])),
    update.hits, update.ok, update.weights, update.nReplicates,
  );
  return varying
    .map((name) => ({ name, label: data.quantities[name].label, share: found[name].share, se: found[name].se }))
    .sort((a, b) => b.share - a.share);
}

function varies(values) {
  for (let i = 1; i < values.length; i++) if (values[i] !== values[0] && !(Number.isNaN(values[i]) && Number.isNaN(values[0]))) return true;
  return false;
}

function drawInputs(rows, chosen, draw) {
  if (!rows.length) {
    byId("figure-inputs").replaceChildren(make("p", { text: "Every input has one value, so that there is nothing to explain." }));
    return;
  }
  draw("inputs", influenceChart({ rows, chosen }), [["input", "share", "se"], ...rows.map((row) => [row.name, row.share, row.se])]);
}

function drawWhatIf(update, name, data, draw) {
  const quantity = data.quantities[name];
  const curve = curveOf(update.draws[name], update.hits, update.ok, update.weights, update.nReplicates, PIECES);
  const { label, unit, scale } = quantity;
  const plain = { label, unit, scale, x: [...curve.x], prob: [...curve.prob], low: [...curve.low], high: [...curve.high], overall: update.estimate.prob };
  if (name === "mode") plain.categories = data.modes;
  draw("what_if", whatIfChart(plain), [[name, "probability", "low", "high"], ...plain.x.map((x, i) => [x, plain.prob[i], plain.low[i], plain.high[i]])]);
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
