// Estimates from independent randomisations, each with its Monte Carlo error, and P(event | input) with the share of
// the uncertainty that follows from it. Twins of mc_sie/stats/estimates.py, stats/jackknife.py and
// analysis/sensitivity/given_data.py.
//
// Columns hold replicate after replicate, all of one length.

import { betaincinv, ndtri, stdtrit } from "./special.js";
import { levelsOf } from "./bins.js";

const INTERVAL_LEVEL = 0.9;
const RARE_HITS = 30; // with fewer hits, or misses, there is a bound and no error
const BOUND_LEVEL = 0.95;
const TIE_SHARE = 1e-9; // a value this near to a threshold counts as equal
const CATEGORICAL = ["mode", "prior_set"];

/**
 * @typedef {object} Estimate
 * @property {number} prob
 * @property {number} se nan where too few draws hit or missed
 * @property {number} low two-sided at 90 %, or one-sided at 95 % where hits or misses are rare
 * @property {number} high
 * @property {string} interval "t", "wilson", "binomial upper", ..., "effective lower"
 * @property {number} nHits
 * @property {number} nDraws
 * @property {boolean} isRare a one-sided bound is given
 * @property {boolean} hasError
 * @property {number} [ess] of weighted draws
 * @property {number} [essRarer] of the hits alone, or of the misses
 */

function estimate(prob, se, low, high, interval, nHits, nDraws, more = {}) {
  const isRare = /(upper|lower)$/.test(interval);
  return { prob, se, low, high, interval, nHits, nDraws, isRare, hasError: !Number.isNaN(se), ...more };
}

/**
 * Probability of an event.
 * @param {Uint8Array} hits draws of which it is true
 * @param {Uint8Array} ok draws that count
 * @param {Float64Array|null} weights on any scale; null where all count alike
 * @param {number} nReplicates
 * @param {string} [scheme] plain Monte Carlo ("philox") gets a Wilson interval
 * @returns {Estimate}
 */
export function probability(hits, ok, weights, nReplicates, scheme = "sobol") {
  if (weights) return estimateWeighted(hits, ok, weights, nReplicates);
  const per = hits.length / nReplicates;
  const counts = { hits: new Array(nReplicates).fill(0), draws: new Array(nReplicates).fill(0) };
  for (let r = 0, i = 0; r < nReplicates; r++) {
    for (const end = i + per; i < end; i++) {
      if (!ok[i]) continue;
      counts.draws[r]++;
      if (hits[i]) counts.hits[r]++;
    }
  }
  return estimateFromCounts(counts.hits, counts.draws, scheme);
}

/** Probability from hits and draws in each replicate. */
export function estimateFromCounts(hits, draws, scheme = "sobol") {
  const n = draws.length;
  const [total, drawn] = [sumOf(hits), sumOf(draws)];
  if (drawn === 0) return estimate(NaN, NaN, NaN, NaN, "t", 0, 0);
  const prob = total / drawn;
  const isUpper = total <= drawn - total;
  const rarer = isUpper ? hits : hits.map((count, r) => draws[r] - count);
  const nRarer = sumOf(rarer);
  let se = NaN;
  if (nRarer >= RARE_HITS && Math.min(...draws) > 0) {
    se = Math.max(replicateSe(hits.map((count, r) => count / draws[r])), leastSe(n, drawn / n));
  }
  if (nRarer < RARE_HITS || Math.min(...rarer) === 0) {
    if (isUpper) return estimate(prob, se, 0, binomialUpper(total, drawn), "binomial upper", total, drawn);
    return estimate(prob, se, 1 - binomialUpper(drawn - total, drawn), 1, "binomial lower", total, drawn);
  }
  if (scheme === "philox") return estimate(prob, se, ...wilson(prob, drawn), "wilson", total, drawn);
  const half = studentQuantile(n - 1) * se;
  return estimate(prob, se, Math.max(0, prob - half), Math.min(1, prob + half), "t", total, drawn);
}

/** Weighted share of the hits: a ratio of two sums, whose error is the delete-one-replicate jackknife's. */
function estimateWeighted(hits, ok, weights, nReplicates) {
  const [kept, hit, miss] = [0, 1, 2].map(() => ({ byReplicate: new Float64Array(nReplicates), squares: 0, n: 0 }));
  const per = weights.length / nReplicates;
  let largest = 0;
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i];
    if (!ok[i] || weight === 0) continue;
    largest = Math.max(largest, weight);
    for (const part of [kept, hits[i] ? hit : miss]) {
      part.byReplicate[Math.floor(i / per)] += weight;
      part.squares += weight * weight;
      part.n++;
    }
  }
  for (const part of [kept, hit, miss]) {
    part.total = sumOf(part.byReplicate);
    part.ess = part.squares === 0 ? 0 : part.total ** 2 / part.squares;
  }
  return estimateFromSums(kept, hit, miss, largest);
}

