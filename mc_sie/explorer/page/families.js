// The named families, from parameters to a distribution: the twin of mc_sie/distributions/families.py.

import {
  Continuous,
  STANDARD_NORMAL,
  STANDARD_UNIFORM,
  Truncated,
  UNREACHED,
  probabilityBetween,
  standardBeta,
  standardStudentT,
} from "./continuous.js";
import { InputError, inDigits } from "./errors.js";
import { Mixture, PARTS_HIGH } from "./mixture.js";

const WEIGHTS_TOLERANCE = 1e-9; // of a sum of weights, around 1
const MASS_LOW = 1e-250; // of an interval to which a distribution can be cut: with less, its own tails underflow

export function fixed(value, words = `exactly ${inDigits(value)}`) {
  if (Number.isNaN(value)) throw new InputError("value", "is not a number");
  return new Mixture(words, [], [[value, 1]]);
}

export function uniform(low, high) {
  checkEnds(low, high);
  const words = `uniform from ${inDigits(low)} to ${inDigits(high)}`;
  return new Continuous(words, STANDARD_UNIFORM, low, high - low, [low, high]);
}

export function loguniform(low, high) {
  if (low <= 0) {
    const remedy = "A loguniform needs 0 < low < high; with 0 or less inside, use uniform.";
    throw new InputError("low", "is not above 0", remedy);
  }
  checkEnds(low, high);
  const words = `loguniform from ${inDigits(low)} to ${inDigits(high)}`;
  const scale = Math.log(high / low);
  return new Continuous(words, STANDARD_UNIFORM, Math.log(low), scale, [low, high], { isLog: true });
}

export function normal(mean, sd) {
  return new Continuous(`normal, mean ${inDigits(mean)}, sd ${inDigits(sd)}`, STANDARD_NORMAL, mean, sd);
}

export function lognormal(median, sdLog) {
  const ends = [0, Infinity];
  const found = new Continuous("", STANDARD_NORMAL, Math.log(median), sdLog, ends, { isLog: true });
  const range = [0.05, 0.95].map((u) => inDigits(found.quantileAt(u, 1 - u), 3)).join(" to ");
  return found.renamed(`lognormal, median ${inDigits(median)}, 90 % ${range}`);
}

export function shiftedLognormal(shift, median, sdLog) {
  const words = `${inDigits(shift)} + ${lognormal(median, sdLog).words}`;
  const more = { isLog: true, shift };
  return new Continuous(words, STANDARD_NORMAL, Math.log(median), sdLog, [shift, Infinity], more);
}

/** Beta between two ends; a mixture of one part, because that inverts by a table. */
export function beta(a, b, low = 0, high = 1) {
  checkEnds(low, high);
  const words = `beta(${inDigits(a)}, ${inDigits(b)}) from ${inDigits(low)} to ${inDigits(high)}`;
  return mixture([[1, new Continuous(words, standardBeta(a, b), low, high - low, [low, high])]], words);
}

/** Triangular: its two sides are betas, (2, 1) and (1, 2). */
export function triangular(low, peak, high) {
  checkPeak(low, peak, high);
  const sides = [];
  if (low < peak) sides.push([(peak - low) / (high - low), beta(2, 1, low, peak)]);
  if (peak < high) sides.push([(high - peak) / (high - low), beta(1, 2, peak, high)]);
  return mixture(sides, `triangular from ${inDigits(low)} to ${inDigits(high)}, peak ${inDigits(peak)}`);
}

/** PERT: the beta whose mean is (low + 4 peak + high)/6. */
export function pert(low, peak, high) {
  checkPeak(low, peak, high);
  const a = 1 + (4 * (peak - low)) / (high - low);
  const b = 1 + (4 * (high - peak)) / (high - low);
  const words = `PERT from ${inDigits(low)} to ${inDigits(high)}, peak ${inDigits(peak)}`;
  return beta(a, b, low, high).renamed(words);
}

/** Student t; a mixture of one part, because that inverts by a table. */
export function studentT(location, scale, df) {
  const words = `Student t, location ${inDigits(location)}, scale ${inDigits(scale)}, df ${inDigits(df)}`;
  return mixture([[1, new Continuous(words, standardStudentT(df), location, scale)]], words);
}

