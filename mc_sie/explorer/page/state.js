// What the user has chosen: a set, changes to it, an event. Every step can be undone, and each set keeps its changes.

/**
 * @typedef {object} View
 * @property {string} set name of the prior set
 * @property {Object<string, {changes: object, weights: object|null}>} edits by set: tables by quantity; weights of members
 * @property {{kind: string, gain: number, months: number}} event kind: "best" stretch or "first" months
 * @property {boolean} evidence evidence counts, where the set has some
 * @property {string} look quantity of the what-if curve
 * @property {string} against set to compare with; "" where none
 */

export const HEADLINE = { kind: "best", gain: 5, months: 12 };
const NO_EDITS = { changes: {}, weights: null };
const STEPS_HIGH = 300;

export function firstView(set, event = HEADLINE) {
  return { set, edits: {}, event, evidence: true, look: "", against: "" };
}

/** The view, its history, and who wants to know of changes. */
export function createStore(view) {
  let current = view;
  let past = [];
  let future = [];
  let lastKey = null;
  const listeners = [];
  const tell = () => listeners.forEach((listener) => listener(current));
  return {
    get view() {
      return current;
    },
    get canUndo() {
      return past.length > 0;
    },
    get canRedo() {
      return future.length > 0;
    },
    subscribe(listener) {
      listeners.push(listener);
    },
    /** Changes under one key (a slider that is dragged) count as one step. */
    change(parts, key = null) {
      const next = { ...current, ...parts };
      if (JSON.stringify(next) === JSON.stringify(current)) return;
      if (key === null || key !== lastKey) past = [...past.slice(1 - STEPS_HIGH), current];
      lastKey = key;
      future = [];
      current = next;
      tell();
    },
    /** The next change begins a step of its own. */
    endStep() {
      lastKey = null;
    },
    undo() {
      if (!past.length) return;
      future = [current, ...future];
      current = past.pop();
      lastKey = null;
      tell();
    },
    redo() {
      if (!future.length) return;
      past = [...past, current];
      current = future.shift();
      lastKey = null;
      tell();
    },
  };
}

export function editsOf(view, set = view.set) {
  return Object.hasOwn(view.edits, set) ? view.edits[set] : NO_EDITS;
}

export function isChanged(view, set = view.set) {
  const { changes, weights } = editsOf(view, set);
  return Object.keys(changes).length > 0 || weights !== null;
}

/** The view with one quantity stated otherwise (null: as the set has it). Whatever determines the same goes. */
export function withChange(view, quantities, name, table) {
  const { changes, weights } = editsOf(view);
  const kept = {};
  for (const other of Object.keys(changes)) {
    if (quantities[other].determines !== quantities[name].determines) kept[other] = changes[other];
  }
  if (table !== null) kept[name] = table;
  return { edits: { ...view.edits, [view.set]: { changes: kept, weights } } };
}

export function withWeights(view, weights) {
  return { edits: { ...view.edits, [view.set]: { ...editsOf(view), weights } } };
}

export function withoutEdits(view) {
  const edits = { ...view.edits };
  delete edits[view.set];
  return { edits };
}

/** The prior file that states the view; of a set that is not shipped, whole. */
export function tableOf(view, data, set = view.set) {
  const { changes, weights } = editsOf(view, set);
  const base = data.sets[set];
  if (!isChanged(view, set)) return base.isShipped ? { title: base.title, extends: set } : base.table;
  if (base.table.pool) {
    return { ...base.table, title: `${base.title}, changed`, pool: { ...base.table.pool, members: weights } };
  }
  const title = `${base.title}, changed`;
  if (base.isShipped) return { title, extends: set, ...changes };
  const determined = new Set(Object.keys(changes).map((name) => data.quantities[name].determines));
  const kept = Object.entries(base.table).filter(
    ([name]) => !Object.hasOwn(data.quantities, name) || !determined.has(data.quantities[name].determines),
  );
  return { ...Object.fromEntries(kept), title, ...changes };
}

/** The table that is simulated: a shipped pool, which no file can extend, as it is. */
export function simulatedTable(view, data, set = view.set) {
  const isWhole = !isChanged(view, set) && data.sets[set].table.pool;
  return isWhole ? data.sets[set].table : tableOf(view, data, set);
}

/** The event in the grammar of the command line. */
export function eventText({ kind, gain, months, text }) {
  if (kind === "other") return text;
  return `${kind === "first" ? "months_to" : "best_window_months"}[${gain}] < ${months}`;
}

/** An event in that grammar, in parts. */
export function eventOf(text) {
  const found = /^(months_to|best_window_months)\[([\d.]+)\] < ([\d.]+)$/.exec(text);
  if (!found) return { kind: "other", gain: 5, months: 12, text };
  return { kind: found[1] === "months_to" ? "first" : "best", gain: Number(found[2]), months: Number(found[3]) };
}
