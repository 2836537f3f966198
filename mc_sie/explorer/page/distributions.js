// From the table that a prior file has for a quantity to its distribution: the twin of mc_sie/priors/family_keys.py.

import { InputError, inDigits } from "./errors.js";
import {
  beta,
  checkEnds,
  checkWeights,
  fixed,
  loguniform,
  lognormal,
  mixture,
  normal,
  pert,
  shiftedLognormal,
  studentT,
  triangular,
  truncated,
  uniform,
} from "./families.js";
import { fitInterval, fitQuantiles } from "./fitting.js";
import { metalog } from "./metalog.js";
import { PARTS_HIGH } from "./mixture.js";
import { histogram, tabulated } from "./tabulated.js";

/** Retraining modes, in the order of their numbers. */
export const MODES = ["none", "shortening", "shortening_accelerating_only", "continual", "from_scratch"];

const SIZE_LOW = 1e-100; // of numbers other than 0: squares, and ratios of two, can still be computed
const SIZE_HIGH = 1e100;
const FITTED = ["normal", "lognormal", "uniform", "loguniform", "beta", "student_t"];
const CUTS = { truncate_low: { kind: "number", optional: true }, truncate_high: { kind: "number", optional: true } };
const BESIDE = ["unit", "source", "judgement"]; // of a whole entry; whoever reads the file checks them

const number = { kind: "number" };
const positive = { kind: "number", isPositive: true };
const maybe = { kind: "number", optional: true };
const maybePositive = { kind: "number", isPositive: true, optional: true };
const numbers = { kind: "numbers", nLow: 2 };
const scaleName = { kind: "choice", choices: ["linear", "log"], optional: true };
const components = { kind: "tables" };
const fitKeys = { df: maybePositive, low: maybe, high: maybe };

/** Keys of every family of a number and the distribution that they make, from the entry and the quantity. */
const FAMILIES = {
  fixed: { keys: { value: { kind: "number", isAny: true } }, make: (e) => fixed(e.value) },
  uniform: { keys: { low: number, high: number, ...CUTS }, make: (e) => uniform(e.low, e.high) },
  loguniform: { keys: { low: number, high: number, ...CUTS }, make: (e) => loguniform(e.low, e.high) },
  normal: { keys: { mean: number, sd: positive, ...CUTS }, make: (e) => normal(e.mean, e.sd) },
  lognormal: { keys: { median: positive, sd_log: positive, ...CUTS }, make: (e) => lognormal(e.median, e.sd_log) },
  shifted_lognormal: {
    keys: { shift: number, median: positive, sd_log: positive, ...CUTS },
    make: (e) => shiftedLognormal(e.shift, e.median, e.sd_log),
  },
  beta: {
    keys: { a: positive, b: positive, low: maybe, high: maybe, ...CUTS },
    make: (e) => beta(e.a, e.b, e.low, e.high),
  },
  triangular: {
    keys: { low: number, peak: number, high: number, ...CUTS },
    make: (e) => triangular(e.low, e.peak, e.high),
  },
  pert: { keys: { low: number, peak: number, high: number, ...CUTS }, make: (e) => pert(e.low, e.peak, e.high) },
  student_t: {
    keys: { location: number, scale: positive, df: positive, ...CUTS },
    make: (e) => studentT(e.location, e.scale, e.df),
  },
  quantiles: {
    keys: {
      quantiles: { kind: "table" },
      fit: { kind: "choice", choices: ["metalog", ...FITTED], optional: true },
      ...fitKeys,
      ...CUTS,
    },
    make: ofQuantiles,
  },
  interval: {
    keys: {
      fit: { kind: "choice", choices: FITTED },
      mean: number,
      interval: { kind: "numbers", nLow: 2, nHigh: 2 },
      level: { kind: "number", isShare: true, optional: true },
      ...fitKeys,
      ...CUTS,
    },
    make: ofInterval,
  },
  histogram: {
    keys: { edges: numbers, chips: { kind: "numbers", nLow: 1, isWeight: true }, scale: scaleName, ...CUTS },
    make: (e) => histogram(e.edges, e.chips, e.scale === "log"),
  },
  tabulated: {
    keys: { p: numbers, x: numbers, scale: scaleName, ...CUTS },
    make: (e) => tabulated(e.p, e.x, e.scale === "log"),
  },
  mixture: { keys: { components, ...CUTS }, make: (e, domain) => ofComponents(e, domain, ["mixture", "linear_pool"]) },
  linear_pool: {
    keys: { components, ...CUTS },
    make: (e, domain) => {
      const pooled = ofComponents(e, domain, ["linear_pool"]);
      return pooled.renamed(`linear pool${pooled.words.replace(/^mixture/, "")}`);
    },
  },
};

