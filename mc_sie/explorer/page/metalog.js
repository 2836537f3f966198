// Metalogs, smooth distributions with a single hump that have stated quantiles exactly: the twin of
// mc_sie/distributions/metalog.py.
//
// Keelin, T. W. (2016). The metalog distributions. Decision Analysis 13(4), 243-277.

import { Continuous, logistic } from "./continuous.js";
import { InputError, inDigits } from "./errors.js";
import { quantilesInOrder } from "./fitting.js";

// Powers of u - 1/2 and of the log-odds of u in each term, in Keelin's order.
const METALOG_TERMS = [
  [0, 0], [0, 1], [1, 1], [1, 0], [2, 0], [2, 1], [3, 0], [3, 1], [4, 0], [4, 1],
]; // prettier-ignore

const ODDS_UNDERFLOW = Math.sinh(7.4); // log-odds beyond which probabilities underflow
const HUMP_ROUNDING = 1e-9; // of a logarithm of the density
const N_TRIED = 60; // values between two quantiles, or bounds, in the search for what would do

/** A metalog distribution, unbounded, bounded on one side, or on both. */
export class Metalog {
  constructor(coefficients, low, high) {
    this.coefficients = coefficients;
    this.low = low;
    this.high = high;
    this.isExplicit = true;
    this.mirror = 0;
    this.mirrored = null;
  }

  /** Distribution of the negative value: terms that are odd in the log-odds keep their sign. */
  get reflected() {
    if (this.mirrored === null) {
      const turned = this.coefficients.map((a, k) => ((METALOG_TERMS[k][0] + METALOG_TERMS[k][1]) % 2 ? a : -a));
      this.mirrored = new Metalog(turned, -this.high, -this.low);
    }
    return this.mirrored;
  }

  cdf(z) {
    return logistic(this.logOdds(z));
  }

  sf(z) {
    return this.reflected.cdf(-z);
  }

  pdf(z) {
    return z > this.low && z < this.high ? Math.exp(this.logDensity(this.logOdds(z))) : 0;
  }

  ppf(p) {
    if (p <= 0) return this.low;
    if (p >= 1) return this.high;
    const odds = Math.log(p) - Math.log1p(-p);
    const held = Math.min(Math.max(odds, -ODDS_UNDERFLOW), ODDS_UNDERFLOW);
    return fromPlace(this.position(held), this.low, this.high);
  }

  /** What is wrong with it as a distribution; null where it rises throughout and has one hump. */
  get flaw() {
    if (Math.min(...this.tailSlopes()) <= 0) return "no metalog";
    const heights = new Float64Array(4001);
    let peak = 0;
    for (let k = 0; k < heights.length; k++) {
      const odds = -40 + 0.02 * k;
      if (!(this.slope(odds) > 0)) return "no metalog";
      heights[k] = this.logDensity(odds);
      if (heights[k] > heights[peak]) peak = k;
    }
    const isRising = risesTo(heights, 0, peak, 1) && risesTo(heights, heights.length - 1, peak, -1);
    return isRising ? null : "only a metalog of several humps";
  }

  /** Place on the scale of the bounds, by the log-odds of the probability below. */
  position(odds) {
    const share = logistic(odds) - 0.5;
    let sum = 0;
    this.coefficients.forEach((a, k) => {
      const [power, isLog] = METALOG_TERMS[k];
      sum += a * share ** power * (isLog ? odds : 1);
    });
    return sum;
  }

  /** Derivative of the place by the log-odds. */
  slope(odds) {
    const share = logistic(odds) - 0.5;
    const bend = logistic(odds) * logistic(-odds);
    let sum = 0;
    this.coefficients.forEach((a, k) => {
      const [power, isLog] = METALOG_TERMS[k];
      if (power > 0) sum += a * power * share ** (power - 1) * bend * (isLog ? odds : 1);
      if (isLog) sum += a * share ** power;
    });
    return sum;
  }

  /** The slope in the far lower and upper tail, where the place is a straight line in the log-odds. */
  tailSlopes() {
    const slopes = [0, 0];
    this.coefficients.forEach((a, k) => {
      const [power, isLog] = METALOG_TERMS[k];
      if (!isLog) return;
      slopes[0] += a * (-0.5) ** power;
      slopes[1] += a * 0.5 ** power;
    });
    return slopes;
  }

