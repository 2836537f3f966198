// Distributions given by numbers, histograms and tabulated quantile functions: the twin of
// mc_sie/distributions/tabulated.py.

import { Continuous } from "./continuous.js";
import { InputError, inDigits } from "./errors.js";

/** A quantile function in pieces: cubics, monotone and continuous but for gaps that have no probability. */
export class Piecewise {
  /**
   * @param {number[]} probs from 0 to 1, rising, n + 1 of them
   * @param {number[]} lows values at both ends of each of the n pieces
   * @param {number[]} highs
   * @param {number[]} firsts slopes at both ends of each piece, relative to the straight line through it
   * @param {number[]} lasts
   */
  constructor(probs, lows, highs, firsts, lasts) {
    Object.assign(this, { probs, lows, highs, firsts, lasts });
    this.isExplicit = true;
    this.mirror = 0;
    this.mirrored = null;
  }

  /** Values where one piece ends and the next begins. */
  get breaks() {
    return [...this.lows, ...this.highs];
  }

  /** Distribution of the negative value, without pieces so near 0 that reflected they do not differ from 1. */
  get reflected() {
    if (this.mirrored === null) this.mirrored = this.turned();
    return this.mirrored;
  }

  turned() {
    const n = this.lows.length;
    const columns = [[], [], [], [], []];
    for (let k = n - 1; k >= 0; k--) {
      const from = 1 - this.probs[k + 1];
      if (!(1 - this.probs[k] > from)) continue;
      const row = [from, -this.highs[k], -this.lows[k], this.lasts[k], this.firsts[k]];
      row.forEach((value, place) => columns[place].push(value));
    }
    columns[0].push(1);
    return new Piecewise(...columns);
  }

  cdf(z) {
    const [k, share] = this.place(z);
    return Math.min(Math.max(this.probs[k] + (this.probs[k + 1] - this.probs[k]) * share, 0), 1);
  }

  sf(z) {
    return this.reflected.cdf(-z);
  }

  pdf(z) {
    const [k, share] = this.place(z);
    if (!(z >= this.lows[k] && z <= this.highs[k])) return 0;
    const rise = this.probs[k + 1] - this.probs[k];
    return rise / ((this.highs[k] - this.lows[k]) * this.slope(k, share));
  }

  ppf(p) {
    const k = Math.min(Math.max(firstNotBelow(this.probs, p) - 1, 0), this.lows.length - 1);
    const share = (p - this.probs[k]) / (this.probs[k + 1] - this.probs[k]);
    return this.lows[k] + (this.highs[k] - this.lows[k]) * this.risen(k, Math.min(Math.max(share, 0), 1));
  }

  /** Share of a piece's width in value, for a share of its probability. */
  risen(k, share) {
    const first = this.firsts[k];
    const last = this.lasts[k];
    return share * (first + share * (3 - 2 * first - last + share * (first + last - 2)));
  }

  slope(k, share) {
    const first = this.firsts[k];
    const last = this.lasts[k];
    return first + share * (2 * (3 - 2 * first - last) + share * 3 * (first + last - 2));
  }

  /** The piece in which a value lies (or before which, in a gap), and how far along it. */
  place(z) {
    const k = Math.min(firstNotBelow(this.highs, z), this.lows.length - 1);
    const aim = Math.min(Math.max((z - this.lows[k]) / (this.highs[k] - this.lows[k]), 0), 1);
    if (this.firsts[k] === 1 && this.lasts[k] === 1) return [k, aim];
    let low = 0;
    let high = 1;
    let share = aim;
    for (let step = 0; step < 60; step++) {
      const above = this.risen(k, share) - aim;
      if (above <= 0) low = share;
      if (above >= 0) high = share;
      const newton = share - above / this.slope(k, share);
      const better = newton > low && newton < high ? newton : 0.5 * (low + high);
      if (Math.abs(better - share) <= 1e-16) break;
      share = better;
    }
    return [k, share];
  }
}