/** Several distributions with weights that sum to 1; mixtures among them are taken apart, weights of 0 left out. */
export function mixture(weighted, words = null) {
  const pairs = weighted.filter(([weight]) => weight > 0);
  const total = pairs.reduce((sum, [weight]) => sum + weight, 0);
  const parts = [];
  const points = new Map();
  for (const [weight, distribution] of pairs) {
    const share = weight / total;
    if (!(distribution instanceof Mixture)) {
      parts.push([share, distribution]);
      continue;
    }
    for (const [inner, part] of distribution.parts) parts.push([share * inner, part]);
    for (const [value, prob] of distribution.points) points.set(value, (points.get(value) ?? 0) + share * prob);
  }
  if (parts.length > PARTS_HIGH) {
    const why = `make ${parts.length} distributions together, more than ${PARTS_HIGH}`;
    const remedy = "Put those that are much alike together, or tabulate their quantiles.";
    throw new InputError("components", why, remedy);
  }
  const shares = pairs.map(([weight, part]) => `${inDigits((100 * weight) / total, 3)} % ${part.words}`);
  const rising = [...points].sort(([one], [other]) => (one < other ? -1 : 1));
  return new Mixture(words ?? `mixture: ${shares.join(", ")}`, parts, rising);
}

/**
 * A distribution given that it lies in a closed interval, renormalised; undefined leaves a side as it is. Parts and
 * atoms of a mixture that lie outside are gone.
 */
export function truncated(distribution, low, high) {
  if (low === undefined && high === undefined) return distribution;
  const left = low ?? -Infinity;
  const right = high ?? Infinity;
  if (left >= right) {
    const why = `is not below truncate_high = ${inDigits(right)}`;
    throw new InputError("truncate_low", why, "Put the smaller number first.");
  }
  const kept = restricted(distribution, left, right);
  if (kept === null) {
    const key = low === undefined ? "truncate_high" : "truncate_low";
    const why = `leaves nothing of the ${distribution.words}`;
    throw new InputError(key, why, "Choose an interval that has probability.");
  }
  let interval = `between ${inDigits(left)} and ${inDigits(right)}`;
  if (high === undefined) interval = `above ${inDigits(left)}`;
  else if (low === undefined) interval = `below ${inDigits(right)}`;
  return kept[1].renamed(`${distribution.words}, truncated to ${interval}`);
}

/** Probability of an interval and the distribution within it; null where there is nothing. */
function restricted(distribution, low, high) {
  if (distribution instanceof Mixture) return restrictedMixture(distribution, low, high);
  const left = Math.max(low, distribution.support[0]);
  const right = Math.min(high, distribution.support[1]);
  if (left >= right) return null;
  const prob = probabilityBetween(distribution, left, right);
  if (!(prob > MASS_LOW)) return null;
  const base = distribution instanceof Truncated ? distribution.base : distribution; // a cut of a cut is one cut
  return [prob, new Truncated(distribution.words, base, left, right)];
}

function restrictedMixture(distribution, low, high) {
  let kept = [];
  for (const [weight, part] of distribution.parts) {
    const found = restricted(part, low, high);
    if (found !== null) kept.push([weight * found[0], found[1]]);
  }
  for (const [value, prob] of distribution.points) if (low <= value && value <= high) kept.push([prob, fixed(value)]);
  const total = kept.reduce((sum, [weight]) => sum + weight, 0);
  kept = kept.filter(([weight]) => weight >= UNREACHED * total); // no draw falls into the others
  return total > MASS_LOW ? [total, mixture(kept)] : null;
}

/** Refuses weights that do not sum to 1; key is where they stand. */
export function checkWeights(key, weights) {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (Math.abs(total - 1) <= WEIGHTS_TOLERANCE) return;
  throw new InputError(key, `has weights that sum to ${inDigits(total, 10)}, not 1`, "Make the weights sum to 1.");
}

/** Refuses ends unless low < high. */
export function checkEnds(low, high) {
  if (high < low) throw new InputError("high", `is below low = ${inDigits(low)}`, "Put the smaller number in low.");
  if (high === low) {
    const remedy = `For a single value use family = "fixed" with value = ${inDigits(low)}.`;
    throw new InputError("high", `equals low = ${inDigits(low)}`, remedy);
  }
}

function checkPeak(low, peak, high) {
  checkEnds(low, high);
  if (low <= peak && peak <= high) return;
  const why = `is not between low = ${inDigits(low)} and high = ${inDigits(high)}`;
  throw new InputError("peak", why, "The peak lies between the ends.");
}
