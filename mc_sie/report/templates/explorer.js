"use strict";
// Draws come with the page; a prior is answered for by how much likelier it makes each of them than the proposal did.
// Laws are {parts, atoms} as in mc_sie/distributions/families.py, an entry is what a prior file says of one quantity.

const $ = (selector, root = document) => root.querySelector(selector);
const DATA = JSON.parse($("#data").textContent);
const Q = DATA.quantities, N = DATA.n, R = DATA.replicates, RULE = DATA.rule;
const LN10 = Math.LN10;

// ------------------------------------------------------------------------------------------------ special functions

const LANCZOS = [0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7];

function lnGamma(x) {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - lnGamma(1 - x);
  let sum = LANCZOS[0];
  for (let i = 1; i < 9; i++) sum += LANCZOS[i] / (x - 1 + i);
  const t = x + 6.5;
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(sum);
}
const lnBeta = (a, b) => lnGamma(a) + lnGamma(b) - lnGamma(a + b);

function betaInc(a, b, x) { // regularised, by Lentz's continued fraction
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - betaInc(b, a, 1 - x);
  const tiny = 1e-300;
  let c = 1, d = 1 / (Math.abs(1 - (a + b) * x / (a + 1)) < tiny ? tiny : 1 - (a + b) * x / (a + 1)), h = d;
  for (let m = 1; m < 10000; m++) {
    for (const part of [m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)), -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))]) {
      d = 1 + part * d; c = 1 + part / c;
      d = 1 / (Math.abs(d) < tiny ? tiny : d); c = Math.abs(c) < tiny ? tiny : c;
      h *= d * c;
    }
    if (Math.abs(d * c - 1) < 1e-16) break;
  }
  return Math.exp(a * Math.log(x) + b * Math.log1p(-x) - lnBeta(a, b)) * h / a;
}

function normalCdf(z) { // relative accuracy in both tails
  const x = Math.abs(z) / Math.SQRT2;
  let tail; // erfc(x) / 2
  if (x < 2) {
    let term = x, sum = x;
    for (let n = 1; Math.abs(term) > 1e-18 * sum; n++) { term *= -x * x / n; sum += term / (2 * n + 1); if (n > 200 || x === 0) break; }
    tail = 0.5 - sum / Math.sqrt(Math.PI);
  } else {
    let f = x;
    for (let n = 120; n > 0; n--) f = x + (n / 2) / f;
    tail = 0.5 * Math.exp(-x * x) / (Math.sqrt(Math.PI) * f);
  }
  return z < 0 ? tail : 1 - tail;
}

// ------------------------------------------------------------------------------------------------------------- laws

const STANDARD = { // cdf of the standard law; `mirror - z` has the law with `reflected` shape
  normal: { mirror: 0, cdf: (z) => normalCdf(z) },
  uniform: { mirror: 1, cdf: (z) => Math.min(Math.max(z, 0), 1) },
  beta: { mirror: 1, cdf: (z, [a, b]) => betaInc(a, b, z), reflected: ([a, b]) => [b, a] },
  student_t: {
    mirror: 0,
    cdf: (z, [df]) => { const half = 0.5 * betaInc(0.5 * df, 0.5, df / (df + z * z)); return z < 0 ? half : 1 - half; },
  },
};
const placeIn = (part, x) => ((part.isLog ? Math.log(Math.max(x, 0)) : x) - part.at) / part.scale;
const below = (part, x) => STANDARD[part.kind].cdf(placeIn(part, x), part.shape);
function above(part, x) {
  const law = STANDARD[part.kind];
  return law.cdf(law.mirror - placeIn(part, x), law.reflected ? law.reflected(part.shape) : part.shape);
}
function between(part, low, high) { // from whichever tail the interval lies in
  const under = below(part, low), over = above(part, high);
  if (under > 0.5) return above(part, low) - over;
  if (over > 0.5) return below(part, high) - under;
  return 1 - under - over;
}

class Unusable extends Error {}
const need = (condition, message) => { if (!condition) throw new Unusable(message); };

function part(kind, shape, at, scale, low, high, isLog = false) {
  return { weight: 1, kind, shape, at, scale, low, high, isLog, mass: 1 };
}
const betaPart = (a, b, low, high) => part("beta", [a, b], low, high - low, low, high);
const only = (one) => ({ parts: [one], atoms: [] });
const ends = (p) => need(p.low < p.high, "the lower end must be below the upper one");
const peak = (p) => { ends(p); need(p.low <= p.peak && p.peak <= p.high, "the peak must lie between the ends"); };
const Z95 = 1.6448536269514722;

// keys: [parameter, kind of slider]; "place" lies among the values, "size" is a positive number
const FAMILIES = {
  fixed: { title: "one value", keys: [["value", "place"]], law: (p) => ({ parts: [], atoms: [[p.value, 1]] }) },
  uniform: { title: "uniform", keys: [["low", "place"], ["high", "place"]], law(p) { ends(p); return only(part("uniform", [], p.low, p.high - p.low, p.low, p.high)); } },
  loguniform: {
    title: "loguniform", keys: [["low", "place"], ["high", "place"]], isPositive: true,
    law(p) { need(p.low > 0, "the lower end must be above 0"); ends(p); return only(part("uniform", [], Math.log(p.low), Math.log(p.high / p.low), p.low, p.high, true)); },
  },
  normal: { title: "normal", keys: [["mean", "place"], ["sd", "size"]], law(p) { need(p.sd > 0, "sd must be above 0"); return only(part("normal", [], p.mean, p.sd, -Infinity, Infinity)); } },
  lognormal: {
    title: "lognormal", keys: [["median", "place"], ["sd_log", "size"]], isPositive: true,
    law(p) { need(p.median > 0 && p.sd_log > 0, "median and sd_log must be above 0"); return only(part("normal", [], Math.log(p.median), p.sd_log, 0, Infinity, true)); },
  },
  quantiles: {
    title: "90 % range", keys: [["q05", "place"], ["q95", "place"]],
    law(p) {
      need(p.q05 < p.q95, "the 5 % quantile must be below the 95 % one");
      const isLog = p.fit === "lognormal";
      need(!isLog || p.q05 > 0, "a lognormal has positive values only");
      const [a, b] = isLog ? [Math.log(p.q05), Math.log(p.q95)] : [p.q05, p.q95];
      const sd = (b - a) / (2 * Z95);
      return only(part("normal", [], a + Z95 * sd, sd, isLog ? 0 : -Infinity, Infinity, isLog));
    },
  },
  triangular: {
    title: "triangular", keys: [["low", "place"], ["peak", "place"], ["high", "place"]],
    law(p) {
      peak(p);
      const sides = [];
      if (p.low < p.peak) sides.push({ ...betaPart(2, 1, p.low, p.peak), weight: (p.peak - p.low) / (p.high - p.low) });
      if (p.peak < p.high) sides.push({ ...betaPart(1, 2, p.peak, p.high), weight: (p.high - p.peak) / (p.high - p.low) });
      return { parts: sides, atoms: [] };
    },
  },
  pert: {
    title: "PERT", keys: [["low", "place"], ["peak", "place"], ["high", "place"]],
    law(p) { peak(p); const w = p.high - p.low; return only(betaPart(1 + 4 * (p.peak - p.low) / w, 1 + 4 * (p.high - p.peak) / w, p.low, p.high)); },
  },
  beta: {
    title: "beta", keys: [["a", "size"], ["b", "size"], ["low", "place"], ["high", "place"]],
    law(p) { need(p.a > 0 && p.b > 0, "a and b must be above 0"); ends(p); return only(betaPart(p.a, p.b, p.low, p.high)); },
  },
  student_t: {
    title: "Student t", keys: [["location", "place"], ["scale", "size"], ["df", "size"]],
    law(p) { need(p.scale > 0 && p.df > 0, "scale and df must be above 0"); return only(part("student_t", [p.df], p.location, p.scale, -Infinity, Infinity)); },
  },
  mixture: {
    title: "mixture", keys: [],
    law(p) {
      need(p.components.every(({ weight }) => weight >= 0), "no weight may be below 0");
      const total = p.components.reduce((sum, one) => sum + one.weight, 0);
      need(total > 0 && total < Infinity, "some weight must be above 0");
      const law = { parts: [], atoms: [] };
      for (const { weight, family, ...parameters } of p.components) {
        if (!(weight > 0)) continue;
        const inner = lawOf(family, parameters);
        law.parts.push(...inner.parts.map((one) => ({ ...one, weight: one.weight * weight / total })));
        law.atoms.push(...inner.atoms.map(([value, prob]) => [value, prob * weight / total]));
      }
      return law;
    },
  },
  categorical: { title: "credences", keys: [], law: (p) => FAMILIES.mixture.law({ components: Object.entries(p.values).map(([mode, weight]) => ({ weight, family: "fixed", value: DATA.modes.indexOf(mode) })) }) },
  absent: { title: "not given", keys: [], law: () => null },
};
FAMILIES.linear_pool = { ...FAMILIES.mixture, title: "linear pool" };

function lawOf(family, parameters) {
  const given = Object.fromEntries(Object.entries(parameters).map(([key, value]) => [key, number(value)]));
  if (family === "beta") { given.low ??= 0; given.high ??= 1; }
  for (const [key] of FAMILIES[family].keys) need(!Number.isNaN(given[key]) && given[key] !== undefined && given[key] !== null, `${key} is not a number`);
  return truncated(FAMILIES[family].law(given), given.truncate_low, given.truncate_high);
}
const number = (value) => (value === "inf" ? Infinity : value === "-inf" ? -Infinity : value === "nan" ? NaN : value);

function truncated(law, low, high) {
  if (law === null || ((low ?? null) === null && (high ?? null) === null)) return law;
  low ??= -Infinity; high ??= Infinity;
  need(low < high, "truncate_low must be below truncate_high");
  const parts = [];
  for (const one of law.parts) {
    const a = Math.max(low, one.low), b = Math.min(high, one.high);
    const mass = a < b ? between(one, a, b) : 0;
    if (mass > 0) parts.push({ ...one, low: a, high: b, weight: one.weight * mass / one.mass, mass });
  }
  const atoms = law.atoms.filter(([value]) => value >= low && value <= high);
  const total = parts.reduce((sum, one) => sum + one.weight, 0) + atoms.reduce((sum, [, prob]) => sum + prob, 0);
  need(total > 0, "truncation leaves nothing");
  return { parts: parts.map((one) => ({ ...one, weight: one.weight / total })), atoms: atoms.map(([value, prob]) => [value, prob / total]) };
}

function entryLaw(entry) { // of an entry from the file as the program has fitted it, of one that was edited from its parameters
  if (!entry) return null;
  if (!entry.law) entry.law = lawOf(entry.family, entry.parameters);
  return entry.law;
}
function cdf(law, x) {
  const smooth = law.parts.reduce((sum, one) => sum + one.weight * (x <= one.low ? 0 : x >= one.high ? 1 : between(one, one.low, x) / one.mass), 0);
  return smooth + law.atoms.reduce((sum, [value, prob]) => sum + (x >= value ? prob : 0), 0);
}
function quantile(law, prob, name) {
  if (law.column) return law.quantiles[prob < 0.3 ? 0 : prob > 0.7 ? 2 : 1];
  const scale = Q[name].scale;
  const finite = [...law.parts.flatMap((one) => [one.low, one.high]), ...law.atoms.map(([value]) => value), ...Q[name].range].map(number).filter(Number.isFinite);
  let low = toScale(scale, Math.min(...finite)), high = toScale(scale, Math.max(...finite));
  if (!Number.isFinite(low)) low = scale === "logit" ? -20 : -30;
  if (!Number.isFinite(high)) high = scale === "logit" ? 20 : 30;
  low -= 10; high += 10;
  for (let i = 0; i < 80; i++) { const middle = 0.5 * (low + high); if (cdf(law, fromScale(scale, middle)) >= prob) high = middle; else low = middle; }
  const x = fromScale(scale, high);
  return law.atoms.some(([value]) => value === Infinity) && x > 1e8 ? Infinity : x;
}
const toScale = (scale, x) => (scale === "log" ? Math.log(x) : scale === "logit" ? Math.log(x) - Math.log1p(-x) : x);
const fromScale = (scale, s) => (scale === "log" ? Math.exp(s) : scale === "logit" ? 1 / (1 + Math.exp(-s)) : s);

