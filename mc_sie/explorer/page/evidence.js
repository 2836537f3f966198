// Draws given evidence: how likely each piece is in every draw, and the proposals that find such draws. Twins of
// mc_sie/priors/evidence.py and mc_sie/analysis/importance/proposal.py.

import { subjectValues } from "./derived.js";
import { InputError, inDigits } from "./errors.js";
import { marksOfOutcome, outcomeValues, windowMonths } from "./events.js";
import { nextNumber } from "./reparametrisation.js";
import { ndtr, ndtri } from "./special.js";

const TINY = 2 ** -53; // least distance of a placed point from 0 and 1
const HALF_LOG_2PI = 0.9189385332046727;
const N_SD_SETTLED = 5.3; // beyond so many standard deviations a likelihood is within 1e-6 of its limit

// ------------------------------------------------------------------------------------------------ likelihoods

/** Logarithm of the probability that a standard normal is below z, also where that underflows. */
export function logNdtr(z) {
  if (z > 0) return Math.log1p(-ndtr(-z));
  if (!(z < -20)) return Math.log(ndtr(z));
  const t = 1 / (z * z);
  const series = 1 - t * (1 - 3 * t * (1 - 5 * t * (1 - 7 * t * (1 - 9 * t))));
  return -0.5 * z * z - Math.log(-z) - HALF_LOG_2PI + Math.log(series);
}

/**
 * Logarithm of the likelihood of a piece of evidence, at most 0; -inf where the value is nan.
 * @param {object} item of prior.evidence
 * @param {Float64Array} values its subject in each draw
 */
export function logLikelihood({ likelihood, parameters }, values) {
  const { value, low, high, sd, sd_log: sdLog } = parameters;
  const z = (x, reading) => (sdLog === undefined ? (x - reading) / sd : (Math.log(Math.max(x, 0)) - Math.log(reading)) / sdLog);
  const isHard = sd === undefined && sdLog === undefined;
  const formulas = {
    normal: (x) => -0.5 * z(x, value) ** 2,
    lognormal: (x) => -0.5 * z(x, value) ** 2,
    at_least: (x) => logNdtr(z(x, value)),
    at_most: (x) => logNdtr(-z(x, value)),
    interval: (x) => (isHard ? (x >= low && x <= high ? 0 : -Infinity) : logBetween(z(x, low), z(x, high))),
  };
  const formula = formulas[likelihood];
  return values.map((x) => {
    const found = Number.isNaN(x) ? NaN : formula(x);
    return Number.isNaN(found) ? -Infinity : found;
  });
}

/** Logarithm of P(low <= reading <= high), from whichever tail is the smaller one. */
function logBetween(above, below) {
  const [far, near] = above + below > 0 ? [-below, -above] : [above, below];
  return logNdtr(far) + Math.log(-Math.expm1(logNdtr(near) - logNdtr(far)));
}

/**
 * Log-likelihoods of every piece of evidence of a prior.
 * @param {object} prior
 * @param {Object<string, Float64Array>} draws quantities by name
 * @param {object} outcomes of the draws, simulated with marksOf(prior)
 * @returns {Float64Array[]} one a piece
 */
export function logLikelihoods(prior, draws, outcomes) {
  return prior.evidence.map((item) => {
    const { subject } = item;
    if (subject.isOutcome) return logLikelihood(item, outcomeValues(outcomes, subject.name, subject.index));
    const values = subjectValues(subject, draws);
    if (values.some(Number.isNaN)) throw new InputError(`evidence '${item.name}'`, `is about ${subject.name}, which some draws do not have`, "Give the quantity a prior in every member and mode, or leave the evidence out.");
    return logLikelihood(item, values);
  });
}

/**
 * Logarithms of the weights of draws: likelihood, times how much rarer or commoner the prior makes them.
 * @param {Float64Array|null} priorWeights of a proposal's points; null where the prior was drawn from
 */
export function logWeightsOf(prior, draws, outcomes, priorWeights = null) {
  return summedLogs(logLikelihoods(prior, draws, outcomes), priorWeights);
}

