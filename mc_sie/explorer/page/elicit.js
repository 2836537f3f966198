// Low, middle and high of a distribution, and a distribution from them; natural scales of sliders.

import { distributionOf } from "./distributions.js";
import { inDigits } from "./errors.js";

export const SOURCE = "mine: live page";
const PARTS = ["low", "middle", "high"];
const PROBABILITIES = Float64Array.of(0.05, 0.5, 0.95);
const OUTER = Float64Array.of(0.02, 0.98);
const STEPS = 400;
const AS_FACTOR = { low: 0.5, middle: 1, high: 2 };

/** Position of a value on the natural scale of its quantity. */
export function toPosition(scale, value) {
  if (scale === "log") return Math.log(value);
  if (scale === "logit") return Math.log(value) - Math.log1p(-value);
  return value;
}

/** The inverse of toPosition. */
export function fromPosition(scale, position) {
  if (scale === "log") return Math.exp(position);
  if (scale === "logit") return 1 / (1 + Math.exp(-position));
  return position;
}

/** A number that may stand as text ("inf") where it comes from JSON. */
export function asNumber(value) {
  if (value === "inf") return Infinity;
  if (value === "-inf") return -Infinity;
  return typeof value === "number" ? value : NaN;
}

/** True where the domain of a quantity has the value. */
export function isInDomain(quantity, value) {
  const low = asNumber(quantity.low);
  const high = asNumber(quantity.high);
  if (!(value >= low && value <= high)) return false;
  return !(quantity.lowOpen && value === low) && !(quantity.highOpen && value === high);
}

/** The 5th, 50th and 95th percentile by name, or {value} of one that has a single value. */
export function beliefOf(distribution) {
  if (distribution.constant !== null && distribution.constant !== undefined) return { value: distribution.constant };
  const found = distribution.quantile(PROBABILITIES);
  return { low: found[0], middle: found[1], high: found[2] };
}

/** Ends between which sliders of a quantity run: all that shipped sets say of it, and what is given. */
export function rangeOf(name, data, distribution) {
  const quantity = data.quantities[name];
  let low = Infinity;
  let high = -Infinity;
  const take = (value) => {
    const position = toPosition(quantity.scale, value);
    if (!Number.isFinite(position)) return;
    low = Math.min(low, value);
    high = Math.max(high, value);
  };
  for (const { table } of Object.values(data.sets)) {
    if (!table[name] || table[name].family === "absent") continue;
    outerOf(distributionOf(table[name], quantity)).forEach(take);
  }
  if (distribution) outerOf(distribution).forEach(take);
  take(asNumber(quantity.default));
  if (low > high) [low, high] = STARTS[name] ?? [0.1, 10];
  return widened(quantity, low, high);
}

/** Where nothing is stated and there is no default. */
const STARTS = {
  speedup_initial: [2, 100], rho_long: [-0.5, 0.3], reconfiguration_half_life_months: [6, 120],
  route2_rho: [-0.8, 0.2], route2_alpha_compute: [0.1, 0.9],
};

function outerOf(distribution) {
  return distribution.constant === null || distribution.constant === undefined
    ? distribution.quantile(OUTER)
    : [distribution.constant];
}

/** A quarter more on each side, inside the domain. */
function widened(quantity, low, high) {
  const { scale } = quantity;
  let [a, b] = [toPosition(scale, low), toPosition(scale, high)];
  const extra = a === b ? Math.max(0.7, 0.2 * Math.abs(a) * (scale === "linear")) : 0.25 * (b - a);
  [a, b] = [fromPosition(scale, a - extra), fromPosition(scale, b + extra)];
  const domain = [asNumber(quantity.low), asNumber(quantity.high)];
  const inset = 0.002 * (b - a);
  if (a < domain[0]) a = quantity.lowOpen ? domain[0] + inset : domain[0];
  if (b > domain[1]) b = quantity.highOpen ? domain[1] - inset : domain[1];
  if (scale === "logit") return [Math.max(a, 0.005), Math.min(b, 0.995)];
  if (scale === "log") return [Math.max(a, 1e-12), b];
  return [a, b];
}

