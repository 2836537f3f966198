// Families, truncation and other ways to state a quantity: the keys of its entry in a prior file, one field each.

import { distributionOf } from "./distributions.js";
import { SOURCE, asNumber, beliefOf } from "./elicit.js";
import { fillSelect, make, say } from "./elements.js";
import { inDigits } from "./errors.js";
import { parseToml, writeToml } from "./toml.js";

const SAID = new Set(["family", "unit", "source", "judgement"]);
const CUT_KEYS = ["truncate_low", "truncate_high"];

/** Entries to begin with, by family, from the low, the middle and the high value. */
const FIRST = {
  fixed: ({ middle }) => ({ value: middle }),
  uniform: ({ low, high }) => ({ low, high }),
  loguniform: ({ low, high }) => ({ low, high }),
  normal: ({ low, middle, high }) => ({ mean: middle, sd: (high - low) / 3.29 }),
  lognormal: ({ low, middle, high }) => ({ median: middle, sd_log: Math.log(high / low) / 3.29 }),
  shifted_lognormal: ({ low, middle, high }) => ({ shift: low - (middle - low) / 4, median: (middle - low) * 1.25, sd_log: Math.min(2, Math.log(1 + (high - low) / (middle - low)) / 2) }),
  beta: ({ low, high }) => ({ a: 2, b: 2, low, high }),
  triangular: ({ low, middle, high }) => ({ low, peak: middle, high }),
  pert: ({ low, middle, high }) => ({ low, peak: middle, high }),
  student_t: ({ low, middle, high }) => ({ location: middle, scale: (high - low) / 4.7, df: 4 }),
  quantiles: ({ low, middle, high }) => ({ quantiles: { q05: low, q50: middle, q95: high } }),
  interval: ({ low, middle, high }) => ({ fit: low > 0 ? "lognormal" : "normal", mean: middle, interval: [low, high] }),
  histogram: ({ low, middle, high }) => ({ edges: [low, middle, high], chips: [5, 5] }),
  tabulated: ({ low, middle, high }) => ({ p: [0, 0.5, 1], x: [low, middle, high] }),
  mixture: ({ low, middle, high }) => ({
    components: [{ weight: 0.5, family: "uniform", low, high: middle }, { weight: 0.5, family: "uniform", low: middle, high }],
  }),
};
const POSITIVE = new Set(["loguniform", "lognormal"]);

/** Fields for the entry of one quantity, made anew only when family or name change. */
export function showAdvanced(box, { name, model, quantity, entry, prior, context }) {
  const table = entry?.table ?? null;
  const keys = table ? Object.keys(table).filter((key) => !SAID.has(key)) : [];
  const shape = `${name} ${table?.family} ${keys.join()}`;
  if (box.dataset.shape !== shape) {
    box.dataset.shape = shape;
    box.replaceChildren(...build(box, { name, model, quantity, table, keys, context }));
  }
  box.entry = { name, table, distribution: entry?.distribution ?? null, prior };
  for (const field of box.querySelectorAll("[data-key]")) {
    const key = field.dataset.key;
    if (document.activeElement !== field) field.value = table && key in table ? asText(table[key]) : "";
  }
}

function build(box, { name, model, quantity, table, keys, context }) {
  const names = Object.keys(context.data.quantities).filter((other) => context.data.quantities[other].determines === model);
  const parts = [];
  if (names.length > 1) {
    const ways = make("select", { onchange: (event) => restate(box, event.target.value, context) });
    fillSelect(ways, names.map((other) => [other, context.data.quantities[other].label]), name);
    parts.push(make("label.field", {}, make("span", { text: "stated as" }), ways));
  }
  const families = make("select", { onchange: (event) => changeFamily(box, event.target.value, quantity, context) });
  const known = Object.keys(FIRST).filter((family) => quantity.scale === "log" || !POSITIVE.has(family));
  if (table && !known.includes(table.family)) known.push(table.family);
  fillSelect(families, known.map((family) => [family, family.replaceAll("_", " ")]), table?.family ?? "fixed");
  parts.push(make("label.field", {}, make("span", { text: "family" }), families));
  if (!table) return parts;
  const cuts = table.family === "fixed" ? [] : CUT_KEYS.filter((key) => !keys.includes(key));
  for (const key of [...keys, ...cuts]) parts.push(fieldOf(box, key, context));
  parts.push(make("p.problem", { role: "alert" }));
  return parts;
}

function fieldOf(box, key, context) {
  const field = make("input", { type: "text", "data-key": key, autocomplete: "off", spellcheck: "false" });
  field.addEventListener("change", () => {
    const problem = box.querySelector(".problem");
    const { name, table } = box.entry;
    const next = { ...withoutJudgement(table), source: SOURCE };
    try {
      if (field.value.trim() === "") delete next[key];
      else next[key] = parseToml(`value = ${field.value.trim()}`).value;
      say(problem, "");
    } catch (error) {
      say(problem, `${key} ${error.why ?? "cannot be read"}. Numbers are written like 0.5, lists like [1, 2], texts in quotes.`);
      return;
    }
    context.onChange(name, next);
  });
  return make("label.field", {}, make("span", { text: key.replaceAll("_", " ") }), field);
}

function withoutJudgement(table) {
  const kept = { ...table };
  delete kept.judgement;
  return kept;
}

/** A value as TOML writes it. */
function asText(value) {
  return writeToml({ value }).trim().replace(/^value = /, "");
}

function changeFamily(box, family, quantity, context) {
  const { name, distribution } = box.entry;
  const found = distribution ? beliefOf(distribution) : { value: 1 };
  const middle = found.middle ?? (Number.isFinite(found.value) ? found.value : 10);
  const width = Math.max(Math.abs(middle) / 2, 0.05);
  const belief = "value" in found ? { low: middle - width, middle, high: middle + width } : found;
  const digits = (value) => {
    if (typeof value === "number") return Number(inDigits(value, 5));
    if (Array.isArray(value)) return value.map(digits);
    if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, digits(v)]));
    return value;
  };
  const table = { family, ...digits(FIRST[family](belief)), unit: quantity.unit, source: SOURCE };
  context.onChange(name, { ...table, ...cutsOf(table, quantity) });
}

/** Cuts at the ends of the domain for a family that reaches beyond them. */
function cutsOf(table, quantity) {
  const found = {};
  const [low, high] = [asNumber(quantity.low), asNumber(quantity.high)];
  const everywhere = { ...quantity, low: -Infinity, high: Infinity, lowOpen: true, highOpen: true };
  let support;
  try {
    support = distributionOf(table, everywhere).support;
  } catch {
    return found; // refused for another reason, which the control says
  }
  if (support[0] < low || (quantity.lowOpen && support[0] === low && low !== -Infinity)) found.truncate_low = low + (quantity.lowOpen ? 1e-3 : 0);
  if (support[1] > high || (quantity.highOpen && support[1] === high && high !== Infinity)) found.truncate_high = high - (quantity.highOpen ? 1e-3 : 0);
  return found;
}

/** The same quantity through another one that determines it: its low, middle and high in the other's coordinate. */
function restate(box, other, context) {
  const found = context.restated(box.entry.prior, other);
  context.onChange(other, found);
}
