// Reparametrisations: how a stated quantity makes one of the model's, and back. The twin of
// mc_sie/priors/reparametrisation.py, which holds their order, what else they take, and what to do about a bad image:
// those come with the page's data.

const NEWTON_STEPS = 8; // the seventh changes nothing that a double can hold

/** Name of the stated quantity to the model's quantity, from columns by name; each rises with the stated one. */
export const FORWARD = {
  sigma: ({ sigma }) => sigma.map((value) => 1 - 1 / value),
  max_speed_compute: ({ max_speed, max_speed_compute }) =>
    max_speed.map((labour, i) => alphaOfBothSpeeds(Math.log(labour), Math.log(max_speed_compute[i]))),
  // + 0: never -0
  max_speed: ({ max_speed, alpha_compute }) =>
    max_speed.map((speed, i) => Math.log(alpha_compute[i]) / Math.log(speed) + 0),
  r_total: ({ r_total, alpha_compute, labour_per_efficiency }) =>
    r_total.map((total, i) => (1 - alpha_compute[i]) * labour_per_efficiency[i] * total),
  r_cumulative: ({ r_cumulative, alpha_compute, labour_per_efficiency, lam }) =>
    r_cumulative.map((total, i) => (1 - alpha_compute[i]) * labour_per_efficiency[i] * lam[i] * total),
};

/** Back from the model's quantities; infinite where the model's value is the limit of the stated one. */
export const INVERSE = {
  sigma: ({ rho }) => rho.map((value) => 1 / (1 - value)),
  max_speed_compute: ({ rho, alpha_compute }) =>
    rho.map((value, i) => (value < 0 ? Math.exp(Math.log1p(-alpha_compute[i]) / value) : Infinity)),
  max_speed: ({ rho, alpha_compute }) =>
    rho.map((value, i) => (value === 0 ? Infinity : Math.exp(Math.log(alpha_compute[i]) / value))),
  r_total: ({ r, alpha_compute, labour_per_efficiency }) =>
    r.map((value, i) => value / ((1 - alpha_compute[i]) * labour_per_efficiency[i])),
  r_cumulative: ({ r, alpha_compute, labour_per_efficiency, lam }) =>
    r.map((value, i) => value / ((1 - alpha_compute[i]) * labour_per_efficiency[i] * lam[i])),
};

/** The root below 0 of L^rho + C^rho = 1, as L^rho; nan unless both speeds are finite and above 1. */
function alphaOfBothSpeeds(logLabour, logCompute) {
  const least = Math.min(logLabour, logCompute);
  const ratio = Math.max(logLabour, logCompute) / least;
  if (!(least > 0) || !Number.isFinite(ratio)) return NaN;
  // y = -ln of the larger term: ln(1 - e^-y) + ratio y = 0. Rising and concave in y, so that Newton's method climbs
  // from a start below the root and never overshoots.
  let y = Math.log1p(ratio) / (2 * ratio);
  for (let step = 0; step < NEWTON_STEPS; step++) {
    y -= (Math.log(-Math.expm1(-y)) + ratio * y) / (1 / Math.expm1(y) + ratio);
  }
  return logLabour <= logCompute ? Math.exp(-y) : -Math.expm1(-y);
}

/**
 * Stated quantities of which a reparametrisation makes a quantity of the model, itself first.
 * @param {string} name
 * @param {string[]} stated names under which a set states its quantities
 * @param {object} data of the page
 * @returns {string[]}
 */
export function inputsOf(name, stated, data) {
  const found = [name];
  for (const other of data.reparametrisations.find((one) => one.name === name).others) {
    if (stated.includes(other)) found.push(other);
    else found.push(...inputsOf(stated.find((one) => data.quantities[one].determines === other), stated, data));
  }
  return [...new Set(found)];
}

/** Bounds of a quantity's values: an excluded one is the next number inside. */
export function innerEnds({ low, high, lowOpen, highOpen }) {
  return [lowOpen ? nextNumber(low, 1n) : low, highOpen ? nextNumber(high, -1n) : high];
}

/** Values that rounding has put on an excluded bound, moved inside; changes the column. */
export function keptInside(quantity, column) {
  const [low, high] = innerEnds(quantity);
  for (let i = 0; i < column.length; i++) {
    if (column[i] < low) column[i] = low;
    else if (column[i] > high) column[i] = high;
  }
  return column;
}

/** The neighbour of a number among doubles: 1n above, -1n below. */
export function nextNumber(number, direction) {
  if (number === 0) return Number(direction) * Number.MIN_VALUE;
  const bits = new BigInt64Array(new Float64Array([number]).buffer);
  bits[0] += number > 0 ? direction : -direction;
  return new Float64Array(bits.buffer)[0];
}
