// The quantile function of a mixture as a table of polynomials, for draws in the hundred thousands.
//
// Parts and atoms cut the line into stretches where the density is smooth. In each the quantile is a smooth function of
// the log-odds w of the probability below it. Cells of w are halved until a polynomial of fifth degree, through values
// and slopes at both ends and in the middle, has the quantile to nearly all digits; that is checked by a Newton step at
// two more points. Where even small cells do not do (beside a pole of the density), each draw is solved in its bracket.

import { logistic } from "./continuous.js";

const ODDS_HIGH = 42; // log-odds of the table's ends: probabilities of 2^-60
const CELLS_HIGH = 20_000;
const CELL_LOW = 2 ** -22; // in log-odds
const TABLE_TOLERANCE = 1e-12; // of the value, or of its change over a cell
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
    const x = cells.c0[k] + t * (cells.c1[k] + t * rest);
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
    for (const name of ["upto", "low", "high", "middle", "half", "c0", "c1", "c2", "c3", "c4", "c5"]) {
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
      this.refine(rows, nodeAt, isUpper, left, middle, right);
      left = right;
    }
    rows[rows.length - 1].upto = upto;
  }

  /** A cell between two nodes, or as many as it takes. */
  refine(rows, nodeAt, isUpper, left, middle, right) {
    const half = 0.5 * (right.odds - left.odds);
    const cell = cellThrough(left, middle, right, half);
    cell.upto = signedAt(right.odds, isUpper);
    const quarters = [-0.5, 0.5].map((t) => {
      const rest = cell.c2 + t * (cell.c3 + t * (cell.c4 + t * cell.c5));
      const guess = cell.c0 + t * (cell.c1 + t * rest);
      const [low, high] = t < 0 ? [left.x, middle.x] : [middle.x, right.x];
      return { guess, node: nodeAt(middle.odds + t * half, low, high, guess) };
    });
    const allowed = TABLE_TOLERANCE * (right.x - left.x);
    const isFit = quarters.every(({ guess, node }) => {
      const noise = CDF_NOISE * node.slope;
      return Math.abs(guess - node.x) <= Math.max(allowed, TABLE_TOLERANCE * Math.abs(node.x), noise, VALUE_LOW);
    });
    if (isFit || half < CELL_LOW || rows.length > CELLS_HIGH) {
      if (!isFit) cell.c5 = NaN;
      rows.push(cell);
      return;
    }
    this.refine(rows, nodeAt, isUpper, left, quarters[0].node, middle);
    this.refine(rows, nodeAt, isUpper, middle, quarters[1].node, right);
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

/** The polynomial of fifth degree through values and slopes at three nodes, in t from -1 to 1. */
function cellThrough(left, middle, right, half) {
  const slope = half * middle.slope;
  const even = 0.5 * (right.x + left.x) - middle.x;
  const odd = 0.5 * (right.x - left.x) - slope;
  const evenSlope = 0.5 * half * (right.slope - left.slope);
  const oddSlope = 0.5 * half * (right.slope + left.slope) - slope;
  const c4 = 0.5 * evenSlope - even;
  const c5 = 0.5 * (oddSlope - 3 * odd);
  const ends = { low: left.x, high: right.x, middle: middle.odds, half };
  return { ...ends, c0: middle.x, c1: slope, c2: even - c4, c3: odd - c5, c4, c5 };
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
    // A small step of a steady search errs by far less than itself.
    if (isSteady && move <= 1e-9 * Math.abs(x)) return better;
    last = Math.abs(better - x);
    x = better;
  }
  return x;
}

/** A value between two: of the same sign and far apart, their geometric mean. */
function halfway(low, high) {
  if (low > 0 && high > 4 * low) return Math.sqrt(low) * Math.sqrt(high);
  if (high < 0 && low < 4 * high) return -Math.sqrt(-low) * Math.sqrt(-high);
  return low + 0.5 * (high - low);
}