/** Position of a slider (0 to STEPS) for a value, and the value at one. */
export function stepOf(scale, [low, high], value) {
  const [a, b, x] = [low, high, value].map((one) => toPosition(scale, one));
  if (x === Infinity) return STEPS;
  if (x === -Infinity) return 0;
  return Math.min(STEPS, Math.max(0, Math.round((STEPS * (x - a)) / (b - a))));
}

export function valueAt(scale, [low, high], step) {
  const [a, b] = [low, high].map((one) => toPosition(scale, one));
  return Number(inDigits(fromPosition(scale, a + ((b - a) * step) / STEPS), 3));
}

export function nSteps() {
  return STEPS;
}

/** The belief with one part moved; the others give way where they would cross. */
export function movedBelief(belief, part, value, scale) {
  if ("value" in belief) return { value };
  const moved = { ...belief, [part]: value };
  const nudge = (from, sign) => {
    const step = scale === "log" ? Math.abs(from) * 0.01 : Math.max(Math.abs(from) * 0.01, 0.002);
    return Number(inDigits(from + sign * step, 4));
  };
  const at = PARTS.indexOf(part);
  for (let i = at + 1; i < 3; i++) if (!(moved[PARTS[i]] > moved[PARTS[i - 1]])) moved[PARTS[i]] = nudge(moved[PARTS[i - 1]], 1);
  for (let i = at - 1; i >= 0; i--) if (!(moved[PARTS[i]] < moved[PARTS[i + 1]])) moved[PARTS[i]] = nudge(moved[PARTS[i + 1]], -1);
  return moved;
}

/** A table that has these percentiles: smooth where one hump can have them, else by points. */
export function tableOfBelief(belief, name, quantity) {
  const common = { unit: quantity.unit, source: SOURCE };
  if ("value" in belief) return { family: "fixed", value: belief.value, ...common };
  const [q05, q50, q95] = PARTS.map((part) => Number(inDigits(belief[part], 6)));
  const smooth = { family: "quantiles", quantiles: { q05, q50, q95 }, ...common };
  try {
    distributionOf(smooth, quantity);
    return smooth;
  } catch {
    return byPoints([q05, q50, q95], quantity, common);
  }
}

/** A table of the quantile function: as even as it can be, whatever the three are. */
function byPoints([q05, q50, q95], quantity, common) {
  const isLog = quantity.scale === "log" && q05 > 0;
  const [a, b, c] = [q05, q50, q95].map((value) => (isLog ? Math.log(value) : value));
  const outer = [a - (b - a) / 9, c + (c - b) / 9].map((one) => (isLog ? Math.exp(one) : one));
  const low = Math.max(outer[0], (asNumber(quantity.low) + q05) / 2);
  const high = Math.min(outer[1], (asNumber(quantity.high) + q95) / 2);
  const x = [low, q05, q50, q95, high].map((one) => Number(inDigits(one, 8)));
  return { family: "tabulated", p: [0, 0.05, 0.5, 0.95, 1], x, scale: isLog ? "log" : "linear", ...common };
}

/** A range around a single value, to begin with. */
export function beliefAround(value, quantity) {
  const { scale } = quantity;
  const at = (part) => {
    if (scale === "log") return value * AS_FACTOR[part];
    if (scale === "logit") return fromPosition("logit", toPosition("logit", value) + Math.log(AS_FACTOR[part]));
    return value + (part === "middle" ? 0 : (part === "low" ? -1 : 1) * Math.max(0.1, Math.abs(value) / 2));
  };
  const [low, high] = [asNumber(quantity.low), asNumber(quantity.high)];
  const belief = { low: at("low"), middle: at("middle"), high: at("high") };
  if (scale === "logit" && !(value > 0 && value < 1)) {
    return value <= 0 ? { low: 0.01, middle: 0.05, high: 0.2 } : { low: 0.8, middle: 0.95, high: 0.99 };
  }
  const room = Math.max(1e-3, 0.02 * Math.abs(value));
  if (belief.high >= high) return { low: high - 8 * room, middle: high - 4 * room, high: high - room };
  if (belief.low <= low) return { low: low + room, middle: low + 4 * room, high: low + 8 * room };
  return belief;
}

/** A value as people read it, with its unit. */
export function withUnit(value, unit) {
  if (value === Infinity) return "no limit";
  const digits = inDigits(value, 3);
  if (unit === "1" || unit === "mode") return digits;
  return unit === "x" ? `${digits}×` : `${digits} ${unit}`;
}
