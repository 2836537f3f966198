// The frame of a figure: scales, ticks, text. Figures are SVG text; every label is escaped here.

import { inDigits } from "./errors.js";

const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

export function escaped(text) {
  return String(text).replace(/[&<>"']/g, (one) => ENTITIES[one]);
}

/** A number as a coordinate. */
export function at(value) {
  return Number(value.toFixed(2));
}

/** From values to coordinates. */
export function scaleOf([low, high], [from, to], isLog = false) {
  const place = isLog ? Math.log : (value) => value;
  const [a, b] = [place(low), place(high)];
  return (value) => at(from + ((to - from) * (place(value) - a)) / (b - a || 1));
}

/** Round values between two ends. */
export function ticksOf(low, high, isLog = false, n = 5) {
  if (isLog) return logTicks(low, high);
  const raw = (high - low) / n;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].find((one) => one * power >= raw) * power;
  const found = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i++) found.push(Number((i * step).toPrecision(12)));
  return found;
}

function logTicks(low, high) {
  const found = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
    for (const one of [1, 2, 5]) {
      const value = Number((one * 10 ** power).toPrecision(6));
      if (value >= low && value <= high) found.push(value);
    }
  }
  return found.length > 8 ? found.filter((value) => Number.isInteger(Math.log10(value))) : found;
}

/** A text of a figure. */
export function label(x, y, text, kind = "", anchor = "start") {
  return `<text x="${at(x)}" y="${at(y)}" class="${kind}" text-anchor="${anchor}">${escaped(text)}</text>`;
}

/** A line through points. */
export function pathOf(points) {
  return points.map(([x, y], i) => `${i ? "L" : "M"}${at(x)} ${at(y)}`).join("");
}

/** A band between two rows of points. */
export function bandOf(upper, lower) {
  return `${pathOf(upper)}${pathOf([...lower].reverse()).replace("M", "L")}Z`;
}

/** The whole figure. */
export function figureOf(width, height, alt, parts) {
  return `<svg viewBox="0 0 ${width} ${height}" role="group" aria-label="${escaped(alt)}" class="chart">${parts.join("")}</svg>`;
}

export function percentLabel(prob) {
  const points = 100 * prob;
  return `${Number(points.toPrecision(points < 99.5 ? 2 : 3))} %`;
}

/** Axes of a plot: grid lines with labels at the left, ticks below. */
export function axesOf({ x, y, xTicks, yTicks, box, xTitle, xLabel = inDigits, yLabel = inDigits }) {
  const [left, , right, bottom] = box;
  const parts = yTicks.map((value) => `<path class="grid" d="M${left} ${y(value)}H${right}"/>${label(left - 6, y(value) + 4, yLabel(value), "tick", "end")}`);
  parts.push(`<path class="axis" d="M${left} ${bottom}H${right}"/>`);
  for (const value of xTicks) parts.push(label(x(value), bottom + 17, xLabel(value), "tick", "middle"));
  parts.push(label(right, bottom + 34, xTitle, "tick", "end"));
  return parts;
}
