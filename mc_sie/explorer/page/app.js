// The page: what the user changes is checked, shown, simulated, and shown again.

import { percentOf, factorText, showAnswer, showWaiting } from "./answer.js";
import { createCards } from "./cards.js";
import { createComparison } from "./compare.js";
import { asProblem, createControl, statedName } from "./controls.js";
import { beliefOf, tableOfBelief } from "./elicit.js";
import { byId, make, say } from "./elements.js";
import { createEngine } from "./engine.js";
import { parseEvent } from "./events.js";
import { createFigures } from "./figures.js";
import { commandOf, copyText, download, textOfFile, tomlOf } from "./files.js";
import { fromHash, toHash } from "./link.js";
import { priorOf } from "./prior.js";
import { createStore, eventOf, eventText, firstView, isChanged, simulatedTable, tableOf, withChange, withWeights, withoutEdits } from "./state.js";
import { showEvidence, showMembers } from "./switches.js";
import { parseToml } from "./toml.js";
import { createWorld } from "./world.js";

const WORKERS_HIGH = 8;

/** Begin. `scriptText` is the text of this script, of which workers are made. */
export function startPage(scriptText) {
  const missing = lacking();
  if (missing) {
    say(byId("sentence"), `This browser has no ${missing}, which the simulation needs. Any browser of 2021 or later has it; or run mc-sie on your machine.`);
    document.documentElement.dataset.ready = "unsupported";
    return;
  }
  const data = JSON.parse(byId("data").textContent);
  const engine = createEngine({
    scriptText,
    wasmBytes: bytesOf(byId("kernel").textContent),
    layout: data.layout,
    data,
    workers: Math.max(1, Math.min(WORKERS_HIGH, navigator.hardwareConcurrency ?? 2)),
  });
  window.livePage = new App(data, engine);
  window.livePage.start();
}

function lacking() {
  if (typeof WebAssembly !== "object") return "WebAssembly";
  if (typeof BigInt !== "function" || typeof BigUint64Array !== "function") return "64-bit integers";
  return "";
}

