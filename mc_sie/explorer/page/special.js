// Special functions of one number, to nearly all digits of a double.

const LOG_SQRT_2PI = 0.9189385332046727;

// --- The normal distribution ---------------------------------------------------------------------------------------

// Ratios of polynomials for erf and erfc, by falling powers, in their three ranges; of Moshier, S. L. (1989). Methods and
// Programs for Mathematical Functions. Ellis Horwood.
const ERF = [
  [9.60497373987051638749, 90.0260197203842689217, 2232.00534594684319226, 7003.32514112805075473, 55592.3013010394962768],
  [
    1, 33.5617141647503099647, 521.357949780152679795, 4594.32382970980127987, 22629.0000613890934246,
    49267.3942608635921086,
  ],
];
const ERFC = [
  [
    2.46196981473530512524e-10, 0.564189564831068821977, 7.46321056442269912687, 48.6371970985681366614,
    196.520832956077098242, 526.445194995477358631, 934.52852717195760754, 1027.55188689515710272, 557.535335369399327526,
  ],
  [
    1, 13.2281951154744992508, 86.7072140885989742329, 354.937778887819891062, 975.708501743205489753,
    1823.90916687909736289, 2246.33760818710981792, 1656.66309194161350182, 557.535340817727675546,
  ],
];
const ERFC_FAR = [
  [
    0.564189583547755073984, 1.27536670759978104416, 5.01905042251180477414, 6.16021097993053585195,
    7.4097426995044893916, 2.9788666537210024067,
  ],
  [
    1, 2.2605286322011727659, 9.39603524938001434673, 12.0489539808096656605, 17.0814450747565897222,
    9.60896809063285878198, 3.3690764510008151605,
  ],
];

/** Value of a polynomial by falling powers. */
function polynomial(coefficients, x) {
  let value = coefficients[0];
  for (let k = 1; k < coefficients.length; k++) value = value * x + coefficients[k];
  return value;
}

/** Probability that a standard normal is below z. */
export function ndtr(z) {
  const x = Math.abs(z) * Math.SQRT1_2;
  if (x < 1) {
    const square = 0.5 * z * z;
    return 0.5 + (0.5 * z * Math.SQRT1_2 * polynomial(ERF[0], square)) / polynomial(ERF[1], square);
  }
  if (!(x < 27.3)) return Number.isNaN(z) ? NaN : Number(z > 0); // beyond all doubles
  const [above, below] = x < 8 ? ERFC : ERFC_FAR;
  const tail = (0.5 * Math.exp(-0.5 * z * z) * polynomial(above, x)) / polynomial(below, x);
  return z > 0 ? 1 - tail : tail;
}

// Wichura, M. J. (1988). Algorithm AS 241: the percentage points of the normal distribution. Applied Statistics 37(3).
// Numerators and denominators by rising powers, for the middle, the tails, and the far tails.
const MIDDLE = [
  [
    3.387132872796366608, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125, 45921.953931549871457,
    67265.770927008700853, 33430.575583588128105, 2509.0809287301226727,
  ],
  [
    1, 42.313330701600911252, 687.1870074920579083, 5394.1960214247511077, 21213.794301586595867,
    39307.89580009271061, 28729.085735721942674, 5226.495278852854561,
  ],
];
const TAIL = [
  [
    1.42343711074968357734, 4.6303378461565452959, 5.7694972214606914055, 3.64784832476320460504,
    1.27045825245236838258, 0.24178072517745061177, 0.0227238449892691845833, 0.00077454501427834140764,
  ],
  [
    1, 2.05319162663775882187, 1.6763848301838038494, 0.68976733498510000455, 0.14810397642748007459,
    0.0151986665636164571966, 0.00054759380849953449, 1.05075007164441684324e-9,
  ],
];
const FAR_TAIL = [
  [
    6.6579046435011037772, 5.4637849111641143699, 1.7848265399172913358, 0.29656057182850489123,
    0.026532189526576123093, 0.0012426609473880784386, 2.71155556874348757815e-5, 2.01033439929228813265e-7,
  ],
  [
    1, 0.59983220655588793769, 0.1369298809227358053, 0.0148753612908506148525, 7.868691311456132591e-4,
    1.8463183175100546818e-5, 1.4215117583164458887e-7, 2.04426310338993978564e-15,
  ],
];

function ratioOf([above, below], x) {
  let numerator = above[7];
  let denominator = below[7];
  for (let k = 6; k >= 0; k--) {
    numerator = numerator * x + above[k];
    denominator = denominator * x + below[k];
  }
  return numerator / denominator;
}

/** Quantile of the standard normal. */
export function ndtri(p) {
  const q = p - 0.5;
  if (Math.abs(q) <= 0.425) return q * ratioOf(MIDDLE, 0.180625 - q * q);
  if (!(p > 0 && p < 1)) return p === 0 ? -Infinity : p === 1 ? Infinity : NaN;
  const depth = Math.sqrt(-Math.log(q < 0 ? p : 1 - p));
  const z = depth <= 5 ? ratioOf(TAIL, depth - 1.6) : ratioOf(FAR_TAIL, depth - 5);
  return q < 0 ? -z : z;
}

// --- Gamma and beta ------------------------------------------------------------------------------------------------

/** ln Gamma(x) less Stirling's (x - 1/2) ln x - x + ln sqrt(2 pi), for x > 0. */
function stirlingRest(x) {
  if (x < 12) return lgamma(x) - ((x - 0.5) * Math.log(x) - x + LOG_SQRT_2PI);
  const y = 1 / (x * x);
  return (1 / 12 - y * (1 / 360 - y * (1 / 1260 - y * (1 / 1680 - y * (1 / 1188 - (y * 691) / 360360))))) / x;
}

