// Simulation over workers: stages that refine, blocks that are handed out, workers that may die.

import { probability } from "./estimates.js";
import { normalised } from "./evidence.js";
import { createResponder } from "./worker.js";

const N_REPLICATES = 32;
const FIRST_STAGES = [2 ** 10, 2 ** 12];
const BLOCK = 256;
const PATIENCE_MS = 60_000;
const TRIES = 3; // for a block: what ends every worker would be tried for ever
const SCHEME = "sobol";

/**
 * An engine of some workers, made of this script's own text; without workers it simulates in the page.
 * @param {{scriptText: string, wasmBytes: Uint8Array, layout: object, data: object, workers: number}} given
 */
export function createEngine(given) {
  return new Engine(given);
}

class Engine {
  constructor({ scriptText, wasmBytes, layout, data, workers }) {
    this.begin = { kind: "begin", wasmBytes, layout, data: withoutPage(data) };
    this.address = URL.createObjectURL(new Blob([scriptText], { type: "text/javascript" }));
    this.horizon = data.horizon;
    this.nextId = 1;
    this.jobs = new Map(); // by channel
    this.extra = []; // tasks outside jobs: rows and trajectories
    this.inPage = false; // true where workers cannot start
    this.nRefused = 0; // workers that could not make the kernel
    this.refusal = null; // why none could
    this.hands = Array.from({ length: workers }, () => new Hand(this));
    addEventListener("pagehide", () => this.hands.forEach((hand) => hand.stop()));
  }

  /** Simulate; see the page's contract for `request` and what `onUpdate` gets. */
  run(request, onUpdate) {
    this.jobs.get(request.channel)?.cancel();
    const job = new Job(request, onUpdate, this.nextId++, () => this.jobs.delete(request.channel));
    this.jobs.set(request.channel, job);
    if (this.refusal) queueMicrotask(() => job.fail(this.refusal));
    this.feed();
    return job;
  }

  trajectories(rows, horizon) {
    return this.task({ kind: "follow", rows, horizon });
  }

  evaluate(rows, levels, widths) {
    return this.task({ kind: "rows", rows, levels, widths });
  }

  task(message) {
    return new Promise((resolve, reject) => {
      if (this.refusal) reject(asError(this.refusal));
      this.extra.push({ message, resolve, reject });
      this.feed();
    });
  }

  /** Give every idle worker something to do: what was asked for last in the page comes first. */
  feed() {
    for (const hand of this.hands) if (hand.isIdle) hand.take(this.nextTask());
  }

  nextTask() {
    if (this.extra.length) return this.extra.shift();
    const jobs = [...this.jobs.values()].sort((a, b) => a.rank - b.rank);
    for (const job of jobs) {
      if (job.redo.length) return job.redo.shift();
      const block = job.blocks.shift();
      if (block) return { job, block };
    }
    return null;
  }

  /** Blocks of a worker that died are done again by another. */
  giveBack(task) {
    if (!task) return;
    task.tries = (task.tries ?? 0) + 1;
    const why = `ended or blocked ${TRIES} workers`;
    const refusal = { where: "the simulation", why, remedy: "Reload the page, or run mc-sie on your machine." };
    if (task.block && task.tries < TRIES) task.job.redo.unshift(task);
    else if (task.block) task.job.fail(refusal);
    else if (task.tries < TRIES) this.extra.unshift(task);
    else task.reject(asError(refusal));
  }

  /** A worker could not make the kernel: the others go on; where there is none, all that wait are told. */
  refuse(error) {
    this.nRefused += 1;
    if (this.nRefused < this.hands.length) return;
    this.refusal = error;
    for (const job of [...this.jobs.values()]) job.fail(error);
    for (const task of this.extra.splice(0)) task.reject(asError(error));
  }

  /** End all workers, as a browser that lacks memory may: for tests. */
  killWorkers() {
    this.hands.forEach((hand) => hand.replace());
  }
}

/** Refusal of a worker, as an error to be thrown. */
function asError(refusal) {
  return Object.assign(new Error(refusal.why), refusal);
}

/** The data without what workers do not need. */
function withoutPage(data) {
  const { layout, tableOf, ...kept } = data;
  return JSON.parse(JSON.stringify(kept, (key, value) => (typeof value === "number" && !Number.isFinite(value) ? String(value).replace("Infinity", "inf").replace("NaN", "nan") : value)));
}

/** One worker, and what it is doing. */
class Hand {
  constructor(engine) {
    this.engine = engine;
    this.task = null;
    this.open();
  }

  get isIdle() {
    return this.isReady && this.task === null;
  }

  open() {
    this.isReady = false;
    this.job = null;
    this.waiting = new Map();
    const { engine } = this;
    this.worker = openWorker(engine, (reply) => this.receive(reply), () => this.replace());
    const ready = () => {
      this.isReady = true;
      this.wasReady = true;
      engine.feed();
    };
    this.send(engine.begin, ready, (error) => engine.refuse(error));
  }

  send(message, onResult, onError = () => {}) {
    const id = this.engine.nextId++;
    this.waiting.set(id, { onResult, onError });
    this.worker.postMessage({ ...message, id });
  }

  receive({ id, result, error }) {
    const known = this.waiting.get(id);
    this.waiting.delete(id);
    if (!known) return;
    if (error) known.onError(error);
    else known.onResult(result);
  }