/** First place of a rising list whose number is not below one. */
function firstNotBelow(numbers, number) {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle] < number) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Chips on bins; with isLog values within a bin are equally likely in every factor rather than in every step. */
export function histogram(edges, chips, isLog = false) {
  checkRising("edges", edges, isLog);
  if (chips.length !== edges.length - 1) {
    const why = `has ${chips.length}, for ${edges.length - 1} bins`;
    throw new InputError("chips", why, "Give a number for each bin: one fewer than edges.");
  }
  const total = chips.reduce((sum, chip) => sum + chip, 0);
  if (total <= 0) throw new InputError("chips", "has none", "Put at least one chip down.");
  const scaled = isLog ? edges.map(Math.log) : edges;
  const range = `from ${inDigits(edges[0])} to ${inDigits(edges[edges.length - 1])}`;
  let words = `histogram of ${inDigits(total)} chips in ${chips.length} bins ${range}`;
  if (isLog) words += ", even in factors";
  const filled = [...chips.keys()].filter((place) => chips[place] > 0);
  const probs = [0];
  let sum = 0;
  for (const place of filled) {
    sum += chips[place];
    probs.push(sum / total);
  }
  probs[probs.length - 1] = 1; // the sum of the shares may round
  const lows = filled.map((place) => scaled[place]);
  const highs = filled.map((place) => scaled[place + 1]);
  const straight = filled.map(() => 1);
  const ends = [edges[filled[0]], edges[filled[filled.length - 1] + 1]];
  return new Continuous(words, new Piecewise(probs, lows, highs, straight, straight), 0, 1, ends, { isLog });
}

/** A distribution through points of its quantile function, with a monotone cubic between them. */
export function tabulated(probs, values, isLog = false) {
  if (probs.length !== values.length) {
    throw new InputError("x", `has ${values.length}, for ${probs.length} in p`, "Give one value for each probability.");
  }
  checkRising("p", probs, false);
  checkRising("x", values, isLog);
  const last = probs.length - 1;
  if (probs[0] !== 0 || probs[last] !== 1) {
    const why = `goes from ${inDigits(probs[0])} to ${inDigits(probs[last])}, not from 0 to 1`;
    throw new InputError("p", why, "Say where the distribution ends: the first probability is 0 and the last is 1.");
  }
  const words = `tabulated at ${probs.length} points from ${inDigits(values[0], 3)} to ${inDigits(values[last], 3)}`;
  const scaled = isLog ? values.map(Math.log) : values;
  return new Continuous(words, cubicsThrough(probs, scaled), 0, 1, [values[0], values[last]], { isLog });
}

/**
 * Cubics through rising points, with slopes at each point from the pieces beside it with which they rise.
 *
 * Fritsch, F. N. & Butland, J. (1984). A method for constructing local monotone piecewise cubic interpolants. SIAM
 * Journal on Scientific and Statistical Computing 5(2).
 */
function cubicsThrough(probs, values) {
  const n = probs.length - 1;
  const rises = [];
  const straight = [];
  for (let k = 0; k < n; k++) {
    rises.push(probs[k + 1] - probs[k]);
    straight.push((values[k + 1] - values[k]) / rises[k]);
  }
  const slopes = [straight[0]];
  for (let k = 1; k < n; k++) {
    const share = (rises[k - 1] + 2 * rises[k]) / (3 * (rises[k - 1] + rises[k]));
    slopes.push((straight[k - 1] * straight[k]) / (share * straight[k] + (1 - share) * straight[k - 1]));
  }
  slopes.push(straight[n - 1]);
  const firsts = [];
  const lasts = [];
  for (let k = 0; k < n; k++) {
    const first = slopes[k] / straight[k];
    const last = slopes[k + 1] / straight[k];
    const isSound = first > 0 && first < 3 && last > 0 && last < 3; // else a cubic might not rise
    firsts.push(isSound ? first : 1);
    lasts.push(isSound ? last : 1);
  }
  return new Piecewise(probs, values.slice(0, -1), values.slice(1), firsts, lasts);
}

function checkRising(key, numbers, isLog) {
  if (numbers.length < 2) throw new InputError(key, `has ${numbers.length}`, "Give at least two.");
  for (let place = 1; place < numbers.length; place++) {
    if (numbers[place - 1] < numbers[place]) continue;
    const why = `is not above the one before, ${inDigits(numbers[place - 1])}`;
    throw new InputError(`${key}.${place}`, why, "Put them in rising order.");
  }
  if (isLog && numbers[0] <= 0) {
    const remedy = 'A logarithmic scale needs numbers above 0: use scale = "linear".';
    throw new InputError(`${key}.0`, "is not above 0", remedy);
  }
}
