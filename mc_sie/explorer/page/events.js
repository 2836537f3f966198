// Events: a statement about an outcome that is true or false of each draw. The grammar of mc_sie/events.py.

import { InputError } from "./errors.js";

/** Unit and unit of the index of every outcome. A test holds them to mc_sie/outcomes.py. */
export const OUTCOMES = {
  months_to: ["months", "OOM"],
  best_window_months: ["months", "OOM"],
  best_gain_ooms: ["OOM", "months"],
  first_year_ooms: ["OOM", null],
  pace_initial: ["x", null],
  pace_peak: ["x", null],
  months_to_peak: ["months", null],
  pace_ceiling: ["x", null],
  doublings_per_pace_doubling: ["1", null],
  doublings_per_pace_doubling_shortened: ["1", null],
  software_end_ooms: ["OOM", null],
  effective_end_ooms: ["OOM", null],
  months_end: ["months", null],
  limit_reached: ["1", null],
  n_deployments: ["1", null],
  accumulated_training_ooms: ["OOM", null],
  first_year_progress_years: ["years", null],
  best_year_progress_years: ["years", null],
};

const SHORT_NAMES = { best_window: "best_window_months", from_start: "months_to" };
const HOLDS = { "<": (x, y) => x < y, "<=": (x, y) => x <= y, ">": (x, y) => x > y, ">=": (x, y) => x >= y };
const EVENT_REMEDY = "Write it like 'best_window_months[5] < 12'.";
const TIE = 1e-9; // a value this near to the threshold, relative to it, counts as equal
const GAIN_HIGH = 20; // OOM to which a trajectory is followed
const YEAR_MONTHS = 12;
const DOUBLINGS_A_YEAR = 8; // of labour, in a year of progress (Davidson & Houlden 2025)
const NUMBER_TEXT = /^[+-]?(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:e[+-]?[0-9]{1,9})?|inf(?:inity)?)$/i;
const NUMBER_LENGTH_HIGH = 400;

/** The number that a text states, of the digits 0 to 9 with a point; nan where it states none. */
export function parsedNumber(text) {
  const plain = text.trim().toLowerCase();
  if (plain.length > NUMBER_LENGTH_HIGH || !NUMBER_TEXT.test(plain)) return NaN;
  const value = Number(plain.replace(/inf(inity)?/, "Infinity"));
  const isRoundedAway = value === 0 && /[1-9]/.test(plain.split("e")[0]);
  if (isRoundedAway || (!Number.isFinite(value) && !plain.includes("inf"))) return NaN;
  return value;
}

/** A name and what stands in brackets behind it (null without brackets); null where the text is neither. */
export function namedAndIndexed(text) {
  const found = /^\s*([\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}]*)\s*(?:\[([^\]]*)\]\s*)?$/u.exec(text);
  if (!found) return null;
  return [found[1], found[2] === undefined ? null : found[2].trim()];
}

/** A number as short as it can be, as in the texts of events. */
export function numberAsText(number) {
  return String(number).replace("Infinity", "inf");
}

/** Gains in OOM and widths in months that must be simulated for an outcome. */
export function marksOfOutcome(name, index) {
  if (name === "best_year_progress_years") return { levels: [], widths: [YEAR_MONTHS] };
  if (index === null) return { levels: [], widths: [] };
  return name === "best_gain_ooms" ? { levels: [], widths: [index] } : { levels: [index], widths: [] };
}

/** Months that a trajectory must last for a gain to be that of its whole window; 0 for what is none. */
export function windowMonths(name, index) {
  if (name === "best_gain_ooms") return index;
  return ["first_year_ooms", "first_year_progress_years", "best_year_progress_years"].includes(name) ? YEAR_MONTHS : 0;
}

/**
 * One outcome of every draw, nan where the draw could not be simulated.
 * @param {object} outcomes columns by name, with `levels` and `widths`
 * @param {string} name
 * @param {number|null} index k in OOM or w in months, for an outcome that has one
 * @returns {Float64Array}
 */
export function outcomeValues(outcomes, name, index = null) {
  const { status } = outcomes;
  const n = status.length;
  const values = new Float64Array(n);
  if (OUTCOMES[name][1] !== null) {
    const marks = outcomes[name === "best_gain_ooms" ? "widths" : "levels"];
    const place = marks.indexOf(index);
    if (place < 0) throw new InputError(`${name}[${index}]`, "was not simulated", `There are ${marks.join(", ")}.`);
    for (let i = 0; i < n; i++) values[i] = outcomes[name][i * marks.length + place];
    return values;
  }
  const at = valueAtDraw(outcomes, name);
  for (let i = 0; i < n; i++) values[i] = status[i] === 0 ? at(i) : NaN;
  return values;
}

function valueAtDraw(outcomes, name) {
  const yearsOf = (gains) => (i) =>
    (outcomes.labour_per_efficiency[i] * gains[i]) / (Math.LN2 / Math.LN10) / DOUBLINGS_A_YEAR;
  if (name === "accumulated_training_ooms") return (i) => outcomes.effective_end_ooms[i] - outcomes.software_end_ooms[i];
  if (name === "first_year_progress_years") return yearsOf(outcomes.first_year_ooms);
  if (name === "best_year_progress_years") return yearsOf(outcomeValues(outcomes, "best_gain_ooms", YEAR_MONTHS));
  return (i) => outcomes[name][i];
}

/** A comparison of one outcome with a number. */
export class OutcomeEvent {
  constructor(outcome, index, comparison, threshold) {
    this.outcome = outcome;
    this.index = index;
    this.comparison = comparison;
    this.threshold = threshold;
  }

