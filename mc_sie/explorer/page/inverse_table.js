// The quantile function of a mixture as a table of polynomials, for draws in the hundred thousands.
//
// Parts and atoms cut the line into stretches where the density is smooth. In each the quantile is a smooth function of
// the log-odds w of the probability below it. Cells of w are halved until a polynomial of fifth degree, through values
// and slopes at both ends and in the middle, has the quantile to nearly all digits; that is checked by a Newton step at
// two more points. Where even small cells do not do (beside a pole of the density), each draw is solved in its bracket.

import { logistic } from "./continuous.js";

const ODDS_HIGH = 42; // log-odds of the table's ends: probabilities of 2^-60
const CELLS_HIGH = 5000;
const CELL_LOW = 2 ** -22; // in log-odds
const TABLE_TOLERANCE = 1e-12; // of the value; of its change over a cell that holds 0
const VALUE_LOW = 1e-290; // smaller values have fewer digits
const CDF_NOISE = 2e-13; // of a cumulative function, relative

export class InverseTable {
  /** @param {import("./mixture.js").Mixture} mixture */
  constructor(mixture) {
    this.mixture = mixture;
    this.stretches = { false: stretchesOf(mixture, false), true: stretchesOf(mixture, true) };
    this.sides = { false: this.cellsOf(false), true: this.cellsOf(true) };
  }

  quantileAt(u, v) {
    const isUpper = u > v;
    const signed = isUpper ? -v : u;
    const cells = this.sides[isUpper];
    const k = placeIn(cells.upto, signed);
    if (k >= cells.upto.length || !(signed > cells.first)) return this.solved(signed, isUpper);
    if (cells.half[k] === 0) return cells.low[k]; // an atom
    if (Number.isNaN(cells.c5[k])) return this.solved(signed, isUpper, cells.low[k], cells.high[k]);
    const t = (Math.log(u / v) - cells.middle[k]) / cells.half[k];
    const rest = cells.c2[k] + t * (cells.c3[k] + t * (cells.c4[k] + t * cells.c5[k]));
    const y = cells.c0[k] + t * (cells.c1[k] + t * rest);
    const x = unscaled(y, cells.scale[k], cells.base[k]);
    return Math.min(Math.max(x, cells.low[k]), cells.high[k]);
  }

  /** The quantile by bisection and Newton's steps, in a bracket if one is known. */
  solved(signed, isUpper, low, high) {
    const stretches = this.stretches[isUpper];
    let k = 0;
    while (k < stretches.length - 1 && stretches[k].upto < signed) k++;
    const stretch = stretches[k];
    if (stretch.isAtom) return stretch.low;
    const ends = low === undefined ? stretch.bracket(signed) : [low, high];
    return rootIn(this.mixture, signed - stretch.atoms, isUpper, ends[0], ends[1]);
  }

  /** Cells of one tail, in columns. */
  cellsOf(isUpper) {
    const rows = [];
    const [oddsLow, oddsHigh] = isUpper ? [0, ODDS_HIGH] : [-ODDS_HIGH, 0];
    const first = signedAt(oddsLow, isUpper);
    const last = signedAt(oddsHigh, isUpper);
    for (const stretch of this.stretches[isUpper]) {
      const from = Math.max(stretch.from, first);
      const upto = Math.min(stretch.upto, last);
      if (!(from < upto)) continue;
      if (stretch.isAtom) rows.push({ upto, low: stretch.low, high: stretch.low, half: 0 });
      else this.addCells(rows, stretch, from, upto, isUpper);
    }
    const cells = { first };
    for (const name of ["upto", "low", "high", "middle", "half", "scale", "base", "c0", "c1", "c2", "c3", "c4", "c5"]) {
      cells[name] = Float64Array.from(rows, (row) => row[name] ?? NaN);
    }
    return cells;
  }

  /** Cells of one stretch of one tail, from one signed probability to another. */
  addCells(rows, stretch, from, upto, isUpper) {
    const nodeAt = (odds, low, high) => this.node(stretch, odds, isUpper, low, high);
    const oddsLow = oddsOf(from, isUpper);
    const oddsHigh = oddsOf(upto, isUpper);
    const nStart = Math.max(1, Math.ceil(oddsHigh - oddsLow));
    let left = nodeAt(oddsLow);
    const ending = nodeAt(oddsHigh);
    for (let k = 1; k <= nStart; k++) {
      const odds = oddsLow + ((oddsHigh - oddsLow) * k) / nStart;
      const right = k === nStart ? ending : nodeAt(odds, left.x, ending.x);
      const middle = nodeAt(0.5 * (left.odds + right.odds), left.x, right.x);
      this.refine(rows, nodeAt, stretch, isUpper, [left, middle, right]);
      left = right;
    }
    rows[rows.length - 1].upto = upto;
  }