/** Names of the families that an entry of a number may have, in the order of the documentation. */
export const NUMBER_FAMILIES = Object.keys(FAMILIES);

/**
 * The distribution of a quantity.
 *
 * @param {Object<string, any>} entry the table that a prior file has for it; unit, source and judgement may be left out
 * @param {object} domain the quantity's row: name, unit, low, high, and lowOpen, highOpen where the bound is excluded
 * @returns {import("./continuous.js").Distribution} with quantile, cdf, sf, pdf, support, atoms, constant, words
 * @throws {InputError} whose place is the key, with dots on the way to an inner one; empty for the whole entry
 */
export function distributionOf(entry, domain) {
  if (!isPlainTable(entry)) throw new InputError("", "is not a table", "Write its family, and the keys of that family.");
  if (domain.unit === "mode") return modeDistribution(entry);
  if (typeof entry.unit === "string" && domain.unit !== undefined && entry.unit !== domain.unit) {
    const why = `is not the unit of ${domain.name ?? "the quantity"}, "${domain.unit}"`;
    throw new InputError("unit", why, `Write unit = "${domain.unit}".`);
  }
  const bounds = { low: boundOf(domain.low, -Infinity), high: boundOf(domain.high, Infinity) };
  const distribution = made(entry, bounds, [], BESIDE);
  checkDomain(entry, distribution, { ...domain, ...bounds });
  return distribution;
}

/** A bound as data may have it: a number, a text for an infinite one, or nothing. */
function boundOf(bound, otherwise) {
  return bound === null || bound === undefined ? otherwise : Number(String(bound).replace("inf", "Infinity"));
}

/** The distribution of a table, some families of which are refused. */
function made(entry, bounds, refusedFamilies, beside) {
  const { family } = entry;
  const isKnown = typeof family === "string" && Object.hasOwn(FAMILIES, family) && !refusedFamilies.includes(family);
  if (!isKnown) {
    const why = family === undefined ? "is missing" : `= ${shownValue(family)} is no family that can stand here`;
    throw new InputError("family", why, `Known are ${NUMBER_FAMILIES.join(", ")}.`);
  }
  const { keys, make } = FAMILIES[family];
  checkKeys(entry, keys, ["family", ...beside], family);
  return truncated(make(entry, bounds), entry.truncate_low, entry.truncate_high);
}

// --- Keys and the values that they may have

function checkKeys(entry, keys, beside, family) {
  for (const key of Object.keys(entry)) {
    if (entry[key] === undefined || Object.hasOwn(keys, key) || beside.includes(key)) continue;
    throw new InputError(key, `is not a key of family = "${family}"`, `Its keys are ${Object.keys(keys).join(", ")}.`);
  }
  for (const [key, kind] of Object.entries(keys)) {
    const isGiven = Object.hasOwn(entry, key) && entry[key] !== undefined;
    if (isGiven) checkKey(key, entry[key], kind);
    else if (!kind.optional) throw new InputError(key, "is missing", `Family "${family}" needs it.`);
  }
}

function checkKey(key, value, kind) {
  if (kind.kind === "number") checkNumber(key, value, kind);
  if (kind.kind === "numbers") checkNumbers(key, value, kind);
  if (kind.kind === "choice" && !kind.choices.includes(value)) {
    throw new InputError(key, `= ${shownValue(value)} is not known`, `Write one of ${kind.choices.join(", ")}.`);
  }
  if (kind.kind === "table") {
    if (!isPlainTable(value)) throw new InputError(key, "is not a table", "Write { name = number, ... }.");
    for (const [name, one] of Object.entries(value)) checkNumber(`${key}.${name}`, one, {});
  }
  if (kind.kind === "tables") {
    checkLength(key, value, 1, PARTS_HIGH);
    value.forEach((one, place) => {
      if (!isPlainTable(one)) throw new InputError(`${key}.${place}`, "is not a table", "Write { weight = ..., ... }.");
    });
  }
}

