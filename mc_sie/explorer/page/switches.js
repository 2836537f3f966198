// What a set has beside its quantities: evidence that can be left out, and the members of a pool.

import { weightRow, rebalanced, roundedWeights } from "./controls.js";
import { byId, make } from "./elements.js";

/** The evidence switch with what it says; nothing where the set has none. */
export function showEvidence(prior, view, onSwitch) {
  const box = byId("evidence");
  const key = JSON.stringify([view.set, prior.evidence.map((one) => one.name)]);
  if (box.dataset.key !== key) {
    box.dataset.key = key;
    box.replaceChildren(...(prior.evidence.length ? evidenceParts(prior, onSwitch) : []));
  }
  const input = box.querySelector("input");
  if (input) input.checked = view.evidence;
}

function evidenceParts(prior, onSwitch) {
  const input = make("input", { type: "checkbox", id: "evidence-on", onchange: () => onSwitch(input.checked) });
  const label = make("label", { for: "evidence-on", text: "Let the evidence count. Assumptions that agree with it get more weight:" });
  const pieces = prior.evidence.map((one) => make("li", { title: one.source ?? "", text: one.name }));
  return [make("div.switch", {}, input, label), make("ul", {}, ...pieces)];
}

/** Weights of the members of a pool, and a way into each of them. */
export function showMembers(box, table, data, { onWeights, onOpen, onEnd }) {
  const { members } = table.pool;
  const key = JSON.stringify(Object.keys(members));
  if (box.dataset.key !== key) {
    box.dataset.key = key;
    box.rows = Object.keys(members).map((name) => memberRow(name, data, { box, onWeights, onOpen, onEnd }));
    box.replaceChildren(...box.rows.map((row) => row.element));
  }
  box.weights = { ...members };
  for (const row of box.rows) row.show(members[row.name] ?? 0);
}

function memberRow(name, data, { box, onWeights, onOpen, onEnd }) {
  const known = data.sets[name];
  const title = known ? known.title : name;
  const move = (weight) => {
    const moved = rebalanced(box.weights, name, weight);
    const rounded = roundedWeights(moved);
    onWeights(Object.fromEntries(Object.keys(moved).map((one) => [one, rounded[one] ?? 0])), `weight.${name}`);
  };
  const row = weightRow(`weight-${name}`, title, move, onEnd);
  if (known) row.element.append(make("button.small", { type: "button", text: "Open", "aria-label": `Open ${title}`, onclick: () => onOpen(name) }));
  return { ...row, name };
}
