// Levels of an input: equal-mass bins of its values, atoms, categories, and "not given". The twin of
// mc_sie/analysis/sensitivity/bins.py.

const ATOM_SHARE = 0.001; // a value that at least this share of the draws take is a level of its own

/**
 * An input cut into levels, in rising order, "not given" last.
 * @param {Float64Array} values in each draw; nan where it is not given
 * @param {number} nBins equal-mass bins that all draws together would make
 * @param {boolean} isCategorical values are codes
 * @returns {{codes: Int32Array, rows: Array<{kind: string, xLow: number, x: number, xHigh: number}>}} the level of each
 *   draw; the levels with their smallest, median and largest value
 */
export function levelsOf(values, nBins, isCategorical = false) {
  const given = values.filter((value) => !Number.isNaN(value)).sort();
  const runs = runsOf(given);
  const few = isCategorical ? 1 : Math.max(2, ATOM_SHARE * values.length);
  const atoms = runs.filter(({ count }) => count >= few);
  const kind = isCategorical ? "category" : "atom";
  const rows = atoms.map(({ value }) => ({ kind, xLow: value, x: value, xHigh: value }));
  const places = new Map(rows.map((row) => [row.x, row]));
  const smooth = given.filter((value) => !places.has(value));
  const edges = [];
  const bins = [];
  binStarts(smooth, Math.max(1, roundedHalfEven((nBins * smooth.length) / values.length))).forEach((start, k, starts) => {
    const stop = starts[k + 1] ?? smooth.length;
    if (k > 0) edges.push(smooth[start]);
    bins.push({ kind: "bin", xLow: smooth[start], x: smooth[(start + stop) >> 1], xHigh: smooth[stop - 1] });
  });
  rows.push(...bins);
  rows.sort((one, other) => (one.xLow < other.xLow ? -1 : Number(one.xLow > other.xLow)));
  if (given.length < values.length) rows.push({ kind: "absent", xLow: NaN, x: NaN, xHigh: NaN });
  const rank = new Map(rows.map((row, place) => [row, place]));
  const binRanks = bins.map((row) => rank.get(row));
  const atomRanks = new Map([...places].map(([value, row]) => [value, rank.get(row)]));
  const codes = Int32Array.from(values, (value) => {
    if (Number.isNaN(value)) return rows.length - 1;
    return atomRanks.get(value) ?? binRanks[nNotAbove(edges, value)];
  });
  return { codes, rows };
}

/** Different values of a sorted column, and how often each stands there. */
function runsOf(sorted) {
  const runs = [];
  for (let i = 0; i < sorted.length; ) {
    let end = i + 1;
    while (end < sorted.length && sorted[end] === sorted[i]) end++;
    runs.push({ value: sorted[i], count: end - i });
    i = end;
  }
  return runs;
}

/** Index of the first value of each bin of equal mass; values that tie stay together. */
function binStarts(sorted, nBins) {
  if (!sorted.length) return [];
  const starts = new Set([0]);
  for (let k = 1; k < nBins; k++) {
    let start = Math.floor((k * sorted.length) / nBins);
    while (start > 0 && sorted[start - 1] === sorted[start]) start--;
    starts.add(start);
  }
  return [...starts].sort((one, other) => one - other);
}

function roundedHalfEven(x) {
  const below = Math.floor(x);
  if (x - below !== 0.5) return Math.round(x);
  return below % 2 === 0 ? below : below + 1;
}

/** How many of some rising edges are not above a value. */
function nNotAbove(edges, value) {
  let [low, high] = [0, edges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (edges[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
