// From two or three stated quantiles, or a mean and an interval, to the parameters of a named family: the twin of
// mc_sie/distributions/fitting.py, with its refusals.
//
// Straight lines and two quantiles of a beta are solved to rounding. What is a least-squares search in both differs by
// what Python's search leaves open, some 1e-8 of a quantile.

import { InputError, inDigits } from "./errors.js";
import { betainc, betaincinv, ndtr, ndtri, stdtr, stdtrit } from "./special.js";

const MISS_ALLOWED = 0.05; // of the spread of the stated quantiles
const FIT_PROB_LOW = 1e-12; // on either side of a quantile, or outside an interval on each side
const LEVEL_LOW = 0.01; // a narrower interval does not say how wide the distribution is
const EXP_HIGH = 230; // exp of it is 1e100
const SHAPE_LOG_LOW = -9; // of the logarithms of a beta's a and b
const SHAPE_LOG_HIGH = 16;

/**
 * A family that has, or nearly has, what was stated.
 *
 * @typedef {object} Fit
 * @property {string} family
 * @property {Object<string, number>} parameters as a prior file's entry of that family states them
 * @property {number[]} values its quantiles at the stated probabilities
 * @property {number} missShare largest miss of one, as a share of their spread, on the family's own scale
 * @property {number} missPoints largest miss in the probability below one, percentage points
 * @property {number} missMean miss of a stated mean, as a share of the interval
 */

/** Probability that a quantile's name stands for: "q05" is 0.05, "q975" is 0.975. */
export function quantileProbability(key) {
  const where = `quantiles.${key}`;
  const digits = key.slice(1);
  if (!/^q[0-9]+$/.test(key) || !/[1-9]/.test(digits)) {
    const remedy = "Write q and the decimals of a probability between 0 and 1: q05 for 5 %, q50, q95, q975 for 97.5 %.";
    throw new InputError(where, "is not named like a quantile", remedy);
  }
  if (digits.length === 1) {
    const remedy = `Write q0${digits} for ${digits} %, or q${digits}0 for ${digits}0 %.`;
    throw new InputError(where, "may mean either of two quantiles", remedy);
  }
  const found = Number(`0.${digits}`);
  if (!(found >= FIT_PROB_LOW && found <= 1 - FIT_PROB_LOW)) {
    throw new InputError(where, "is too near 0 or 1", `Keep a probability of ${FIT_PROB_LOW} on either side.`);
  }
  return found;
}

/**
 * Names, probabilities and values of two quantiles or more, by rising probability.
 *
 * @param {Object<string, number>} quantiles
 * @param {number} most how many there may be
 * @returns {{names: string[], probs: number[], values: number[]}}
 */
export function quantilesInOrder(quantiles, most) {
  const rows = Object.entries(quantiles);
  if (rows.length < 2 || rows.length > most) {
    const allowed = most === 3 ? "two or three" : `two to ${most}`;
    throw new InputError("quantiles", `has ${rows.length}, not ${allowed}`, `State ${allowed} quantiles.`);
  }
  const rising = rows.map(([name, value]) => ({ name, value, prob: quantileProbability(name) }));
  rising.sort((one, other) => one.prob - other.prob || (one.name < other.name ? -1 : 1));
  for (let k = 1; k < rising.length; k++) {
    const [one, next] = [rising[k - 1], rising[k]];
    const where = `quantiles.${one.name}`;
    if (one.prob === next.prob) throw new InputError(where, `is the same quantile as ${next.name}`, "State it once.");
    if (!(one.value < next.value)) {
      const why = `is not below ${next.name} = ${inDigits(next.value)}`;
      throw new InputError(where, why, "Quantiles rise with their probability.");
    }
  }
  return {
    names: rising.map((row) => row.name),
    probs: rising.map((row) => row.prob),
    values: rising.map((row) => row.value),
  };
}

/**
 * The distribution of a family that has the stated quantiles: exact for two, the nearest for three.
 *
 * @param {string} family normal, lognormal, uniform, loguniform, beta or student_t
 * @param {Object<string, number>} quantiles two or three, named as in quantileProbability
 * @param {{df?: number, low?: number, high?: number}} [further] df for student_t; the ends for beta, 0 and 1 unless given
 * @returns {Fit}
 * @throws {InputError} where is the key
 */
