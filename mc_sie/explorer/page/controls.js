// A control for every quantity: low, middle and high in words, a small density, and where it comes from.

import { showAdvanced } from "./advanced.js";
import { asNumber, beliefAround, beliefOf, isInDomain, movedBelief, nSteps, rangeOf, stepOf, tableOfBelief, valueAt, withUnit } from "./elicit.js";
import { fillSelect, make, say } from "./elements.js";
import { InputError } from "./errors.js";
import { sparkline } from "./sparkline.js";

const WORDS = { low: "low", middle: "middle", high: "high", value: "value" };
const READ = { low: "5 % lie below", middle: "half lie below", high: "95 % lie below", value: "certain" };
const MODE_WORDS = {
  none: "none needed", shortening: "runs get shorter as progress speeds up",
  shortening_accelerating_only: "runs get shorter only while progress accelerates",
  continual: "training goes on all the time", from_scratch: "each generation is trained from scratch",
};

/** Question that a quantity asks, and meanings of the ends of its sliders. */
const PLAIN = {
  rho: ["Can more research labour make up for a lack of computing power for experiments?", "hardly", "easily"],
  r: ["How much faster does software get better when research effort doubles?", "little", "much"],
  lam: ["How much do many researchers at once step on each other’s toes?", "badly", "hardly"],
  limit_ooms: ["How much better can software get before it meets its limits?", "near", "far"],
  mode: ["What does it take to bring new algorithms into the deployed system?", "", ""],
  training_months: ["How long does it take to train the first system that automates research?", "short", "long"],
  software_doubling_months: ["How long did software take to double its efficiency before automation?", "fast", "slow"],
};

/** Name of a retraining mode for people. */
export function modeWords(mode) {
  return MODE_WORDS[mode] ?? mode.replaceAll("_", " ");
}

/**
 * A control of one quantity of the model.
 * @param {string} model quantity of the model; the set may state what determines it
 * @param {object} context {data, onChange(name, table, key), onEnd()}
 * @returns {{element: HTMLElement, update: (prior: object, view: object) => void, problem: (error: object|null) => void}}
 */
export function createControl(model, context) {
  return model === "mode" ? modeControl(context) : numberControl(model, context);
}

/** The name under which a prior states a quantity of the model: "sigma" for rho, say. */
export function statedName(prior, model, quantities) {
  const found = Object.keys(prior.entries).find((name) => quantities[name].determines === model);
  return found ?? model;
}

