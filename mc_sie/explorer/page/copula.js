// Dependence between quantities: a Gaussian copula under their own distributions. The twin of mc_sie/priors/copula.py.

import { UNREACHED } from "./continuous.js";
import { ndtr, ndtri } from "./special.js";

const EIGENVALUE_LOW = 1e-8; // at 0 some quantity would be determined by others
const PROJECTIONS_HIGH = 100_000; // which stop long before
const SWEEPS_HIGH = 60;

/** The copula of some latent dimensions; the others are independent. */
export class Dependence {
  /**
   * @param {string[]} names latent dimensions that are correlated with another
   * @param {number[][]} stated correlation matrix of their standard normals
   * @param {number[][]} used the same, or the nearest that is a correlation matrix
   */
  constructor(names, stated, used) {
    this.names = names;
    this.stated = stated;
    this.used = used;
    this.root = lowerRoot(used);
  }

  get isRepaired() {
    return this.stated !== this.used;
  }

  /** Correlated uniforms from independent ones, both columns by name of the dimension. */
  applied(points) {
    if (!this.names.length) return points;
    const latent = this.names.map((name) => points[name].map(ndtri));
    const mixed = { ...points };
    this.names.forEach((name, row) => {
      const terms = latent.map((z, column) => [this.root[row][column], z]).filter(([weight]) => weight !== 0);
      // the first name, and any that is independent of those before it, keeps its uniform
      if (terms.length > 1) mixed[name] = mixedUniform(terms);
    });
    return mixed;
  }
}

function mixedUniform(terms) {
  const n = terms[0][1].length;
  const uniform = new Float64Array(n);
  for (const [weight, z] of terms) for (let i = 0; i < n; i++) uniform[i] += weight * z[i];
  for (let i = 0; i < n; i++) uniform[i] = Math.min(Math.max(ndtr(uniform[i]), UNREACHED), 1 - 2 * UNREACHED);
  return uniform;
}

/**
 * The copula of Spearman correlations, with the nearest correlation matrix where they cannot hold together.
 * @param {string[]} order of the latent dimensions
 * @param {Array<[string, string, number]>} spearmans each pair once; a pair that is left out has 0
 */
export function dependenceBetween(order, spearmans) {
  const pairs = spearmans.filter(([, , value]) => value !== 0);
  const names = order.filter((name) => pairs.some(([first, second]) => name === first || name === second));
  const stated = identity(names.length);
  for (const [first, second, spearman] of pairs) {
    const [i, j] = [names.indexOf(first), names.indexOf(second)];
    stated[i][j] = stated[j][i] = pearsonOf(spearman);
  }
  const isSound = !names.length || Math.min(...eigen(stated).values) >= EIGENVALUE_LOW;
  return new Dependence(names, stated, isSound ? stated : nearestCorrelation(stated));
}

/** Correlation of two normals that have this Spearman correlation. */
export function pearsonOf(spearman) {
  return 2 * Math.sin((Math.PI * spearman) / 6);
}

/** The inverse of pearsonOf. */
export function spearmanOf(pearson) {
  return (6 / Math.PI) * Math.asin(pearson / 2);
}

/**
 * The correlation matrix nearest to a symmetric one (Higham 2002): alternating projections with Dykstra's correction.
 * @param {number[][]} matrix
 * @returns {number[][]} eigenvalues at least 1e-8; rounded to 12 decimals
 */
export function nearestCorrelation(matrix) {
  const n = matrix.length;
  const scaled = 1 - EIGENVALUE_LOW;
  let y = mapped(n, (i, j) => (matrix[i][j] - (i === j ? EIGENVALUE_LOW : 0)) / scaled);
  let correction = mapped(n, () => 0);
  let x = y;
  for (let step = 0; step < PROJECTIONS_HIGH; step++) {
    const shifted = mapped(n, (i, j) => y[i][j] - correction[i][j]);
    x = withoutNegative(shifted);
    correction = mapped(n, (i, j) => x[i][j] - shifted[i][j]);
    const before = y;
    y = mapped(n, (i, j) => (i === j ? 1 : x[i][j]));
    if (distance(y, before) < 1e-14 || distance(y, x) < 1e-13) break;
  }
  return mapped(n, (i, j) => {
    if (i === j) return 1;
    const value = scaled * (0.5 * (x[i][j] + x[j][i])) / Math.sqrt(x[i][i] * x[j][j]);
    return Math.round(value * 1e12) / 1e12;
  });
}

function withoutNegative(matrix) {
  const { values, vectors } = eigen(matrix);
  return mapped(matrix.length, (i, j) => values.reduce((sum, value, k) => sum + Math.max(value, 0) * vectors[i][k] * vectors[j][k], 0));
}

function distance(one, other) {
  let largest = 0;
  one.forEach((row, i) => row.forEach((value, j) => (largest = Math.max(largest, Math.abs(value - other[i][j])))));
  return largest;
}

/** Eigenvalues and eigenvectors (as columns) of a symmetric matrix, by Jacobi's rotations. */
export function eigen(matrix) {
  const n = matrix.length;
  const a = matrix.map((row) => [...row]);
  const vectors = identity(n);
  for (let sweep = 0; sweep < SWEEPS_HIGH; sweep++) {
    let off = 0;
    for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) off += a[i][j] ** 2;
    if (off < 1e-300) break;
    for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) if (a[i][j] !== 0) turn(a, vectors, i, j);
  }
  return { values: a.map((row, i) => row[i]), vectors };
}

/** One rotation that makes a[p][q] zero. */
function turn(a, vectors, p, q) {
  const theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const c = 1 / Math.hypot(t, 1);
  const s = t * c;
  const rotate = (row, i, j) => {
    const [first, second] = [row[i], row[j]];
    row[i] = c * first - s * second;
    row[j] = s * first + c * second;
  };
  for (const row of a) rotate(row, p, q);
  const [rowP, rowQ] = [a[p], a[q]];
  for (let k = 0; k < a.length; k++) {
    const [first, second] = [rowP[k], rowQ[k]];
    rowP[k] = c * first - s * second;
    rowQ[k] = s * first + c * second;
  }
  for (const row of vectors) rotate(row, p, q);
}

/** Cholesky's root. */
function lowerRoot(matrix) {
  const root = mapped(matrix.length, () => 0);
  for (let i = 0; i < matrix.length; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = matrix[i][j];
      for (let k = 0; k < j; k++) rest -= root[i][k] * root[j][k];
      root[i][j] = i === j ? Math.sqrt(rest) : rest / root[j][j];
    }
  }
  return root;
}

function identity(n) {
  return mapped(n, (i, j) => Number(i === j));
}

function mapped(n, at) {
  return Array.from({ length: n }, (_, i) => Array.from({ length: n }, (__, j) => at(i, j)));
}