export function fitQuantiles(family, quantiles, further = {}) {
  const { names, probs, values } = quantilesInOrder(quantiles, 3);
  const member = memberOf(family, further);
  names.forEach((name, k) => checkValue(member, `quantiles.${name}`, values[k], "interval"));
  let found;
  if (family === "beta") found = betaThrough(probs, values, member);
  else found = lineThrough(probs.map(member.standard), values.map(member.scale), member);

  const fitted = probs.map((prob) => member.quantile(found, prob));
  const aims = values.map(member.scale);
  const spread = aims[aims.length - 1] - aims[0];
  const misses = fitted.map((value, k) => Math.abs(member.scale(value) - aims[k]) / spread);
  const worst = misses.indexOf(Math.max(...misses));
  const allowed = values.length === 3 ? MISS_ALLOWED : 1e-9; // two quantiles determine the family
  if (!(misses[worst] <= allowed)) {
    const at = Math.max(worst, 0); // not a number has no place
    const nearest = `the nearest has ${names[at]} = ${inDigits(fitted[at], 4)}, given ${inDigits(values[at])}`;
    const remedy = 'fit = "metalog" may have them exactly; or name another family, state two quantiles, use a mixture.';
    throw new InputError("fit", `cannot have those quantiles: ${nearest}`, remedy);
  }
  const parameters = member.parameters(found);
  const missPoints = pointsMissed(member, found, probs, values);
  return { family, parameters, values: fitted, missShare: misses[worst], missPoints, missMean: 0 };
}

/**
 * The distribution of a family that comes nearest to a mean and an equal-tailed interval.
 *
 * @param {string} family as for fitQuantiles
 * @param {number} mean
 * @param {number[]} interval its ends
 * @param {{level?: number, df?: number, low?: number, high?: number}} [further] level 0.9 unless given
 * @returns {Fit}
 * @throws {InputError} where is the key
 */
export function fitInterval(family, mean, interval, further = {}) {
  const { level = 0.9, df } = further;
  if (!(level >= LEVEL_LOW && level <= 1 - 2 * FIT_PROB_LOW)) {
    const remedy = `Give at least ${LEVEL_LOW}, and leave ${FIT_PROB_LOW} outside on each side.`;
    throw new InputError("level", "is too near 0 or 1", remedy);
  }
  if (!(interval[0] < interval[1])) throw new InputError("interval", "does not rise", "Write it as [low, high].");
  if (df !== undefined && df <= 1) {
    throw new InputError("df", "is not above 1", "Without that a Student t has no mean: state quantiles.");
  }
  const member = memberOf(family, further);
  checkValue(member, "interval.0", interval[0], "range");
  checkValue(member, "mean", mean, "range");
  checkValue(member, "interval.1", interval[1], "range");
  const probs = [0.5 - 0.5 * level, 0.5 + 0.5 * level];
  const aims = [...interval, mean].map(member.scale);
  const width = aims[1] - aims[0];
  const z = probs.map(member.standard);

  // What is searched: of a beta the logarithms of its shape, of others the ends, moved by shares of the interval.
  let start = [0, 0];
  let memberAt = (x) => lineThrough(z, [aims[0] + width * x[0], aims[1] + width * x[1]], member);
  if (family === "beta") {
    start = betaLogs(probs, interval.map(member.share));
    memberAt = (x) => x.map((log) => Math.exp(heldWithin(log, SHAPE_LOG_LOW - 1, SHAPE_LOG_HIGH + 1)));
  }
  const missesOf = (found) => {
    const values = [...probs.map((prob) => member.quantile(found, prob)), member.mean(found)];
    return values.map((value, k) => (member.scale(value) - aims[k]) / width);
  };
  const missesAt = (x) => missesOf(memberAt(x));
  if (!missesAt(start).every(Number.isFinite)) throw outsideComputing("mean and interval");
  const found = memberAt(leastSquares(missesAt, start));
  const missShare = Math.max(...missesOf(found).map(Math.abs));
  const values = probs.map((prob) => member.quantile(found, prob));
  const meanFound = member.mean(found);
  if (!(missShare <= MISS_ALLOWED)) {
    const ends = values.map((value) => inDigits(value, 4)).join(" to ");
    const why = `cannot have that mean and interval: the nearest has mean ${inDigits(meanFound, 4)}, interval ${ends}`;
    const remedy = 'Name another family, or leave the mean out: family = "quantiles" with the ends of the interval.';
    throw new InputError("fit", why, remedy);
  }
  const missPoints = pointsMissed(member, found, probs, interval);
  const missMean = Math.abs(meanFound - mean) / (interval[1] - interval[0]);
  return { family, parameters: member.parameters(found), values, missShare, missPoints, missMean };
}

// --- The families: each is found as a pair, location and scale on its own scale, or the shape a, b of a beta

const unchanged = (value) => value;

