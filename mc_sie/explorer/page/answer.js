// The answer: one sentence, the number, a hundred dots, the change from where the user began, the error.

import { byId, make, say } from "./elements.js";
import { oneIn } from "./estimates.js";
import { inDigits } from "./errors.js";

const DOTS = 100;

/** A probability in per cent with as many digits as its error allows. */
export function percentOf(prob, se) {
  const points = 100 * prob;
  if (points === 0) return "≈ 0 %";
  if (points > 0 && points < 0.095) return `${inDigits(points, 1)} %`;
  const digits = se > 0.003 || points >= 99.95 ? 0 : 1;
  return `${points.toFixed(points < 10 || !digits ? Math.max(digits, points < 10 ? 1 : 0) : digits)} %`;
}

/** The probability and its odds; where no draw or every draw has the event, the bound. */
function spoken(estimate, nDraws) {
  const n = nDraws.toLocaleString("en-US");
  const points = (share) => Number((100 * share).toPrecision(2));
  if (estimate.prob === 0) return { percent: `< ${points(1.05 * estimate.high)} %`, chance: `in none of ${n} worlds` };
  if (estimate.prob === 1) return { percent: `> ${Number((100 - points(1.05 * (1 - estimate.low))).toPrecision(8))} %`, chance: `in all of ${n} worlds` };
  return { percent: percentOf(estimate.prob, estimate.se), chance: oneIn(estimate.prob) };
}

function inSentence(percent) {
  return `a ${percent}`.replace("a < ", "less than a ").replace("a > ", "more than a ");
}

/** A difference of two probabilities: "+6 points". */
export function pointsOf(difference) {
  const points = 100 * difference;
  const digits = Math.abs(points) < 2 ? 1 : 0;
  const text = Math.abs(points).toFixed(digits);
  if (Number(text) === 0) return "no change";
  return `${points > 0 ? "+" : "−"}${text} ${text === "1" ? "point" : "points"}`;
}

/** The event as the end of a sentence. */
function inPlainWords({ kind, gain, months, text }, words) {
  if (kind === "other") return `that ${words ?? text}`;
  const factor = factorText(gain);
  const time = months === 12 ? "a year" : `${inDigits(months, 4)} months`;
  const stretch = kind === "first" ? `the first ${months === 12 ? "year" : time}` : time;
  return `that, once AI does all AI research, better software alone makes training ${factor} times more effective within ${stretch}`;
}

/** 10 to the gain, as people read it. */
export function factorText(gain) {
  if (!(gain <= 12)) return `10^${inDigits(gain, 3)}`;
  return Number((10 ** gain).toPrecision(gain % 1 ? 2 : 12)).toLocaleString("en-US");
}

export function showDots(prob) {
  const dots = byId("dots");
  if (!dots.childElementCount) dots.append(...Array.from({ length: DOTS }, () => make("i")));
  const n = Math.round(DOTS * prob);
  [...dots.children].forEach((dot, i) => dot.classList.toggle("hit", i < n));
  dots.setAttribute("aria-label", `${n} of 100 dots are filled`);
}

/**
 * Show an update of the engine.
 * @param {object} update as engine.run gives it
 * @param {object} view
 * @param {{estimate: object, words: string}|null} base the answer where the user began
 * @param {string} who whose view it is
 */
export function showAnswer(update, view, base, who) {
  const { estimate } = update;
  const { percent, chance } = spoken(estimate, update.nDraws);
  say(byId("percent"), percent);
  say(byId("bar-percent"), percent);
  say(byId("odds"), chance);
  say(byId("bar-odds"), chance);
  showDots(estimate.prob);
  if (update.done) say(byId("sentence"), `There is ${inSentence(percent)} chance (${chance}) ${inPlainWords(view.event, update.words)}.`);
  say(byId("who"), who);
  const change = base ? `${pointsOf(estimate.prob - base.estimate.prob)} ${base.words}` : "";
  say(byId("change"), change);
  say(byId("bar-change"), base ? pointsOf(estimate.prob - base.estimate.prob) : "");
  byId("change").dataset.sign = base ? String(Math.sign(estimate.prob - base.estimate.prob)) : "";
  say(byId("precision"), precisionText(update));
}

function precisionText({ estimate, estimateBefore, nDraws, done }) {
  const so = done ? "" : " so far";
  const rare = estimate.isRare ? `between ${inDigits(100 * estimate.low, 2)} and ${inDigits(100 * estimate.high, 2)} % (95 % bounds)` : null;
  const error = rare ?? `standard error ${(100 * estimate.se).toFixed(2)} points`;
  let text = `${nDraws.toLocaleString("en-US")} simulated worlds${so}, ${error}`;
  if (estimateBefore) {
    const itsError = Number.isFinite(estimateBefore.se) ? ` (standard error ${(100 * estimateBefore.se).toFixed(2)})` : "";
    text += `; without the evidence ${percentOf(estimateBefore.prob, estimateBefore.se)}${itsError}; effective sample size ${Math.round(estimate.ess).toLocaleString("en-US")}`;
  }
  return `${text}.`;
}

/** While nothing can be shown for the view: what was last known stays, greyed. */
export function showWaiting(share) {
  byId("progress").firstElementChild.style.width = `${Math.round(100 * share)}%`;
  byId("top").classList.toggle("busy", share < 1);
}