function bytesOf(base64) {
  const text = atob(base64.trim());
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

class App {
  constructor(data, engine) {
    this.data = data;
    this.engine = engine;
    this.bases = new Map(); // answers of unchanged sets, by set and event
    this.controls = new Map();
    this.prior = null;
    this.job = null;
    this.update = null;
    data.tableOf = (view) => tableOf(view, data);
  }

  start() {
    const { data } = this;
    const start = firstView(data.start, eventOf(data.event));
    this.store = createStore(start);
    this.cards = createCards(data, (set) => this.store.change({ set }));
    this.figures = createFigures(data, this.engine, {
      onLook: (name) => this.look(name),
      onWorld: (row) => this.world.show(row),
    });
    this.comparison = createComparison(data, this.engine, (against) => this.store.change({ against }));
    this.world = createWorld(data, this.engine);
    this.connect();
    this.store.subscribe(() => this.schedule());
    this.openLink(location.hash);
    this.refresh();
    document.documentElement.dataset.ready = "yes";
  }

  // ------------------------------------------------------------------------------------------ what the user does

  connect() {
    const on = (id, kind, act) => byId(id).addEventListener(kind, act);
    on("undo", "click", () => this.store.undo());
    on("redo", "click", () => this.store.redo());
    on("reset", "click", () => this.store.change(withoutEdits(this.store.view)));
    on("copy-link", "click", (event) => copyText(location.href, event.target));
    on("copy-command", "click", (event) => copyText(byId("command").textContent, event.target));
    on("copy-toml", "click", (event) => copyText(byId("toml").value, event.target));
    on("download-toml", "click", () => download("mine.toml", "application/toml", byId("toml").value));
    on("toml", "input", () => (byId("use-toml").disabled = false));
    on("use-toml", "click", () => this.openToml(byId("toml").value));
    on("open-toml", "change", (event) => this.openFile(event.target));
    on("event", "submit", (event) => event.preventDefault());
    for (const id of ["event-gain", "event-months", "event-kind"]) on(id, "change", () => this.changeEvent());
    addEventListener("hashchange", () => {
      if (location.hash !== this.hash) this.openLink(location.hash);
    });
    addEventListener("keydown", (event) => this.onKey(event));
  }

  onKey(event) {
    if (!(event.ctrlKey || event.metaKey) || event.target.matches("input[type=text], input[type=number], textarea")) return;
    const key = event.key.toLowerCase();
    if (key === "z") event.shiftKey ? this.store.redo() : this.store.undo();
    else if (key === "y") this.store.redo();
    else return;
    event.preventDefault();
  }

  /** Take a change of one quantity, or say at its control why not: what is shown always has an answer. */
  changeQuantity(name, table, key = null) {
    const parts = withChange(this.store.view, this.data.quantities, name, table);
    const control = this.controls.get(this.data.quantities[name].determines);
    if (this.accepts(parts, (error) => control.problem(error))) this.store.change(parts, key);
    else control.update(this.prior, this.store.view);
  }

  accepts(parts, onProblem) {
    try {
      priorOf(simulatedTable({ ...this.store.view, ...parts }, this.data), this.data);
    } catch (error) {
      onProblem(asProblem(error));
      return false;
    }
    onProblem(null);
    return true;
  }

  changeEvent() {
    const event = {
      kind: byId("event-kind").value,
      gain: byId("event-gain").valueAsNumber,
      months: byId("event-months").valueAsNumber,
    };
    try {
      parseEvent(eventText(event));
      if (!(event.months > 0)) throw new RangeError("Months are more than 0.");
      if (event.months > this.data.horizon) throw new RangeError(`The simulation ends after ${this.data.horizon} months.`);
      say(byId("event-problem"), "");
      this.store.change({ event });
    } catch (error) {
      say(byId("event-problem"), error.why ? `The event ${error.why}. ${error.remedy}` : error.message);
    }
  }

  look(name) {
    if (name !== this.store.view.look) this.store.change({ look: name });
  }

  openLink(hash) {
    try {
      const link = fromHash(hash, this.data);
      if (link) this.take(link);
      say(byId("notes"), "");
    } catch (error) {
      const why = error.why ? `${error.where} ${error.why}. ${error.remedy ?? ""}` : "this link cannot be read.";
      say(byId("notes"), why[0].toUpperCase() + why.slice(1));
    }
  }

  take(link) {
    const { data } = this;
    const view = { ...this.store.view, evidence: link.evidence, look: link.look, against: link.against };
    if (link.event) {
      parseEvent(link.event);
      view.event = eventOf(link.event);
    }
    if (link.prior) {
      priorOf(link.prior, data);
      this.addSet("from a link", link.prior);
      view.set = "from a link";
    } else {
      view.set = link.set ?? data.start;
      const edit = { changes: link.changes, weights: link.weights };
      const isEdited = Object.keys(link.changes).length > 0 || link.weights;
      view.edits = { ...view.edits };
      if (isEdited) view.edits[view.set] = edit;
      else delete view.edits[view.set];
      priorOf(simulatedTable(view, data), data);
    }
    this.store.change(view);
  }

  openToml(text) {
    try {
      const table = parseToml(text);
      const prior = priorOf(table, this.data);
      this.addSet("your file", table, prior);
      say(byId("toml-problem"), "");
      this.store.change({ set: "your file", edits: without(this.store.view.edits, "your file") });
    } catch (error) {
      say(byId("toml-problem"), error.why ? `${error.where} ${error.why}. ${error.remedy ?? ""}`.trim() : error.message);
    }
  }

  async openFile(input) {
    const [file] = input.files;
    input.value = "";
    if (!file) return;
    try {
      this.openToml(await textOfFile(file));
    } catch (error) {
      say(byId("toml-problem"), error instanceof TypeError ? `${file.name} is not UTF-8 text.` : error.message);
    }
  }

  addSet(name, table, prior = null) {
    const hasEvidence = prior ? prior.evidence.length > 0 : false;
    const title = typeof table.title === "string" ? table.title : name;
    this.data.sets[name] = { title, table, sentence: "", hasEvidence, isShipped: false };
    this.bases.clear();
    this.cards = createCards(this.data, (set) => this.store.change({ set }));
  }

  // -------------------------------------------------------------------------------------------- what is shown

  schedule() {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = null;
      this.refresh();
    });
  }

  refresh() {
    const { data } = this;
    const { view } = this.store;
    const table = simulatedTable(view, data);
    this.prior = priorOf(table, data);
    this.showControls(view, table);
    this.cards.update(view);
    this.showEvent(view);
    byId("undo").disabled = !this.store.canUndo;
    byId("redo").disabled = !this.store.canRedo;
    byId("reset").disabled = !isChanged(view);
    this.hash = toHash(view, data);
    history.replaceState(null, "", this.hash);
    const file = this.fileTable(view, table);
    byId("toml").value = tomlOf(file);
    byId("use-toml").disabled = true;
    say(byId("command"), commandOf(view, data, data.draws));
    this.run(view, table);
  }

  /** The file that `mc-sie run` takes for this view. */
  fileTable(view, table) {
    if (view.evidence || !this.prior.evidence.length) return table;
    const whole = this.prior.toTable();
    delete whole.evidence;
    return whole;
  }

  showEvent({ event }) {
    if (event.kind === "other") return;
    for (const [id, value] of [["event-gain", event.gain], ["event-months", event.months], ["event-kind", event.kind]]) {
      if (document.activeElement !== byId(id)) byId(id).value = value;
    }
    say(byId("event-factor"), factorText(event.gain));
  }

  showControls(view, table) {
    const { data, prior } = this;
    const isPool = Boolean(table.pool);
    const set = data.sets[view.set];
    say(byId("controls-lead"), isPool
      ? "This view takes each of several sets as a whole. Say how much weight each has, or open one of them."
      : `${set.title}. Move what you see differently: the answer follows at once.`);
    for (const id of ["more", "extensions"]) byId(id).hidden = isPool;
    showEvidence(prior, view, (evidence) => this.store.change({ evidence }));
    const kind = isPool ? "pool" : "quantities";
    if (byId("first").dataset.kind !== kind) {
      byId("first").dataset.kind = kind;
      delete byId("first").dataset.key;
      byId("first").replaceChildren();
      if (!isPool) this.createControls();
    }
    if (isPool) {
      this.controls.clear();
      showMembers(byId("first"), table, data, {
        onWeights: (weights, key) => this.changeWeights(weights, key),
        onOpen: (set_) => this.store.change({ set: set_ }),
        onEnd: () => this.store.endStep(),
      });
      return;
    }
    for (const control of this.controls.values()) {
      control.problem(null);
      control.update(prior, view);
    }
  }

  changeWeights(weights, key) {
    const parts = withWeights(this.store.view, weights);
    if (this.accepts(parts, (error) => say(byId("notes"), error ? `${error.where} ${error.why}.` : ""))) this.store.change(parts, key);
  }

  createControls() {
    const { data } = this;
    const context = {
      data,
      onChange: (name, table, key) => this.changeQuantity(name, table, key),
      onEnd: () => this.store.endStep(),
      restated: (prior, name) => this.restated(prior, name),
    };
    const places = { first: byId("first"), more: byId("more").lastElementChild, extension: byId("extensions").lastElementChild };
    Object.values(places).forEach((place) => place.replaceChildren());
    for (const model of orderOf(data)) {
      const control = createControl(model, context);
      this.controls.set(model, control);
      places[data.quantities[model].tier].append(control.element);
    }
  }

  /** An entry of another quantity that determines the same, near to what the prior says of it now. */
  restated(prior, name) {
    const values = prior.restated(name);
    const sorted = [...values].filter(Number.isFinite).sort((a, b) => a - b);
    const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
    const belief = at(0.05) === at(0.95) ? { value: at(0.5) } : { low: at(0.05), middle: at(0.5), high: at(0.95) };
    return tableOfBelief(belief, name, this.data.quantities[name]);
  }

  run(view, table) {
    this.job?.cancel();
    showWaiting(0);
    document.documentElement.dataset.answer = "running";
    const request = {
      channel: "answer", table, event: eventText(view.event), seed: this.data.seed, draws: this.data.draws,
      keep: this.figures.keep(view), withEvidence: view.evidence, proposal: view.set,
    };
    this.job = this.engine.run(request, (update) => this.onUpdate(update, view));
  }

  onUpdate(update, view) {
    if (view !== this.store.view) return;
    if (update.error) {
      say(byId("notes"), `${update.error.where} ${update.error.why}. ${update.error.remedy ?? ""}`);
      showWaiting(1);
      document.documentElement.dataset.answer = "refused";
      return;
    }
    this.update = update;
    showWaiting(update.nDraws / this.data.draws);
    if (!isChanged(view) && update.done) this.bases.set(baseKey(view), update.estimate);
    this.showNumber(update, view);
    this.figures.show(update, view);
    if (!update.done) return;
    document.documentElement.dataset.answer = "done";
    document.documentElement.dataset.prob = String(update.estimate.prob);
    this.findBase(view);
    this.comparison.show(view, update);
    this.world.begin(this.prior, view);
  }

  showNumber(update, view) {
    const base = isChanged(view) ? this.bases.get(baseKey(view)) : null;
    const set = this.data.sets[view.set];
    const who = isChanged(view) ? `Your view, changed from ${set.title}` : set.title;
    const words = { words: parseEvent(eventText(view.event)).inWords };
    const from = base ? { estimate: base, words: `from ${set.title} (${percentOf(base.prob, base.se)})` } : null;
    showAnswer({ ...update, ...words }, view, from, who);
  }

  /** The answer of the set as it stands, where only the changed one has been simulated. */
  findBase(view) {
    if (!isChanged(view) || this.bases.has(baseKey(view))) return;
    const plain = { ...view, ...withoutEdits(view) };
    const request = {
      channel: "base", table: simulatedTable(plain, this.data), event: eventText(view.event), seed: this.data.seed,
      draws: this.data.draws, keep: [], withEvidence: view.evidence, proposal: view.set,
    };
    this.engine.run(request, (update) => {
      if (!update.done) return;
      this.bases.set(baseKey(view), update.estimate);
      if (view === this.store.view && this.update) this.showNumber(this.update, view);
    });
  }
}

function without(edits, set) {
  const kept = { ...edits };
  delete kept[set];
  return kept;
}

function baseKey(view) {
  return JSON.stringify([view.set, eventText(view.event), view.evidence]);
}

/** Quantities of the model, those shown first in front. */
function orderOf(data) {
  const models = Object.keys(data.quantities).filter((name) => data.quantities[name].determines === name);
  const first = ["rho", "r", "lam", "limit_ooms", "mode", "training_months", "software_doubling_months"];
  return [...first.filter((name) => models.includes(name)), ...models.filter((name) => !first.includes(name))];
}