  /** A cell between two nodes, with one in the middle, or as many cells as it takes. */
  refine(rows, nodeAt, stretch, isUpper, [left, middle, right]) {
    const half = 0.5 * (right.odds - left.odds);
    const upto = signedAt(right.odds, isUpper);
    const candidates = scalesFor(stretch, left.x, right.x).map(([scale, base]) => ({
      ...cellThrough(left, middle, right, half, scale, base),
      upto,
    }));
    const quarters = [
      nodeAt(middle.odds - 0.5 * half, left.x, middle.x, valueAt(candidates[0], -0.5)),
      nodeAt(middle.odds + 0.5 * half, middle.x, right.x, valueAt(candidates[0], 0.5)),
    ];
    const hasOneSign = left.x > 0 || right.x < 0;
    const isClose = (guess, node) => {
      const size = hasOneSign ? Math.abs(node.x) : right.x - left.x;
      return Math.abs(guess - node.x) <= Math.max(TABLE_TOLERANCE * size, CDF_NOISE * node.slope, VALUE_LOW);
    };
    const fit = candidates.find(
      (cell) => isClose(valueAt(cell, -0.5), quarters[0]) && isClose(valueAt(cell, 0.5), quarters[1]),
    );
    if (fit !== undefined) rows.push(fit);
    else if (half < CELL_LOW || rows.length > CELLS_HIGH) rows.push({ ...candidates[0], c5: NaN });
    else {
      this.refine(rows, nodeAt, stretch, isUpper, [left, quarters[0], middle]);
      this.refine(rows, nodeAt, stretch, isUpper, [middle, quarters[1], right]);
    }
  }

  /** The quantile at some log-odds and its derivative by them. */
  node(stretch, odds, isUpper, low, high, guess) {
    const signed = signedAt(odds, isUpper);
    let ends = [low, high];
    if (low === undefined) ends = stretch.bracket(signed);
    let x;
    if (signed <= stretch.from) x = ends[0];
    else if (signed >= stretch.upto) x = ends[1];
    else x = rootIn(this.mixture, signed - stretch.atoms, isUpper, ends[0], ends[1], guess);
    // Densities jump at the ends of a stretch: they are taken just inside.
    const nudge = 1e-12 * (ends[1] - ends[0]);
    let inside = x;
    if (x <= stretch.low) inside = stretch.low + nudge;
    if (x >= stretch.high) inside = stretch.high - nudge;
    const slope = (logistic(odds) * logistic(-odds)) / this.mixture.pdf(inside);
    return { odds, x, slope: Number.isFinite(slope) ? slope : NaN };
  }
}

function signedAt(odds, isUpper) {
  return isUpper ? -logistic(-odds) : logistic(odds);
}

function oddsOf(signed, isUpper) {
  return isUpper ? -Math.log(-signed / (1 + signed)) : Math.log(signed / (1 - signed));
}

// What a polynomial gives: the value, or the logarithm of its distance from one end of the stretch.
const BY_VALUE = 0;
const FROM_LOW = 1;
const FROM_HIGH = 2;

/** Scales to try for a cell, each with the end that it counts from: a value may near an end as a power of u. */
function scalesFor(stretch, left, right) {
  const scales = [[BY_VALUE, 0]];
  if (stretch.low > -Infinity && left > stretch.low) scales.push([FROM_LOW, stretch.low]);
  if (stretch.high < Infinity && right < stretch.high) scales.push([FROM_HIGH, stretch.high]);
  return scales;
}

function valueAt(cell, t) {
  const rest = cell.c2 + t * (cell.c3 + t * (cell.c4 + t * cell.c5));
  return unscaled(cell.c0 + t * (cell.c1 + t * rest), cell.scale, cell.base);
}

function scaled(x, scale, base) {
  if (scale === FROM_LOW) return Math.log(x - base);
  if (scale === FROM_HIGH) return -Math.log(base - x);
  return x;
}

function unscaled(y, scale, base) {
  if (scale === FROM_LOW) return base + Math.exp(y);
  if (scale === FROM_HIGH) return base - Math.exp(-y);
  return y;
}

/** Derivative of the scaled by the unscaled. */
function stretchAt(x, scale, base) {
  if (scale === FROM_LOW) return 1 / (x - base);
  if (scale === FROM_HIGH) return 1 / (base - x);
  return 1;
}

/** The polynomial of fifth degree through values and slopes at three nodes, in t from -1 to 1. */
function cellThrough(left, middle, right, half, scale, base) {
  const [y0, y1, y2] = [left, middle, right].map((node) => scaled(node.x, scale, base));
  const [d0, d1, d2] = [left, middle, right].map((node) => half * node.slope * stretchAt(node.x, scale, base));
  const even = 0.5 * (y2 + y0) - y1;
  const odd = 0.5 * (y2 - y0) - d1;
  const c4 = 0.25 * (d2 - d0) - even;
  const c5 = 0.25 * (d2 + d0) - 0.5 * d1 - 1.5 * odd;
  const place = { low: left.x, high: right.x, middle: middle.odds, half, scale, base };
  return { ...place, c0: y1, c1: d1, c2: even - c4, c3: odd - c5, c4, c5 };
}