function checkNumber(key, value, kind) {
  if (typeof value !== "number") throw new InputError(key, "is not a number", "Write a number without quotes.");
  const size = Math.abs(value);
  if (Number.isFinite(size) && size !== 0 && !(size >= SIZE_LOW && size <= SIZE_HIGH)) {
    const why = `is neither 0 nor between ${SIZE_LOW} and ${SIZE_HIGH} in size`;
    throw new InputError(key, why, "No distribution can be computed from it.");
  }
  if (kind.isAny) return;
  if (!Number.isFinite(value)) throw new InputError(key, "is not finite", "Write a finite number.");
  if (kind.isPositive && value <= 0) throw new InputError(key, "is not above 0", "Give a larger number.");
  if (kind.isWeight && value < 0) throw new InputError(key, "is below 0", "Give a larger number.");
  if (kind.isShare && !(value > 0 && value < 1)) {
    throw new InputError(key, "is not between 0 and 1", "Give a probability.");
  }
}

function checkNumbers(key, values, kind) {
  checkLength(key, values, kind.nLow, kind.nHigh ?? Infinity);
  values.forEach((value, place) => checkNumber(`${key}.${place}`, value, kind));
}

function checkLength(key, values, nLow, nHigh) {
  if (!Array.isArray(values)) throw new InputError(key, "is not a list", "Write it in square brackets.");
  if (values.length < nLow) throw new InputError(key, `has ${values.length}`, `Give at least ${nLow}.`);
  if (values.length > nHigh) throw new InputError(key, `has more than ${nHigh}`, "Leave some out.");
}