/** Sum of log-likelihoods by piece, and of the logarithm of weights. */
export function summedLogs(byItem, priorWeights = null) {
  const total = new Float64Array(byItem[0].length);
  for (const column of byItem) for (let i = 0; i < total.length; i++) total[i] += column[i];
  if (priorWeights) for (let i = 0; i < total.length; i++) total[i] += Math.log(priorWeights[i]);
  return total;
}

/** Refuse evidence that no draw satisfies; byItem as logLikelihoods gives it. */
export function checkSatisfied(prior, byItem) {
  byItem.forEach((column, place) => {
    if (column.every((one) => one === -Infinity)) throw new InputError(`evidence '${prior.evidence[place].name}'`, `is satisfied by none of ${column.length.toLocaleString("en-US")} draws`, "Widen it, or the prior.");
  });
  if (summedLogs(byItem).every((one) => one === -Infinity)) throw new InputError("the evidence", "holds pieces that no draw satisfies together", "Widen them, or the prior.");
}

/** Weights with mean 1, and the logarithm of the mean that they had. */
export function normalised(logWeights) {
  let top = -Infinity;
  for (const one of logWeights) if (one > top) top = one;
  const weights = logWeights.map((one) => Math.exp(one - top));
  let mean = 0;
  for (const weight of weights) mean += weight / weights.length;
  return { weights: weights.map((weight) => weight / mean), logMarginal: top + Math.log(mean) };
}

/** Effective sample size, (sum w)^2 / sum w^2. */
export function effectiveSize(weights) {
  let [sum, squares] = [0, 0];
  for (const weight of weights) {
    sum += weight;
    squares += weight * weight;
  }
  return squares === 0 ? 0 : sum ** 2 / squares;
}

/** Gains in OOM and windows in months that the evidence of a prior asks about. */
export function marksOf(prior) {
  const marks = prior.evidence.filter(({ subject }) => subject.isOutcome).map(({ subject }) => marksOfOutcome(subject.name, subject.index));
  return { levels: marks.flatMap(({ levels }) => levels), widths: marks.flatMap(({ widths }) => widths) };
}

/** Refuse evidence about a time or a gain that the trajectories do not reach. */
export function checkEvidenceHorizon(prior, horizonMonths) {
  for (const { name, subject, likelihood, parameters } of prior.evidence) {
    if (!subject.isOutcome) continue;
    const where = `evidence '${name}'`;
    const top = likelihood === "interval" ? parameters.high : parameters.value;
    if (subject.unit === "OOM" && top > prior.data.top) throw new InputError(where, `is about a gain of ${inDigits(top)} OOM, but a trajectory is followed to ${prior.data.top}`, "State a smaller gain, or a time instead.");
    let months = windowMonths(subject.name, subject.index);
    if (subject.unit === "months") {
      const { sd, sd_log: sdLog } = parameters;
      months = sdLog === undefined ? top + N_SD_SETTLED * (sd ?? 0) : top * Math.exp(N_SD_SETTLED * sdLog);
    }
    if (months > horizonMonths) throw new InputError(where, `asks about ${inDigits(Math.ceil(months))} months, but trajectories end after ${horizonMonths}`, "State a smaller error, or a longer horizon.");
  }
}

// -------------------------------------------------------------------------------------------------- proposals

/** A piecewise constant density on (0, 1). */
class Bins {
  constructor(edges, masses) {
    this.edges = edges;
    this.heights = masses.map((mass, k) => mass / (edges[k + 1] - edges[k]));
    let sum = 0;
    this.cumulated = [0, ...masses.map((mass) => (sum += mass))];
    this.cumulated[masses.length] = 1;
  }

  density(value) {
    return this.heights[binBelow(this.edges, value)];
  }

  quantile(u) {
    const { cumulated, edges } = this;
    const k = binBelow(cumulated, u);
    const part = Math.min(Math.max((u - cumulated[k]) / (cumulated[k + 1] - cumulated[k]), 0), 1);
    return Math.min(Math.max(edges[k] + part * (edges[k + 1] - edges[k]), TINY), 1 - TINY);
  }
}

/** Number of the bin of a value between rising edges: above its lower edge, and not above its upper one. */
function binBelow(edges, value) {
  let k = edges.length - 2;
  while (k > 0 && edges[k] >= value) k--;
  return k;
}