function estimateFromSums(kept, hit, miss, largest) {
  if (!(kept.total > 0)) return estimate(NaN, NaN, NaN, NaN, "t", 0, 0, { ess: 0, essRarer: 0 });
  const n = kept.byReplicate.length;
  const prob = hit.total / kept.total;
  const isUpper = prob <= 0.5;
  const rarer = isUpper ? hit : miss;
  const others = Array.from(kept.byReplicate, (sum) => kept.total - sum);
  let se = NaN;
  if (rarer.ess >= RARE_HITS && Math.min(...others) > 0) {
    const without = others.map((rest, r) => (hit.total - hit.byReplicate[r]) / rest);
    se = Math.max(jackknifeSe(without), leastSe(n, kept.ess / n));
  }
  const known = [hit.n, kept.n, { ess: kept.ess, essRarer: rarer.ess }];
  if (Number.isNaN(se) || rarer.byReplicate.includes(0)) {
    const bound = upperOfSums(rarer, kept, largest);
    if (isUpper) return estimate(prob, se, 0, bound, "effective upper", ...known);
    return estimate(prob, se, 1 - bound, 1, "effective lower", ...known);
  }
  const half = studentQuantile(n - 1) * se;
  return estimate(prob, se, Math.max(0, prob - half), Math.min(1, prob + half), "t", ...known);
}

/**
 * P(gain >= k) for many k.
 * @param {Float64Array} gains in each draw
 * @param {Uint8Array} ok
 * @param {Float64Array|null} weights
 * @param {number} nReplicates
 * @param {number[]} thresholds
 * @returns {Array<Estimate & {threshold: number}>}
 */
export function exceedance(gains, ok, weights, nReplicates, thresholds, scheme = "sobol") {
  const hits = new Uint8Array(gains.length);
  return thresholds.map((threshold) => {
    const bound = threshold - TIE_SHARE * Math.abs(threshold);
    for (let i = 0; i < hits.length; i++) hits[i] = gains[i] >= bound ? 1 : 0;
    return { threshold, ...probability(hits, ok, weights, nReplicates, scheme) };
  });
}

// ------------------------------------------------------------------------------------------ given one input

/**
 * Share of the variance of the event that learning one input alone would remove (first-order Sobol' index).
 * @param {Object<string, Float64Array>} inputs columns by name; those that do not vary are left out
 * @param {Uint8Array} hits
 * @param {Uint8Array} ok
 * @param {Float64Array|null} weights
 * @param {number} nReplicates
 * @returns {Array<{name: string, value: number, se: number, low: number, high: number}>} largest first; none where the
 *   event does not hold and fail in two replicates each
 */
export function firstOrderShares(inputs, hits, ok, weights, nReplicates) {
  const draws = countedDraws(hits, ok, weights, nReplicates);
  if (!draws.isTelling) return [];
  const found = [];
  for (const [name, column] of Object.entries(inputs)) {
    const values = draws.pick(column);
    if (!isVarying(values)) continue;
    const levels = levelsOf(values, draws.nBins, CATEGORICAL.includes(name));
    const [one] = jackknifed(tableOfSums(levels, draws), firstOrder);
    found.push({ name, ...one });
  }
  return found.sort((one, other) => other.value - one.value);
}

/**
 * P(event | input): a level for each equal-mass bin, value that many draws share, category, and "not given".
 * @param {Float64Array} column the input in each draw
 * @param {Uint8Array} hits
 * @param {Uint8Array} ok
 * @param {Float64Array|null} weights
 * @param {number} nReplicates
 * @param {{isCategorical?: boolean, nBins?: number}} [options]
 * @returns {Array<object>} kind ("bin", "atom", "category", "absent"), xLow, x, xHigh, share of the weight, prob, se,
 *   low, high, interval, nDraws
 */
export function curveOf(column, hits, ok, weights, nReplicates, { isCategorical = false, nBins } = {}) {
  const draws = countedDraws(hits, ok, weights, nReplicates);
  const levels = levelsOf(draws.pick(column), nBins ?? draws.nBins, isCategorical);
  const sums = tableOfSums(levels, draws);
  const found = jackknifed(sums, givenLevel);
  const by = sumsByLevel(levels, draws);
  const total = sumOf(by.map(({ kept }) => kept.total));
  return levels.rows.map((row, level) => {
    const { kept, hit, miss, largest, nDraws } = by[level];
    const { value, se, low, high } = found[level];
    const known = { ...row, share: kept.total / total, nDraws };
    if (Math.min(hit.ess, miss.ess) >= RARE_HITS) {
      return { ...known, prob: value, se, low: Math.max(0, low), high: Math.min(1, high), interval: "t" };
    }
    const prob = hit.total / kept.total;
    const kind = weights ? "effective" : "binomial";
    if (prob > 0.5) return { ...known, prob, se: NaN, low: 1 - upperOfSums(miss, kept, largest), high: 1, interval: `${kind} lower` };
    return { ...known, prob, se: NaN, low: 0, high: upperOfSums(hit, kept, largest), interval: `${kind} upper` };
  });
}