function isPlainTable(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value in a message, short. */
function shownValue(value) {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

// --- Families that need more than their numbers

/** df, low and high as given, checked. */
function furtherOf(entry, fit) {
  const wanted = { beta: ["low", "high"], metalog: ["low", "high"], student_t: ["df"] }[fit] ?? [];
  const given = {};
  for (const key of ["df", "low", "high"]) {
    if (entry[key] === undefined) continue;
    if (!wanted.includes(key)) {
      const remedy = "df is for student_t, low and high for beta and metalog.";
      throw new InputError(key, `does not belong to fit = "${fit}"`, remedy);
    }
    given[key] = entry[key];
  }
  if (fit === "student_t" && given.df === undefined) {
    throw new InputError("", "has no df", 'Nothing else determines it: fit = "student_t" needs df.');
  }
  if (fit === "beta") checkEnds(given.low ?? 0, given.high ?? 1);
  if (fit === "metalog") checkEnds(given.low ?? -Infinity, given.high ?? Infinity);
  return given;
}

function ofQuantiles(entry, bounds) {
  const fit = entry.fit ?? "metalog";
  if (fit === "metalog") {
    const ends = {};
    for (const key of ["low", "high"]) if (Number.isFinite(bounds[key])) ends[key] = bounds[key];
    const { low, high } = furtherOf({ ...ends, ...definedOf(entry) }, fit);
    return metalog(entry.quantiles, low, high);
  }
  const found = fitQuantiles(fit, entry.quantiles, furtherOf(entry, fit));
  const rows = Object.entries(entry.quantiles);
  const stated = rows.map(([key, value]) => `${key} = ${inDigits(value)}`).join(", ");
  if (rows.length === 2) return ofFit(found).renamed(`${fit} with ${stated}`);
  const miss = `misses by at most ${inDigits(found.missPoints, 2)} points of probability`;
  return ofFit(found).renamed(`${fit} through ${stated}: ${miss}`);
}

/** A table without the keys that have no value. */
function definedOf(table) {
  return Object.fromEntries(Object.entries(table).filter(([, value]) => value !== undefined));
}

function ofInterval(entry) {
  const { fit, mean, interval, level = 0.9 } = entry;
  const found = fitInterval(fit, mean, interval, { level, ...furtherOf(entry, fit) });
  const range = interval.map((end) => inDigits(end)).join(" to ");
  let words = `${fit} with mean ${inDigits(mean)} and ${inDigits(100 * level)} % interval ${range}`;
  if (found.missShare > 1e-9) {
    const points = inDigits(found.missPoints, 2);
    const share = inDigits(100 * found.missMean, 2);
    words += `: misses the interval by at most ${points} points of probability, the mean by ${share} % of the interval`;
  }
  return ofFit(found).renamed(words);
}

function ofFit(found) {
  return FAMILIES[found.family].make(found.parameters);
}

function ofComponents(entry, bounds, refusedFamilies) {
  const weighted = entry.components.map((component, place) => {
    try {
      if (component.weight === undefined) throw new InputError("weight", "is missing", "Every component needs its weight.");
      checkNumber("weight", component.weight, { isWeight: true });
      return [component.weight, made(component, bounds, refusedFamilies, ["weight"])];
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      const where = error.where === "" ? "" : `.${error.where}`;
      throw new InputError(`components.${place}${where}`, error.why, error.remedy);
    }
  });
  checkWeights(
    "components",
    weighted.map(([weight]) => weight),
  );
  return mixture(weighted);
}

// --- Retraining modes

function modeDistribution(entry) {
  const known = `Known are ${MODES.join(", ")}.`;
  if (entry.family === "fixed") {
    checkKeys(entry, { value: { kind: "choice", choices: MODES } }, ["family", ...BESIDE], "fixed");
    return fixed(MODES.indexOf(entry.value), entry.value);
  }
  if (entry.family !== "categorical") {
    const why = entry.family === undefined ? "is missing" : `= ${shownValue(entry.family)} is no family of mode`;
    throw new InputError("family", why, "For mode it is fixed or categorical.");
  }
  checkKeys(entry, { values: { kind: "table" } }, ["family", ...BESIDE], "categorical");
  for (const [mode, weight] of Object.entries(entry.values)) {
    if (!MODES.includes(mode)) throw new InputError(`values.${mode}`, "is no retraining mode", known);
    checkNumber(`values.${mode}`, weight, { isWeight: true });
  }
  checkWeights("values", Object.values(entry.values));
  const stated = MODES.filter((mode) => Object.hasOwn(entry.values, mode));
  const weighted = stated.map((mode) => [entry.values[mode], fixed(MODES.indexOf(mode), mode)]);
  const words = weighted.map(([weight, one]) => `${inDigits(100 * weight, 3)} % ${one.words}`).join(", ");
  return mixture(weighted, words);
}

// --- The domain

/** Refuses an entry that can have values outside the domain of its quantity. */
function checkDomain(entry, distribution, domain) {
  const atoms = distribution.atoms.map(([value]) => value);
  const lowOpen = domain.lowOpen ?? domain.low_open ?? false;
  const highOpen = domain.highOpen ?? domain.high_open ?? false;
  const [low, high] = reachBeyond(distribution, domain);
  // An excluded bound may be the end of a continuous distribution, which has no probability there, but no atom.
  const tooLow = low < domain.low || (low === domain.low && lowOpen && atoms.includes(low));
  const tooHigh = high > domain.high || (high === domain.high && highOpen && atoms.includes(high));
  if (!tooLow && !tooHigh) return;
  const side = tooLow ? "low" : "high";
  const bound = inDigits(domain[side]);
  let why = tooLow ? `not above ${bound}` : `not below ${bound}`;
  if (low < domain.low) why = `below ${bound}`;
  else if (!tooLow && high > domain.high) why = `above ${bound}`;
  const open = lowOpen || domain.low === -Infinity ? "(" : "[";
  const close = highOpen || domain.high === Infinity ? ")" : "]";
  const interval = `${open}${inDigits(domain.low)}, ${inDigits(domain.high)}${close}`;
  let remedy = `${domain.name ?? "The quantity"} lies in ${interval}${domain.meaning ? `: ${domain.meaning}` : ""}.`;
  const key = blamedKey(entry, distribution, side, domain);
  if (!/(family|edges|x)$/.test(key)) throw new InputError(key, `is ${why}`, remedy);
  // no single number is to blame: a list, or a family without ends
  const cuts = [];
  if (tooLow) cuts.push(`truncate_low = ${inDigits(domain.low)}`);
  if (tooHigh) cuts.push(`truncate_high = ${inDigits(domain.high)}`);
  remedy += ` Cut it with ${cuts.join(" and ")}.`;
  throw new InputError(key, `reaches ${why}`, remedy);
}

/** Smallest and largest value that a draw can have; the support where that is within the domain, which costs nothing. */
function reachBeyond(distribution, domain) {
  const [low, high] = distribution.support;
  return low >= domain.low && high <= domain.high ? [low, high] : distribution.reach;
}

/** The key that sets one end of an entry's values. */
function blamedKey(entry, distribution, side, bounds) {
  const end = side === "low" ? 0 : 1;
  const cut = `truncate_${side}`;
  if (entry[cut] !== undefined && entry[cut] === distribution.support[end]) return cut;
  if (entry.family === "mixture" || entry.family === "linear_pool") {
    const inner = entry.components.map((component) => made(component, bounds, [], ["weight"]));
    const ends = inner.map((one) => one.reach[end]);
    const place = ends.indexOf(side === "low" ? Math.min(...ends) : Math.max(...ends));
    return `components.${place}.${blamedKey(entry.components[place], inner[place], side, bounds)}`;
  }
  return [side, "value", "edges", "x"].find((key) => entry[key] !== undefined) ?? "family";
}