function partConstant(one) {
  const shape = one.kind === "normal" ? -0.5 * Math.log(2 * Math.PI)
    : one.kind === "beta" ? -lnBeta(...one.shape)
      : one.kind === "student_t" ? lnGamma(0.5 * (one.shape[0] + 1)) - lnGamma(0.5 * one.shape[0]) - 0.5 * Math.log(one.shape[0] * Math.PI) : 0;
  return Math.log(one.weight) - Math.log(one.scale) - Math.log(one.mass) + shape;
}
function partDensity(one, constant, x, lnX) { // logarithm
  if (!(x >= one.low && x <= one.high)) return -Infinity;
  const z = ((one.isLog ? lnX : x) - one.at) / one.scale;
  const jacobian = one.isLog ? constant - lnX : constant;
  switch (one.kind) {
    case "normal": return jacobian - 0.5 * z * z;
    case "uniform": return z >= 0 && z <= 1 ? jacobian : -Infinity;
    case "beta": {
      if (!(z >= 0 && z <= 1)) return -Infinity;
      const [a, b] = one.shape;
      return jacobian + (a === 1 ? 0 : (a - 1) * Math.log(z)) + (b === 1 ? 0 : (b - 1) * Math.log1p(-z));
    }
    default: return jacobian - 0.5 * (one.shape[0] + 1) * Math.log1p(z * z / one.shape[0]);
  }
}
function density(law, x) {
  return law.parts.reduce((sum, one) => sum + Math.exp(partDensity(one, partConstant(one), x, Math.log(x))), 0);
}

// ------------------------------------------------------------------------------------------------------------ draws

const ARRAYS = {}, VALUES = {}, EXACT = {}, LOGS = {};
const KINDS = { u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, f8: Float64Array };

async function unpack() {
  const text = $("#draws").textContent.trim();
  const binary = atob(text), packed = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) packed[i] = binary.charCodeAt(i);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  let offset = 0;
  for (const [name, kind, size] of DATA.manifest) {
    const width = +kind[1], flat = new Uint8Array(size * width);
    for (let plane = 0; plane < width; plane++) for (let i = 0; i < size; i++) flat[i * width + plane] = bytes[offset + plane * size + i];
    ARRAYS[name] = new KINDS[kind](flat.buffer);
    offset += size * width;
  }
  for (const [name, coding] of Object.entries(DATA.codings)) {
    const codes = ARRAYS[`draws ${name}`], own = coding.values.map(number), n = own.length;
    const values = new Float64Array(N), exact = new Uint8Array(N);
    for (let i = 0; i < N; i++) {
      exact[i] = codes[i] < n ? 1 : 0;
      values[i] = codes[i] < n ? own[codes[i]] : fromScale(coding.scale, coding.start + (codes[i] - n + 0.5) * coding.step);
    }
    VALUES[name] = values; EXACT[name] = exact;
  }
}

const RESTATED = { // value from the model's coordinates, and logarithm of its derivative by what it determines
  sigma: (i) => { const sigma = 1 / (1 - VALUES.rho[i]); return [sigma, 2 * Math.log(sigma)]; },
  max_speed: (i) => {
    const rho = VALUES.rho[i], lnAlpha = Math.log(VALUES.alpha_compute[i]), lnSpeed = rho === 0 ? Infinity : lnAlpha / rho;
    return [Math.exp(lnSpeed), lnSpeed + Math.log(-lnAlpha) - 2 * Math.log(Math.abs(rho))];
  },
  max_speed_compute: (i) => { // at a fixed max_speed
    const rho = VALUES.rho[i], alpha = VALUES.alpha_compute[i], lnRest = Math.log1p(-alpha), lnSpeed = rho < 0 ? lnRest / rho : Infinity;
    return [Math.exp(lnSpeed), lnSpeed + Math.log((1 / (1 - alpha) + lnRest / (alpha * Math.log(alpha))) / -rho)];
  },
  r_total: (i) => {
    const perR = 1 / ((1 - VALUES.alpha_compute[i]) * VALUES.labour_per_efficiency[i]);
    return [VALUES.r[i] * perR, Math.log(perR)];
  },
  r_cumulative: (i) => {
    const perR = 1 / ((1 - VALUES.alpha_compute[i]) * VALUES.labour_per_efficiency[i] * VALUES.lam[i]);
    return [VALUES.r[i] * perR, Math.log(perR)];
  },
};
function stated(name) { // values in the coordinate of an entry, and the slope
  if (!LOGS[name]) {
    const values = RESTATED[name] ? new Float64Array(N) : VALUES[name], slope = RESTATED[name] ? new Float64Array(N) : null;
    if (slope) for (let i = 0; i < N; i++) [values[i], slope[i]] = RESTATED[name](i);
    LOGS[name] = { values, slope, logs: values.map(Math.log) };
  }
  return LOGS[name];
}

// --------------------------------------------------------------------------------------------------- weights of draws

const COLUMNS = new Map(); // logarithm of mass or density of every draw, by what an entry says
const isNear = (x, y) => x === y || Math.abs(x - y) <= 1e-9 * Math.abs(y);

function column(name, entry) { // name: the quantity of the model
  const law = entryLaw(entry);
  if (law?.column) return ARRAYS[law.column];
  const key = name + (entry ? entry.name + JSON.stringify([law.parts, law.atoms], (k, v) => (Math.abs(v) === Infinity ? String(v) : v)) : "");
  const known = COLUMNS.get(key);
  if (known) { COLUMNS.delete(key); COLUMNS.set(key, known); return known; }
  const found = new Float64Array(N), exact = EXACT[name];
  if (!entry) {
    for (let i = 0; i < N; i++) found[i] = exact[i] && Number.isNaN(VALUES[name][i]) ? 0 : -Infinity;
  } else {
    const { values, slope, logs } = stated(entry.name);
    const parts = law.parts.map((one) => ({ ...one, low: number(one.low), high: number(one.high) }));
    const constants = parts.map(partConstant), single = parts.length === 1;
    const atoms = law.atoms.map(([value, prob]) => [number(value), prob]);
    const low = Math.min(...parts.map((one) => one.low), ...atoms.map(([value]) => value));
    const high = Math.max(...parts.map((one) => one.high), ...atoms.map(([value]) => value));
    for (let i = 0; i < N; i++) {
      let x = values[i];
      if (slope && ((x < low && isNear(x, low)) || (x > high && isNear(x, high)))) x = x < low ? low : high;
      if (exact[i]) {
        let mass = 0;
        for (const [value, prob] of atoms) if (isNear(x, value)) mass += prob;
        found[i] = Math.log(mass);
      } else if (single) {
        found[i] = partDensity(parts[0], constants[0], x, logs[i]) + (slope ? slope[i] : 0);
      } else {
        let sum = 0;
        for (let j = 0; j < parts.length; j++) sum += Math.exp(partDensity(parts[j], constants[j], x, logs[i]));
        found[i] = Math.log(sum) + (slope ? slope[i] : 0);
      }
      if (Number.isNaN(found[i])) found[i] = -Infinity;
    }
  }
  COLUMNS.set(key, found);
  if (COLUMNS.size > 90) COLUMNS.delete(COLUMNS.keys().next().value);
  return found;
}

const MODEL = Object.keys(Q).filter((name) => Q[name].determines === name);
const entryFor = (entries, name) => Object.values(entries).find((entry) => Q[entry.name].determines === name);

function sumOf(columns) {
  const sum = new Float64Array(N);
  for (const one of columns) for (let i = 0; i < N; i++) sum[i] += one[i];
  return sum;
}
function logTarget(members, names = MODEL) { // one array a member: sums of the columns of some quantities
  return members.map(({ entries }) => sumOf(names.map((name) => column(name, entryFor(entries, name)))));
}
const rest = { columns: [], sum: null }; // while one quantity is moved, the sum of the others stays
function logMoved(members, moving) {
  if (members.length > 1) return logTarget(members);
  const columns = MODEL.filter((name) => name !== moving).map((name) => column(name, entryFor(members[0].entries, name)));
  if (columns.length !== rest.columns.length || columns.some((one, j) => one !== rest.columns[j])) { rest.columns = columns; rest.sum = sumOf(columns); }
  return [MODEL.includes(moving) ? sumOf([rest.sum, column(moving, entryFor(members[0].entries, moving))]) : rest.sum];
}
function weightsOf(members, sums) {
  const weights = new Float64Array(N), log = ARRAYS["log proposal"], counted = ARRAYS.counted;
  members.forEach(({ weight }, m) => {
    const sum = sums[m];
    for (let i = 0; i < N; i++) if (counted[i >> 3] >> (i & 7) & 1) weights[i] += weight * Math.exp(sum[i] - log[i]);
  });
  return weights;
}

function paretoK(weights) { // Zhang & Stephens with the weak prior of Vehtari et al., as in mc_sie/stats/pareto.py
  const size = Math.ceil(Math.min(0.2 * N, 3 * Math.sqrt(N)));
  const positive = weights.filter((w) => w > 0).sort(), n = positive.length, least = n > size ? positive[n - size - 1] : 0;
  const excess = Array.from(positive.subarray(Math.max(n - size, 0)), (w) => w - least).filter((w) => w > 1e-9 * positive[n - 1]), m = excess.length;
  if (N < 25) return NaN;
  if (m < 5) return -Infinity;
  const count = 30 + Math.floor(Math.sqrt(m)), grid = [], logs = [];
  for (let j = 1; j <= count; j++) {
    const at = (1 - Math.sqrt(count / (j - 0.5))) / (3 * excess[Math.floor(m / 4 + 0.5) - 1]) + 1 / excess[m - 1];
    let shape = 0;
    for (let i = 0; i < m; i++) shape += Math.log1p(-at * excess[i]);
    shape /= m;
    grid.push(at); logs.push(m * (Math.log(-at / shape) - shape - 1));
  }
  let top = 0, bottom = 0;
  for (let j = 0; j < count; j++) {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += Math.exp(logs[i] - logs[j]);
    top += grid[j] / sum; bottom += 1 / sum;
  }
  const at = top / bottom;
  const k = excess.reduce((sum, w) => sum + Math.log1p(-at * w), 0) / m;
  return (m * k + 5) / (m + 10);
}

const hitRow = (event) => { const row = Math.ceil(N / 8); return ARRAYS.hits.subarray(event * row, (event + 1) * row); };
const jackknifeSe = (values) => { const mean = values.reduce((a, b) => a + b, 0) / values.length; return Math.sqrt((values.length - 1) / values.length * values.reduce((sum, x) => sum + (x - mean) ** 2, 0)); };