/** Draws that count, without the others: which rows, the replicate of each, hits and weights. */
function countedDraws(hits, ok, weights, nReplicates) {
  const per = hits.length / nReplicates;
  const rows = [];
  for (let i = 0; i < hits.length; i++) if (ok[i]) rows.push(i);
  const n = rows.length;
  const [isHit, group, weight] = [new Uint8Array(n), new Int32Array(n), new Float64Array(n)];
  const [hitIn, missIn] = [new Set(), new Set()];
  rows.forEach((row, i) => {
    isHit[i] = hits[row];
    group[i] = Math.floor(row / per);
    weight[i] = weights ? weights[row] : 1;
    if (weight[i] > 0) (isHit[i] ? hitIn : missIn).add(group[i]);
  });
  const pick = (column) => {
    const kept = new Float64Array(n);
    for (let i = 0; i < n; i++) kept[i] = column[rows[i]];
    return kept;
  };
  const nBins = Math.min(Math.max(2 ** Math.floor(Math.log2(Math.max(n / 64, 1))), 4), 64);
  return { n, isHit, group, weight, nReplicates, nBins, pick, isTelling: Math.min(hitIn.size, missIn.size) > 1 };
}

function isVarying(values) {
  const [first] = values;
  return values.some((value) => value !== first && !(Number.isNaN(value) && Number.isNaN(first)));
}

/** Sums of weights and of weights of hits by replicate and level: one Float64Array of 2 L numbers a replicate. */
function tableOfSums(levels, draws) {
  const sums = Array.from({ length: draws.nReplicates }, () => new Float64Array(2 * levels.rows.length));
  for (let i = 0; i < draws.n; i++) {
    const row = sums[draws.group[i]];
    const at = 2 * levels.codes[i];
    row[at] += draws.weight[i];
    if (draws.isHit[i]) row[at + 1] += draws.weight[i];
  }
  return sums;
}

/** Sums over all replicates, of the draws of each level, of its hits and of its misses. */
function sumsByLevel(levels, draws) {
  const nothing = () => ({ total: 0, squares: 0 });
  const found = levels.rows.map(() => ({ kept: nothing(), hit: nothing(), miss: nothing(), largest: 0, nDraws: 0 }));
  for (let i = 0; i < draws.n; i++) {
    const level = found[levels.codes[i]];
    const weight = draws.weight[i];
    for (const part of [level.kept, draws.isHit[i] ? level.hit : level.miss]) {
      part.total += weight;
      part.squares += weight * weight;
    }
    level.largest = Math.max(level.largest, weight);
    level.nDraws++;
  }
  for (const { hit, miss } of found) for (const part of [hit, miss]) part.ess = part.squares === 0 ? 0 : part.total ** 2 / part.squares;
  return found;
}

function firstOrder(sums) {
  let [total, hits] = [0, 0];
  for (let at = 0; at < sums.length; at += 2) {
    total += sums[at];
    hits += sums[at + 1];
  }
  const prob = hits / total;
  let squares = 0;
  for (let at = 0; at < sums.length; at += 2) if (sums[at] > 0) squares += (sums[at] / total) * (sums[at + 1] / sums[at]) ** 2;
  return [(squares - prob ** 2) / (prob * (1 - prob))];
}

function givenLevel(sums) {
  const given = [];
  for (let at = 0; at < sums.length; at += 2) given.push(sums[at] > 0 ? sums[at + 1] / sums[at] : NaN);
  return given;
}

/** Statistics of sums with the bias from noise taken away and their errors, by leaving out one replicate at a time. */
function jackknifed(sums, statistic) {
  const n = sums.length;
  const total = sums[0].map((_, at) => sumOf(sums.map((row) => row[at])));
  const whole = statistic(total);
  const without = sums.map((row) => statistic(total.map((sum, at) => sum - row[at])));
  const factor = studentQuantile(n - 1);
  return whole.map((value, at) => {
    const left = without.map((one) => one[at]);
    const corrected = n * value - ((n - 1) * sumOf(left)) / n;
    const se = jackknifeSe(left);
    return { value: corrected, se, low: corrected - factor * se, high: corrected + factor * se };
  });
}

// --------------------------------------------------------------------------------------------- errors, bounds