  /** The event in the grammar that parseEvent reads. */
  get text() {
    const index = this.index === null ? "" : `[${numberAsText(this.index)}]`;
    return `${this.outcome}${index} ${this.comparison} ${numberAsText(this.threshold)}`;
  }

  get levels() {
    return marksOfOutcome(this.outcome, this.index).levels;
  }

  get widths() {
    return marksOfOutcome(this.outcome, this.index).widths;
  }

  /** The threshold, moved so that a tie counts as equal: values are compared with this. */
  get bound() {
    const margin = TIE * Math.abs(this.threshold);
    return ["<=", ">"].includes(this.comparison) ? this.threshold + margin : this.threshold - margin;
  }

  /** 1 for the draws of which it is true; 0 for one that could not be simulated. */
  holds(outcomes) {
    return this.holdsOf(outcomeValues(outcomes, this.outcome, this.index));
  }

  /** 1 for the values of its outcome of which it is true; 0 for nan. */
  holdsOf(values) {
    const { bound } = this;
    const isTrue = HOLDS[this.comparison];
    const flags = new Uint8Array(values.length);
    for (let i = 0; i < flags.length; i++) flags[i] = isTrue(values[i], bound) ? 1 : 0;
    return flags;
  }

  /** Refuse an event that is not decided by the end of the trajectories. */
  checkHorizon(horizonMonths) {
    let months = windowMonths(this.outcome, this.index);
    if (OUTCOMES[this.outcome][0] === "months") months = this.threshold;
    if (months > horizonMonths) {
      throw new InputError(`event = '${this.text}'`, `asks about ${numberAsText(months)} months, but trajectories end after ${numberAsText(horizonMonths)}`, "Ask about less.");
    }
  }

  /** This event counted from the day of automation; null where it has no such twin. */
  get fromStart() {
    if (this.outcome === "best_window_months") return new OutcomeEvent("months_to", this.index, this.comparison, this.threshold);
    if (this.outcome === "best_gain_ooms" && this.index === YEAR_MONTHS) return new OutcomeEvent("first_year_ooms", null, this.comparison, this.threshold);
    return null;
  }

  /** The event as the end of a sentence that begins "the probability that". */
  get inWords() {
    const { outcome, index, comparison, threshold } = this;
    if (outcome === "best_window_months" || outcome === "months_to") {
      const below = { "<": "in less than", "<=": "within", ">": "only in more than", ">=": "not before" };
      const start = outcome === "months_to" ? ", counted from the day of automation" : "";
      return `software alone raises effective training compute by at least ${numberAsText(index)} OOM ${below[comparison]} ${monthsAsText(threshold)}${start}`;
    }
    const [unit, indexUnit] = OUTCOMES[outcome];
    const name = index === null ? outcome : `${outcome}[${numberAsText(index)} ${indexUnit}]`;
    const compared = { "<": "is below", "<=": "is at most", ">": "is above", ">=": "is at least" };
    const units = { 1: "", x: "x" }; // a factor is written 100x
    return `${name} ${compared[comparison]} ${numberAsText(threshold)}${units[unit] ?? ` ${unit}`}`;
  }
}

function monthsAsText(months) {
  if (months === YEAR_MONTHS) return "a year";
  return months === 1 ? "1 month" : `${numberAsText(months)} months`;
}

/**
 * Read an event.
 * @param {string} text such as "best_window_months[5] < 12"
 * @returns {OutcomeEvent}
 * @throws {InputError} where the text is none
 */
export function parseEvent(text) {
  if (typeof text !== "string") throw new InputError("event", "is not text", EVENT_REMEDY);
  const where = `event = '${text.slice(0, 80)}'`;
  const found = /[<>]=?/.exec(text);
  const rest = found ? text.slice(found.index + found[0].length).trim() : "";
  const named = rest ? namedAndIndexed(text.slice(0, found.index)) : null;
  if (!named) throw new InputError(where, "is not an event: outcome, comparison (<, <=, >, >=), number", EVENT_REMEDY);
  const [word, indexText] = named;
  const name = Object.hasOwn(SHORT_NAMES, word) ? SHORT_NAMES[word] : word;
  if (!Object.hasOwn(OUTCOMES, name)) throw new InputError(where, "names no outcome", `Known: ${Object.keys(OUTCOMES).join(", ")}.`);
  const [unit, indexUnit] = OUTCOMES[name];
  const threshold = decidable(where, "the number after the comparison", rest);
  if (unit === "months" && threshold < 0) throw new InputError(where, `compares a time with ${threshold} months`, "Times count from 0.");
  if (indexUnit === null) {
    if (indexText !== null) throw new InputError(where, `puts an index on ${name}, which has none`, "Leave the brackets out.");
    return new OutcomeEvent(name, null, found[0], threshold);
  }
  if (indexText === null) throw new InputError(where, `lacks the index of ${name}, in ${indexUnit}`, `Write it like '${name}[5] < 12'.`);
  const index = decidable(where, "the index", indexText);
  const isInside = index > 0 && (indexUnit !== "OOM" || index <= GAIN_HIGH);
  if (!isInside) throw new InputError(where, `has the index ${numberAsText(index)}`, indexUnit === "OOM" ? `A gain is above 0 and at most ${GAIN_HIGH} OOM.` : "A window is longer than 0 months.");
  return new OutcomeEvent(name, index, found[0], threshold);
}

function decidable(where, what, text) {
  const value = parsedNumber(text);
  if (Number.isNaN(value)) throw new InputError(where, `cannot be read: ${what} is no number that can be computed with`, EVENT_REMEDY);
  if (!Number.isFinite(value)) throw new InputError(where, `cannot be decided: ${what} is not finite`, EVENT_REMEDY);
  return value;
}
