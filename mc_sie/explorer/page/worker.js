// What a worker does: it has a kernel of its own, and answers one message after the other.

import { parseEvent, outcomeValues } from "./events.js";
import { logWeightsOf, marksOf, proposalOf } from "./evidence.js";
import { loadKernel } from "./kernel.js";
import { priorOf, reviveData } from "./prior.js";
import { kernelTable, outcomesOf, simulateBlock } from "./simulation.js";

const INDEXED = /^(\w+)\[([\d.e+-]+)\]$/;

/** In a worker: answer messages. */
export function startWorker() {
  const respond = createResponder();
  self.onmessage = async ({ data: message }) => {
    self.postMessage(await respond(message));
  };
}

/**
 * A function from messages to replies {id, result} or {id, error}.
 * Messages: begin (kernel and data), job (a prior and an event), block (draws of a job), rows (outcomes of given
 * draws), follow (trajectories).
 */
export function createResponder() {
  const context = { kernel: null, data: null, job: null };
  const acts = { begin, job: beginJob, block: simulated, rows: evaluated, follow: followed };
  return async (message) => {
    try {
      return { id: message.id, result: await acts[message.kind](context, message) };
    } catch (error) {
      return { id: message.id, error: { where: error.where ?? "", why: error.why ?? String(error.message ?? error), remedy: error.remedy ?? "" } };
    }
  };
}

async function begin(context, { wasmBytes, layout, data }) {
  reviveData(data);
  context.kernel = await loadKernel(wasmBytes, layout);
  context.data = data;
  return {};
}

function beginJob(context, { table, event, seed, keep, withEvidence, proposal }) {
  const { data } = context;
  const stated = priorOf(table, data);
  const prior = withEvidence ? stated : stated.withoutEvidence();
  const parsed = parseEvent(event);
  const marks = marksOf(prior);
  const kept = keep.map((name) => [name, ...(INDEXED.exec(name)?.slice(1) ?? [name, null])]).map(([key, name, index]) => [key, name, index && Number(index)]);
  const gains = kept.filter(([, name]) => name === "best_gain_ooms").map(([, , index]) => index);
  context.job = {
    prior, parsed, kept,
    levels: unique([...parsed.levels, ...marks.levels]),
    widths: unique([...parsed.widths, ...marks.widths, ...gains]),
    design: {
      seed: BigInt(seed), horizon: data.horizon, data,
      proposal: prior.evidence.length && Object.hasOwn(data.proposals, proposal) ? proposalOf(data.proposals[proposal]) : null,
    },
  };
  return {};
}

function unique(numbers) {
  return [...new Set(numbers)].sort((a, b) => a - b);
}

function simulated(context, { replicate, first, n }) {
  const { prior, parsed, kept, levels, widths, design } = context.job;
  const { draws, outcomes, priorWeights } = simulateBlock(context.kernel, prior, design, replicate, first, n, levels, widths);
  const result = { hits: parsed.holds(outcomes), ok: outcomes.status.map((status) => (status === 0 ? 1 : 0)), draws: {}, outcomes: {} };
  if (priorWeights) result.priorWeights = priorWeights;
  if (prior.evidence.length) result.logWeights = logWeightsOf(prior, draws, outcomes, priorWeights);
  for (const [key, name, index] of kept) {
    if (name in draws) result.draws[key] = Float64Array.from(draws[name]);
    else result.outcomes[key] = outcomeValues(outcomes, name, index);
  }
  return result;
}

/** Columns of rows that each give some quantities by name. */
function columnsOf(rows, data) {
  const names = Object.keys(data.quantities).filter((name) => data.quantities[name].determines === name);
  return Object.fromEntries(names.map((name) => [name, Float64Array.from(rows, (row) => row[name] ?? NaN)]));
}

function evaluated({ kernel, data }, { rows, levels, widths }) {
  return outcomesOf(kernel, columnsOf(rows, data), rows.length, levels, widths, data.horizon, data);
}

function followed({ kernel, data }, { rows, horizon }) {
  const { table, statuses } = kernelTable(kernel, columnsOf(rows, data), rows.length, horizon, data);
  const { columns } = kernel.layout;
  return rows.map((_, i) => {
    if (statuses[i] !== 0) return { status: statuses[i], months: new Float64Array(0), effective_ooms: new Float64Array(0), deployments: [] };
    const row = Float64Array.from(columns, (_name, line) => table[line * rows.length + i]);
    return withDeployments(kernel.trajectory(row));
  });
}

/** The trajectory with the months of its deployments in place of their count at every point. */
function withDeployments(found) {
  const months = [];
  const counts = found.deployments;
  for (let i = 1; i < counts.length; i++) if (counts[i] > counts[i - 1]) months.push(found.months[i]);
  return { ...found, deployments: months };
}