function numberControl(model, context) {
  const { data } = context;
  const problem = make("p.problem", { role: "alert" });
  const parts = frameOf(model, problem, context);
  let shape = "";
  let rows = {};
  let latest = null;

  const build = (name, kind) => {
    rows = {};
    parts.sliders.replaceChildren();
    const keys = { range: ["low", "middle", "high"], value: ["value"], absent: [] }[kind];
    for (const key of keys) {
      rows[key] = sliderRow(name, key, data.quantities[name], (value) => moved(key, value), context.onEnd);
      parts.sliders.append(rows[key].element);
    }
  };
  const moved = (key, value) => {
    const { name, belief } = latest;
    const quantity = data.quantities[name];
    if (!isInDomain(quantity, value)) {
      showProblem(problem, parts.element, { why: `${withUnit(value, quantity.unit)} is not between ${asNumber(quantity.low)} and ${asNumber(quantity.high)}`, remedy: "" });
      return;
    }
    const next = movedBelief(latest.pending ?? belief, key, value, quantity.scale);
    latest.pending = next;
    context.onChange(name, tableOfBelief(next, name, quantity), `${name}.${key}`);
  };
  const choose = (kind) => {
    const { name, belief } = latest;
    const quantity = data.quantities[name];
    if (kind === "absent") return context.onChange(name, { family: "absent", source: "mine: live page" });
    const known = belief ?? { value: firstValue(name, data) };
    const middle = known.value ?? known.middle;
    const next = kind === "value" ? { value: middle } : beliefAround(Number.isFinite(middle) ? middle : 15, quantity);
    return context.onChange(name, tableOfBelief(next, name, quantity));
  };
  parts.kind.addEventListener("change", () => choose(parts.kind.value));

  const update = (prior, view) => {
    const name = statedName(prior, model, data.quantities);
    const quantity = data.quantities[name];
    const entry = prior.entries[name];
    const belief = entry ? beliefOf(entry.distribution) : null;
    let kind = "absent";
    if (belief) kind = "value" in belief ? "value" : "range";
    const changed = Object.hasOwn(view.edits, view.set) && Object.hasOwn(view.edits[view.set].changes, name);
    const range = shape === `${view.set} ${name} ${kind}` && latest ? latest.range : rangeOf(name, data, entry?.distribution);
    if (shape !== `${view.set} ${name} ${kind}`) build(name, kind);
    shape = `${view.set} ${name} ${kind}`;
    latest = { name, belief, range, pending: null };
    const kinds = [["range", "a range"], ["value", "one value"]];
    if (quantity.optional || kind === "absent") kinds.push(["absent", "not used"]);
    fillSelect(parts.kind, kinds, kind);
    for (const [key, row] of Object.entries(rows)) row.show(belief[key], range);
    parts.show({ name, quantity, entry, changed, range, idle: idleReason(model, prior, data) });
    showAdvanced(parts.advanced, { name, model, quantity, entry, prior, context });
  };
  return { element: parts.element, update, problem: (error) => showProblem(problem, parts.element, error) };
}

function firstValue(name, data) {
  const [low, high] = rangeOf(name, data, null);
  return low > 0 ? Math.sqrt(low * high) : (low + high) / 2;
}

function showProblem(problem, element, error) {
  say(problem, error ? `${error.why[0].toUpperCase()}${error.why.slice(1)}. ${error.remedy ?? ""}`.trim() : "");
  element.classList.toggle("bad", Boolean(error));
}

/** The card around a quantity. */
function frameOf(model, problem, context) {
  const { quantities } = context.data;
  const title = make("h3", { id: `title-${model}` });
  const badge = make("span.badge");
  const spark = make("div.spark");
  const [asked, lowEnd, highEnd] = PLAIN[model] ?? ["", "", ""];
  const words = make("p.in-words");
  const ends = lowEnd ? [make("p.ends", { "aria-hidden": "true" }, make("span", { text: `← ${lowEnd}` }), make("span", { text: `${highEnd} →` }))] : [];
  const idle = make("p.idle");
  const kind = make("select", { "aria-label": `how sure: ${quantities[model].label}` });
  const sliders = make("div.sliders", { role: "group", "aria-labelledby": `title-${model}` });
  const meaning = make("p");
  const source = make("p.source");
  const undo = make("button.small", {
    type: "button", text: "Back to the set's own", hidden: true,
    onclick: () => context.onChange(undo.dataset.name, null),
  });
  const advanced = make("div.advanced");
  const element = make(
    "section.control", { id: `control-${model}`, "aria-labelledby": `title-${model}` },
    make("div.head", {}, title, badge, make("label.kind", {}, kind)),
    ...(asked ? [make("p.asked", { text: asked })] : []), words, spark, idle, ...ends, sliders, problem,
    make("details", {}, make("summary", { text: "Meaning, source, advanced" }), meaning, source, undo, advanced),
  );
  const show = ({ name, quantity, entry, changed, range, idle: reason }) => {
    say(title, quantity.label);
    say(badge, changed ? "changed" : "");
    element.classList.toggle("changed", Boolean(changed));
    element.classList.toggle("inert", Boolean(reason));
    undo.hidden = !changed;
    undo.dataset.name = name;
    say(words, entry ? describe(entry.distribution, quantity) : "Not used.");
    spark.innerHTML = entry && entry.distribution.constant === null ? sparkline(entry.distribution, quantity, range) : "";
    say(idle, reason ? `Changes nothing here: ${reason}.` : "");
    say(meaning, `${quantity.symbol} (${name}): ${quantity.meaning}. Unit: ${quantity.unit}.`);
    say(source, sourceText(entry));
  };
  return { element, kind, sliders, advanced, show };
}