  logDensity(odds) {
    const logBend = -Math.abs(odds) - 2 * Math.log1p(Math.exp(-Math.abs(odds)));
    return logBend - Math.log(this.slope(odds)) - logStretch(this.position(odds), this.low, this.high);
  }

  /** Log-odds of the probability below a value: Newton's steps in a bracket that shrinks. */
  logOdds(z) {
    if (z <= this.low) return -Infinity;
    if (z >= this.high) return Infinity;
    const aim = toPlace(z, this.low, this.high);
    let low = -ODDS_UNDERFLOW;
    let high = ODDS_UNDERFLOW;
    if (aim <= this.position(low)) return low;
    if (aim >= this.position(high)) return high;
    let odds = 0;
    for (let step = 0; step < 200; step++) {
      const above = this.position(odds) - aim;
      if (above <= 0) low = odds;
      if (above >= 0) high = odds;
      const newton = odds - above / this.slope(odds);
      const better = newton > low && newton < high ? newton : 0.5 * (low + high);
      if (Math.abs(better - odds) <= 1e-15 * Math.max(1, Math.abs(odds))) break;
      odds = better;
    }
    return odds;
  }
}

/** Whether heights rise towards a peak, but for rounding. */
function risesTo(heights, from, peak, step) {
  let highest = -Infinity;
  for (let k = from; k !== peak + step; k += step) {
    highest = Math.max(highest, heights[k]);
    if (highest - heights[k] > HUMP_ROUNDING) return false;
  }
  return true;
}

/**
 * The metalog with as many terms as there are quantiles, which has them exactly.
 *
 * @param {Object<string, number>} quantiles two to ten
 * @param {number} low bounds, infinite where there is none
 * @param {number} high
 * @returns {Continuous}
 */
export function metalog(quantiles, low = -Infinity, high = Infinity) {
  const { names, probs, values } = quantilesInOrder(quantiles, METALOG_TERMS.length);
  names.forEach((name, k) => {
    if (low < values[k] && values[k] < high) return;
    const why = `is not between low = ${inDigits(low)} and high = ${inDigits(high)}`;
    const remedy = "Quantiles lie strictly between low and high, which are the ends of the domain unless given.";
    throw new InputError(`quantiles.${name}`, why, remedy);
  });
  const found = metalogThrough(probs, values, low, high);
  const flaw = found.flaw;
  if (flaw !== null) {
    const [place, remedy] = whatWouldDo(names, probs, values, low, high);
    throw new InputError(`quantiles.${names[place]}`, `cannot be met with the others: ${flaw} has them`, remedy);
  }
  let bounded = ` between ${inDigits(low)} and ${inDigits(high)}`;
  if (low === -Infinity && high === Infinity) bounded = "";
  else if (high === Infinity) bounded = ` above ${inDigits(low)}`;
  else if (low === -Infinity) bounded = ` below ${inDigits(high)}`;
  const stated = names.map((name, k) => `${name} = ${inDigits(values[k])}`).join(", ");
  return new Continuous(`metalog${bounded} with ${stated}`, found, 0, 1, [low, high]);
}

/** The metalog that has some quantiles, sound or not. */
function metalogThrough(probs, values, low, high) {
  const rows = probs.map((prob, i) => {
    const odds = Math.log(prob) - Math.log1p(-prob);
    const terms = METALOG_TERMS.slice(0, probs.length).map(([power, isLog]) => (prob - 0.5) ** power * odds ** isLog);
    return [...terms, toPlace(values[i], low, high)];
  });
  return new Metalog(solvedSystem(rows), low, high);
}

/** Solution of a linear system whose rows end with their right side, by elimination with row pivots. */
function solvedSystem(rows) {
  const n = rows.length;
  for (let k = 0; k < n; k++) {
    let best = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(rows[i][k]) > Math.abs(rows[best][k])) best = i;
    [rows[k], rows[best]] = [rows[best], rows[k]];
    for (let i = k + 1; i < n; i++) {
      const factor = rows[i][k] / rows[k][k];
      for (let j = k; j <= n; j++) rows[i][j] -= factor * rows[k][j];
    }
  }
  const x = new Array(n).fill(0);
  for (let k = n - 1; k >= 0; k--) {
    let rest = rows[k][n];
    for (let j = k + 1; j < n; j++) rest -= rows[k][j] * x[j];
    x[k] = rest / rows[k][k];
  }
  return x;
}