function upperBound(hit, hitSquares, total, largest) { // from the effective number of hits, an unseen one of the largest weight included
  const prob = (hit + largest) / (total + largest), hits = (hit + largest) ** 2 / (hitSquares + largest ** 2);
  if (prob >= 1) return 1;
  let low = 0, high = 1;
  for (let i = 0; i < 70; i++) { const middle = 0.5 * (low + high); if (betaInc(hits, hits * (1 - prob) / prob, middle) < RULE.bound) low = middle; else high = middle; }
  return high;
}

function estimate(weights, event) { // share of the hits, leaving out one randomisation at a time for its error
  const hits = hitRow(event), each = N / R;
  const totals = new Float64Array(R), parts = new Float64Array(R), most = new Float64Array(R), mostMiss = new Float64Array(R);
  let squares = 0, hitSquares = 0;
  for (let r = 0; r < R; r++) {
    for (let i = r * each; i < (r + 1) * each; i++) {
      const w = weights[i];
      totals[r] += w; squares += w * w;
      if (hits[i >> 3] >> (i & 7) & 1) { parts[r] += w; hitSquares += w * w; if (w > most[r]) most[r] = w; } else if (w > mostMiss[r]) mostMiss[r] = w;
    }
  }
  const total = totals.reduce((a, b) => a + b, 0), hit = parts.reduce((a, b) => a + b, 0);
  const without = Array.from(totals, (one, r) => (hit - parts[r]) / (total - one));
  const found = { prob: hit / total, ess: total ** 2 / squares, kind: "t", without, covered: total / N };
  const means = Array.from(totals, (one) => one / each), mean = total / N;
  found.coveredSe = Math.sqrt(means.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (R - 1) / R);
  const isUpper = found.prob <= 0.5, rare = isUpper ? hit : total - hit, rareSquares = isUpper ? hitSquares : squares - hitSquares;
  if (!(total > 0)) return { ...found, prob: NaN, se: NaN, ess: 0, low: NaN, high: NaN };
  const hasError = rareSquares > 0 && rare ** 2 / rareSquares >= RULE.rare && totals.every((one) => one < total);
  const se = hasError ? Math.max(jackknifeSe(without), RULE.least * R / found.ess) : NaN;
  if (!hasError || (isUpper ? most : mostMiss).some((w) => w === 0)) {
    const bound = upperBound(rare, rareSquares, total, Math.max(...most, ...mostMiss));
    return { ...found, kind: isUpper ? "upper" : "lower", se, low: isUpper ? 0 : 1 - bound, high: isUpper ? bound : 1 };
  }
  return { ...found, se, low: Math.max(0, found.prob - RULE.t * se), high: Math.min(1, found.prob + RULE.t * se) };
}

function light(found, k, isBounded) { // weights of a set that was drawn from are bounded: k-hat is not asked for
  const red = [];
  if (!(found.ess > 0)) red.push("there are no draws like it");
  else {
    if (!(k < RULE.k) && !isBounded) red.push(`the weights have a heavy tail (k-hat ${k.toFixed(2)}, should be below ${RULE.k.toFixed(2)})`);
    if (found.ess < RULE.fewest) red.push(`the draws are worth only ${whole(found.ess)} of equal weight, below ${whole(RULE.fewest)}`);
    if (1 - found.covered > Math.max(RULE.lacking, 3 * found.coveredSe)) red.push(`${(100 * (1 - found.covered)).toPrecision(2)} % of the prior lies where there are no draws`);
  }
  if (red.length) return ["red", red];
  if (found.ess < RULE.enough) return ["amber", [`the draws are worth ${whole(found.ess)} of equal weight, below ${whole(RULE.enough)}`]];
  return ["green", []];
}
const worst = (one, other) => (one === "red" || other === "red" ? "red" : one === "amber" || other === "amber" ? "amber" : "green");

// ------------------------------------------------------------------------------------------------- numbers in words

const whole = (x) => Math.round(x).toLocaleString("en-GB");
function decimals(error) {
  if (!(error > 0) || error === Infinity) return 1;
  const digits = -Math.floor(Math.log10(error));
  return Math.max(0, Math.round(error * 10 ** digits) < 10 ? digits : digits - 1);
}
const twoDigits = (x) => { if (!(x > 0)) return "0"; const scale = 10 ** (1 - Math.floor(Math.log10(x))); return String(+(Math.ceil(x * scale - 1e-9) / scale).toPrecision(10)); };
function inPercent(found) {
  if (Number.isNaN(found.prob)) return "no draws";
  const parts = Number.isNaN(found.se) ? [] : [`${(100 * found.prob).toFixed(decimals(100 * found.se))} %`];
  if (found.kind === "upper") parts.push(`below ${twoDigits(100 * found.high)} %`);
  if (found.kind === "lower") parts.push(`above ${+(100 - +twoDigits(100 * (1 - found.low))).toPrecision(12)} %`);
  return parts.join(", ");
}
const inPoints = (se) => (100 * se).toFixed(decimals(100 * se));
function oneIn(prob) {
  if (!(prob > 0)) return "never";
  if (prob >= 1) return "always";
  if (prob <= 0.22) return `about 1 in ${whole(1 / prob < 100 ? 1 / prob : +(1 / prob).toPrecision(2))}`;
  if (prob > 0.95) return `all but ${oneIn(1 - prob)}`;
  let best = [Infinity];
  for (const n of [2, 3, 4, 5, 6, 8, 10]) for (let k = 1; k < n; k++) if (Math.abs(prob - k / n) < best[0] - 1e-12) best = [Math.abs(prob - k / n), n, k];
  return `about ${best[2]} in ${best[1]}`;
}
const short = (x) => (Number.isFinite(x) ? String(+(+x).toPrecision(3)) : x > 0 ? "no limit" : String(x));
const unitOf = (name) => (Q[name].unit === "1" || Q[name].unit === "mode" ? "" : ` ${Q[name].unit}`);
const words = (text) => text.replaceAll("_", " ");
const escape = (text) => String(text).replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);

function describe(entry, name) {
  if (!entry) return "not given";
  if (entry.words) return entry.words;
  const p = entry.parameters, cut = [["above", p.truncate_low], ["below", p.truncate_high]].filter(([, x]) => x !== undefined).map(([word, x]) => `${word} ${short(x)}`).join(" and ");
  const text = entry.family === "fixed" ? `exactly ${p.value === "inf" ? "no limit" : p.value}`
    : entry.family === "categorical" ? Object.entries(p.values).filter(([, w]) => w > 0).map(([mode, w]) => `${short(100 * w)} % ${words(mode)}`).join(", ")
      : entry.family === "mixture" || entry.family === "linear_pool" ? `mixture: ${p.components.map(({ weight, ...one }) => `${short(100 * weight)} % ${describe({ family: one.family, parameters: one }, name)}`).join(", ")}`
        : entry.family === "quantiles" ? `90 % from ${short(p.q05 ?? p.quantiles?.q05)} to ${short(p.q95 ?? p.quantiles?.q95)} (${p.fit})`
          : "peak" in p ? `${FAMILIES[entry.family].title} from ${short(p.low)} to ${short(p.high)}, peak ${short(p.peak)}`
            : entry.family === "uniform" || entry.family === "loguniform" ? `${entry.family} from ${short(p.low)} to ${short(p.high)}`
              : `${FAMILIES[entry.family].title}, ${FAMILIES[entry.family].keys.map(([key]) => `${words(key)} ${short(p[key])}`).join(", ")}`;
  return cut ? `${text}, only ${cut}` : text;
}

// ------------------------------------------------------------------------------------------------------------ state

let state = { start: DATA.base, event: 0, look: "rho", changes: {}, against: "", theirs: null };
let linked = null; // the priors that the link came with
let current = null; // members, weights and estimate of what is shown

const copy = (value) => JSON.parse(JSON.stringify(value, (key, inner) => (inner === Infinity ? "inf" : inner === -Infinity ? "-inf" : inner)));
function membersOf(start, changes) {
  return DATA.sets[start].members.map(({ weight, entries }) => {
    const found = { ...entries };
    for (const [name, entry] of Object.entries(changes)) {
      for (const other of Object.keys(found)) if (Q[other].determines === Q[name].determines) delete found[other];
      if (entry.family !== "absent") found[name] = entry;
    }
    for (const [name, entry] of Object.entries(found)) entry.name = name;
    return { weight, entries: found };
  });
}
function check(members) { // what must hold of a set as a whole
  for (const { entries } of members) {
    for (const [first, second] of DATA.paired) need(!entries[first] === !entries[second], `${first} and ${second} go together: give both or neither`);
    for (const name of Object.keys(entries)) for (const partner of Q[name].partners) need(entries[partner], `${name} means something only beside ${partner}: state both, or neither and what they determine (${Q[partner].determines}, ${Q[name].determines})`);
    const modes = entryLaw(entries.mode).atoms.filter(([, prob]) => prob > 0).map(([code]) => DATA.modes[code]);
    need(!entries.rho_long || !modes.some((mode) => mode.startsWith("shortening")), "the shortening modes need a law that does not change with time: take rho_long away, or choose other modes");
  }
}
function checkDomain(name, law) {
  if (!law || law.column) return;
  const q = Q[name], low = number(q.low), high = number(q.high);
  const lows = [...law.parts.map((one) => number(one.low)), ...law.atoms.map(([v]) => number(v))], highs = [...law.parts.map((one) => number(one.high)), ...law.atoms.map(([v]) => number(v))];
  const range = `${name} lies ${Number.isFinite(low) ? `from ${low}` : "anywhere"}${Number.isFinite(high) ? ` to ${high}` : " up"}`;
  for (const one of law.parts) {
    if (one.low < low) need(below(one, low) < 1e-15, `${range}: cut the law there`);
    if (one.high > high) need(above(one, high) < 1e-15, `${range}: cut the law there`);
  }
  need(law.atoms.every(([v]) => number(v) >= low && number(v) <= high && !(q.lowOpen && number(v) === low) && !(q.highOpen && number(v) === high)), range);
  return [Math.min(...lows), Math.max(...highs)];
}

const isDrawn = (members) => Object.values(DATA.sets).some((set) => set.members.length === members.length
  && set.members.every(({ entries }, m) => Object.keys(Q).every((name) => isSame(entries[name], members[m].entries[name]))));
let moving = ""; // the quantity of the model that is being changed
function answer(members, event) {
  check(members);
  const weights = weightsOf(members, logMoved(members, moving));
  const found = estimate(weights, event), k = found.ess > 0 ? paretoK(weights) : NaN;
  const [colour, reasons] = light(found, k, isDrawn(members));
  for (const { entries } of members) for (const entry of Object.values(entries)) reasons.push(...lacking(entry));
  return { ...found, members, weights, k, colour, reasons: [...new Set(reasons)] };
}
const HAVE = {};
function lacking(entry) { // values of their own that no draw has: a reason that says more than a number
  const law = entryLaw(entry), name = Q[entry.name].determines;
  if (!law || law.column || entry.name !== name) return [];
  HAVE[name] ??= new Set(DATA.codings[name].values.map(number));
  return law.atoms.filter(([value, prob]) => prob > 0 && ![...HAVE[name]].some((own) => isNear(own, number(value))))
    .map(([value]) => `no draw has ${words(name)} = ${name === "mode" ? words(DATA.modes[value]) : short(number(value))}; give it a range, or run it`);
}

// -------------------------------------------------------------------------------------------------- state in the URL

