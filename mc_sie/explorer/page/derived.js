// What a draw implies for things that people measure, before any trajectory: the twin of mc_sie/derived.py, whose names,
// units and inputs come with the page's data.

import { InputError } from "./errors.js";
import { namedAndIndexed, parsedNumber } from "./events.js";

const RHO_SERIES = 1e-13; // below this the first-order expansion in rho is exact to double precision
const RENAMED = { pace_tenth_compute: "pace_at_compute[0.1]", pace_tenfold_compute: "pace_at_compute[10]" };
const MONTHS_IN_YEAR = 12;

/** Natural logarithm of research output R(X, K), exact to rounding for every rho. */
export function lnCes(lnX, lnK, rho, alpha) {
  const d = lnX - lnK;
  const labour = 1 - alpha;
  if (Math.abs(rho) < RHO_SERIES) return lnK + labour * d + 0.5 * rho * alpha * labour * d * d;
  if (alpha === 0) return lnX;
  const q = rho * d;
  if (q > 0) {
    if (q < 0.5) return lnX + Math.log1p(alpha * Math.expm1(-q)) / rho;
    return lnX + Math.log(labour + alpha * Math.exp(-q)) / rho;
  }
  if (q > -0.5) return lnK + Math.log1p(labour * Math.expm1(q)) / rho;
  return lnK + Math.log(alpha + labour * Math.exp(q)) / rho;
}

/** Logarithm of the pace of one draw at some labour and experiments, on the better route. */
function lnPace(draws, i, lnX, lnK) {
  const pace = lnCes(lnX, lnK, draws.rho[i], draws.alpha_compute[i]);
  const second = draws.route2_rho[i];
  if (Number.isNaN(second)) return pace;
  return Math.max(pace, lnCes(lnX, lnK, second, draws.route2_alpha_compute[i]));
}

/** The larger of two numbers, of which either may be nan. */
function largerGiven(one, other) {
  if (Number.isNaN(one)) return other;
  return Number.isNaN(other) ? one : Math.max(one, other);
}

/** weight^(1/rho) for rho < 0, where one input alone bounds research; else inf. */
function ceilingOf(weight, rho) {
  return rho < 0 ? Math.exp(Math.log(weight) / rho) : Infinity;
}

function unlimited(draws, i, weightOf) {
  const best = ceilingOf(weightOf(draws.alpha_compute[i]), draws.rho[i]);
  if (Number.isNaN(draws.route2_rho[i])) return best;
  return largerGiven(best, ceilingOf(weightOf(draws.route2_alpha_compute[i]), draws.route2_rho[i]));
}

const weightOnCompute = (alpha) => alpha;
const weightOnLabour = (alpha) => 1 - alpha;

function largerWeight(draws, i, weightOf) {
  return largerGiven(weightOf(draws.alpha_compute[i]), weightOf(draws.route2_alpha_compute[i]));
}

/** Value in one draw, from columns by name, the place of the draw, and the index where there is one. */
export const DERIVED = {
  pace_at_compute: (draws, i, factor) => Math.exp(lnPace(draws, i, 0, Math.log(factor))),
  pace_at_labour: (draws, i, factor) => Math.exp(lnPace(draws, i, draws.lam[i] * Math.log(factor), 0)),
  compute_elasticity: (draws, i, factor) =>
    factor === 1 ? largerWeight(draws, i, weightOnCompute) : lnPace(draws, i, 0, Math.log(factor)) / Math.log(factor),
  labour_elasticity: (draws, i, factor) => {
    if (factor === 1) return draws.lam[i] * largerWeight(draws, i, weightOnLabour);
    return lnPace(draws, i, draws.lam[i] * Math.log(factor), 0) / Math.log(factor);
  },
  max_speed: (draws, i) => unlimited(draws, i, weightOnCompute),
  max_speed_compute: (draws, i) => unlimited(draws, i, weightOnLabour),
  pace_initial: (draws, i) => {
    const stated = draws.speedup_initial[i];
    if (!Number.isNaN(stated)) return stated;
    return Math.exp(lnPace(draws, i, draws.lam[i] * Math.log(draws.labour_multiplier[i]), 0));
  },
  software_growth_ooms_per_year: (draws, i) => (MONTHS_IN_YEAR * Math.LN2) / Math.LN10 / draws.software_doubling_months[i],
  sigma: (draws, i) => 1 / (1 - draws.rho[i]),
  r_total: (draws, i) => draws.r[i] / ((1 - draws.alpha_compute[i]) * draws.labour_per_efficiency[i]),
};

/**
 * The subject that a piece of evidence names.
 * @param {string} text such as "pace_at_labour[40]"
 * @param {object} data of the page
 * @param {string} where for errors
 * @returns {{name: string, index: number|null, unit: string, isOutcome: boolean}}
 */
export function subjectOf(text, data, where) {
  const [name, indexText] = namedAndIndexed(text) ?? [text, null];
  if (Object.hasOwn(RENAMED, name)) throw new InputError(where, `is now called ${RENAMED[name]}`, `Write "${RENAMED[name]}".`);
  if (!data.subjects.includes(name)) throw new InputError(where, "is nothing that a draw implies", `Known: ${data.subjects.join(", ")}.`);
  const derived = Object.hasOwn(data.derived, name) ? data.derived[name] : null; // before outcomes: the initial pace is both
  const kind = derived ?? (Object.hasOwn(data.outcomes, name) ? data.outcomes[name] : null);
  let index = null;
  if (kind?.indexUnit) index = indexOf(name, kind.indexUnit, indexText, data, where);
  else if (indexText !== null) throw new InputError(where, `puts an index on ${name}, which has none`, `Write "${name}".`);
  return { name, index, unit: (kind ?? data.quantities[name]).unit, isOutcome: kind !== null && derived === null };
}

function indexOf(name, unit, text, data, where) {
  const index = parsedNumber(text ?? "");
  const high = unit === "OOM" ? data.top : Infinity;
  if (index > 0 && index <= high && Number.isFinite(index)) return index;
  throw new InputError(where, `needs an index in ${unit}, above 0${high < Infinity ? ` and at most ${high}` : ""}`, `Write it like '${name}[5]'.`);
}

/** A subject that takes no trajectory, in every draw; nan where the quantity is absent. */
export function subjectValues({ name, index }, draws) {
  if (!Object.hasOwn(DERIVED, name)) return draws[name];
  const formula = DERIVED[name];
  const values = new Float64Array(draws.rho.length);
  for (let i = 0; i < values.length; i++) values[i] = formula(draws, i, index);
  return values;
}