/** ln Gamma(x) for x > 0. */
export function lgamma(x) {
  if (x >= 12) return (x - 0.5) * Math.log(x) - x + LOG_SQRT_2PI + stirlingRest(x);
  let product = 1;
  let shifted = x;
  for (; shifted < 12; shifted++) product *= shifted;
  return lgamma(shifted) - Math.log(product);
}

/** ln B(a, b) for positive a and b, without the cancellation of three large logarithms. */
export function betaln(a, b) {
  const [small, large] = a < b ? [a, b] : [b, a];
  if (large < 12) return lgamma(a) + lgamma(b) - lgamma(a + b);
  const rest = stirlingRest(large) - stirlingRest(a + b);
  // ln Gamma(large) - ln Gamma(small + large)
  const ratio = (large - 0.5) * -Math.log1p(small / large) - small * Math.log(a + b) + small;
  return lgamma(small) + ratio + rest;
}

/** Regularised incomplete beta function: the probability that a beta(a, b) is at most x. */
export function betainc(a, b, x) {
  if (!(x > 0)) return x === 0 || x < 0 ? 0 : NaN;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - betaTail(b, a, 1 - x, x);
  return betaTail(a, b, x, 1 - x);
}

/** Probability that a beta(a, b) is above x, accurate where it is small. */
export function betaincc(a, b, x) {
  if (!(x > 0)) return x === 0 || x < 0 ? 1 : NaN;
  if (x >= 1) return 0;
  if (x > (a + 1) / (a + b + 2)) return betaTail(b, a, 1 - x, x);
  return 1 - betaTail(a, b, x, 1 - x);
}

/** The lower tail for y = 1 - x given beside x, accurate where it is small; x lies below the mean. */
function betaTail(a, b, x, y) {
  // Of the two that add to 1 the smaller may be the exact one.
  const logX = x < y ? Math.log(x) : Math.log1p(-y);
  const logY = y < x ? Math.log(y) : Math.log1p(-x);
  const front = Math.exp(a * logX + b * logY - betaln(a, b)) / a;
  // DLMF 8.17.22, from the front, with Lentz's method
  const tiny = 1e-300;
  let c = 1;
  let d = 1 - ((a + b) * x) / (a + 1);
  d = 1 / (Math.abs(d) < tiny ? tiny : d);
  let fraction = d;
  for (let m = 1; m < 10000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 + even * d;
    c = 1 + even / c;
    d = 1 / (Math.abs(d) < tiny ? tiny : d);
    c = Math.abs(c) < tiny ? tiny : c;
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 + odd * d;
    c = 1 + odd / c;
    d = 1 / (Math.abs(d) < tiny ? tiny : d);
    c = Math.abs(c) < tiny ? tiny : c;
    fraction *= d * c;
    if (Math.abs(d * c - 1) < 1e-16) break;
  }
  return front * fraction;
}

/** Quantile of a beta(a, b). */
export function betaincinv(a, b, p) {
  if (!(p > 0 && p < 1)) return p === 0 || p === 1 ? p : NaN;
  const mean = a / (a + b);
  if (p <= betainc(a, b, mean)) return lowerQuantile(a, b, p, mean);
  return 1 - lowerQuantile(b, a, 1 - p, 1 - mean);
}

/** The quantile where it lies below the mean: Newton's steps for ln p in ln x, in a bracket that shrinks. */
function lowerQuantile(a, b, p, mean) {
  const front = betaln(a, b);
  const aim = Math.log(p);
  let high = Math.log(mean);
  let low = -Infinity;
  let log = Math.min((aim + Math.log(a) + front) / a, high); // near 0 the probability is x^a/(a B)
  for (let step = 0; step < 300; step++) {
    const x = Math.exp(log);
    const prob = betainc(a, b, x);
    const excess = Math.log(prob) - aim;
    if (x === 0 || excess === 0) return x;
    if (excess < 0) low = log;
    else high = log;
    const slope = Math.exp(a * log + (b - 1) * Math.log1p(-x) - front) / prob;
    let next = log - excess / slope;
    if (!(next > low && next < high)) next = low === -Infinity ? 2 * log - 1 : 0.5 * (low + high);
    if (Math.abs(next - log) <= 2e-16 * Math.max(1, Math.abs(log)) || next === low || next === high) return Math.exp(next);
    log = next;
  }
  return Math.exp(log);
}

// --- Student's t ---------------------------------------------------------------------------------------------------

/** Probability that a Student t with df degrees of freedom is below t. */
export function stdtr(df, t) {
  const square = t * t;
  const x = df / (df + square);
  const tail = 0.5 * (x < 0.5 ? betainc(0.5 * df, 0.5, x) : betaincc(0.5, 0.5 * df, square / (df + square)));
  return t <= 0 ? tail : 1 - tail;
}

/** Quantile of a Student t with df degrees of freedom. */
export function stdtrit(df, p) {
  if (!(p > 0 && p < 1)) return p === 0 ? -Infinity : p === 1 ? Infinity : NaN;
  if (p === 0.5) return 0;
  const tail = 2 * Math.min(p, 1 - p);
  let size;
  if (tail < 0.5) {
    const x = betaincinv(0.5 * df, 0.5, tail);
    size = Math.sqrt(df * (1 / x - 1));
  } else {
    const y = betaincinv(0.5, 0.5 * df, 1 - tail);
    size = Math.sqrt((df * y) / (1 - y));
  }
  return p < 0.5 ? -size : size;
}