/** The quantile that has to move least, on the scale of the bounds, and what else would do. */
function whatWouldDo(names, probs, values, low, high) {
  const places = values.map((value) => toPlace(value, low, high));
  const last = places.length - 1;
  const span = places[last] - places[0];
  const around = [places[0] - span, ...places, places[last] + span];
  let best = { distance: Infinity, place: Math.floor(values.length / 2), to: 0 };
  const isSound = (place, to) => {
    const moved = places.map((one, k) => fromPlace(k === place ? to : one, low, high));
    const isRising = moved.every((value, k) => k === 0 || moved[k - 1] < value);
    return isRising && metalogThrough(probs, moved, low, high).flaw === null;
  };
  places.forEach((stated, place) => {
    for (let k = 1; k <= N_TRIED; k++) {
      const to = around[place] + ((around[place + 2] - around[place]) * k) / (N_TRIED + 1);
      const distance = Math.abs(to - stated);
      if (distance < best.distance && isSound(place, to)) best = { distance, place, to };
    }
  });
  const remedies = [];
  if (Number.isFinite(best.distance)) {
    let off = places[best.place];
    let to = best.to;
    const isUp = to > off;
    for (let step = 0; step < 20; step++) {
      const middle = 0.5 * (off + to);
      if (isSound(best.place, middle)) to = middle;
      else off = middle;
    }
    const would = roundedAway(fromPlace(to, low, high), isUp);
    remedies.push(`${names[best.place]} = ${inDigits(would, 3)} would go with them.`);
  }
  for (const [key, bound] of Object.entries(nearerBounds(probs, values, low, high))) {
    remedies.push(`With ${key} = ${inDigits(bound)} there is one for all of them.`);
  }
  return [best.place, [...remedies, "Or state fewer quantiles, or a mixture."].join(" ")];
}

/** Three digits, rounded away from where there is no metalog. */
function roundedAway(value, isUp) {
  const unit = 10 ** (Math.floor(Math.log10(Math.abs(value) || 1)) - 2);
  return (isUp ? Math.ceil(value / unit) : Math.floor(value / unit)) * unit;
}

/** The loosest bound on each side, nearer than the one there is, with which a metalog has the quantiles. */
function nearerBounds(probs, values, low, high) {
  const found = {};
  const first = values[0];
  const last = values[values.length - 1];
  for (let k = 0; k < N_TRIED; k++) {
    const distance = (last - first) * 10 ** (1 - (3 * k) / (N_TRIED - 1));
    const lower = Number((first - distance).toPrecision(2));
    const upper = Number((last + distance).toPrecision(2));
    const isLower = found.low === undefined && low < lower && lower < first;
    if (isLower && metalogThrough(probs, values, lower, high).flaw === null) found.low = lower;
    const isUpper = found.high === undefined && last < upper && upper < high;
    if (isUpper && metalogThrough(probs, values, low, upper).flaw === null) found.high = upper;
  }
  return found;
}

/** A value on the scale of its bounds. */
function toPlace(x, low, high) {
  if (low > -Infinity && high < Infinity) return Math.log(Math.max(x - low, 0)) - Math.log(Math.max(high - x, 0));
  if (low > -Infinity) return Math.log(Math.max(x - low, 0));
  if (high < Infinity) return -Math.log(Math.max(high - x, 0));
  return x;
}

/** The inverse of toPlace. */
function fromPlace(y, low, high) {
  if (low > -Infinity && high < Infinity) return low + (high - low) * logistic(y);
  if (low > -Infinity) return low + Math.exp(y);
  if (high < Infinity) return high - Math.exp(-y);
  return y;
}

/** Logarithm of the derivative of fromPlace. */
function logStretch(y, low, high) {
  if (low > -Infinity && high < Infinity) {
    return Math.log(high - low) - Math.abs(y) - 2 * Math.log1p(Math.exp(-Math.abs(y)));
  }
  if (low > -Infinity) return y;
  if (high < Infinity) return -y;
  return 0;
}