function sourceText(entry) {
  if (!entry) return "";
  if (entry.isDefault) return "Not stated by the set: the default of the program.";
  return `Source: ${entry.source ?? "none given"}${entry.judgement ? ` Judgement: ${entry.judgement}` : ""}`;
}

/** "Most likely between 0.45 and 3.2, about 1.2." */
function describe(distribution, quantity) {
  const belief = beliefOf(distribution);
  if ("value" in belief) return `Exactly ${withUnit(belief.value, quantity.unit)}.`;
  const [low, middle] = ["low", "middle"].map((key) => withUnit(belief[key], "1"));
  return `Nine in ten between ${low} and ${withUnit(belief.high, quantity.unit)}, half below ${middle}.`;
}

/** Why a quantity does not matter under a prior; "" where it does. */
export function idleReason(model, prior, data) {
  const quantity = data.quantities[model];
  const modes = prior.entries.mode;
  if (modes && quantity.modes.length < data.modes.length) {
    const possible = new Set(modes.distribution.atoms.filter(([, prob]) => prob > 0).map(([code]) => data.modes[code]));
    if (!quantity.modes.some((mode) => possible.has(mode))) {
      return `it acts only where ${quantity.modes.map(modeWords).join(" or ")}`;
    }
  }
  const constantOf = (name) => {
    const stated = statedName(prior, name, data.quantities);
    const entry = prior.entries[stated];
    if (!entry) return NaN;
    return stated === name ? entry.distribution.constant : null;
  };
  const found = (data.idle ?? []).find(
    (rule) =>
      rule.name === model &&
      (rule.stated ?? []).every((name) => !Number.isNaN(constantOf(name))) &&
      (rule.absent ?? []).every((name) => Number.isNaN(constantOf(name))) &&
      (rule.at ?? []).every(([name, value]) => constantOf(name) === value),
  );
  return found ? found.why : "";
}

/** A slider with its number. */
function sliderRow(name, key, quantity, onValue, onEnd) {
  const id = `${name}-${key}`;
  const what = `${quantity.label}, ${WORDS[key]}`;
  const slider = make("input", { type: "range", id, min: 0, max: nSteps(), step: 1, "aria-label": what });
  const number = make("input", { type: "text", inputmode: "decimal", "aria-label": `${what}, number`, autocomplete: "off" });
  let range = [0, 1];
  slider.addEventListener("input", () => onValue(valueAt(quantity.scale, range, Number(slider.value))));
  endsStep(slider, onEnd);
  number.addEventListener("change", () => {
    const value = numberOf(number.value);
    number.setAttribute("aria-invalid", String(Number.isNaN(value)));
    if (!Number.isNaN(value)) onValue(value);
    onEnd();
  });
  const show = (value, ends) => {
    range = ends;
    if (document.activeElement !== slider) slider.value = stepOf(quantity.scale, range, value);
    slider.setAttribute("aria-valuetext", withUnit(value, quantity.unit));
    if (document.activeElement !== number) number.value = Number.isFinite(value) ? String(Number(value.toPrecision(4))) : "inf";
  };
  const unit = ["1", "mode"].includes(quantity.unit) ? "" : quantity.unit.replace("x", "×").replace("months", "mo.");
  const element = make(
    "div.row", {}, make("label", { for: id, title: READ[key], text: WORDS[key] }), slider,
    make("span.number", {}, number, make("span.unit", { text: unit })),
  );
  return { element, show };
}

/** A drag, or all keys while a slider has the focus, are one step. */
function endsStep(slider, onEnd) {
  slider.addEventListener("pointerup", onEnd);
  slider.addEventListener("blur", onEnd);
}

