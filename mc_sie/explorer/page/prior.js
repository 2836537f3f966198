// A joint prior over the model's quantities: from a prior file's table to distributions, and from points in the unit
// cube to draws. The twin of mc_sie/priors/prior_set.py and loading.py.

import { checkNames, checkTogether, whyUncorrelated } from "./consistency.js";
import { dependenceBetween } from "./copula.js";
import { distributionOf } from "./distributions.js";
import { InputError } from "./errors.js";
import { FORWARD, INVERSE, keptInside } from "./reparametrisation.js";
import { checkDocument, checkedCorrelation, checkedEntry, checkedEvidence, suggestion } from "./schema.js";

/** Name of the latent "which prior set" of a pool. */
export const POOL_DIMENSION = "prior_set";

const CHAIN_HIGH = 20;
const N_RESTATED = 4096;
const revived = new WeakSet();
const knownEntries = new WeakMap(); // by table: an entry that did not change is not made again

/** Numbers that JSON does not know, in the page's data: in place, once. */
export function reviveData(data) {
  if (revived.has(data)) return;
  revived.add(data);
  const names = { inf: Infinity, "-inf": -Infinity, nan: NaN };
  const walk = (value) => {
    for (const key of Object.keys(value)) {
      const one = value[key];
      if (typeof one === "string" && Object.hasOwn(names, one)) value[key] = names[one];
      else if (typeof one === "object" && one !== null) walk(one);
    }
  };
  for (const part of ["quantities", "sets", "idle"]) walk(data[part]);
}

/** Names of the quantities that the law of motion takes, in the order of the table. */
export function modelQuantities(data) {
  return Object.keys(data.quantities).filter((name) => data.quantities[name].determines === name);
}

/** Permanent dimension of the sampler for a latent dimension of a prior. */
export function dimensionOf(name, data) {
  return Object.hasOwn(data.quantities, name) ? data.quantities[name].dimension : data.priorSetDimension;
}

/**
 * The prior that a prior file states.
 * @param {object} table of the file, as parseToml gives it
 * @param {object} data of the page: quantities, shipped sets to extend
 * @param {string} [name]
 * @returns {Prior}
 */
export function priorOf(table, data, name = "") {
  reviveData(data);
  checkDocument(table, data);
  const header = { name: name || table.title, title: table.title, description: (table.description ?? "").trim() };
  if (table.pool) return poolOf(table, header, data);
  const layer = layerOf(table, data, name, []);
  return setOf([...layer.entries.values()], [...layer.correlations.values()], { ...header, ...layer, evidence: [...layer.evidence.values()] }, data);
}

// ---------------------------------------------------------------------------------------------- files on files

/** Statements of a file, on top of those that it inherits. */
function layerOf(table, data, origin, trail) {
  const base = baseOf(table, data, trail);
  const stated = Object.keys(data.quantities).filter((name) => table[name] !== undefined && table[name] !== null);
  const own = stated.map((name) => readEntry(name, table[name], data, origin)).filter((entry) => entry !== null);
  checkNames(stated, data, false);
  const modelOf = (name) => data.quantities[name].determines;
  const determined = new Set(stated.map(modelOf));
  const entries = new Map([...base.entries].filter(([name]) => !determined.has(modelOf(name))));
  for (const entry of own) entries.set(entry.name, entry);
  // a statement of how r and alpha_compute fit together does not speak of other numbers
  const speaksAnew = own.some((entry) => ["r", "alpha_compute"].includes(modelOf(entry.name)));
  return {
    entries,
    citations: [...new Set([...(table.citations ?? []), ...base.citations])],
    bottlenecks: table.bottlenecks?.trim() || (speaksAnew ? null : base.bottlenecks),
    correlations: new Map([...base.correlations, ...ownCorrelations(table, entries, data)]),
    evidence: new Map([...base.evidence, ...ownEvidence(table, data)]),
  };
}

const NOTHING = { entries: new Map(), citations: [], bottlenecks: null, correlations: new Map(), evidence: new Map() };