/** First place of a rising column whose value is not below a number. */
function placeIn(column, number) {
  let low = 0;
  let high = column.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (column[middle] < number) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Stretches without jump of the density, and atoms, in rising order, each with the signed probabilities of one tail at
 * its ends, and the part of them that is that of atoms.
 */
function stretchesOf(mixture, isUpper) {
  const marks = new Set(mixture.points.map(([value]) => value));
  for (const [, part] of mixture.parts) {
    for (const x of [...part.support, ...part.breaks]) if (x >= part.support[0] && x <= part.support[1]) marks.add(x);
  }
  const ends = Float64Array.from(marks).sort();
  const probs = new Map(mixture.points);
  const atomsAt = atomSums(ends, probs, isUpper);
  const found = [];
  for (let k = 0; k < ends.length; k++) {
    const x = ends[k];
    const smooth = mixture.smooth(x, isUpper);
    const before = smooth + atomsAt[k].before;
    if (k > 0) {
      const from = found[found.length - 1].upto;
      found.push(stretch(mixture, ends[k - 1], x, from, Math.max(before, from), atomsAt[k].before, isUpper));
    }
    const from = found.length > 0 ? found[found.length - 1].upto : before;
    found.push({ isAtom: true, low: x, from, upto: Math.max(smooth + atomsAt[k].at, from) });
  }
  return found.filter((one) => one.from < one.upto);
}

/** Signed probability of the atoms before each end, and up to it: each tail is summed from its own end. */
function atomSums(ends, probs, isUpper) {
  const sums = [];
  let sum = 0;
  const places = [...ends.keys()];
  if (isUpper) places.reverse();
  for (const k of places) {
    const next = sum + (probs.get(ends[k]) ?? 0);
    sums[k] = isUpper ? { before: -next, at: -sum } : { before: sum, at: next };
    sum = next;
  }
  return sums;
}

function stretch(mixture, low, high, from, upto, atoms, isUpper) {
  /** Values between which a quantile lies. */
  function bracket(signed) {
    const ends = [low, high];
    const aim = signed - atoms;
    if (!Number.isFinite(low)) ends[0] = outermost(-1, (x) => mixture.smooth(x, isUpper) < aim);
    if (!Number.isFinite(high)) ends[1] = outermost(1, (x) => mixture.smooth(x, isUpper) > aim);
    return ends;
  }
  /** A value so far out, beyond a part's quantiles, that it is past the one looked for. */
  function outermost(sign, isPast) {
    for (let odds = 1; odds < 700; odds *= 2) {
      const tail = logistic(-odds);
      const xs = mixture.parts.map(([, part]) =>
        sign < 0 ? part.quantileAt(tail, 1 - tail) : part.quantileAt(1 - tail, tail),
      );
      const x = sign < 0 ? Math.min(...xs) : Math.max(...xs);
      if (Number.isFinite(x) && isPast(x)) return sign < 0 ? Math.min(x, high) : Math.max(x, low);
    }
    return sign * Number.MAX_VALUE;
  }
  return { isAtom: false, low, high, from, upto, atoms, bracket };
}

/** Root of the signed probability of a mixture's continuous part in a bracket: Newton's steps, or halves. */
function rootIn(mixture, aim, isUpper, low, high, guess) {
  let x = guess !== undefined && guess > low && guess < high ? guess : low + 0.5 * (high - low);
  let last = high - low;
  for (let step = 0; step < 200; step++) {
    const excess = mixture.smooth(x, isUpper) - aim;
    if (excess === 0) return x;
    if (excess < 0) low = x;
    else high = x;
    const newton = x - excess / mixture.pdf(x);
    const move = Math.abs(newton - x);
    // What is left is rounding of the cumulative function, which may point out of the bracket.
    if (move <= 4e-16 * Math.abs(x)) return x;
    const isSteady = newton > low && newton < high && move <= 0.5 * last;
    const better = isSteady ? newton : halfway(low, high);
    if (better === low || better === high || better === x) return x;
    if (isSteady && move <= 1e-14 * Math.abs(x)) return better;
    last = Math.abs(better - x);
    x = better;
  }
  return x;
}

/** A value between two: of the same sign and far apart, their geometric mean; 0 stands for the smallest number. */
function halfway(low, high) {
  const least = low === 0 ? VALUE_LOW : low;
  if (least > 0 && high > 4 * least) return Math.sqrt(least) * Math.sqrt(high);
  const most = high === 0 ? -VALUE_LOW : high;
  if (most < 0 && low < 4 * most) return -Math.sqrt(-low) * Math.sqrt(-most);
  return low + 0.5 * (high - low);
}
