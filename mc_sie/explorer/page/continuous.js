// Distributions of one number as quantile functions: the twin of mc_sie/distributions/base.py and the standard
// distributions of families.py.
//
// Numbers near 1 lose the upper tail, so that inside these modules a probability is a pair (u, v) with u + v = 1, and
// each distribution inverts whichever is smaller.

import { betainc, betaincc, betaincinv, betaln, lgamma, ndtr, ndtri, stdtr, stdtrit } from "./special.js";

/** Probability too small for any draw to fall into. */
export const UNREACHED = 2 ** -54;

/** Probability with log-odds t. */
export function logistic(t) {
  return 1 / (1 + Math.exp(-t));
}

/** Common part of all distributions, which add quantileAt, cdf, sf, pdf, mean, support and words. */
export class Distribution {
  /** @param {string} words */
  constructor(words) {
    this.words = words;
  }

  /** Values with a probability of their own, as [value, probability], in rising order. */
  get atoms() {
    return [];
  }

  /** The value, when there is only one. */
  get constant() {
    const [low, high] = this.support;
    return this.atoms.length === 1 && low === high ? this.atoms[0][0] : null;
  }

  /** Smallest and largest value that a draw can have. */
  get reach() {
    return [this.quantileAt(UNREACHED, 1), this.quantileAt(1, UNREACHED)];
  }

  /** Quantile function of probabilities in (0, 1); rises with u. */
  quantile(u) {
    const x = new Float64Array(u.length);
    for (let i = 0; i < x.length; i++) x[i] = this.quantileAt(u[i], 1 - u[i]);
    return x;
  }
}

/** A standard distribution, moved and scaled, on a linear or a logarithmic scale. */
export class Continuous extends Distribution {
  /**
   * @param {string} words
   * @param {object} standard of z in x = location + scale z, or of its logarithm
   * @param {number} location
   * @param {number} scale
   * @param {number[]} ends support, as stated
   * @param {{isLog?: boolean, shift?: number}} [more] shift is added to all values, after the scale
   */
  constructor(words, standard, location, scale, ends = [-Infinity, Infinity], more = {}) {
    super(words);
    this.standard = standard;
    this.location = location;
    this.scale = scale;
    this.support = ends;
    this.isLog = more.isLog ?? false;
    this.shift = more.shift ?? 0;
  }

  get isExplicit() {
    return this.standard.isExplicit;
  }

  /** Values at which the density jumps or bends, within the support. */
  get breaks() {
    return (this.standard.breaks ?? []).map((z) => this.atStandard(z));
  }

  renamed(words) {
    return new Continuous(words, this.standard, this.location, this.scale, this.support, this);
  }

  atStandard(z) {
    const x = this.location + this.scale * z;
    return (this.isLog ? Math.exp(x) : x) + this.shift;
  }

  standardised(x) {
    const above = x - this.shift;
    return ((this.isLog ? Math.log(Math.max(above, 0)) : above) - this.location) / this.scale;
  }

  cdf(x) {
    return this.standard.cdf(this.standardised(x));
  }

  sf(x) {
    return this.standard.sf(this.standardised(x));
  }

  pdf(x) {
    const density = this.standard.pdf(this.standardised(x)) / this.scale;
    if (!this.isLog) return density;
    const above = x - this.shift;
    return above > 0 ? density / above : 0;
  }

  quantileAt(u, v) {
    const { standard, support } = this;
    const z = u <= v ? standard.ppf(u) : standard.mirror - standard.reflected.ppf(v);
    return Math.min(Math.max(this.atStandard(z), support[0]), support[1]); // against rounding past a stated end
  }
}

/** A continuous distribution given that it lies in an interval within its support: renormalised, without atoms. */
export class Truncated extends Distribution {
  constructor(words, base, low, high) {
    super(words);
    this.base = base;
    this.support = [low, high];
    this.mass = probabilityBetween(base, low, high);
    this.below = base.cdf(low);
    this.above = base.sf(high);
  }

  get isExplicit() {
    return this.base.isExplicit;
  }

