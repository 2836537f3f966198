// Figures: plain data in, SVG text out. Colours come from the page's style.

import { at, axesOf, bandOf, figureOf, label, pathOf, percentLabel, scaleOf, ticksOf } from "./chart_frame.js";
import { inDigits } from "./errors.js";

const WIDTH = 660;

/** P(gain >= k), with its interval; the event's gain marked. */
export function exceedanceChart({ ooms, prob, low, high, gain, months }) {
  const box = [48, 16, 640, 250];
  const x = scaleOf([0, ooms.at(-1)], [box[0], box[2]]);
  const y = scaleOf([0, 1], [box[3], box[1]]);
  const points = (row) => ooms.map((one, i) => [x(one), y(row[i])]);
  const here = interpolated(ooms, prob, gain);
  const parts = axesOf({ x, y, box, xTicks: ticksOf(0, ooms.at(-1), false, 8), yTicks: [0, 0.25, 0.5, 0.75, 1], yLabel: percentLabel, xTitle: `OOM gained within ${inDigits(months, 4)} months, or more` });
  parts.push(`<path class="band" d="${bandOf(points(high), points(low))}"/><path class="line" d="${pathOf(points(prob))}"/>`);
  if (Number.isFinite(here)) {
    parts.push(`<path class="mark" d="M${x(gain)} ${box[3]}V${y(here)}"/><circle class="dot" r="5" cx="${x(gain)}" cy="${y(here)}"/>`);
    parts.push(label(x(gain) + 9, y(here) - 8, `${percentLabel(here)}: ${inDigits(gain, 3)} OOM or more`, "strong"));
  }
  return figureOf(WIDTH, 292, `Probability of so many orders of magnitude or more; ${percentLabel(here)} for ${gain}`, parts);
}

function interpolated(xs, ys, x) {
  const after = xs.findIndex((one) => one >= x);
  if (after < 0) return NaN;
  if (after === 0 || xs[after] === x) return ys[after];
  const share = (x - xs[after - 1]) / (xs[after] - xs[after - 1]);
  return ys[after - 1] + share * (ys[after] - ys[after - 1]);
}

/** First-order shares as bars, each of which can be chosen. */
export function influenceChart({ rows, chosen }) {
  const step = 26;
  const left = 290;
  const top = Math.max(0.1, ...rows.map((row) => row.share + 2 * row.se));
  const x = scaleOf([0, top], [left, 600]);
  const parts = rows.map((row, i) => {
    const y = 6 + i * step;
    const end = Math.max(x(Math.max(row.share, 0)), left + 1);
    const error = Number.isFinite(row.se) ? `<path class="error" d="M${x(Math.max(0, row.share - row.se))} ${y + 10}H${x(row.share + row.se)}"/>` : "";
    return (
      `<g class="choice${row.name === chosen ? " chosen" : ""}" data-name="${row.name}" tabindex="0" role="button" aria-pressed="${row.name === chosen}">` +
      `<title>${percentLabel(Math.max(row.share, 0))}</title><rect class="hitbox" x="0" y="${y - 3}" width="${WIDTH}" height="${step}"/>` +
      `${label(left - 8, y + 14, row.label, "name", "end")}<rect class="bar" x="${left}" y="${y + 2}" width="${at(end - left)}" height="16"/>${error}` +
      `${label(Math.max(end, x(row.share + (row.se || 0))) + 7, y + 14, percentLabel(Math.max(row.share, 0)), "tick")}</g>`
    );
  });
  return figureOf(WIDTH, rows.length * step + 10, "Share of the variance that each input explains on its own", parts);
}

/** P against one input. */
export function whatIfChart({ label: title, unit, scale, x: xs, prob, low, high, overall, categories }) {
  const box = [48, 16, 640, 230];
  const top = Math.min(1, 1.08 * Math.max(...high.filter(Number.isFinite), overall));
  const y = scaleOf([0, top || 1], [box[3], box[1]]);
  const parts = [];
  if (categories) {
    const step = (box[2] - box[0]) / xs.length;
    const middle = (i) => box[0] + (i + 0.5) * step;
    parts.push(...axesOf({ x: () => 0, y, box, xTicks: [], yTicks: ticksOf(0, top), yLabel: percentLabel, xTitle: title }));
    xs.forEach((code, i) => {
      parts.push(`<rect class="bar" x="${at(middle(i) - 0.3 * step)}" width="${at(0.6 * step)}" y="${y(prob[i])}" height="${at(box[3] - y(prob[i]))}"/>`);
      parts.push(label(middle(i), box[3] + 17, (categories[Math.round(code)] ?? "").replaceAll("_", " "), "tick", "middle"));
    });
  } else {
    const isLog = scale === "log" && xs[0] > 0;
    const finite = xs.map((one, i) => [one, i]).filter(([one]) => Number.isFinite(one));
    const ends = [finite[0]?.[0] ?? 0, finite.at(-1)?.[0] ?? 1];
    const x = scaleOf(ends, [box[0] + 8, box[2] - 8], isLog);
    const points = (row) => finite.map(([one, i]) => [x(one), y(row[i])]);
    const named = ["1", "mode"].includes(unit) ? title : `${title}, ${unit}`;
    parts.push(...axesOf({ x, y, box, xTicks: ticksOf(...ends, isLog), yTicks: ticksOf(0, top), yLabel: percentLabel, xTitle: named }));
    parts.push(`<path class="band" d="${bandOf(points(high), points(low))}"/><path class="line" d="${pathOf(points(prob))}"/>`);
  }
  parts.push(`<path class="mark" d="M${box[0]} ${y(overall)}H${box[2]}"/>`);
  return figureOf(WIDTH, 272, `Probability against ${title}`, parts);
}