/**
 * A stored proposal: a density on the cube, whatever prior the cube belongs to.
 * @param {object|null} record of the page's data
 * @returns {Proposal|null} null where there is none
 */
export function proposalOf(record) {
  return record ? new Proposal(record) : null;
}

class Proposal {
  constructor({ dimensions, priorShare, cells, parts }) {
    this.dimensions = dimensions;
    this.priorShare = priorShare;
    this.cells = cells.map(({ box, names }) => ({
      names, box: Object.entries(box), mass: Object.values(box).reduce((product, [low, high]) => product * (high - low), 1),
    }));
    this.parts = parts.map((part) => ({
      ...part, axes: part.axes.map(([axis, edges, masses]) => [axis, new Bins(edges, masses)]), key: JSON.stringify(part.rotation),
    }));
  }

  /**
   * Points of the proposal from uniform numbers.
   * @param {Object<string, Float64Array>} uniforms columns of this.dimensions, and of others, which stay
   * @param {Float64Array} pick of the dimension that chooses the component
   * @returns {Object<string, Float64Array>}
   */
  place(uniforms, pick) {
    const placed = { ...uniforms };
    for (const name of this.dimensions) placed[name] = uniforms[name].slice();
    let sum = this.priorShare;
    const cuts = [sum, ...this.parts.slice(0, -1).map(({ share }) => (sum += (1 - this.priorShare) * share))];
    for (let i = 0; i < pick.length; i++) {
      let number = 0;
      while (number < cuts.length && cuts[number] <= pick[i]) number++;
      if (number > 0 && this.parts.length) this.placeOne(placed, i, this.parts[number - 1]);
    }
    return placed;
  }

  placeOne(placed, i, { cell, rotation, axes }) {
    const { box, names } = this.cells[cell];
    for (const [name, [low, high]] of box) {
      placed[name][i] = Math.min(Math.max(low + (high - low) * placed[name][i], nextNumber(low, 1n)), high);
    }
    const along = names.map((name) => placed[name][i]);
    for (const [axis, bins] of axes) along[axis] = bins.quantile(along[axis]);
    const z = rotation && along.map(ndtri);
    names.forEach((name, row) => {
      placed[name][i] = along[row];
      if (z) placed[name][i] = Math.min(Math.max(ndtr(z.reduce((sum, one, j) => sum + one * rotation[row][j], 0)), TINY), 1 - TINY);
    });
  }

  /** Density of the prior relative to that of the proposal, at points of the cube. */
  weights(points) {
    const n = points[this.dimensions[0]].length;
    const total = new Float64Array(n);
    this.cells.forEach((cell, number) => this.addCell(total, points, cell, this.parts.filter((part) => part.cell === number)));
    return total.map((density) => 1 / (this.priorShare + (1 - this.priorShare) * density));
  }

  addCell(total, points, { names, box, mass }, parts) {
    const rows = [];
    for (let i = 0; i < total.length; i++) {
      if (box.every(([name, [low, high]]) => points[name][i] > low && points[name][i] <= high)) rows.push(i);
    }
    const own = names.map((name) => Float64Array.from(rows, (row) => points[name][row]));
    const turned = new Map(); // twins have the same axes
    for (const { share, rotation, axes, key } of parts) {
      if (!turned.has(key)) turned.set(key, rotation ? alongAxes(own, rotation) : own);
      const along = turned.get(key);
      for (let k = 0; k < rows.length; k++) {
        let product = share / mass;
        for (const [axis, bins] of axes) product *= bins.density(along[axis][k]);
        total[rows[k]] += product;
      }
    }
  }
}

/** Coordinates of points along rotated axes of the latent normal space, again uniform under the prior. */
function alongAxes(own, rotation) {
  const z = own.map((column) => column.map(ndtri));
  return own.map((_, axis) =>
    Float64Array.from(own[0], (__, k) => {
      let sum = 0;
      for (let j = 0; j < z.length; j++) sum += z[j][k] * rotation[j][axis];
      return ndtr(sum);
    }),
  );
}
