// A small density, for the head of a control.

import { fromPosition, toPosition } from "./elicit.js";

const WIDTH = 320;
const HEIGHT = 36;
const POINTS = 80;

/** SVG text of a density on the quantity's natural scale, with bars where single values have a probability. */
export function sparkline(distribution, { scale }, [low, high]) {
  const [a, b] = [toPosition(scale, low), toPosition(scale, high)];
  const heights = [];
  for (let i = 0; i < POINTS; i++) {
    const at = (step) => distribution.cdf(fromPosition(scale, a + ((b - a) * step) / POINTS));
    heights.push(Math.max(0, at(i + 1) - at(i) - atomsIn(distribution, fromPosition(scale, a + ((b - a) * i) / POINTS), fromPosition(scale, a + ((b - a) * (i + 1)) / POINTS))));
  }
  const top = Math.max(...heights, 1e-12);
  const line = heights.map((h, i) => `${((i + 0.5) * WIDTH) / POINTS} ${(HEIGHT - (HEIGHT - 3) * (h / top)).toFixed(1)}`);
  const bars = distribution.atoms
    .map(([value, prob]) => [(WIDTH * (toPosition(scale, value) - a)) / (b - a), prob])
    .filter(([x]) => x >= 0 && x <= WIDTH)
    .map(([x, prob]) => `<path class="atom" d="M${x.toFixed(1)} ${HEIGHT}V${(HEIGHT * (1 - prob)).toFixed(1)}"/>`);
  return (
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" aria-hidden="true" focusable="false">` +
    `<path class="density" d="M0 ${HEIGHT}L${line.join("L")}L${WIDTH} ${HEIGHT}Z"/>${bars.join("")}</svg>`
  );
}

function atomsIn(distribution, from, to) {
  return distribution.atoms.reduce((sum, [value, prob]) => sum + (value > from && value <= to ? prob : 0), 0);
}