function sumOf(values) {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

function squaredDeviations(values) {
  const mean = sumOf(values) / values.length;
  return sumOf(values.map((value) => (value - mean) ** 2));
}

function replicateSe(values) {
  return Math.sqrt(squaredDeviations(values) / (values.length - 1) / values.length);
}

function jackknifeSe(without) {
  return Math.sqrt(((without.length - 1) / without.length) * squaredDeviations(without));
}

/** Smallest standard error of a share that the agreement of replicates can show. */
function leastSe(nReplicates, nPerReplicate) {
  return (1 - (1 - BOUND_LEVEL) ** (1 / nReplicates)) / nPerReplicate / studentQuantile(nReplicates - 1);
}

const studentQuantiles = new Map();

function studentQuantile(df) {
  if (!studentQuantiles.has(df)) studentQuantiles.set(df, stdtrit(df, 0.5 + INTERVAL_LEVEL / 2));
  return studentQuantiles.get(df);
}

/** Clopper & Pearson's upper bound. */
function binomialUpper(nHits, nDraws) {
  return nHits >= nDraws ? 1 : betaincinv(nHits + 1, nDraws - nHits, BOUND_LEVEL);
}

/** Upper bound from effective numbers, an unseen hit of the largest weight included (Fay & Feuer 1997). */
function upperOfSums(hit, kept, largest) {
  if (largest === 0) return 1;
  const withUnseen = hit.total + largest;
  const prob = withUnseen / (kept.total + largest);
  if (prob >= 1) return 1;
  const nHits = withUnseen ** 2 / (hit.squares + largest ** 2);
  return betaincinv(nHits, (nHits * (1 - prob)) / prob, BOUND_LEVEL);
}

/** Wilson's score interval. */
function wilson(prob, n) {
  const z = ndtri(0.5 + INTERVAL_LEVEL / 2);
  const centre = (prob + (z * z) / (2 * n)) / (1 + (z * z) / n);
  const half = (z / (1 + (z * z) / n)) * Math.sqrt((prob * (1 - prob)) / n + (z * z) / (4 * n * n));
  return [centre - half, centre + half];
}

// ------------------------------------------------------------------------------------------------- in words

/** Decimals that an error leaves meaningful; 1 for an error of 0, which says nothing. */
export function decimals(error) {
  if (!(error > 0) || !Number.isFinite(error)) return 1;
  const digits = -Math.floor(Math.log10(error));
  return Math.max(0, Math.round(error * 10 ** digits) < 10 ? digits : digits - 1);
}

/** A probability in per cent with no digit beyond its error, or its bound; as reports print it. */
export function inPercent(found) {
  if (Number.isNaN(found.prob)) return "no draws";
  const parts = [];
  if (found.hasError) parts.push(`${(100 * found.prob).toFixed(decimals(100 * found.se))} %`);
  if (found.interval.endsWith("upper")) parts.push(`below ${twoDigitsUp(100 * found.high)} %`);
  if (found.interval.endsWith("lower")) parts.push(`above ${Number((100 - twoDigitsUp(100 * (1 - found.low))).toPrecision(12))} %`);
  return parts.join(", ");
}

/** The standard error in percentage points, to one significant digit. */
export function seInPoints(found) {
  return (100 * found.se).toFixed(decimals(100 * found.se));
}

/** A probability and its error in a few characters: "12.8 % (SE 0.1)". */
export function estimateLabel(found) {
  return found.hasError ? `${inPercent(found)} (SE ${seInPoints(found)})` : inPercent(found);
}

/** A bound to two significant digits, rounded up so that it stays one. */
function twoDigitsUp(value) {
  if (value <= 0) return 0;
  const scale = 10 ** (1 - Math.floor(Math.log10(value)));
  return Number((Math.ceil(value * scale - 1e-9) / scale).toPrecision(10));
}

/** A probability as a natural frequency: "about 1 in 8", "about 3 in 5", "all but about 1 in 40". */
export function oneIn(prob) {
  if (Number.isNaN(prob)) return "unknown";
  if (prob <= 0) return "never";
  if (prob >= 1) return "always";
  if (prob <= 0.22) {
    let n = Math.round(1 / prob);
    if (n >= 100) n = Number((1 / prob).toPrecision(2));
    return `about 1 in ${n.toLocaleString("en-US")}`;
  }
  if (prob > 0.95) return `all but ${oneIn(1 - prob)}`;
  let best = [Infinity, 1, 1];
  for (const n of [2, 3, 4, 5, 6, 8, 10]) {
    for (let k = 1; k < n; k++) if (Math.abs(prob - k / n) < best[0]) best = [Math.abs(prob - k / n), n, k];
  }
  return `about ${best[2]} in ${best[1]}`;
}
