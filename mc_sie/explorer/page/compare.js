// Why an answer differs from another set's: blocks of quantities taken over one at a time, simulated, an exact sum.

import { attributed } from "./attribution.js";
import { waterfallChart } from "./charts.js";
import { byId, fillSelect, say } from "./elements.js";
import { saveButtons } from "./files.js";
import { priorOf } from "./prior.js";
import { eventText, isChanged, simulatedTable } from "./state.js";

const MIXED_DRAWS = 2 ** 12;
const FUSED = ["substitution", "retraining"];
const CALLED = {
  "substitution+retraining": "labour against experiments, and retraining",
  substitution: "labour against experiments", returns: "returns to research", initial_pace: "pace on day one", retraining: "retraining",
};

/** The comparison; `show` with an answer, `onAgainst` when another set is chosen. */
export function createComparison(data, engine, onAgainst) {
  let rows = [];
  let round = 0;
  saveButtons("waterfall", () => rows);
  byId("against").addEventListener("change", () => onAgainst(byId("against").value));
  let last = null;
  byId("compare").addEventListener("toggle", () => last && show(...last));

  async function show(view, update) {
    last = [view, update];
    const options = [["", "choose a set"]];
    for (const [name, set] of Object.entries(data.sets)) {
      if (name !== view.set || isChanged(view)) options.push([name, name === view.set ? `${set.title}, as it stands` : set.title]);
    }
    fillSelect(byId("against"), options, view.against);
    if (view.against) byId("compare").open = true;
    if (!byId("compare").open) return;
    const mine = (round += 1);
    const isStale = () => mine !== round;
    try {
      const found = await compared(view, data, engine, isStale, (text) => say(byId("compare-note"), text));
      if (isStale() || !found) return;
      rows = [["block", "points"], ...found.bars.map((bar) => [bar.label, 100 * bar.change])];
      byId("figure-waterfall").innerHTML = waterfallChart(found);
      say(byId("compare-note"), found.note);
    } catch (error) {
      byId("figure-waterfall").replaceChildren();
      say(byId("compare-note"), error.why ? `No comparison: ${error.where} ${error.why}.` : `No comparison: ${error.message}`);
    }
  }
  return { show };
}

/** Start, bars and end of the waterfall from their set to this view. */
async function compared(view, data, engine, isStale, say_) {
  const { against } = view;
  if (!against) {
    byId("figure-waterfall").replaceChildren();
    say_("");
    return null;
  }
  const theirs = entriesOf(priorOf(simulatedTable({ ...view, edits: {} }, data, against), data));
  const mine = entriesOf(priorOf(simulatedTable(view, data), data));
  const blocks = mixable(differing(theirs, mine, data), theirs, mine, data);
  if (!blocks.length) throw new Error("the two say the same.");
  const cache = new Map();
  const value = async (taken) => {
    const key = taken.join();
    if (!cache.has(key)) {
      if (isStale()) throw new Error("another comparison has begun.");
      say_(`Simulating mixtures of the two: ${cache.size + 1} …`);
      cache.set(key, await probabilityOf(mixed(theirs, mine, taken, data), view, data, engine));
    }
    return cache.get(key);
  };
  const changes = await attributed(blocks, value);
  const [start, end] = [await value([]), await value([...blocks].sort())];
  return {
    start: { label: data.sets[against].title, prob: start },
    end: { label: isChanged(view) ? "your assumptions" : data.sets[view.set].title, prob: end },
    note: [view.set, against].some((name) => data.sets[name].hasEvidence) ? "Both without their evidence." : "",
    bars: blocks.map((block) => ({ label: CALLED[block] ?? data.quantities[block].label, change: changes[block] })),
  };
}

function entriesOf(prior) {
  if (prior.members.length) throw new Error("one of the two takes whole sets, which cannot be mixed piece by piece. Open one of its members.");
  if (prior.correlations.length) throw new Error("one of the two has correlated quantities; use mc-sie compare.");
  return prior.entries;
}

/** Blocks of quantities that the two state differently. */
function differing(theirs, mine, data) {
  const said = (entries, block) =>
    JSON.stringify(
      Object.keys(entries).filter((name) => data.quantities[name].block === block).sort()
        .map((name) => [name, numbersOf(entries[name].table)]),
    );
  const blocks = [...new Set(Object.values(data.quantities).map((quantity) => quantity.block))];
  return blocks.filter((block) => said(theirs, block) !== said(mine, block));
}

function numbersOf(table) {
  const { source, judgement, unit, ...numbers } = table;
  return Object.entries(numbers).map(([key, value]) => [key, value === Infinity ? "inf" : value]).sort();
}

/** Blocks, the two fused that some sets cannot state apart: a law that changes with time, and modes that allow it. */
function mixable(blocks, theirs, mine, data) {
  if (!FUSED.every((block) => blocks.includes(block))) return blocks;
  try {
    FUSED.forEach((block) => priorOf(mixed(theirs, mine, [block], data), data));
    return blocks;
  } catch {
    return [FUSED.join("+"), ...blocks.filter((block) => !FUSED.includes(block))];
  }
}

/** Their set with some blocks of mine. */
function mixed(theirs, mine, taken, data) {
  const table = { title: "A mixture of two sets" };
  const names = taken.flatMap((block) => block.split("+"));
  const take = (entries, isTaken) => {
    for (const [name, entry] of Object.entries(entries)) {
      if (names.includes(data.quantities[name].block) === isTaken && !entry.isDefault) table[name] = entry.table;
    }
  };
  take(theirs, false);
  take(mine, true);
  return table;
}

function probabilityOf(table, view, data, engine) {
  const request = { channel: "compare", table, event: eventText(view.event), seed: data.seed, draws: MIXED_DRAWS, keep: [], withEvidence: false };
  return new Promise((resolve, reject) => {
    engine.run(request, (update) => {
      if (update.error) reject(Object.assign(new Error(update.error.why), update.error));
      else if (update.done) resolve(update.estimate.prob);
    });
  });
}