const bare = (changes) => Object.fromEntries(Object.entries(changes).map(([name, { family, parameters }]) => [name, { family, parameters }]));
const encode = (value) => btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(value)))).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
const decode = (text) => JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0))));
function toLink() {
  const { start, event, look, changes, against, theirs } = state;
  return "#" + new URLSearchParams({ page: DATA.page, start, event: DATA.events[event].text, look, ...(Object.keys(changes).length && { changes: encode(bare(changes)) }),
    ...(against && { against }), ...(theirs && { theirs: encode({ start: theirs.start, changes: bare(theirs.changes) }) }) });
}
function fromLink() { // a link is somebody else's text: it may choose among names that are known here, and give numbers
  const given = new URLSearchParams(location.hash.slice(1)), notes = [];
  if (!given.has("start")) return notes;
  if (given.get("page") !== DATA.page) notes.push("This link was made on a page of other draws: its priors are kept, its numbers may differ by their error.");
  if (has(DATA.sets, given.get("start"))) state.start = given.get("start");
  else notes.push(`This page has no prior set ${quoted(given.get("start"))}; it starts from ${state.start}.`);
  const event = DATA.events.findIndex(({ text }) => text === given.get("event"));
  if (event >= 0) state.event = event; else notes.push(`This page does not carry the event ${quoted(given.get("event"))}.`);
  if (has(Q, given.get("look"))) state.look = given.get("look");
  try {
    state.changes = given.has("changes") ? linkedChanges(read(given.get("changes")), state.start) : {};
    state.theirs = given.has("theirs") ? linkedSet(read(given.get("theirs"))) : null;
  } catch (error) {
    if (!(error instanceof Unusable)) throw error;
    state.changes = {}; state.theirs = null;
    notes.push(`The priors in this link cannot be read (${error.message}); those of ${state.start} are shown.`);
  }
  state.against = given.get("against") ?? "";
  if (state.against !== "link" && !has(DATA.sets, state.against)) state.against = "";
  linked = state.theirs ?? (Object.keys(state.changes).length || state.start !== DATA.base ? { start: state.start, changes: copy(bare(state.changes)) } : null);
  return notes;
}
const has = (table, name) => typeof name === "string" && Object.hasOwn(table, name); // "constructor" is no prior set
const quoted = (text) => `"${String(text).slice(0, 40).replace(/[^\x20-\x7e]/g, "?")}"`;
function read(text) {
  try { return decode(text); } catch { throw new Unusable("it is cut short or was changed"); }
}
const isTable = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const PARTS_MOST = 50;
function linkedSet(given) {
  need(isTable(given) && has(DATA.sets, given.start), "it names a prior set that is not known");
  return { start: given.start, changes: linkedChanges(given.changes, given.start) };
}
function linkedChanges(given, start) { // made anew of what is known, so that nothing else of a link is kept, and nothing derived
  need(isTable(given), "it holds no table of priors");
  const changes = {};
  for (const [name, entry] of Object.entries(given)) {
    need(has(Q, name) && isTable(entry) && has(FAMILIES, entry.family) && isTable(entry.parameters), `${quoted(name)} is not known, or not stated`);
    need(Object.keys(changes).every((other) => Q[other].determines !== Q[name].determines), `${name} is stated twice`);
    need((name === "mode") === (entry.family === "categorical") && (entry.family !== "absent" || Q[name].optional), `${name} cannot be ${entry.family}`);
    changes[name] = { family: entry.family, parameters: linkedParameters(name, entry.family, entry.parameters), name };
    checkDomain(name, lawOf(entry.family, changes[name].parameters));
  }
  need(!Object.keys(changes).length || DATA.sets[start].members.length === 1, `${start} is a pool, which has no single prior to change`);
  return changes;
}
const NEEDED = { mixture: "components", linear_pool: "components", categorical: "values", quantiles: "fit" };
function linkedParameters(name, family, given) { // in their own order, by which comparisons tell what differs
  need(!NEEDED[family] || Object.hasOwn(given, NEEDED[family]), `${name} lacks its ${NEEDED[family]}`);
  return Object.fromEntries(Object.entries(given).map(([key, value]) => [key, linkedParameter(name, family, key, value)]));
}
function linkedParameter(name, family, key, value) {
  if (key === NEEDED[family]) return { components: linkedParts, values: linkedWeights, fit: linkedFit }[key](name, value);
  const isCut = (key === "truncate_low" || key === "truncate_high") && !["fixed", "categorical", "absent"].includes(family);
  need(isCut || FAMILIES[family].keys.some(([known]) => known === key), `${name} has no ${quoted(key)}`);
  return (isCut || family === "fixed") && (value === "inf" || value === "-inf") ? value : linkedNumber(value, `${key} of ${name}`);
}
function linkedParts(name, given) {
  need(Array.isArray(given) && given.length <= PARTS_MOST, `${name} is no mixture of at most ${PARTS_MOST} parts`);
  return given.map((one) => {
    need(isTable(one) && PART_FAMILIES.includes(one.family), `a part of ${name} has a family that is not known`);
    const { weight, family, ...parameters } = one;
    const found = { weight: linkedNumber(weight, `a weight of ${name}`), family, ...linkedParameters(name, family, parameters) };
    return Object.fromEntries(Object.keys(one).map((key) => [key, found[key]]));
  });
}
function linkedWeights(name, given) {
  need(isTable(given) && Object.keys(given).every((mode) => DATA.modes.includes(mode)), `${name} has a value that is not known`);
  return Object.fromEntries(Object.entries(given).map(([mode, weight]) => [mode, linkedNumber(weight, mode)]));
}
function linkedFit(name, given) {
  need(given === "normal" || given === "lognormal", `${name} has a shape that is not known`);
  return given;
}
function linkedNumber(value, what) {
  need(Number.isFinite(value), `${what} is not a number`);
  return value;
}
let linkTimer = 0;
function remember() {
  clearTimeout(linkTimer);
  linkTimer = setTimeout(() => history.replaceState(null, "", toLink()), 200);
}

// ----------------------------------------------------------------------------------------------------------- export