/** Trajectories of effective compute: those with the event coloured, the event itself marked as a slope. */
export function trajectoriesChart({ lines, gain, months, horizon }) {
  const n = lines.filter((line) => line.hit).length;
  const plot = planeOf(horizon, Math.max(10, gain));
  const drawn = [...lines].sort((a, b) => a.hit - b.hit);
  const paths = drawn.map((line) => `<path class="world ${line.hit ? "hit" : "miss"}" data-index="${line.index}" d="${pathOf(plot.points(line))}"/>`);
  return figureOf(WIDTH, 312, `${lines.length} trajectories of effective compute; in ${n} of them the event holds`, [...plot.parts, ...paths, eventMark(plot, gain, months)]);
}

/** One trajectory. */
export function worldChart({ months, ooms, hit, deployments, gain, window, horizon }) {
  const plot = planeOf(Math.min(horizon, Math.max(24, 1.1 * (months.at(-1) ?? 24))), Math.max(10, gain));
  const dots = deployments.filter((month) => month <= plot.end).slice(0, 200)
    .map((month) => `<circle class="dot" r="3" cx="${plot.x(month)}" cy="${plot.y(Math.min(plot.top, interpolated(months, ooms, month)))}"/>`);
  const line = `<path class="world one ${hit ? "hit" : "miss"}" d="${pathOf(plot.points({ months, ooms }))}"/>`;
  return figureOf(WIDTH, 312, "Trajectory of one world", [...plot.parts, line, ...dots, eventMark(plot, gain, window)]);
}

function planeOf(end, top) {
  const box = [48, 16, 640, 270];
  const x = scaleOf([0, end], [box[0], box[2]]);
  const y = scaleOf([0, top], [box[3], box[1]]);
  const years = end > 36;
  const xTicks = years ? ticksOf(0, end / 12).map((year) => 12 * year) : ticksOf(0, end);
  const xLabel = (month) => inDigits(years ? month / 12 : month, 4);
  const parts = axesOf({ x, y, box, xTicks, xLabel, yTicks: ticksOf(0, top), xTitle: years ? "years after automation" : "months after automation" });
  parts.push(label(box[0] - 40, 11, "OOM of effective compute", "tick"));
  /** Up to the top or to the end, whichever comes first. */
  const points = ({ months, ooms }) => {
    const found = [];
    for (let i = 0; i < months.length; i++) {
      const isPast = months[i] > end || ooms[i] > top;
      if (isPast && i > 0) {
        const share = Math.min((end - months[i - 1]) / (months[i] - months[i - 1]), (top - ooms[i - 1]) / (ooms[i] - ooms[i - 1] || 1e-12));
        found.push([x(months[i - 1] + share * (months[i] - months[i - 1])), y(ooms[i - 1] + share * (ooms[i] - ooms[i - 1]))]);
      }
      if (isPast) return found;
      found.push([x(months[i]), y(ooms[i])]);
    }
    if (months.length && months.at(-1) < end) found.push([x(end), y(ooms.at(-1))]);
    return found;
  };
  return { x, y, parts, points, end, top };
}

/** So steep is the event: a gain in a number of months. */
function eventMark({ x, y, end }, gain, months) {
  const start = 0.72 * end;
  if (start + months > end) return "";
  return (
    `<path class="slope" d="M${x(start)} ${y(0.3)}H${x(start + months)}V${y(0.3 + gain)}Z"/>` +
    label(x(start + months), y(0.3 + gain) - 6, `this steep: ${inDigits(gain, 3)} OOM in ${inDigits(months, 4)} months`, "tick", "middle")
  );
}

/** A difference in steps. */
export function waterfallChart({ start, bars, end }) {
  const step = 30;
  const left = 290;
  const levels = [start.prob];
  for (const bar of bars) levels.push(levels.at(-1) + bar.change);
  const x = scaleOf([Math.min(0, ...levels), Math.max(...levels, end.prob, 0.01) * 1.02], [left, 570]);
  const row = (i, name, from, to, kind, text) =>
    `${label(left - 8, 20 + i * step, shortened(name), "name", "end")}<rect class="${kind}" x="${Math.min(x(from), x(to))}" y="${6 + i * step}" width="${at(Math.max(1, Math.abs(x(to) - x(from))))}" height="20"/>` +
    label(Math.max(x(from), x(to)) + 6, 20 + i * step, text, "tick");
  const parts = [row(0, start.label, 0, start.prob, "total", percentLabel(start.prob))];
  bars.forEach((bar, i) => {
    const points = 100 * bar.change;
    const text = `${points >= 0 ? "+" : "−"}${inDigits(Math.abs(points), 2)} points`;
    parts.push(row(i + 1, bar.label, levels[i], levels[i + 1], bar.change >= 0 ? "up" : "down", text));
  });
  parts.push(row(bars.length + 1, end.label, 0, end.prob, "total", percentLabel(end.prob)));
  return figureOf(WIDTH, (bars.length + 2) * step + 8, `From ${percentLabel(start.prob)} to ${percentLabel(end.prob)}`, parts);
}

function shortened(text) {
  return text.length > 38 ? `${text.slice(0, 36)}…` : text;
}