function baseOf(table, data, trail) {
  const name = table.extends;
  if (name === undefined || name === null) return NOTHING;
  if (!Object.hasOwn(data.sets, name)) throw new InputError(`extends = "${name.slice(0, 60)}"`, "is no set that this page has", suggestion(name, Object.keys(data.sets)));
  if (trail.includes(name)) throw new InputError(`extends = "${name}"`, "leads back to itself", "Take one link out.");
  if (trail.length >= CHAIN_HIGH) throw new InputError("extends", `is the end of a chain of more than ${CHAIN_HIGH} files`, "State its entries here.");
  const base = data.sets[name].table;
  checkDocument(base, data);
  if (base.pool) throw new InputError(`extends = "${name}"`, "is a pool, which has no entries to inherit", "Extend one of its members.");
  return layerOf(base, data, name, [...trail, name]);
}

function ownCorrelations(table, entries, data) {
  const whole = withDefaults([...entries.values()], data);
  const found = new Map();
  for (const [place, model] of (table.correlation ?? []).entries()) {
    for (const pair of checkedCorrelation(model, place, data)) {
      const where = `correlation[${place}]`;
      const problem = whyUncorrelated(pair.between, whole, data);
      if (problem) throw new InputError(where, ...problem);
      const key = pairKey(pair.between);
      if (found.has(key)) throw new InputError(where, `states the correlation of ${pair.between.join(" and ")} again`, "State each pair once: a group stands for every pair in it.");
      found.set(key, pair);
    }
  }
  return found;
}

function pairKey(between) {
  return [...between].sort().join(" ");
}

function ownEvidence(table, data) {
  const found = new Map();
  for (const [place, model] of (table.evidence ?? []).entries()) {
    const item = checkedEvidence(model, place, data);
    if (found.has(item.name)) throw new InputError(`evidence[${place}] name`, "is the name of another piece", "Give each its own name.");
    found.set(item.name, item);
  }
  return found;
}

/** An entry from its table; null for family "absent". */
function readEntry(name, table, data, origin) {
  const known = typeof table === "object" && table !== null ? knownEntries.get(table) : undefined;
  if (known && known.name === name && known.data === data) return known.entry && { ...known.entry, origin };
  const quantity = data.quantities[name];
  const stated = checkedEntry(name, table, quantity);
  let entry = null;
  if (stated !== null) {
    const { unit, source, judgement } = table;
    entry = { name, table, unit: unit ?? quantity.unit, source, judgement: judgement ?? null, isDefault: false, origin, distribution: madeFrom(name, stated, quantity) };
  }
  knownEntries.set(table, { name, data, entry });
  return entry && { ...entry };
}

function madeFrom(name, stated, quantity) {
  try {
    return distributionOf(stated, quantity);
  } catch (error) {
    if (error instanceof InputError) throw new InputError(`[${name}] ${error.where}`.trim(), error.why, error.remedy);
    throw error;
  }
}

/** Entries by name in the order of the table of quantities, with defaults for what is not stated. */
function withDefaults(stated, data) {
  const byName_ = new Map(stated.map((entry) => [entry.name, entry]));
  const determined = new Set(stated.map((entry) => data.quantities[entry.name].determines));
  const found = {};
  for (const [name, quantity] of Object.entries(data.quantities)) {
    if (byName_.has(name)) found[name] = byName_.get(name);
    else if (quantity.default !== null && !determined.has(name)) found[name] = defaultEntry(name, quantity, data);
  }
  return found;
}

function defaultEntry(name, quantity, data) {
  const known = knownEntries.get(quantity);
  if (known && known.data === data) return known.entry;
  const table = { family: "fixed", value: quantity.default };
  const source = "default of this project";
  const entry = { name, table, unit: quantity.unit, source, judgement: null, isDefault: true, origin: "default", distribution: madeFrom(name, table, quantity) };
  knownEntries.set(quantity, { data, entry });
  return entry;
}

// ------------------------------------------------------------------------------------------------ the prior

function setOf(stated, correlations, header, data) {
  const entries = withDefaults(stated, data);
  checkTogether(entries, data);
  const kept = correlations.filter((one) => whyUncorrelated(one.between, entries, data) === null);
  const lost = correlations.filter((one) => !kept.includes(one));
  const latent = kept.map(({ between, spearman }) => [...between.map((name) => data.quantities[name].determines), spearman]);
  const dependence = dependenceBetween(modelQuantities(data), latent);
  const warnings = lost.map(({ between }) => {
    const [why, remedy] = whyUncorrelated(between, entries, data);
    return `The correlation of ${between.join(" and ")} is left out: it ${why}. ${remedy}`;
  });
  if (dependence.isRepaired) warnings.push("The correlations cannot all hold together: the nearest that can take their place.");
  return new Prior({ ...header, entries, members: [], correlations: kept, dependence, warnings }, data);
}