function memberOf(family, further) {
  const df = further.df;
  switch (family) {
    case "normal":
      return linearMember(family, standardNormal, ndtr, ([location]) => location, {
        parameters: ([mean, sd]) => ({ mean, sd }),
      });
    case "lognormal":
      return logarithmicMember(family, standardNormal, ndtr, (scale) => Math.exp(0.5 * scale * scale), {
        parameters: ([location, scale]) => ({ median: expOf(location), sd_log: scale }),
      });
    case "uniform":
      return linearMember(family, unchanged, shareOf, ([location, scale]) => location + 0.5 * scale, {
        parameters: ([location, scale]) => ({ low: location, high: location + scale }),
      });
    case "loguniform":
      return logarithmicMember(family, unchanged, shareOf, (scale) => Math.expm1(scale) / scale, {
        parameters: ([location, scale]) => ({ low: expOf(location), high: expOf(location + scale) }),
      });
    case "student_t":
      return linearMember(family, standardStudent(df), (z) => stdtr(df, z), ([location]) => location, {
        parameters: ([location, scale]) => ({ location, scale, df }),
      });
    case "beta":
      return betaMember(further.low ?? 0, further.high ?? 1);
    default:
      throw new InputError("fit", `= "${family}" is no family that quantiles can be turned into`, "Name another family.");
  }
}

function linearMember(family, standard, cdf, mean, more) {
  return {
    ...more,
    family,
    standard,
    mean,
    scale: unchanged,
    quantile: ([location, scale], p) => location + scale * standard(p),
    cdf: ([location, scale], x) => cdf((x - location) / scale),
  };
}

function logarithmicMember(family, standard, cdf, meanExp, more) {
  return {
    ...more,
    family,
    standard,
    isPositive: true,
    scale: Math.log,
    mean: ([location, scale]) => Math.exp(location) * meanExp(scale),
    quantile: ([location, scale], p) => Math.exp(location + scale * standard(p)),
    cdf: ([location, scale], x) => cdf((Math.log(x) - location) / scale),
  };
}

function betaMember(low, high) {
  const share = (x) => (x - low) / (high - low);
  return {
    family: "beta",
    ends: [low, high],
    share,
    standard: unchanged,
    scale: unchanged,
    mean: ([a, b]) => low + ((high - low) * a) / (a + b),
    quantile: ([a, b], p) => low + (high - low) * betaincinv(a, b, p),
    cdf: ([a, b], x) => betainc(a, b, heldWithin(share(x), 0, 1)),
    parameters: ([a, b]) => ({ a, b, low, high }),
  };
}

function standardNormal(p) {
  return p <= 0.5 ? ndtri(p) : -ndtri(1 - p);
}

function standardStudent(df) {
  return (p) => (p <= 0.5 ? stdtrit(df, p) : -stdtrit(df, 1 - p));
}

function shareOf(z) {
  return heldWithin(z, 0, 1);
}

function heldWithin(x, low, high) {
  return Math.min(Math.max(x, low), high);
}

/** Refuses a number where the family has no values. */
function checkValue(member, key, value, rangeIs) {
  if (member.isPositive && value <= 0) {
    throw new InputError(key, "is not above 0", `A ${member.family} has positive values only.`);
  }
  if (member.ends && !(member.ends[0] < value && value < member.ends[1])) {
    const why = `is not inside the beta's ${rangeIs}, ${member.ends.map((end) => inDigits(end)).join(" to ")}`;
    throw new InputError(key, why, "Its values lie strictly between low and high (0 and 1 unless stated).");
  }
}

/** Largest miss in probability, percentage points. */
function pointsMissed(member, found, probs, values) {
  return 100 * Math.max(...values.map((value, k) => Math.abs(member.cdf(found, value) - probs[k])));
}

/** Location and scale of the straight line nearest to some points, on the family's own scale. */
function lineThrough(z, y, member) {
  const zMean = z.reduce((sum, one) => sum + one, 0) / z.length;
  const yMean = y.reduce((sum, one) => sum + one, 0) / y.length;
  let above = 0;
  let below = 0;
  for (let k = 0; k < z.length; k++) {
    above += (z[k] - zMean) * (y[k] - yMean);
    below += (z[k] - zMean) ** 2;
  }
  const scale = above / below;
  const found = [yMean - scale * zMean, scale];
  if (member.isPositive) member.parameters(found); // refuses what cannot be computed with
  return found;
}

/** A parameter from its logarithm, refused where it is too large or too small to be computed with. */
function expOf(log) {
  if (!(Math.abs(log) <= EXP_HIGH)) throw outsideComputing("quantiles");
  return Math.exp(log);
}

function outsideComputing(stated) {
  const why = `cannot have that ${stated}: its parameters are outside what can be computed`;
  return new InputError("fit", why, "Name another family, or bring the numbers closer together.");
}

// --- Betas

