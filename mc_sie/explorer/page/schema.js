// What a prior file may hold, beside the distributions themselves: the header, correlations, evidence, a pool.
// It refuses what mc_sie/priors/schema.py refuses.

import { subjectOf } from "./derived.js";
import { InputError, inDigits } from "./errors.js";

const HEADER_KEYS = ["title", "description", "citations", "extends", "bottlenecks", "pool", "correlation", "evidence"];
const SOURCE_KEYS = ["unit", "source", "judgement"];
const MEMBERS_HIGH = 64;
const EVIDENCE_HIGH = 64;
const SD_LOG_HIGH = 100;
const WEIGHTS_TOLERANCE = 1e-9;
const [SIZE_LOW, SIZE_HIGH] = [1e-100, 1e100];
const NESTED_HIGH = 12;
const VISIBLE = /[^\p{White_Space}\p{C}]/u;

const READING_KEYS = ["value", "low", "high", "sd", "sd_log"];

/** True of a plain object, as TOML makes tables. */
export function isTomlTable(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isGiven(value) {
  return value !== undefined && value !== null;
}

/** Refuse a prior file whose header cannot be used. Entries are read one by one, by checkedEntry. */
export function checkDocument(table, data) {
  if (!isTomlTable(table) || !Object.keys(table).length) throw new InputError("the prior", "is no table", "Give a prior file.");
  checkComputable(table, [], data);
  for (const key of Object.keys(table)) {
    if (HEADER_KEYS.includes(key) || Object.hasOwn(data.quantities, key)) continue;
    throw new InputError(key.slice(0, 60), "is no quantity and no key of a prior file", suggestion(key, [...Object.keys(data.quantities), ...HEADER_KEYS]));
  }
  checkText(table, "title", "", true);
  for (const key of ["extends", "bottlenecks"]) checkText(table, key, "", false);
  if (isGiven(table.description) && typeof table.description !== "string") throw new InputError("description", "is not text", "Write it in quotes.");
  checkTexts(table, "citations", "");
  for (const key of ["correlation", "evidence"]) {
    if (isGiven(table[key]) && !Array.isArray(table[key])) throw new InputError(key, "is not a list", `Write [[${key}]].`);
  }
  if (table.evidence?.length > EVIDENCE_HIGH) throw new InputError("evidence", `has more than ${EVIDENCE_HIGH} pieces`, "Leave some out.");
  if (isGiven(table.pool)) checkPool(table);
}

/** Refuse numbers that nothing can compute with, and what is nested too deeply. */
function checkComputable(value, steps, data) {
  if (typeof value === "number" && Number.isFinite(value)) {
    const size = Math.abs(value);
    if (size === 0 || (size >= SIZE_LOW && size <= SIZE_HIGH)) return;
    throw new InputError(placeOf(steps), "is neither 0 nor between 1e-100 and 1e+100 in size", "No distribution can be computed from it.");
  }
  if (typeof value !== "object" || value === null) return;
  if (steps.length >= NESTED_HIGH) throw new InputError(placeOf(steps.slice(0, 2)), `is nested more than ${NESTED_HIGH} levels deep`, "No key of a prior file goes that deep.");
  for (const [step, inner] of Object.entries(value)) checkComputable(inner, [...steps, step], data);
}

function placeOf([first, ...rest]) {
  if (!rest.length) return String(first);
  return `[${first}] ${rest.join(".")}`.slice(0, 120);
}

function checkText(table, key, where, isNeeded) {
  const value = table[key];
  if (!isGiven(value)) {
    if (isNeeded) throw new InputError(where || "the prior", `has no ${key}`, `Add ${key} = "...".`);
    return;
  }
  if (typeof value !== "string") throw new InputError(`${where} ${key}`.trim(), "is not text", "Write it in quotes.");
  if (!VISIBLE.test(value)) throw new InputError(`${where} ${key}`.trim(), "is blank", "Write something, or leave the key out where it may be left out.");
}

function checkTexts(table, key, where) {
  const list = table[key];
  if (!isGiven(list)) return;
  if (!Array.isArray(list)) throw new InputError(`${where} ${key}`.trim(), "is not a list", "Write it in square brackets.");
  if (!list.every((one) => typeof one === "string")) throw new InputError(`${where} ${key}`.trim(), "holds something that is not text", "Write each in quotes.");
}

function refuseUnknown(table, known, where) {
  for (const key of Object.keys(table)) {
    if (!known.includes(key) && isGiven(table[key])) throw new InputError(`${where} ${key.slice(0, 60)}`, "is no key here", suggestion(key, known));
  }
}

function finiteNumber(table, key, where) {
  const value = table[key];
  if (!isGiven(value)) throw new InputError(where, `has no ${key}`, `Add ${key} = ....`);
  if (typeof value !== "number") throw new InputError(`${where} ${key}`, "is not a number", "Write a number without quotes.");
  if (!Number.isFinite(value)) throw new InputError(`${where} ${key}`, "is not a finite number", "Give one.");
  return value;
}

/**
 * What a table says of a quantity, without unit and source, which are checked.
 * @returns {object|null} family and parameters; null for family "absent"
 */
export function checkedEntry(name, table, quantity) {
  const where = `[${name}]`;
  if (!isTomlTable(table)) throw new InputError(where, "is not a table", "Write it as a table: its family, and the keys of that family.");
  checkText(table, "source", where, true);
  checkText(table, "judgement", where, false);
  const isAbsent = table.family === "absent";
  if (!isGiven(table.unit) && name !== "mode" && !isAbsent) throw new InputError(where, "has no unit", `Add unit = "${quantity.unit}".`);
  if (isGiven(table.unit) && table.unit !== quantity.unit) {
    throw new InputError(`${where} unit`, `is not the unit of ${name}, "${quantity.unit}"`, `Write unit = "${quantity.unit}".`);
  }
  if (isAbsent) {
    if (!quantity.optional) throw new InputError(`${where} family`, "cannot be absent", `Only optional quantities can: the model needs ${name}.`);
    refuseUnknown(table, ["family", ...SOURCE_KEYS], where);
    return null;
  }
  const stated = {};
  for (const [key, value] of Object.entries(table)) if (!SOURCE_KEYS.includes(key) && isGiven(value)) stated[key] = value;
  return stated;
}

/** The pairs that one correlation of a file states. */
export function checkedCorrelation(table, place, data) {
  const where = `correlation[${place}]`;
  if (!isTomlTable(table)) throw new InputError(where, "is not a table", "Write [[correlation]].");
  refuseUnknown(table, ["between", "group", "spearman", ...SOURCE_KEYS], where);
  const key = isGiven(table.group) ? "group" : "between";
  if (isGiven(table.between) === isGiven(table.group)) {
    throw new InputError(where, "has neither or both of between and group", 'Write between = ["r", "lam"] for one pair, or group = [...] for all of several.');
  }
  const names = table[key];
  if (!Array.isArray(names) || names.length < 2 || (key === "between" && names.length > 2)) throw new InputError(`${where} ${key}`, "is no list of two quantities, or of a group", "Name two.");
  names.forEach((name, i) => {
    if (name === "mode") throw new InputError(`${where} ${key}`, "names mode, which has categories", "Retraining modes have no order: correlate numbers.");
    if (typeof name !== "string" || !Object.hasOwn(data.quantities, name)) throw new InputError(`${where} ${key}`, "names what is no quantity", suggestion(String(name), Object.keys(data.quantities)));
    if (names.indexOf(name) < i) throw new InputError(`${where} ${key}`, `has ${name} twice`, "A quantity is not correlated with itself.");
  });
  const spearman = finiteNumber(table, "spearman", where);
  if (!(spearman > -1 && spearman < 1)) throw new InputError(`${where} spearman`, "is not between -1 and 1", "At 1 both are one quantity.");
  if (isGiven(table.unit) && table.unit !== "1") throw new InputError(`${where} unit`, "is not 1", 'Write unit = "1".');
  checkText(table, "source", where, true);
  checkText(table, "judgement", where, false);
  const { source, judgement } = table;
  return names.flatMap((first, i) => names.slice(i + 1).map((second) => ({ between: [first, second], spearman, source, judgement })));
}

/** One piece of evidence of a file, with its subject. */
export function checkedEvidence(table, place, data) {
  const where = `evidence[${place}]`;
  if (!isTomlTable(table)) throw new InputError(where, "is not a table", "Write [[evidence]].");
  refuseUnknown(table, ["name", "about", "likelihood", "already_used_by", ...READING_KEYS, ...SOURCE_KEYS], where);
  for (const key of ["name", "about", "likelihood", "source"]) checkText(table, key, where, true);
  checkText(table, "judgement", where, false);
  checkTexts(table, "already_used_by", where);
  for (const text of table.already_used_by ?? []) checkText({ text }, "text", `${where} already_used_by`, true);
  if (!Object.hasOwn(data.likelihoods, table.likelihood)) throw new InputError(`${where} likelihood`, "is none", suggestion(table.likelihood, Object.keys(data.likelihoods)));
  const subject = subjectOf(table.about, data, `${where} about`);
  if (table.unit !== subject.unit) throw new InputError(`${where} unit`, `is not the unit of ${subject.name}, "${subject.unit}"`, `Write unit = "${subject.unit}".`);
  const parameters = {};
  for (const key of READING_KEYS) if (isGiven(table[key])) parameters[key] = finiteNumber(table, key, where);
  checkReadings(table.likelihood, data.likelihoods[table.likelihood], parameters, where);
  const { name, about, likelihood, unit, source, judgement } = table;
  return { name, about, likelihood, parameters, unit, source, judgement, alreadyUsedBy: table.already_used_by ?? [], subject };
}

function checkReadings(likelihood, { readings, errors, needsError }, given, where) {
  const remedy = `It takes ${[...readings, ...errors].join(", ")}.`;
  for (const key of ["sd", "sd_log"]) if (key in given && !(given[key] > 0)) throw new InputError(`${where} ${key}`, "is not above 0", "Give a larger number.");
  if (given.sd_log > SD_LOG_HIGH) throw new InputError(`${where} sd_log`, `is above ${SD_LOG_HIGH}`, "Give a smaller number.");
  for (const key of Object.keys(given)) if (![...readings, ...errors].includes(key)) throw new InputError(`${where} ${key}`, `is not a key of likelihood = "${likelihood}"`, remedy);
  for (const key of readings) if (!(key in given)) throw new InputError(where, `has no ${key}`, remedy);
  const stated = errors.filter((key) => key in given);
  if (stated.length > 1) throw new InputError(`${where} sd_log`, "is given beside sd", "Both say how good the reading is: keep one of them.");
  if (needsError && !stated.length) throw new InputError(where, `does not say how good it is: it has no ${errors.join(" or ")}`, "Give one.");
  if (likelihood === "interval" && !(given.low < given.high)) throw new InputError(`${where} high`, "is not above low", "Put the smaller number in low.");
  if ("sd_log" in given) {
    for (const key of readings) if (!(given[key] > 0)) throw new InputError(`${where} ${key}`, "is not above 0", "A reading with sd_log is a positive number; or give sd.");
  }
}

function checkPool(table) {
  const { pool } = table;
  if (!isTomlTable(pool)) throw new InputError("pool", "is not a table", "Write [pool].");
  refuseUnknown(pool, ["members", "source"], "[pool]");
  checkText(pool, "source", "[pool]", true);
  if (!isTomlTable(pool.members) || !Object.keys(pool.members).length) throw new InputError("[pool] members", "has none", "List the prior sets and their weights.");
  const weights = Object.keys(pool.members).map((name) => finiteNumber(pool.members, name, "[pool] members"));
  if (weights.length > MEMBERS_HIGH) throw new InputError("[pool] members", `has more than ${MEMBERS_HIGH}`, "Leave some out.");
  if (weights.some((weight) => weight < 0)) throw new InputError("[pool] members", "has a weight below 0", "Give a larger number.");
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (Math.abs(total - 1) > WEIGHTS_TOLERANCE) throw new InputError("[pool] members", `has weights that sum to ${inDigits(total, 10)}, not 1`, "Make the weights sum to 1.");
}

/** "Did you mean ...?" where a known name has nearly all letters in common, else those that there are. */
export function suggestion(word, known) {
  const size = (text) => new Set(Array.from({ length: text.length - 1 }, (_, i) => text.slice(i, i + 2)));
  const pairs = size(word.slice(0, 60));
  let [best, nearest] = [0.5, null];
  for (const name of known) {
    const other = size(name);
    const shared = [...pairs].filter((pair) => other.has(pair)).length;
    const likeness = (2 * shared) / (pairs.size + other.size);
    if (likeness > best) [best, nearest] = [likeness, name];
  }
  return nearest ? `Did you mean '${nearest}'?` : `Known: ${known.join(", ")}.`;
}