  take(task) {
    if (!task) return;
    this.task = task;
    this.timer = setTimeout(() => this.replace(), PATIENCE_MS);
    const end = (act) => (value) => {
      clearTimeout(this.timer);
      this.task = null;
      act(value);
      this.engine.feed();
    };
    if (task.message) {
      this.send(task.message, end(task.resolve), end((error) => task.reject(asError(error))));
      return;
    }
    const { job, block } = task;
    const refuse = end((error) => job.fail(error));
    if (this.job !== job.id) this.send({ kind: "job", ...job.message }, () => {}, (error) => job.fail(error));
    this.job = job.id;
    this.send({ kind: "block", ...block }, end((result) => job.receive(block, result)), refuse);
  }

  /** A worker that died, or hangs: another takes its place. */
  replace() {
    clearTimeout(this.timer);
    this.worker.terminate();
    if (!this.wasReady) this.engine.inPage = true; // it never started: the browser may forbid workers
    const { task } = this;
    this.task = null;
    this.open();
    this.engine.giveBack(task);
    this.engine.feed();
  }

  stop() {
    this.worker.terminate();
  }
}

/** A worker; where none can be made, what does the same in the page, between its other work. */
function openWorker({ address, inPage }, onReply, onDeath) {
  try {
    if (inPage) throw new Error("workers do not start");
    const worker = new Worker(address);
    worker.onmessage = ({ data }) => onReply(data);
    worker.onerror = (event) => {
      event.preventDefault();
      onDeath();
    };
    return worker;
  } catch {
    const respond = createResponder();
    let last = Promise.resolve();
    return {
      postMessage(message) {
        last = last.then(() => new Promise((done) => setTimeout(done))).then(() => respond(message)).then(onReply);
      },
      terminate() {},
    };
  }
}

/** One simulation: blocks of its stages, and what has come back of them. */
class Job {
  constructor(request, onUpdate, id, onEnd) {
    this.id = id;
    this.rank = { answer: 0, base: 1 }[request.channel] ?? 2;
    this.message = {
      table: request.table, event: request.event, seed: request.seed, keep: request.keep ?? [],
      withEvidence: request.withEvidence !== false, proposal: request.proposal ?? null,
    };
    this.onUpdate = onUpdate;
    this.onEnd = onEnd;
    this.perReplicate = 2 ** Math.ceil(Math.log2(Math.max(1, (request.draws ?? 2 ** 17) / N_REPLICATES)));
    this.stages = stagesUpTo(this.perReplicate);
    this.columns = new Map();
    this.started = performance.now();
    this.begin(0);
  }

  begin(stage) {
    this.stage = stage;
    const from = stage ? this.stages[stage - 1] : 0;
    const to = this.stages[stage];
    this.blocks = [];
    this.redo = []; // tasks of workers that died
    for (let first = from; first < to; first += BLOCK) {
      for (let replicate = 0; replicate < N_REPLICATES; replicate++) {
        this.blocks.push({ replicate, first, n: Math.min(BLOCK, to - first) });
      }
    }
    this.missing = this.blocks.length;
  }

  cancel() {
    this.isOver = true;
    this.blocks = [];
    this.redo = [];
  }

  fail(error) {
    if (this.isOver) return;
    this.cancel();
    this.onEnd();
    this.onUpdate({ error });
  }

  receive({ replicate, first }, { draws, outcomes, ...own }) {
    if (this.isOver) return;
    const put = (key, part) => {
      if (!this.columns.has(key)) this.columns.set(key, new part.constructor(N_REPLICATES * this.perReplicate));
      this.columns.get(key).set(part, replicate * this.perReplicate + first);
    };
    for (const [key, part] of Object.entries(own)) put(key, part);
    for (const [key, part] of Object.entries(draws)) put(`draws ${key}`, part);
    for (const [key, part] of Object.entries(outcomes)) put(`outcomes ${key}`, part);
    this.missing -= 1;
    if (this.missing === 0) this.endStage();
  }

  endStage() {
    const isLast = this.stage + 1 === this.stages.length;
    const stage = this.stage;
    if (isLast) this.onEnd();
    else this.begin(stage + 1);
    let update;
    try {
      update = this.summary(this.stages[stage], isLast);
    } catch (error) {
      this.fail({ where: error.where ?? "", why: error.why ?? error.message, remedy: error.remedy ?? "" });
      return;
    }
    this.onUpdate(update);
  }

  /** A column of the first draws of every replicate. */
  prefix(key, n) {
    const whole = this.columns.get(key);
    if (!whole || n === this.perReplicate) return whole ?? null;
    const found = new whole.constructor(N_REPLICATES * n);
    for (let r = 0; r < N_REPLICATES; r++) found.set(whole.subarray(r * this.perReplicate, r * this.perReplicate + n), r * n);
    return found;
  }

  summary(n, done) {
    const named = (start) =>
      Object.fromEntries([...this.columns.keys()].filter((key) => key.startsWith(start)).map((key) => [key.slice(start.length), this.prefix(key, n)]));
    const [hits, ok, logWeights, priorWeights] = ["hits", "ok", "logWeights", "priorWeights"].map((key) => this.prefix(key, n));
    const weights = logWeights ? normalised(logWeights).weights : null;
    const update = {
      nDraws: N_REPLICATES * n, done, hits, ok, weights, nReplicates: N_REPLICATES,
      estimate: probability(hits, ok, weights, N_REPLICATES, SCHEME),
      draws: named("draws "), outcomes: named("outcomes "), seconds: (performance.now() - this.started) / 1000,
    };
    if (logWeights) update.estimateBefore = probability(hits, ok, priorWeights, N_REPLICATES, SCHEME);
    return update;
  }
}

/** Draws in every replicate at which there is an answer. */
function stagesUpTo(most) {
  const found = FIRST_STAGES.map((n) => n / N_REPLICATES).filter((n) => n < most);
  for (let n = (found.at(-1) ?? most / 2) * 2; n < most; n *= 2) found.push(n);
  return [...found, most];
}
