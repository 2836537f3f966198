// A difference shared out over the blocks that make it.

const EXACT_HIGH = 7;

/** Shares of the difference by block: Shapley values of few blocks, else the mean of two orders, one the other's reverse. */
export async function attributed(blocks, value) {
  const orders = blocks.length <= EXACT_HIGH ? permutations(blocks) : [blocks, [...blocks].reverse()];
  const changes = Object.fromEntries(blocks.map((block) => [block, 0]));
  for (const order of orders) {
    let before = await value([]);
    for (let i = 0; i < order.length; i++) {
      const after = await value(order.slice(0, i + 1).sort());
      changes[order[i]] += (after - before) / orders.length;
      before = after;
    }
  }
  return changes;
}

function permutations(items) {
  if (items.length < 2) return [items];
  return items.flatMap((item, i) => permutations([...items.slice(0, i), ...items.slice(i + 1)]).map((rest) => [item, ...rest]));
}