function poolOf(table, header, data) {
  for (const key of Object.keys(table)) {
    if (["extends", "correlation"].includes(key) || Object.hasOwn(data.quantities, key)) {
      throw new InputError(key, "stands beside [pool]", "A pool takes whole sets: state this in a file of its own and make that a member.");
    }
  }
  const members = Object.entries(table.pool.members).map(([name, weight]) => {
    const where = `[pool] members "${name.slice(0, 60)}"`;
    if (!Object.hasOwn(data.sets, name)) throw new InputError(where, "is no set that this page has", suggestion(name, Object.keys(data.sets)));
    if (data.sets[name].table.pool) throw new InputError(where, "is itself a pool", "List its members here, with their weights multiplied out.");
    const prior = priorOf(data.sets[name].table, data, name);
    if (prior.evidence.length) throw new InputError(where, "is conditioned on evidence", "List the set without it, and state [[evidence]] in this file.");
    return { name, weight, prior };
  });
  const evidence = [...ownEvidence(table, data).values()];
  return wholePool({ ...header, citations: table.citations ?? [], bottlenecks: table.bottlenecks?.trim() || null, poolSource: table.pool.source, evidence }, members, data);
}

function wholePool(header, members, data) {
  const warnings = [...new Set(members.flatMap(({ prior }) => prior.warnings))];
  return new Prior({ ...header, entries: {}, members, correlations: [], dependence: dependenceBetween([], []), warnings }, data);
}

/**
 * @typedef {object} Entry
 * @property {string} name code name of the quantity
 * @property {object} table as in the file
 * @property {string} unit
 * @property {string} source
 * @property {string|null} judgement
 * @property {boolean} isDefault no file states it
 * @property {string} origin set that states it
 * @property {object} distribution
 */

/** A joint prior: entries and their correlations, or a pool of whole sets; made by priorOf. */
export class Prior {
  constructor(parts, data) {
    const keys = ["name", "title", "description", "citations", "bottlenecks", "poolSource", "entries", "members", "evidence", "correlations", "dependence", "warnings"];
    for (const key of keys) this[key] = parts[key];
    this.data = data;
    this.dimensions = this.randomDimensions();
  }

  /** Latent dimensions that are random, in the order of the sampler's. */
  randomDimensions() {
    const { quantities } = this.data;
    const random = new Set(this.members.flatMap(({ prior }) => prior.dimensions));
    for (const { name, distribution } of Object.values(this.entries)) if (distribution.constant === null) random.add(quantities[name].determines);
    const ordered = modelQuantities(this.data).filter((name) => random.has(name));
    return this.members.length ? [...ordered, POOL_DIMENSION] : ordered;
  }

  /** Sets that are no pools, with weights: the members, or itself. */
  get plainSets() {
    return this.members.length ? this.members : [{ name: this.name, weight: 1, prior: this }];
  }

  /**
   * Values of every quantity at points of the unit cube.
   * @param {Object<string, Float64Array>} points by name of the dimension, in (0, 1)
   * @param {number} n number of points
   * @returns {Object<string, Float64Array>} every quantity of the model, nan where not given, `mode` as a code; the
   *   reparametrisations in use; of a pool `prior_set`, the number of the member
   */
  values(points, n) {
    if (this.members.length) return this.pooledValues(points, n);
    const { quantities, reparametrisations } = this.data;
    const mixed = this.dependence.applied(points);
    const found = {};
    for (const { name, distribution } of Object.values(this.entries)) {
      const { constant } = distribution;
      const drawn = constant === null ? distribution.quantile(mixed[quantities[name].determines]) : new Float64Array(n).fill(constant);
      found[name] = keptInside(quantities[name], drawn); // rounding may put a draw on an excluded bound
    }
    for (const { name } of reparametrisations) {
      const { determines } = quantities[name];
      if (name in found) found[determines] = keptInside(quantities[determines], FORWARD[name](found));
    }
    return this.inOrder(found, n);
  }

  inOrder(found, n) {
    const stated = this.data.reparametrisations.map(({ name }) => name).filter((name) => name in found);
    const ordered = {};
    for (const name of [...modelQuantities(this.data), ...stated]) ordered[name] = found[name] ?? new Float64Array(n).fill(NaN);
    return ordered;
  }