const SOURCE = "mine: explorer";
function toml(value) {
  if (typeof value === "number") return Number.isFinite(value) ? (Number.isInteger(value) && Math.abs(value) < 1e15 ? `${value}.0` : String(value)) : value > 0 ? "inf" : "-inf";
  if (value === "inf" || value === "-inf") return value;
  if (typeof value === "string") return JSON.stringify(value).replace(/[\u007f-\u009f]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
  if (Array.isArray(value)) return value.some((one) => typeof one === "object") ? `[\n${value.map((one) => `  ${toml(one)},\n`).join("")}]` : `[${value.map(toml).join(", ")}]`;
  return `{ ${Object.entries(value).map(([key, inner]) => `${key} = ${toml(inner)}`).join(", ")} }`;
}
function asStated(family, parameters) { // as a prior file says it: weights that sum to 1, quantiles in a table of their own
  const p = copy(parameters);
  const whole = (total) => (Math.abs(total - 1) < 1e-9 ? 1 : total); // what sums to 1 already stays as it was typed
  if (p.components) {
    const total = p.components.reduce((sum, one) => sum + one.weight, 0);
    const kept = p.components.filter((one) => one.weight > 0);
    return { ...p, components: kept.map(({ weight, family: inner, ...rest }) => ({ weight: weight / whole(total), family: inner, ...asStated(inner, rest) })) };
  }
  if (family === "categorical") {
    const total = Object.values(p.values).reduce((a, b) => a + b, 0);
    return { values: Object.fromEntries(Object.entries(p.values).filter(([, w]) => w > 0).map(([mode, w]) => [mode, w / whole(total)])) };
  }
  if (family === "quantiles" && "q05" in p) { const { q05, q95, ...rest } = p; return { quantiles: { q05, q95 }, ...rest }; }
  return p;
}
function tableOf(name, entry) {
  const lines = [`[${name}]`, `family = ${toml(entry.family)}`];
  if (entry.family !== "absent") for (const [key, value] of Object.entries(asStated(entry.family, entry.parameters))) lines.push(`${key} = ${toml(value)}`);
  if (name !== "mode" ) lines.push(`unit = ${toml(Q[name].unit)}`);
  lines.push(`source = ${toml(entry.source ?? SOURCE)}`);
  if (entry.judgement) lines.push(`judgement = ${toml(entry.judgement)}`);
  return lines.join("\n");
}
function bottlenecksOf(set, names) { // a statement does not speak of other numbers: say what it spoke of
  const changed = names.filter((name) => ["r", "r_total", "alpha_compute"].includes(name));
  if (!changed.length && set.bottlenecks) return set.isShipped ? "" : set.bottlenecks; // inherited, or as it was
  const before = set.bottlenecks ? `says of its own numbers: ${set.bottlenecks}` : "does not say how rho, alpha_compute and r fit together.";
  return `${changed.length ? `Changed on the page of mc-sie explore: ${changed.join(", ")}. ` : ""}${state.start} ${before}`;
}
function priorFile() {
  const set = DATA.sets[state.start], names = Object.keys(state.changes);
  if (set.members.length > 1) return null;
  const title = names.length ? `Mine: ${set.title} with other ${names.map(words).join(", ")}` : `Mine: ${set.title}`;
  const head = [`title = ${toml(title)}`, `description = "Made with mc-sie explore."`];
  const statement = bottlenecksOf(set, names);
  if (statement) head.push(`bottlenecks = ${toml(statement)}`);
  if (set.isShipped) return [...head, `extends = ${toml(state.start)}`, "", ...names.map((name) => tableOf(name, state.changes[name]) + "\n")].join("\n");
  head.push(`citations = ${toml(set.citations)}`, "");
  const entries = Object.values(membersOf(state.start, state.changes)[0].entries).filter((entry) => !entry.isDefault);
  return [...head, ...entries.map((entry) => tableOf(entry.name, entry) + "\n")].join("\n");
}
const isUnchanged = () => !Object.keys(state.changes).length && DATA.sets[state.start].isShipped;
function rerunCommand() {
  const event = `--event '${DATA.events[state.event].text}'`, horizon = DATA.horizon === 240 ? "" : ` --horizon-months ${DATA.horizon}`;
  return `mc-sie run ${isUnchanged() ? state.start : "mine.toml"} --draws 131072 ${event}${horizon}`;
}

// ----------------------------------------------------------------------------------------------------------- charts

const CHART = { left: 46, right: 12, top: 10, bottom: 38 };
function frame(host, height, xDomain, yDomain, { xTicks, yTicks, xLabel, yLabel, xText = short, yText = short }) {
  const width = Math.max(host.clientWidth || 320, 240);
  const x = (v) => CHART.left + (v - xDomain[0]) / (xDomain[1] - xDomain[0]) * (width - CHART.left - CHART.right);
  const y = (v) => height - CHART.bottom - (v - yDomain[0]) / (yDomain[1] - yDomain[0]) * (height - CHART.top - CHART.bottom);
  const grid = yTicks.map((v) => `<line class="grid" x1="${CHART.left}" x2="${width - CHART.right}" y1="${y(v)}" y2="${y(v)}"/><text x="${CHART.left - 6}" y="${y(v) + 4}" text-anchor="end">${yText(v)}</text>`).join("");
  const foot = xTicks.map((v) => `<line class="tick" x1="${x(v)}" x2="${x(v)}" y1="${height - CHART.bottom}" y2="${height - CHART.bottom + 4}"/><text x="${x(v)}" y="${height - CHART.bottom + 17}" text-anchor="middle">${xText(v)}</text>`).join("");
  const title = yLabel ? `<text x="${CHART.left + 6}" y="${CHART.top + 14}">${yLabel}</text>` : "";
  const axis = title + `<line class="axis" x1="${CHART.left}" x2="${width - CHART.right}" y1="${height - CHART.bottom}" y2="${height - CHART.bottom}"/><text x="${(CHART.left + width - CHART.right) / 2}" y="${height - 4}" text-anchor="middle">${escape(xLabel)}</text>`;
  return { width, height, x, y, draw(inner, alt) { host.innerHTML = `<svg role="img" aria-label="${escape(alt)}" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${grid}${inner}${axis}${foot}</svg>`; } };
}
const path = (points) => points.map(([a, b], i) => `${i ? "L" : "M"}${a.toFixed(1)} ${b.toFixed(1)}`).join("");
const range = (n) => Array.from({ length: n }, (_, i) => i);
function niceTicks(low, high, count = 5) {
  const raw = (high - low) / count, power = 10 ** Math.floor(Math.log10(raw)), step = [1, 2, 5, 10].find((f) => f * power >= raw) * power;
  return range(Math.floor(high / step + 1e-9) - Math.ceil(low / step - 1e-9) + 1).map((i) => +((Math.ceil(low / step - 1e-9) + i) * step).toPrecision(12));
}
function ticksOn(scale, low, high) { // round values, on whatever scale
  if (scale === "linear") return niceTicks(low, high);
  const candidates = scale === "logit" ? [[0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999], [0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95]]
    : [[1], [1, 3], [1, 2, 5], [1, 1.5, 2, 3, 4, 5, 7]].map((digits) => range(25).flatMap((i) => digits.map((d) => +(d * 10 ** (i - 8)).toPrecision(3))));
  const found = candidates.map((values) => values.map((v) => toScale(scale, v)).filter((s) => s >= low && s <= high));
  return found.find((ticks) => ticks.length >= 4) ?? (found.at(-1).length > 1 ? found.at(-1) : range(3).map((i) => toScale(scale, +fromScale(scale, low + (high - low) * (i + 0.5) / 3).toPrecision(2))));
}
const percentAxis = (top) => { const ticks = niceTicks(0, Math.max(top, 0.01), 4); const last = ticks.at(-1) >= top ? ticks.at(-1) : Math.min(1, ticks.at(-1) + ticks[1]); return [[0, last], last > ticks.at(-1) ? [...ticks, last] : ticks]; };
const percent = (v) => `${+(100 * v).toPrecision(3)} %`;

function drawExceedance(host, weights) {
  const gains = ARRAYS.gains, per = DATA.steps / 2, n = 2 * DATA.top, sums = range(R).map(() => new Float64Array(n + 1)), each = N / R;
  for (let r = 0; r < R; r++) for (let i = r * each; i < (r + 1) * each; i++) if (weights[i] > 0) sums[r][(gains[i] / per) | 0] += weights[i];
  for (const one of sums) for (let j = n - 1; j >= 0; j--) one[j] += one[j + 1];
  const total = range(n + 1).map((j) => sums.reduce((a, one) => a + one[j], 0));
  const points = range(n + 1).map((j) => {
    const prob = total[j] / total[0], se = jackknifeSe(sums.map((one) => (total[j] - one[j]) / (total[0] - one[0])));
    return { k: j / 2, prob, low: Math.max(0, prob - RULE.t * se), high: Math.min(1, prob + RULE.t * se) };
  });
  const c = frame(host, 210, [0, DATA.top], [0, 1], { xTicks: range(6).map((i) => i * DATA.top / 5), yTicks: [0, 0.25, 0.5, 0.75, 1], yText: percent, xLabel: `OOM in the best ${DATA.window === 12 ? "year" : `${DATA.window} months`}, k or more` });
  const band = path([...points.map((p) => [c.x(p.k), c.y(p.high)]), ...points.toReversed().map((p) => [c.x(p.k), c.y(p.low)])]) + "Z";
  const marked = points.filter((p) => [2, 5, 10].includes(p.k)).map((p) => `<circle class="dot" cx="${c.x(p.k)}" cy="${c.y(p.prob)}" r="4"><title>${p.k} OOM or more: ${percent(p.prob)}</title></circle>`).join("");
  c.draw(`<path class="band" d="${band}"/><path class="line" d="${path(points.map((p) => [c.x(p.k), c.y(p.prob)]))}"/>${marked}`, `Probability of at least k OOM: ${[2, 5, 10].map((k) => `${k}: ${percent(points[2 * k].prob)}`).join(", ")}`);
}

const ORDERS = {};
function orderOf(name) { // draws by value, exact ones apart
  if (!ORDERS[name]) {
    const model = Q[name].determines, { values } = stated(name), free = [];
    for (let i = 0; i < N; i++) if (!EXACT[model][i] && Number.isFinite(values[i])) free.push(i);
    ORDERS[name] = Uint32Array.from(free).sort((a, b) => values[a] - values[b]);
  }
  return ORDERS[name];
}
function tally() { // weight and weight of the hits by randomisation
  const total = new Float64Array(R), part = new Float64Array(R);
  return { total, part, share: 0, add(i, weight, hits) { const r = Math.floor(i * R / N); total[r] += weight; this.share += weight; if (hits[i >> 3] >> (i & 7) & 1) part[r] += weight; } };
}
function given({ total, part, share }) {
  const hit = part.reduce((a, b) => a + b, 0), prob = hit / share, se = jackknifeSe(Array.from(total, (one, r) => (hit - part[r]) / (share - one)));
  return { share, prob, low: Math.max(0, prob - RULE.t * se), high: Math.min(1, prob + RULE.t * se) };
}
const BINS = 14;
function drawConditional(host, note, weights, members, name) {
  const model = Q[name].determines, hits = hitRow(state.event), { values } = stated(name), scale = Q[name].scale;
  const own = new Map(), exact = EXACT[model];
  let all = 0, mass = 0;
  for (let i = 0; i < N; i++) {
    const w = weights[i];
    if (!(w > 0)) continue;
    all += w;
    if (!exact[i]) { mass += w; continue; }
    const v = RESTATED[name] ? +values[i].toPrecision(9) : values[i];
    let one = own.get(v);
    if (!one) own.set(v, one = tally());
    one.add(i, w, hits);
  }
  const levels = [...own].map(([value, one]) => ({ value, ...given(one) })).filter((one) => one.share > 1e-4 * all);
  const curve = [];
  if (mass > 1e-3 * all) {
    let bin = null, sum = 0;
    for (const i of orderOf(name)) {
      const w = weights[i];
      if (!(w > 0)) continue;
      bin ??= { ...tally(), low0: values[i], x: NaN };
      bin.add(i, w, hits); bin.high0 = values[i]; sum += w;
      if (Number.isNaN(bin.x) && sum >= mass * (curve.length + 0.5) / BINS) bin.x = values[i];
      if (sum >= mass * (curve.length + 1) / BINS && curve.length < BINS - 1) { curve.push({ ...bin, ...given(bin) }); bin = null; }
    }
    if (bin) curve.push({ ...bin, x: Number.isNaN(bin.x) ? bin.high0 : bin.x, ...given(bin) });
  }
  const top = Math.max(0.001, ...curve.map((p) => p.high), ...levels.map((p) => Math.min(p.high, 1)).filter(Number.isFinite)), [yDomain, yTicks] = percentAxis(top);
  note.textContent = name === "mode" ? "Probability of the event in each mode, with its 90 % interval." : `Probability of the event given the value (line, 90 % band), and below it your prior's density. ${!levels.length ? "" : `Squares: values with a probability of their own (${levels.map((one) => `${Number.isNaN(one.value) ? "not given" : short(one.value)}: ${percent(one.share / all)} of the prior`).slice(0, 4).join(", ")}).`}`;
  if (name === "mode") {
    const c = frame(host, 230, [-0.5, DATA.modes.length - 0.5], yDomain, { xTicks: range(DATA.modes.length), yTicks, yText: percent, xText: (v) => ["none", "shorten", "shorten*", "continual", "scratch"][v], xLabel: "retraining mode (width: credence; * only if accelerating)" });
    const step = c.x(1) - c.x(0);
    c.draw(levels.map((p) => { const w = step * 0.9 * Math.sqrt(p.share / all); return `<rect class="bar" x="${c.x(p.value) - w / 2}" width="${w}" y="${c.y(p.prob)}" height="${c.y(0) - c.y(p.prob)}"><title>${words(DATA.modes[p.value])}: ${percent(p.prob)} (credence ${percent(p.share / all)})</title></rect><line class="axis" x1="${c.x(p.value)}" x2="${c.x(p.value)}" y1="${c.y(p.low)}" y2="${c.y(p.high)}"/>`; }).join(""), `Probability by retraining mode: ${levels.map((p) => `${words(DATA.modes[p.value])} ${percent(p.prob)}`).join(", ")}`);
    return;
  }
  const places = [...curve.flatMap((p) => [p.low0, p.high0]), ...levels.map((p) => p.value)].filter(Number.isFinite).map((v) => toScale(scale, v)).filter(Number.isFinite);
  let [low, high] = places.length ? [Math.min(...places), Math.max(...places)] : Q[name].range.map((v) => toScale(scale, v));
  if (!(high - low > 1e-9)) { low -= 1; high += 1; }
  const pad = 0.04 * (high - low); low -= pad; high += pad;
  const ticks = ticksOn(scale, low, high);
  const c = frame(host, 230, [low, high], yDomain, { xTicks: ticks, xText: (s) => short(fromScale(scale, s)), yTicks, yText: percent, xLabel: `${words(name)}${unitOf(name)}` });
  const at = (v) => c.x(toScale(scale, v));
  let under = "";
  const laws = members.map(({ weight, entries }) => [weight, entries[name]]).filter(([, entry]) => entry).map(([weight, entry]) => [weight, entryLaw(entry)]);
  if (laws.length && laws.every(([, law]) => !law.column && law.parts.length)) { // density of the prior on the scale of the axis
    const places = range(161).map((i) => low + (high - low) * i / 160);
    const slope = (s) => { const v = fromScale(scale, s); return scale === "log" ? v : scale === "logit" ? v * (1 - v) : 1; };
    const heights = places.map((s) => laws.reduce((sum, [weight, law]) => sum + weight * density(law, fromScale(scale, s)), 0) * slope(s));
    const most = Math.max(...heights.filter(Number.isFinite));
    if (most > 0) under = `<path class="prior" d="${path([[c.x(low), c.y(0)], ...places.map((s, i) => [c.x(s), c.y(0) - 0.35 * (c.y(0) - c.y(yDomain[1])) * Math.min(heights[i] / most, 1)]), [c.x(high), c.y(0)]])}Z"/>`;
  }
  const band = curve.length ? `<path class="band" d="${path([...curve.map((p) => [at(p.x), c.y(p.high)]), ...curve.toReversed().map((p) => [at(p.x), c.y(p.low)])])}Z"/><path class="line" d="${path(curve.map((p) => [at(p.x), c.y(p.prob)]))}"/>` : "";
  const squares = levels.map((p) => {
    const centre = Number.isFinite(p.value) && Number.isFinite(toScale(scale, p.value)) ? at(p.value) : p.value === 0 ? c.x(low) + 5 : c.x(high) - 5;
    return `<line class="mark" x1="${centre}" x2="${centre}" y1="${c.y(p.low)}" y2="${c.y(Math.min(p.high, 1))}"/><rect class="mark" x="${centre - 4}" y="${c.y(p.prob) - 4}" width="8" height="8"><title>${Number.isNaN(p.value) ? "not given" : short(p.value)}: ${percent(p.prob)}</title></rect>`;
  }).join("");
  const said = curve.length ? `from ${percent(curve[0].prob)} at ${short(curve[0].x)} to ${percent(curve.at(-1).prob)} at ${short(curve.at(-1).x)}` : levels.map((p) => `${percent(p.prob)} at ${short(p.value)}`).join(", ");
  c.draw(under + band + squares, `Probability of the event given ${words(name)}: ${said}`);
}

function drawSpaghetti(host, { weights, prob }) {
  const shown = ARRAYS.shown, months = ARRAYS.months, gains = DATA.gains, n = gains.length, hits = hitRow(state.event);
  const isHit = (i) => hits[i >> 3] >> (i & 7) & 1, total = [0, 0]; // without the event, with it
  for (const i of shown) total[isHit(i)] += weights[i];
  // As many of 60 lines have the event as its probability says: few draws are carried, and their own share is a poor estimate of it.
  const wanted = [60 - Math.round(60 * prob), Math.round(60 * prob)], sum = [0, 0], drawn = [0, 0];
  const years = DATA.horizon / 12; // to the end: what happens late would else look like nothing
  const c = frame(host, 260, [0, years], [0, DATA.top], { xTicks: niceTicks(0, years), yTicks: range(5).map((i) => i * DATA.top / 4), xLabel: "years after automation", yText: (v) => v, yLabel: "OOM" });
  const lines = [];
  for (let j = 0; j < shown.length; j++) { // systematic: of each kind the lines in whose share of the credence a whole step ends
    const i = shown[j], kind = isHit(i);
    if (total[kind] > 0) sum[kind] += wanted[kind] * weights[i] / total[kind];
    let times = 0;
    while (drawn[kind] + 0.5 < sum[kind]) { times++; drawn[kind]++; }
    if (!times) continue;
    const points = [[c.x(0), c.y(0)]];
    let level = 0;
    for (let g = 0; g < n; g++) {
      const code = months[j * n + g];
      if (code === DATA.never) break;
      level = gains[g]; points.push([c.x(code / DATA.times * years), c.y(level)]);
    }
    if (level < DATA.top) points.push([c.width - CHART.right, points.at(-1)[1]]);
    lines.push(`<path class="${kind ? "hit" : "miss"}" style="opacity:${Math.min(1, (kind ? 0.55 : 0.3) + 0.12 * times)};stroke-width:${1 + 0.35 * times}" d="${path(points)}"/>`);
  }
  lines.sort((a, b) => a.includes('"hit"') - b.includes('"hit"'));
  c.draw(lines.join(""), `${drawn[0] + drawn[1]} typical trajectories of effective compute; in ${drawn[1]} of them the event holds`);
}

function drawWaterfall(host, found) {
  const width = Math.max(host.clientWidth || 320, 260), rowHeight = 34, rows = [{ label: found.from, total: found.start }, ...found.bars, { label: found.to, total: found.end }];
  const left = Math.min(190, width * 0.4), right = 14, height = rows.length * rowHeight + 30;
  let level = found.start;
  const levels = [0, found.start, found.end];
  for (const bar of found.bars) { bar.from = level; level += bar.change; bar.to = level; levels.push(level + bar.se, level - bar.se); }
  const low = Math.min(...levels), high = Math.max(...levels, 0.01), x = (v) => left + (v - low) / (high - low) * (width - left - right - 62);
  const ticks = niceTicks(low, high, width < 420 ? 3 : 5);
  const drawn = rows.map((row, i) => {
    const y = i * rowHeight + 6, h = rowHeight - 14, label = `<text x="${left - 8}" y="${y + h / 2 + 4}" text-anchor="end">${escape(words(row.label).slice(0, Math.floor(left / 7)))}</text>`;
    if (row.total !== undefined) return `${label}<rect class="total" x="${x(Math.min(0, row.total))}" width="${Math.abs(x(row.total) - x(0))}" y="${y}" height="${h}"/><text x="${x(row.total) + 6}" y="${y + h / 2 + 4}">${(100 * row.total).toFixed(1)} %</text>`;
    const a = Math.min(row.from, row.to), b = Math.max(row.from, row.to), d = decimals(100 * row.se);
    return `${label}<rect class="${row.change >= 0 ? "up" : "down"}" x="${x(a)}" width="${Math.max(1, x(b) - x(a))}" y="${y}" height="${h}"/><line class="axis" x1="${x(row.to - row.se)}" x2="${x(row.to + row.se)}" y1="${y + h / 2}" y2="${y + h / 2}"/><text x="${x(Math.max(b, row.to + row.se)) + 6}" y="${y + h / 2 + 4}">${row.change >= 0 ? "+" : "\u2212"}${Math.abs(100 * row.change).toFixed(d)}</text>`;
  }).join("");
  const grid = ticks.map((v) => `<line class="grid" x1="${x(v)}" x2="${x(v)}" y1="0" y2="${height - 24}"/><text x="${x(v)}" y="${height - 8}" text-anchor="middle">${percent(v)}</text>`).join("");
  host.innerHTML = `<svg role="img" aria-label="${escape(`From ${percent(found.start)} to ${percent(found.end)}: ${found.bars.map((bar) => `${words(bar.label)} ${(100 * bar.change).toFixed(1)} points`).join(", ")}`)}" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${grid}${drawn}</svg>`;
}

// ----------------------------------------------------------------------------------- mine against yours: the waterfall

const lawKey = (entry) => (entry ? JSON.stringify([entry.family, copy(entry.parameters)]) : "absent");
const isSame = (one, other) => lawKey(one) === lawKey(other) || (one && other && entryLaw(one).parts?.length === 0 && JSON.stringify(entryLaw(one).atoms) === JSON.stringify(entryLaw(other).atoms));
const BLOCK_NAMES = [...new Set(Object.values(Q).map((q) => q.block))];
function differing(ours, yours) {
  return BLOCK_NAMES.filter((block) => ours.some((a) => yours.some((b) => Object.keys(Q).some((name) => Q[name].block === block && !isSame(a.entries[name], b.entries[name])))));
}
const pause = () => new Promise((resolve) => setTimeout(resolve));

async function waterfall(yours, mine, event, isCurrent) { // Shapley over the blocks that differ, from `yours` to `mine`
  need(yours.length === 1 || mine.length === 1, "both are pools, which have no blocks in common");
  const blocks = differing(yours, mine), k = blocks.length;
  need(k > 0, "the two say the same");
  need(k <= 10, `they differ in ${k} blocks, more than the 10 that are split here: use mc-sie compare`);
  const modelBlocks = (keep) => MODEL.filter((name) => keep(Q[name].block));
  const common = logTarget(yours, modelBlocks((block) => !blocks.includes(block)));
  const [a, b] = [yours, mine].map((members) => blocks.map((block) => logTarget(members, modelBlocks((own) => own === block))));
  const sets = [...yours, ...mine];
  for (const one of sets) for (const other of sets) check([{ entries: { ...other.entries, rho_long: one.entries.rho_long, reconfiguration_half_life_months: one.entries.reconfiguration_half_life_months } }]);
  const pool = yours.length > 1 ? yours : mine, values = [];
  let fewest = Infinity, colour = "green", reason = "";
  for (let mask = 0; mask < 1 << k; mask++) {
    const sums = pool.map((_, m) => {
      const sum = Float64Array.from(common[Math.min(m, common.length - 1)]);
      for (let j = 0; j < k; j++) { const side = (mask >> j & 1 ? b : a)[j], one = side[Math.min(m, side.length - 1)]; for (let i = 0; i < N; i++) sum[i] += one[i]; }
      return sum;
    });
    const weights = weightsOf(pool, sums), found = estimate(weights, event);
    if (!(found.ess > 0)) throw new Unusable(`there are no draws with ${blocks.filter((_, j) => mask >> j & 1).map(words).join(", ") || "none of the changes"} alone: use mc-sie compare`);
    const [one, why] = light(found, found.ess > 0 ? paretoK(weights) : NaN, false);
    if (one === "red" && colour !== "red") reason = why[0];
    colour = worst(colour, one); fewest = Math.min(fewest, found.ess);
    values.push([found.prob, ...found.without]);
    if (mask % 8 === 7) { await pause(); if (!isCurrent()) return null; }
  }
  const factorial = range(k + 1).map((n) => range(n).reduce((product, i) => product * (i + 1), 1));
  const size = (mask) => range(k).filter((j) => mask >> j & 1).length;
  const bars = blocks.map((label, j) => {
    const change = values[0].map(() => 0);
    for (let mask = 0; mask < 1 << k; mask++) if (!(mask >> j & 1)) {
      const weight = factorial[size(mask)] * factorial[k - size(mask) - 1] / factorial[k];
      for (let r = 0; r <= R; r++) change[r] += weight * (values[mask | 1 << j][r] - values[mask][r]);
    }
    return { label, change: change[0], se: jackknifeSe(change.slice(1)) };
  });
  bars.sort((one, other) => Math.abs(other.change) - Math.abs(one.change));
  return { bars, start: values[0][0], end: values.at(-1)[0], fewest, colour, reason };
}

// ---------------------------------------------------------------------------------------------------- the controls

const NUMBER_FAMILIES = ["fixed", "uniform", "loguniform", "quantiles", "normal", "lognormal", "triangular", "pert", "beta", "student_t", "mixture"];
const PART_FAMILIES = NUMBER_FAMILIES.filter((family) => family !== "mixture");
const option = (value, text, chosen) => `<option value="${escape(value)}"${value === chosen ? " selected" : ""}>${escape(text)}</option>`;
const isPool = () => DATA.sets[state.start].members.length > 1;
const nameFor = (model) => { // the name under which the current set states a quantity of the model
  const entry = entryFor(membersOf(state.start, state.changes)[0].entries, model);
  return entry ? entry.name : model;
};
const shownEntry = (name) => state.changes[name] ?? DATA.sets[state.start].members[0].entries[name];

function editable(name) { // the entry as the controls can change it
  if (state.changes[name]) return state.changes[name];
  const entry = DATA.sets[state.start].members[0].entries[name];
  const parameters = copy(entry?.parameters ?? {});
  if (entry?.family === "quantiles" && parameters.quantiles?.q05 !== undefined && parameters.quantiles?.q95 !== undefined && Object.keys(parameters.quantiles).length === 2 && ["normal", "lognormal"].includes(parameters.fit)) {
    const { quantiles, ...rest } = parameters;
    return { family: "quantiles", parameters: { ...quantiles, ...rest }, name };
  }
  return { family: entry?.family ?? "absent", parameters, name };
}
const isKnown = (name, { family, parameters }) => FAMILIES[family] && !(family === "quantiles" && !("q05" in parameters)) && (parameters.components ?? []).every((one) => isKnown(name, { family: one.family, parameters: one }));

function startingAt(family, name, law) { // parameters near the law that is there
  const q = Q[name], [a, b] = q.range, prec = (x) => +x.toPrecision(3);
  let [low, middle, high] = law && (law.column || law.parts.length) ? [0.05, 0.5, 0.95].map((p) => quantile(law, p, name)) : [];
  if (law && !law.column && !law.parts.length) middle = number(law.atoms[0][0]);
  if (!Number.isFinite(middle)) middle = fromScale(q.scale, 0.5 * (toScale(q.scale, Math.max(a, 1e-6)) + toScale(q.scale, b)));
  if (!(Number.isFinite(low) && Number.isFinite(high) && low < high)) {
    const place = toScale(q.scale, middle), width = q.scale === "linear" ? 0.2 * (b - a || 1) : 0.35;
    [low, high] = Number.isFinite(place) ? [fromScale(q.scale, place - width), fromScale(q.scale, place + width)] : [a, b];
  }
  [low, middle, high] = [prec(low), prec(middle), prec(high)];
  const bounded = (p) => { // families with tails are cut at the ends of the domain, and say so
    const least = number(q.low), most = number(q.high);
    if (Number.isFinite(least) && !(family === "lognormal" && least === 0)) p.truncate_low = RESTATED[name] ? Math.max(least, { sigma: 0.021, max_speed: 1.05, max_speed_compute: 1.05, r_total: 0.05, r_cumulative: 0.05 }[name]) : least;
    if (Number.isFinite(most)) p.truncate_high = q.highOpen ? most - 0.01 : most;
    return p;
  };
  const sd = prec((high - low) / 3.29);
  switch (family) {
    case "fixed": return { value: middle };
    case "uniform": case "loguniform": return { low: family === "loguniform" ? Math.max(low, 1e-6) : low, high };
    case "normal": return bounded({ mean: middle, sd });
    case "lognormal": return bounded({ median: Math.max(middle, 1e-6), sd_log: prec(Math.log(high / Math.max(low, 1e-6)) / 3.29) });
    case "quantiles": return bounded({ q05: low, q95: high, fit: low > 0 && q.scale === "log" ? "lognormal" : "normal" });
    case "triangular": case "pert": return { low, peak: middle, high };
    case "beta": return { a: 2, b: 2, low, high };
    case "student_t": return bounded({ location: middle, scale: sd, df: 5 });
    case "mixture": return { components: [{ weight: 0.2, family: "fixed", value: middle }, { weight: 0.8, family: "uniform", low, high }] };
    default: return {};
  }
}

function sliderOf(name, kind, value) { // ends and map of a slider: places on the quantity's scale, sizes in factors
  if (kind === "weight") return { to: (x) => 1000 * x, from: (s) => s / 1000 };
  const q = Q[name];
  let low, high, scale;
  if (kind === "size") { scale = "log"; const middle = Math.log(10) * Math.round(Math.log10(value > 0 ? value : 1)); low = middle - 3; high = middle + 3; } else {
    scale = q.scale;
    const [a, b] = q.range.map((x) => toScale(scale, x)), reach = 0.15 * (b - a || 1), own = toScale(scale, value);
    low = Math.max(Math.min(a - reach, Number.isFinite(own) ? own : a), scale === "linear" ? number(q.low) : -Infinity);
    high = Math.min(Math.max(b + reach, Number.isFinite(own) ? own : b), scale === "linear" ? number(q.high) - (q.highOpen ? 0.01 : 0) : Infinity);
    if (q.scale === "log") high = Math.min(high, Math.log(number(q.high)));
  }
  return { to: (x) => Math.round(1000 * Math.min(1, Math.max(0, (toScale(scale, x) - low) / (high - low)))), from: (s) => +fromScale(scale, low + (high - low) * s / 1000).toPrecision(3) };
}
const LABELS = { q05: "5 %", q95: "95 %", sd_log: "sd of the log", value: "value", truncate_low: "cut below", truncate_high: "cut above", df: "degrees of freedom" };

let ids = 0;
function field(name, parameters, key, kind, label, unit, onChange) {
  const id = `f${++ids}`, row = document.createElement("div"), value = number(parameters[key]);
  const slider = sliderOf(name, kind, value);
  row.className = "field";
  row.innerHTML = `<label for="${id}">${escape(label)}</label><input type="range" id="${id}r" min="0" max="1000" step="1" aria-label="${escape(`${label} of ${words(name)}`)}"><span class="number-field"><input type="number" id="${id}" step="any" inputmode="decimal" data-key="${key}">${unit ? `<span class="unit">${escape(unit)}</span>` : ""}</span>`;
  const [knob, box] = [$("input[type=range]", row), $("input[type=number]", row)];
  const show = (x, alsoBox = true) => { knob.value = slider.to(x); knob.setAttribute("aria-valuetext", `${short(x)} ${unit ?? ""}`); if (alsoBox) box.value = Number.isFinite(x) ? x : ""; if (!Number.isFinite(x)) box.placeholder = "no limit"; };
  show(value);
  knob.addEventListener("input", () => { parameters[key] = slider.from(+knob.value); show(parameters[key]); onChange(); });
  box.addEventListener("input", () => { parameters[key] = box.value === "" ? NaN : +box.value; if (box.value !== "") show(parameters[key], false); onChange(); });
  return row;
}
function cutFields(name, parameters, onChange) {
  const box = document.createElement("details");
  box.className = "cut";
  box.innerHTML = "<summary>Cut it off</summary>";
  box.open = parameters.truncate_low !== undefined || parameters.truncate_high !== undefined;
  for (const key of ["truncate_low", "truncate_high"]) {
    const id = `f${++ids}`, row = document.createElement("div");
    row.className = "field plain";
    row.innerHTML = `<label for="${id}">${LABELS[key]}</label><input type="number" step="any" id="${id}" data-key="${key}" placeholder="nowhere">`;
    $("input", row).value = parameters[key] ?? "";
    $("input", row).addEventListener("input", ({ target }) => { if (target.value === "") delete parameters[key]; else parameters[key] = +target.value; onChange(); });
    box.append(row);
  }
  return box;
}
function lawFields(name, family, parameters, onChange) {
  const box = document.createElement("div"), unit = Q[name].unit === "1" ? "" : Q[name].unit;
  if (family === "categorical") {
    for (const mode of DATA.modes) { parameters.values[mode] ??= 0; box.append(field(name, parameters.values, mode, "weight", words(mode), "", onChange)); }
    return box;
  }
  for (const [key, kind] of FAMILIES[family].keys) box.append(field(name, parameters, key, kind, LABELS[key] ?? key, kind === "place" ? unit : "", onChange));
  if (family === "quantiles") {
    const id = `f${++ids}`, row = document.createElement("div");
    row.className = "field plain";
    row.innerHTML = `<label for="${id}">shape</label><select id="${id}" data-key="fit">${option("lognormal", "lognormal", parameters.fit)}${option("normal", "normal", parameters.fit)}</select>`;
    $("select", row).addEventListener("change", ({ target }) => { parameters.fit = target.value; onChange(); });
    box.append(row);
  }
  if (family === "mixture" || family === "linear_pool") {
    parameters.components.forEach((one, place) => {
      const set = document.createElement("fieldset");
      set.innerHTML = `<legend>part ${place + 1}</legend>`;
      set.append(field(name, one, "weight", "weight", "weight", "", onChange));
      const picker = familyPicker(name, one.family, PART_FAMILIES, (family) => {
        const law = lawOf(one.family, one);
        parameters.components[place] = { weight: one.weight, family, ...startingAt(family, name, law) };
        onChange(true);
      });
      set.append(picker, lawFields(name, one.family, one, onChange));
      if (parameters.components.length > 1) set.append(button("Remove this part", () => { parameters.components.splice(place, 1); onChange(true); }));
      box.append(set);
    });
    box.append(button("Add a part", () => { parameters.components.push({ weight: 0.1, family: "uniform", ...startingAt("uniform", name, lawOf(family, parameters)) }); onChange(true); }));
  }
  if (!["fixed", "absent"].includes(family)) box.append(cutFields(name, parameters, onChange));
  return box;
}
function familyPicker(name, family, families, onPick, label = "family") {
  const id = `f${++ids}`, row = document.createElement("div");
  row.className = "field plain";
  row.innerHTML = `<label for="${id}">${label}</label><select id="${id}" data-key="family">${FAMILIES[family] && families.includes(family) ? "" : option("", "from the file", "")}${families.map((one) => option(one, FAMILIES[one].title, family)).join("")}</select>`;
  $("select", row).addEventListener("change", ({ target }) => target.value && onPick(target.value));
  return row;
}
function button(text, onClick) {
  const found = document.createElement("button");
  found.type = "button"; found.textContent = text; found.className = "small";
  found.addEventListener("click", onClick);
  return found;
}

function card(model) {
  const box = document.createElement("details");
  box.className = "card"; box.id = `card-${model}`;
  box.innerHTML = `<summary><span class="name"></span><span class="words"></span></summary><p class="meaning"></p><div class="body"></div><p class="problem" role="alert"></p>`;
  box.addEventListener("toggle", () => { if (box.open) fillCard(box, model); });
  $("summary", box).addEventListener("click", () => { state.look = nameFor(model); fillLook(); refresh(); });
  headCard(box, model);
  return box;
}
const actingWords = (name) => Q[name].modes.length < DATA.modes.length ? ` Acts only in ${Q[name].modes.length > 1 ? "modes" : "mode"} ${Q[name].modes.map(words).join(", ")}.` : "";
const isIdle = (name) => membersOf(state.start, state.changes).every(({ entries }) => // no mode in which it acts has any credence
  !entryLaw(entries.mode).atoms.some(([code, prob]) => prob > 0 && Q[name].modes.includes(DATA.modes[code])));
function headCard(box, model) {
  const name = nameFor(model), entry = shownEntry(name);
  $(".name", box).textContent = words(name);
  $(".words", box).textContent = isPool() && !entry ? "as in the members of the pool" : isPool() ? "differs between the members of the pool" : describe(entry, name);
  if (isIdle(name)) $(".words", box).textContent += "; no effect in these modes";
  box.classList.toggle("changed", name in state.changes);
}
function fillCard(box, model) {
  const name = nameFor(model), q = Q[name], body = $(".body", box);
  $(".meaning", box).textContent = `${q.meaning}${q.unit === "1" || q.unit === "mode" ? "" : ` [${q.unit}]`}.${actingWords(name)}`;
  body.replaceChildren();
  if (isPool()) { body.textContent = "A pool has no single prior to change: start from one of its members."; return; }
  const entry = editable(name), base = DATA.sets[state.start].members[0].entries[name];
  const ways = Object.keys(Q).filter((other) => Q[other].determines === model);
  const apply = (redraw = false) => {
    const problem = $(".problem", box);
    try { checkDomain(name, lawOf(entry.family, entry.parameters)); } catch (error) {
      if (!(error instanceof Unusable)) throw error;
      problem.textContent = `Not usable: ${error.message}.`; box.classList.add("bad"); show(null); return;
    }
    box.classList.remove("bad"); problem.textContent = "";
    delete entry.law; moving = model;
    for (const other of ways) if (other !== name) delete state.changes[other];
    state.changes[name] = { family: entry.family, parameters: entry.parameters, name };
    headCard(box, model);
    if (model === "mode") for (const other of document.querySelectorAll(".card")) headCard(other, other.id.slice(5));
    if (redraw) fillCard(box, model);
    refresh();
  };
  if (ways.length > 1) {
    const row = familyPicker(name, "", [], () => {}, "stated as");
    const select = $("select", row);
    select.dataset.key = "way";
    select.innerHTML = ways.map((other) => option(other, words(other), name)).join("");
    select.addEventListener("change", () => {
      for (const other of ways) delete state.changes[other];
      const [a, b] = Q[select.value].range;
      if (!DATA.sets[state.start].members[0].entries[select.value]) state.changes[select.value] = { family: "uniform", parameters: { low: a, high: b }, name: select.value };
      state.look = select.value;
      headCard(box, model); fillCard(box, model); refresh(); fillLook();
    });
    body.append(row);
  }
  if (name === "mode") {
    if (entry.family === "fixed") { entry.parameters.values = Object.fromEntries(DATA.modes.map((mode) => [mode, mode === entry.parameters.value ? 1 : 0])); delete entry.parameters.value; entry.family = "categorical"; }
    body.append(lawFields(name, "categorical", entry.parameters, apply));
  } else {
    const families = [...(q.optional ? ["absent"] : []), ...NUMBER_FAMILIES.filter((family) => !(FAMILIES[family].isPositive && number(q.low) < 0))];
    const known = isKnown(name, entry);
    body.append(familyPicker(name, known ? (entry.family === "linear_pool" ? "mixture" : entry.family) : "", families, (family) => {
      entry.parameters = startingAt(family, name, shownEntry(name) ? entryLaw(shownEntry(name)) : null);
      entry.family = family;
      if (name in state.changes || family !== "absent") pairUp(name, family);
      apply(true);
    }));
    if (known) body.append(lawFields(name, entry.family, entry.parameters, apply));
    else body.append(Object.assign(document.createElement("p"), { className: "meaning", textContent: `${base.words}. This family is taken from the file as it is; pick another to change it.` }));
  }
  if (name in state.changes) body.append(button(`Back to ${state.start}`, () => { for (const other of ways) delete state.changes[other]; if (Q[name].optional) for (const pair of DATA.paired) if (pair.includes(name)) for (const other of pair) delete state.changes[other]; build(); $(`#card-${model}`).open = true; }));
}
function pairUp(name, family) { // what is given both or not at all
  const other = DATA.paired.find((pair) => pair.includes(name))?.find((one) => one !== name);
  if (!other) return;
  const isGiven = Boolean(entryFor(membersOf(state.start, state.changes)[0].entries, other));
  if (family === "absent") state.changes[other] = { family: "absent", parameters: {}, name: other };
  else if (!isGiven) state.changes[other] = { family: "uniform", parameters: { low: Q[other].range[0], high: Q[other].range[1] }, name: other };
  const box = $(`#card-${other}`);
  headCard(box, other); if (box.open) fillCard(box, other);
}

// ----------------------------------------------------------------------------------------------------- what is shown

function show(found) {
  const box = $("#answer");
  current = found;
  const colour = found ? found.colour : "red", lamp = { green: "Good to use", amber: "Use with care", red: "Run it again" }[colour];
  box.className = colour;
  $("#lamp").textContent = found ? lamp : "No answer";
  const claim = $("#claim");
  if (!found) { draw(); claim.textContent = "\u2014"; $("#error").textContent = "These priors cannot be used as they are."; $("#quality").textContent = ""; } else {
    const event = DATA.events[state.event].words;
    $("#event-words").textContent = `${event[0].toUpperCase()}${event.slice(1)}:`;
    claim.innerHTML = colour === "red" ? "no answer from these draws" : `<data id="prob" value="${found.prob}">${inPercent(found)}</data> <span class="odds">${found.kind === "t" ? oneIn(found.prob) : ""}</span>`;
    $("#error").textContent = colour === "red" ? `${found.reasons[0][0].toUpperCase()}${found.reasons[0].slice(1)}${found.reasons.length > 1 ? `; ${found.reasons.slice(1).join("; ")}` : ""}.`
      : `${found.kind === "t" ? `Monte Carlo SE ${inPoints(found.se)} points, 90 % interval ${(100 * found.low).toFixed(decimals(100 * found.se))} to ${(100 * found.high).toFixed(decimals(100 * found.se))} %` : `${Number.isNaN(found.se) ? "" : `Monte Carlo SE ${inPoints(found.se)} points; `}95 % bound from the effective number of ${found.kind === "upper" ? "hits" : "misses"}`}${found.reasons.length ? `; ${found.reasons.join("; ")}` : ""}.`;
    const parts = { prob: found.prob, se: found.se, ess: found.ess, k: found.k, covered: found.covered };
    $("#quality").innerHTML = `draws worth <data id="ess" value="${parts.ess}">${whole(found.ess)}</data> of ${whole(N)}, k-hat <data id="k" value="${parts.k}">${Number.isFinite(found.k) ? found.k.toFixed(2) : "none"}</data>, cover <data id="covered" value="${parts.covered}">${coverWords(found)}</data> of the prior<data id="se" value="${parts.se}"></data>`;
  }
  const file = priorFile();
  $("#command").textContent = file === null && !isUnchanged() ? "A pool cannot be changed in one file." : rerunCommand();
  $("#rerun").hidden = colour !== "red";
  $("#rerun-command").textContent = rerunCommand();
  $("#rerun-file").textContent = isUnchanged() ? "" : " with the prior file mine.toml below";
  $("#toml").value = file ?? `# ${state.start} is a pool of whole sets and is run by its name.`;
  $("#download").href = file === null ? "#take" : URL.createObjectURL(new Blob([file], { type: "application/toml" }));
}
const coverWords = ({ covered, coveredSe }) => (covered > 1 - 3 * coveredSe ? "all" : `${(100 * covered).toFixed(decimals(100 * coveredSe))} %`);
let waiting = false;
function refresh() { // at most once a frame
  remember();
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => { waiting = false; recompute(); });
}
function recompute() {
  const started = performance.now();
  let found = null;
  try { found = answer(membersOf(state.start, state.changes), state.event); } catch (error) {
    if (!(error instanceof Unusable)) throw error;
    show(null);
    $("#error").textContent = `Not usable: ${error.message}.`;
    return;
  }
  show(found);
  draw();
  performance.clearMeasures("answer");
  performance.measure("answer", { start: started, end: performance.now() });
  const count = Object.keys(state.changes).length;
  $("#count").textContent = count ? `${count} changed` : "";
  $("#reset").hidden = !count;
  compare();
}
function draw() {
  if (!current || current.colour === "red") { // a figure of draws that do not answer would be a wrong number too
    for (const id of ["exceedance", "conditional", "spaghetti"]) $(`#${id}`).textContent = "Not shown: the draws do not answer for these priors.";
    $("#conditional-note").textContent = "";
    return;
  }
  drawExceedance($("#exceedance"), current.weights);
  drawConditional($("#conditional"), $("#conditional-note"), current.weights, current.members, state.look);
  drawSpaghetti($("#spaghetti"), current);
}
let comparison = 0;
async function compare() {
  const mine = current, token = ++comparison, box = $("#waterfall"), note = $("#waterfall-note");
  if (!$("#compare").open) return;
  const against = $("#against").value, theirs = against === "link" ? linked : { start: against, changes: {} };
  if (!mine || !theirs) { box.replaceChildren(); note.textContent = ""; return; }
  await new Promise((resolve) => setTimeout(resolve, 120));
  if (token !== comparison) return;
  try {
    note.textContent = "Splitting the difference \u2026";
    const changes = copy(theirs.changes);
    const found = await waterfall(membersOf(theirs.start, changes), mine.members, state.event, () => token === comparison);
    if (!found) return;
    found.from = against === "link" ? "theirs (the link)" : theirs.start; found.to = Object.keys(state.changes).length ? "mine" : state.start;
    drawWaterfall(box, found);
    box.classList.toggle("stale", found.colour === "red");
    box.dataset.sum = String(found.bars.reduce((sum, bar) => sum + bar.change, 0)); box.dataset.change = String(found.end - found.start);
    note.textContent = `Points of probability, averaged over all orders in which the ${found.bars.length} blocks can change (Shapley); the bars add up to the whole change; lines are one Monte Carlo SE. ${found.colour === "green" ? "" : `${found.colour === "amber" ? "Use with care" : "Not to be used"}: ${found.reason || `some mixed set is worth only ${whole(found.fewest)} draws`}. For more digits: mc-sie compare.`}`;
  } catch (error) {
    if (!(error instanceof Unusable)) throw error;
    box.replaceChildren(); note.textContent = `No comparison: ${error.message}.`;
  }
}
function fillLook() {
  $("#look").innerHTML = MODEL.map((model) => nameFor(model)).map((name) => option(name, words(name), state.look)).join("");
  if (Q[state.look] && ![...$("#look").options].some((one) => one.value === state.look)) { state.look = nameFor(Q[state.look].determines); $("#look").value = state.look; }
}
function build() {
  $("#start").innerHTML = Object.entries(DATA.sets).map(([name, { title }]) => option(name, `${name}: ${title}`, state.start)).join("");
  $("#event").innerHTML = DATA.events.map(({ words }, place) => option(String(place), words.replace("software alone raises effective training compute by ", ""), String(state.event))).join("");
  $("#against").innerHTML = (linked ? option("link", "the priors of the link", state.against) : "") + Object.keys(DATA.sets).map((name) => option(name, name, state.against || (linked ? "link" : DATA.base))).join("");
  const open = new Set([...document.querySelectorAll(".card[open]")].map(({ id }) => id));
  const host = $("#cards");
  host.replaceChildren();
  for (const group of DATA.groups) {
    const names = MODEL.filter((name) => Q[name].group === group);
    if (!names.length) continue;
    const section = document.createElement("section");
    section.innerHTML = `<h3>${escape(group)}</h3>`;
    section.append(...names.map(card));
    host.append(section);
  }
  for (const id of open) $(`#${id}`).open = true;
  fillLook();
  refresh();
}

