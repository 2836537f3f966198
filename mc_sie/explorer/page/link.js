// The address holds the view. A link is somebody else's text: it may choose among names and give numbers, no more.

import { SOURCE } from "./elicit.js";
import { InputError } from "./errors.js";
import { editsOf, eventText, isChanged } from "./state.js";

const HASH_HIGH = 60000;
const DEPTH_HIGH = 6;
const LIST_HIGH = 300;
const SILENT = new Set(["source", "judgement", "unit", "title", "description", "citations", "bottlenecks"]);
const TEXTS = /^[a-z][a-z0-9_]{0,40}$/;
const KEYS = new Set(["v", "set", "event", "changes", "weights", "prior", "evidence", "look", "against"]);

/** The view as what follows "#". */
export function toHash(view, data) {
  const set = data.sets[view.set];
  const given = { v: "1" };
  if (set.isShipped) {
    given.set = view.set;
    const { changes, weights } = editsOf(view);
    if (Object.keys(changes).length) given.changes = encoded(silent(changes));
    if (weights) given.weights = encoded(weights);
  } else {
    given.prior = encoded(silent(isChanged(view) ? data.tableOf(view) : set.table));
  }
  given.event = eventText(view.event);
  if (!view.evidence) given.evidence = "off";
  if (view.look) given.look = view.look;
  if (view.against) given.against = view.against;
  return `#${new URLSearchParams(given)}`;
}

/** Tables without what people wrote into them: a link carries numbers. */
function silent(value) {
  if (Array.isArray(value)) return value.map(silent);
  if (value === null || typeof value !== "object") return Number.isNaN(value) ? "nan" : infinite(value);
  return Object.fromEntries(Object.entries(value).filter(([key]) => !SILENT.has(key)).map(([key, one]) => [key, silent(one)]));
}

function infinite(value) {
  if (value === Infinity) return "inf";
  return value === -Infinity ? "-inf" : value;
}

function encoded(value) {
  return btoa(unescape(encodeURIComponent(JSON.stringify(value)))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function refuse(what) {
  throw new InputError("this link", `cannot be read: ${what}`, "The page starts as if there were none.");
}

function decoded(text, what) {
  let value;
  try {
    value = JSON.parse(decodeURIComponent(escape(atob(text.replaceAll("-", "+").replaceAll("_", "/")))));
  } catch {
    refuse(`${what} are not what a page writes`);
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) refuse(`${what} are no table`);
  return clean(value, what, 0);
}

/** Only finite numbers, short names and lists and tables of those. */
function clean(value, what, depth) {
  if (depth > DEPTH_HIGH) refuse(`${what} are nested too deeply`);
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (value === "inf") return Infinity;
  if (value === "-inf") return -Infinity;
  if (typeof value === "string" && TEXTS.test(value)) return value;
  if (Array.isArray(value) && value.length <= LIST_HIGH) return value.map((one) => clean(one, what, depth + 1));
  if (value === null || typeof value !== "object" || Array.isArray(value)) return refuse(`${what} hold something that is no number`);
  const entries = Object.entries(value);
  if (entries.length > LIST_HIGH) refuse(`${what} are too many`);
  const found = {};
  for (const [key, one] of entries) {
    if (!/^[a-z][a-z0-9_ -]{0,60}$/.test(key) || key in {}) refuse(`${what} have a key that no prior file has`);
    if (!SILENT.has(key)) found[key] = clean(one, what, depth + 1);
  }
  return found;
}

/**
 * What a link says; names are checked here, numbers by whoever makes a prior of them.
 * @param {string} hash as the address has it
 * @param {object} data of the page
 * @returns {object|null} set, changes, weights, prior, event (text), evidence, look, against; null where there is no link
 */
export function fromHash(hash, data) {
  const text = hash.replace(/^#/, "");
  if (!text.includes("=")) return null;
  if (text.length > HASH_HIGH) refuse("it is too long");
  const given = new Map();
  for (const [key, value] of new URLSearchParams(text)) if (KEYS.has(key) && !given.has(key)) given.set(key, value);
  if (!given.size) return null;
  if (given.has("v") && given.get("v") !== "1") refuse("it is of another version");
  const link = { set: null, changes: {}, weights: null, prior: null, event: given.get("event") ?? null };
  const known = (key, names) => {
    const name = given.get(key) ?? "";
    if (name && !Object.hasOwn(names, name)) refuse(`it names a ${key === "look" ? "quantity" : "prior set"} that this page does not have`);
    return name;
  };
  link.set = known("set", data.sets) || null;
  link.look = known("look", data.quantities);
  link.against = known("against", data.sets);
  link.evidence = given.get("evidence") !== "off";
  if (given.has("changes")) link.changes = sourced(decoded(given.get("changes"), "its changes"), data);
  if (given.has("weights")) link.weights = decoded(given.get("weights"), "its weights");
  if (given.has("prior")) link.prior = wholeOf(decoded(given.get("prior"), "its priors"), data);
  return link;
}

/** Entries with the unit and a source of this page's own. */
function sourced(tables, data) {
  return Object.fromEntries(Object.entries(tables).map(([name, table]) => [name, entryOf(name, table, data)]));
}

function entryOf(name, table, data) {
  if (!Object.hasOwn(data.quantities, name)) refuse("it changes something that is no quantity");
  if (table === null || typeof table !== "object" || Array.isArray(table)) refuse("it changes a quantity to something else than a distribution");
  const { unit } = data.quantities[name];
  const known = { ...table, source: SOURCE };
  if (name !== "mode" && table.family !== "absent") known.unit = unit;
  return known;
}

function wholeOf(table, data) {
  const found = { title: "From a link" };
  for (const [key, value] of Object.entries(table)) {
    if (Object.hasOwn(data.quantities, key)) found[key] = entryOf(key, value, data);
    else if (key === "extends" && Object.hasOwn(data.sets, value)) found.extends = value;
    else if (key === "correlation" && Array.isArray(value)) found.correlation = value.map((one) => ({ ...one, source: SOURCE }));
    else refuse("it states more than distributions and correlations");
  }
  return found;
}