/** A number as typed; nan where it is none. */
export function numberOf(text) {
  const plain = text.trim().replace("−", "-").replace(/^\+?(inf|infinity|∞|no limit)$/i, "Infinity");
  return plain === "" ? NaN : Number(plain);
}

// ------------------------------------------------------------------------------------------- retraining modes

/** Weights of the retraining modes: moving one takes from the others in proportion. */
function modeControl(context) {
  const { data } = context;
  const problem = make("p.problem", { role: "alert" });
  const parts = frameOf("mode", problem, context);
  parts.kind.parentElement.remove();
  let weights = {};
  const rows = data.modes.map((mode) =>
    weightRow(`mode-${mode}`, modeWords(mode), (weight) => {
      weights = rebalanced(weights, mode, weight);
      context.onChange("mode", modeTable(weights), `mode.${mode}`);
    }, context.onEnd),
  );
  parts.sliders.append(...rows.map((row) => row.element));
  const update = (prior, view) => {
    const entry = prior.entries.mode;
    const changed = Object.hasOwn(view.edits, view.set) && Object.hasOwn(view.edits[view.set].changes, "mode");
    const known = new Map(entry.distribution.atoms);
    weights = Object.fromEntries(data.modes.map((mode, code) => [mode, known.get(code) ?? 0]));
    data.modes.forEach((mode, i) => rows[i].show(weights[mode]));
    parts.show({ name: "mode", quantity: { ...data.quantities.mode, unit: "none" }, entry: { ...entry, distribution: { constant: 0 } }, changed, range: null, idle: "" });
    say(parts.element.querySelector(".in-words"), modesInWords(weights));
  };
  return { element: parts.element, update, problem: (error) => showProblem(problem, parts.element, error) };
}

function modesInWords(weights) {
  const known = Object.entries(weights).filter(([, weight]) => weight > 0);
  return `${known.map(([mode, weight]) => `${Math.round(100 * weight)} % ${modeWords(mode)}`).join(", ")}.`;
}

/** One weight set, the others scaled so that all sum to 1. */
export function rebalanced(weights, chosen, weight) {
  const others = Object.keys(weights).filter((name) => name !== chosen);
  const rest = others.reduce((sum, name) => sum + weights[name], 0);
  const next = { [chosen]: weight };
  for (const name of others) next[name] = rest > 0 ? (weights[name] / rest) * (1 - weight) : (1 - weight) / others.length;
  return Object.fromEntries(Object.keys(weights).map((name) => [name, next[name]]));
}

/** Weights to four decimals that sum to 1. */
export function roundedWeights(weights) {
  const names = Object.keys(weights).filter((name) => weights[name] >= 5e-5);
  const units = names.map((name) => Math.round(1e4 * weights[name]));
  const largest = units.indexOf(Math.max(...units));
  units[largest] += 1e4 - units.reduce((sum, one) => sum + one, 0);
  return Object.fromEntries(names.map((name, i) => [name, units[i] / 1e4]));
}

function modeTable(weights) {
  return { family: "categorical", values: roundedWeights(weights), source: "mine: live page" };
}

/** A slider from 0 to 100 %. */
export function weightRow(id, label, onValue, onEnd) {
  const slider = make("input", { type: "range", id, min: 0, max: 100, step: 1 });
  const shown = make("span.number");
  slider.addEventListener("input", () => onValue(Number(slider.value) / 100));
  endsStep(slider, onEnd);
  const show = (weight) => {
    if (document.activeElement !== slider) slider.value = Math.round(100 * weight);
    say(shown, `${Math.round(100 * weight)} %`);
  };
  return { element: make("div.row.weight", {}, make("label", { for: id, text: label }), slider, shown), show };
}

/** The error in the shape that controls show. */
export function asProblem(error) {
  if (error instanceof InputError || error?.why) return { where: error.where, why: error.why, remedy: error.remedy };
  return { where: "", why: String(error?.message ?? error), remedy: "" };
}