async function begin() {
  if (typeof DecompressionStream === "undefined") { $("#claim").textContent = "This page needs a browser of 2023 or later (DecompressionStream)."; return; }
  await unpack();
  const notes = fromLink();
  $("#notes").textContent = notes.join(" ");
  if (state.against || state.theirs) $("#compare").open = true;
  build();
  $("#start").addEventListener("change", ({ target }) => { state.start = target.value; state.changes = {}; build(); });
  $("#event").addEventListener("change", ({ target }) => { state.event = +target.value; refresh(); });
  $("#look").addEventListener("change", ({ target }) => { state.look = target.value; refresh(); });
  $("#reset").addEventListener("click", () => { state.changes = {}; build(); });
  $("#against").addEventListener("change", ({ target }) => { state.against = target.value; state.theirs = target.value === "link" ? linked : null; remember(); compare(); });
  $("#compare").addEventListener("toggle", ({ target }) => { state.against = target.open ? $("#against").value : ""; state.theirs = state.against === "link" ? linked : null; remember(); compare(); });
  for (const [id, source] of [["copy-link", () => location.href.split("#")[0] + toLink()], ["copy-toml", () => $("#toml").value], ["copy-command", rerunCommand]]) {
    $(`#${id}`).addEventListener("click", async ({ target }) => {
      const before = target.textContent;
      try { await navigator.clipboard.writeText(source()); target.textContent = "Copied"; } catch { target.textContent = id === "copy-link" ? "Copy it from the address bar" : "Select it and copy"; }
      setTimeout(() => { target.textContent = before; }, 1500);
    });
  }
  for (const link of document.querySelectorAll(".jumps a, .skip")) { // the address holds the view, so that these scroll without it
    link.addEventListener("click", (click) => { const target = $(link.getAttribute("href")); click.preventDefault(); target.tabIndex = -1; target.scrollIntoView(); target.focus({ preventScroll: true }); });
  }
  addEventListener("hashchange", () => { if (location.hash !== toLink()) { state = { start: DATA.base, event: 0, look: "rho", changes: {}, against: "", theirs: null }; $("#notes").textContent = fromLink().join(" "); build(); } });
  new ResizeObserver(() => document.documentElement.style.setProperty("--head", `${$("#answer").offsetHeight}px`)).observe($("#answer"));
  let resized = 0;
  addEventListener("resize", () => { clearTimeout(resized); resized = setTimeout(() => { draw(); compare(); }, 150); });
  document.documentElement.dataset.ready = "true";
}
begin();