  pooledValues(points, n) {
    const which = memberOfEach(this.members, points[POOL_DIMENSION]);
    const found = {};
    this.members.forEach(({ prior }, index) => {
      const rows = [];
      for (let i = 0; i < n; i++) if (which[i] === index) rows.push(i);
      const chosen = {};
      for (const name of prior.dimensions) chosen[name] = Float64Array.from(rows, (row) => points[name][row]);
      for (const [name, column] of Object.entries(prior.values(chosen, rows.length))) {
        found[name] ??= new Float64Array(n).fill(NaN);
        for (let i = 0; i < rows.length; i++) found[name][rows[i]] = column[i];
      }
    });
    return { ...this.inOrder(found, n), [POOL_DIMENSION]: which };
  }

  /**
   * This prior with other tables for some quantities.
   * @param {Object<string, object|null>} changes by quantity; null leaves it to its default, or absent
   * @returns {Prior}
   */
  replaced(changes) {
    if (this.members.length) {
      const members = this.members.map((member) => ({ ...member, prior: member.prior.replaced(changes) }));
      return wholePool({ ...this, poolSource: null }, members, this.data);
    }
    const { quantities } = this.data;
    for (const name of Object.keys(changes)) if (!Object.hasOwn(quantities, name)) throw new InputError(name.slice(0, 60), "is no quantity", suggestion(name, Object.keys(quantities)));
    const determined = new Set(Object.keys(changes).map((name) => quantities[name].determines));
    const kept = Object.values(this.entries).filter((entry) => !entry.isDefault && !determined.has(quantities[entry.name].determines));
    const given = Object.entries(changes).filter(([, table]) => table !== null);
    const own = given.map(([name, table]) => readEntry(name, table, this.data, this.name)).filter((entry) => entry !== null);
    checkNames(own.map((entry) => entry.name), this.data, false);
    return setOf([...kept, ...own], this.correlations, this, this.data);
  }

  /** This prior as it was before its evidence. */
  withoutEvidence() {
    if (!this.evidence.length) return this;
    return new Prior({ ...this, evidence: [] }, this.data);
  }

  /**
   * Values of a quantity, stated or not, at 4,096 evenly spread points.
   * @param {string} name a quantity of the model, or a reparametrisation of one
   * @returns {Float64Array} nan where the prior does not give it
   */
  restated(name) {
    const values = this.values(spreadPoints(this.dimensions, N_RESTATED), N_RESTATED);
    return name in values ? values[name] : INVERSE[name](values);
  }

  /** A prior file that says the same and needs no other but the members of a pool, as writeToml takes it. */
  toTable() {
    const table = { title: this.title };
    if (this.description) table.description = this.description;
    if (this.citations.length) table.citations = this.citations;
    if (this.bottlenecks) table.bottlenecks = this.bottlenecks;
    if (this.members.length) {
      if (!this.poolSource) throw new InputError("a pool with changed members", "does not fit into one file", "Save each member by itself.");
      table.pool = { members: Object.fromEntries(this.members.map(({ name, weight }) => [name, weight])), source: this.poolSource };
    }
    for (const [name, entry] of Object.entries(this.entries)) if (!entry.isDefault) table[name] = entry.table;
    if (this.correlations.length) table.correlation = this.correlations;
    if (this.evidence.length) table.evidence = this.evidence.map(evidenceTable);
    return table;
  }
}

function evidenceTable({ name, about, likelihood, parameters, unit, source, judgement, alreadyUsedBy }) {
  const table = { name, about, likelihood, ...parameters, unit, source };
  if (judgement) table.judgement = judgement;
  if (alreadyUsedBy.length) table.already_used_by = alreadyUsedBy;
  return table;
}

/** Number of the member that each point of the pool's dimension takes. */
function memberOfEach(members, points) {
  let sum = 0;
  const cuts = members.slice(0, -1).map(({ weight }) => (sum += weight));
  return points.map((u) => {
    let index = 0;
    while (index < cuts.length && cuts[index] < u) index++;
    return index;
  });
}

/** Evenly spread points in the unit cube: multiples of powers of the generalised golden ratio (Roberts 2018). */
export function spreadPoints(dimensions, n) {
  let ratio = 2;
  for (let step = 0; step < 64; step++) ratio = (1 + ratio) ** (1 / (dimensions.length + 1));
  const points = {};
  dimensions.forEach((name, j) => {
    points[name] = Float64Array.from({ length: n }, (_, i) => (0.5 + (i + 1) * ratio ** -(j + 1)) % 1);
  });
  return points;
}
