// Mixtures: continuous distributions and atoms with weights, inverted through their own cumulative function.

import { Distribution } from "./continuous.js";
import { InverseTable } from "./inverse_table.js";

/** Most continuous parts of a mixture. */
export const PARTS_HIGH = 256;

export class Mixture extends Distribution {
  /**
   * @param {string} words
   * @param {Array<[number, object]>} parts weights and distributions of the continuous part
   * @param {Array<[number, number]>} points atoms as [value, probability], in rising order; inf may be one
   */
  constructor(words, parts, points) {
    super(words);
    this.parts = parts;
    this.points = points;
    const lows = [...parts.map(([, part]) => part.support[0]), ...points.map(([value]) => value)];
    const highs = [...parts.map(([, part]) => part.support[1]), ...points.map(([value]) => value)];
    this.support = [Math.min(...lows), Math.max(...highs)];
    this.pieces = piecesOf(parts, points);
    this.table = null;
  }

  get atoms() {
    return this.points;
  }

  get isExplicit() {
    return this.pieces !== null;
  }

  renamed(words) {
    return new Mixture(words, this.parts, this.points);
  }

  cdf(x) {
    let sum = this.smooth(x, false);
    for (const [value, prob] of this.points) if (x >= value) sum += prob;
    return sum;
  }

  sf(x) {
    let sum = -this.smooth(x, true);
    for (const [value, prob] of this.points) if (x < value) sum += prob;
    return sum;
  }

  pdf(x) {
    let density = 0;
    for (const [weight, part] of this.parts) density += weight * part.pdf(x);
    return density;
  }

  /** Signed probability of the continuous part: P(X <= x), or in the upper tail -P(X > x). Both rise with x. */
  smooth(x, isUpper) {
    let signed = 0;
    for (const [weight, part] of this.parts) signed += isUpper ? -weight * part.sf(x) : weight * part.cdf(x);
    return signed;
  }

  quantileAt(u, v) {
    if (this.pieces !== null) return quantileInPieces(this.pieces, u, v);
    // The table is made when it is first asked for: the components of a mixture need none of their own.
    if (this.table === null) this.table = new InverseTable(this);
    return this.table.quantileAt(u, v);
  }
}

/** Parts and atoms one after the other; null where they overlap or a part has no explicit quantile function. */
function piecesOf(parts, points) {
  if (!parts.every(([, part]) => part.isExplicit)) return null;
  const pieces = [
    ...parts.map(([weight, part]) => ({ low: part.support[0], high: part.support[1], weight, part })),
    ...points.map(([value, weight]) => ({ low: value, high: value, weight, part: null })),
  ];
  pieces.sort((one, other) => byNumber(one.low, other.low) || byNumber(one.high, other.high));
  for (let k = 1; k < pieces.length; k++) if (pieces[k].low < pieces[k - 1].high) return null;
  let before = 0;
  for (const piece of pieces) {
    piece.before = before;
    before += piece.weight;
    piece.upto = before;
  }
  let beyond = 0; // summed from the end, so that small ones count
  for (const piece of [...pieces].reverse()) {
    piece.after = beyond;
    beyond += piece.weight;
    piece.beyond = beyond;
  }
  return pieces;
}

/** Order of numbers, infinite ones among them. */
function byNumber(one, other) {
  return one < other ? -1 : Number(one > other);
}

/** Quantile at u = 1 - v, each tail counted from its own end. */
function quantileInPieces(pieces, u, v) {
  const isLower = u <= v;
  let k = 0;
  while (k < pieces.length - 1 && (isLower ? pieces[k].upto < u : pieces[k].after > v)) k++;
  const piece = pieces[k];
  if (piece.part === null) return piece.high;
  const below = isLower ? u - piece.before : piece.beyond - v;
  const above = isLower ? piece.upto - u : v - piece.after;
  const share = (prob) => Math.min(Math.max(prob / piece.weight, 0), 1);
  return piece.part.quantileAt(share(below), share(above));
}