/** Shape of the beta that has the outer quantiles; with three, of the one nearest to all of them. */
function betaThrough(probs, values, member) {
  const shares = values.map(member.share);
  let logs = betaLogs(probs, shares);
  if (values.length === 3) {
    const spread = shares[2] - shares[0];
    const missesAt = (x) => {
      const [a, b] = x.map((log) => Math.exp(heldWithin(log, SHAPE_LOG_LOW - 1, SHAPE_LOG_HIGH + 1)));
      return probs.map((prob, k) => (betaincinv(a, b, prob) - shares[k]) / spread);
    };
    logs = leastSquares(missesAt, logs);
  }
  return logs.map(Math.exp);
}

/**
 * Logarithms of a and b of the beta on [0, 1] that has the first and the last of some quantiles.
 *
 * P(X <= x) falls with a and rises with b. So for each a one b gives the upper quantile, and along these pairs, which
 * grow narrower with a, the probability below the lower quantile falls: two nested searches that cannot go astray.
 */
function betaLogs(probs, shares) {
  const last = shares.length - 1;
  const bLog = (aLog) =>
    shapeRoot((log) => betainc(Math.exp(aLog), Math.exp(log), shares[last]) - probs[last]);
  const aLog = shapeRoot((log) => probs[0] - betainc(Math.exp(log), Math.exp(bLog(log)), shares[0]));
  return [aLog, bLog(aLog)];
}

/** Root of a rising function of a shape's logarithm, or the end nearest to it: regula falsi with halving (Illinois). */
function shapeRoot(rising) {
  let low = SHAPE_LOG_LOW;
  let high = SHAPE_LOG_HIGH;
  let atLow = rising(low);
  let atHigh = rising(high);
  if (atLow >= 0) return low;
  if (atHigh <= 0) return high;
  let side = 0;
  for (let step = 0; step < 200; step++) {
    // Probabilities are flat far from the root, where the secant creeps: every third step halves the bracket.
    let next = step % 3 === 2 ? 0.5 * (low + high) : (low * atHigh - high * atLow) / (atHigh - atLow);
    if (!(next > low && next < high)) next = 0.5 * (low + high);
    if (high - low <= 1e-14 * Math.max(1, Math.abs(next)) || next === low || next === high) return next;
    const at = rising(next);
    if (at === 0) return next;
    if (at < 0) {
      low = next;
      atLow = at;
      if (side === -1) atHigh *= 0.5;
      side = -1;
    } else {
      high = next;
      atHigh = at;
      if (side === 1) atLow *= 0.5;
      side = 1;
    }
  }
  return 0.5 * (low + high);
}

// --- Least squares of two unknowns

/**
 * Where a sum of squares is least, near a start: Levenberg's steps, which turn into Gauss's.
 *
 * @param {(x: number[]) => number[]} residuals
 * @param {number[]} start
 */
function leastSquares(residuals, start) {
  let x = start;
  let at = residuals(x);
  let damping = 1e-3;
  for (let step = 0; step < 200; step++) {
    const [first, second] = slopesAt(residuals, x);
    const [g1, g2] = [productSum(first, at), productSum(second, at)];
    const [h11, h12, h22] = [productSum(first, first), productSum(first, second), productSum(second, second)];
    let isBetter = false;
    let size = 0;
    while (!isBetter && damping < 1e12) {
      const determinant = h11 * (1 + damping) * h22 * (1 + damping) - h12 * h12;
      const moved = [
        (h12 * g2 - h22 * (1 + damping) * g1) / determinant,
        (h12 * g1 - h11 * (1 + damping) * g2) / determinant,
      ];
      size = Math.max(Math.abs(moved[0]), Math.abs(moved[1]));
      const next = [x[0] + moved[0], x[1] + moved[1]];
      const then = Number.isFinite(size) ? residualsOrNull(residuals, next) : null;
      // Near the end sums of squares no longer differ by more than rounding: a small step is taken as it is.
      isBetter = then !== null && (productSum(then, then) < productSum(at, at) || (size < 1e-7 && damping < 1e-3));
      if (isBetter) {
        x = next;
        at = then;
        damping *= 0.01;
      } else damping = damping * 10 + 1e-12;
    }
    if (!isBetter || size <= 1e-14) return x;
  }
  return x;
}

/** Residuals, or null where there is no such distribution. */
function residualsOrNull(residuals, x) {
  try {
    const found = residuals(x);
    return found.every(Number.isFinite) ? found : null;
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
}

/** Derivatives of residuals by both unknowns, by central differences of fourth order. */
function slopesAt(residuals, x) {
  const step = 1e-3;
  const at = (k, shift) => residuals(x.map((one, j) => (j === k ? one + shift * step : one)));
  return [0, 1].map((k) => {
    const [back2, back, next, next2] = [at(k, -2), at(k, -1), at(k, 1), at(k, 2)];
    return next.map((_, row) => (8 * (next[row] - back[row]) - (next2[row] - back2[row])) / (12 * step));
  });
}

function productSum(one, other) {
  return one.reduce((sum, value, k) => sum + value * other[k], 0);
}