  get breaks() {
    return this.base.breaks;
  }

  renamed(words) {
    return new Truncated(words, this.base, ...this.support);
  }

  cdf(x) {
    const inside = Math.min(Math.max(x, this.support[0]), this.support[1]);
    let part;
    if (this.below <= 0.5) part = this.base.cdf(inside) - this.below;
    else part = this.base.sf(this.support[0]) - this.base.sf(inside); // the interval lies in the upper tail
    return Math.min(Math.max(part / this.mass, 0), 1);
  }

  sf(x) {
    const inside = Math.min(Math.max(x, this.support[0]), this.support[1]);
    let part;
    if (this.above <= 0.5) part = this.base.sf(inside) - this.above;
    else part = this.base.cdf(this.support[1]) - this.base.cdf(inside); // the interval lies in the lower tail
    return Math.min(Math.max(part / this.mass, 0), 1);
  }

  pdf(x) {
    return x >= this.support[0] && x <= this.support[1] ? this.base.pdf(x) / this.mass : 0;
  }

  quantileAt(u, v) {
    const x = this.base.quantileAt(this.below + u * this.mass, this.above + v * this.mass);
    return Math.min(Math.max(x, this.support[0]), this.support[1]); // against rounding past an end
  }
}

/** P(low <= X <= high), from whichever tail the interval lies in: accurate also where it is small. */
export function probabilityBetween(distribution, low, high) {
  const below = distribution.cdf(low);
  const above = distribution.sf(high);
  if (below > 0.5) return distribution.sf(low) - above; // in the upper tail 1 - below has lost its digits
  if (above > 0.5) return distribution.cdf(high) - below;
  return 1 - below - above;
}

// --- Standard distributions: only the lower tail is written down, the upper is that of the reflected one -------------

/** A standard distribution that is its own reflection. */
function symmetric(standard) {
  standard.reflected = standard;
  standard.sf = (z) => standard.cdf(standard.mirror - z);
  return standard;
}

export const STANDARD_NORMAL = symmetric({
  isExplicit: true,
  mirror: 0,
  cdf: ndtr,
  pdf: (z) => Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI),
  ppf: ndtri,
});

export const STANDARD_UNIFORM = symmetric({
  isExplicit: true,
  mirror: 1,
  cdf: (z) => Math.min(Math.max(z, 0), 1),
  pdf: (z) => (z >= 0 && z <= 1 ? 1 : 0),
  ppf: (p) => p,
});

export function standardStudentT(df) {
  const half = 0.5 * (df + 1);
  const logNorm = lgamma(half) - lgamma(0.5 * df) - 0.5 * Math.log(df * Math.PI);
  return symmetric({
    isExplicit: false,
    mirror: 0,
    cdf: (z) => stdtr(df, z),
    pdf: (z) => Math.exp(logNorm - half * Math.log1p((z * z) / df)),
    ppf: (p) => stdtrit(df, p),
  });
}

export function standardBeta(a, b) {
  const one = oneSidedBeta(a, b);
  one.reflected = oneSidedBeta(b, a);
  one.reflected.reflected = one;
  return one;
}

function oneSidedBeta(a, b) {
  const front = betaln(a, b);
  let ppf = (p) => betaincinv(a, b, p);
  if (a === 1) ppf = (p) => -Math.expm1(Math.log1p(-p) / b);
  if (b === 1) ppf = (p) => p ** (1 / a);
  return {
    isExplicit: a === 1 || b === 1,
    mirror: 1,
    cdf: (z) => betainc(a, b, Math.min(Math.max(z, 0), 1)),
    sf: (z) => betaincc(a, b, Math.min(Math.max(z, 0), 1)), // at 1 - z small z would be lost
    pdf: (z) => {
      if (!(z >= 0 && z <= 1)) return 0;
      const left = a === 1 ? 0 : (a - 1) * Math.log(z);
      const right = b === 1 ? 0 : (b - 1) * Math.log1p(-z);
      return Math.exp(left + right - front);
    },
    ppf,
  };
}
