// Draws in, outcomes out: points of the cube become quantities, quantities the kernel's table. The twin of
// mc_sie/engine/kernel.py and of a batch of mc_sie/engine/run.py.

import { dimensionOf } from "./prior.js";

const SCHEME = "sobol";
const OUTSIDE_DOMAIN = 1;
const HORIZON_HIGH = 12_000;

/**
 * Draws first to first + n - 1 of a replicate, and their outcomes.
 * @param {Kernel} kernel
 * @param {Prior} prior
 * @param {{seed: bigint, horizon: number, proposal: object|null, data: object}} design
 * @returns {{draws: object, outcomes: object, priorWeights: Float64Array|null}}
 */
export function simulateBlock(kernel, prior, design, replicate, first, n, levels, widths) {
  const { seed, horizon, proposal, data } = design;
  const pointsIn = (dimension) => kernel.points(SCHEME, seed, replicate, dimension, first, n);
  const names = proposal ? proposal.dimensions : prior.dimensions;
  let points = Object.fromEntries(names.map((name) => [name, pointsIn(dimensionOf(name, data))]));
  let priorWeights = null;
  if (proposal) {
    points = proposal.place(points, pointsIn(data.pickDimension));
    priorWeights = proposal.weights(points);
    for (const name of prior.dimensions) points[name] ??= pointsIn(dimensionOf(name, data));
  }
  const draws = prior.values(points, n);
  return { draws, outcomes: outcomesOf(kernel, draws, n, levels, widths, horizon, data), priorWeights };
}

/** Outcomes by name of n draws, as events, evidence and estimates take them. */
export function outcomesOf(kernel, draws, n, levels, widths, horizon, data) {
  const { table, statuses } = kernelTable(kernel, draws, n, horizon, data);
  const found = kernel.simulate(table, n, levels, widths, statuses);
  const { status } = found.codes;
  for (const column of Object.values(found.numbers)) for (let i = 0; i < n; i++) if (status[i] !== 0) column[i] = NaN;
  return {
    levels, widths, ...found.numbers, ...found.codes,
    months_to: found.months_to, best_window_months: found.best_window_months, best_gain_ooms: found.best_gain_ooms,
    labour_per_efficiency: Float64Array.from(draws.labour_per_efficiency),
  };
}

/** Lines of the kernel's table, and the status of the draws that lie outside the domain. */
export function kernelTable(kernel, draws, n, horizon, data) {
  const { columns } = kernel.layout;
  const table = new Float64Array(columns.length * n);
  const statuses = new Int32Array(n);
  columns.forEach((name, line) => {
    if (name === "horizon_months") {
      table.fill(horizon, line * n, (line + 1) * n);
      if (!(horizon > 0 && horizon <= HORIZON_HIGH)) statuses.fill(OUTSIDE_DOMAIN);
      return;
    }
    table.set(draws[name], line * n);
    markOutside(statuses, draws[name], data.quantities[name]);
  });
  return { table, statuses };
}

function markOutside(statuses, values, { low, high, lowOpen, highOpen, optional }) {
  for (let i = 0; i < statuses.length; i++) {
    const value = values[i];
    const isInside = value >= low && value <= high && !(lowOpen && value === low) && !(highOpen && value === high);
    if (!isInside && !(optional && Number.isNaN(value))) statuses[i] = OUTSIDE_DOMAIN;
  }
}
