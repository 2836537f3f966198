// What is refused although each entry of a prior is right: the twin of mc_sie/priors/consistency.py.

import { InputError, inDigits } from "./errors.js";
import { FORWARD, inputsOf } from "./reparametrisation.js";

/** Refuse entries, defaults included, that are each right but not together. */
export function checkTogether(entries, data) {
  checkNames(Object.keys(entries), data, true);
  for (const [code, prob] of entries.mode.distribution.atoms) {
    if (prob > 0 && data.autonomousModes.includes(data.modes[code]) && "rho_long" in entries) {
      const remedy = 'Shortening needs a law that does not change with time: choose other modes, or take away rho_long and reconfiguration_half_life_months with family = "absent".';
      throw new InputError("[mode]", `gives ${data.modes[code]} a credence of ${inDigits(100 * prob, 3)} % although [rho_long] is given`, remedy);
    }
  }
  for (const one of data.reparametrisations) {
    if (!(one.name in entries)) continue;
    for (const other of one.others) {
      if (data.quantities[other].determines !== other && !(other in entries)) {
        throw new InputError(`[${one.name}]`, `is given without [${other}]`, "State both, or neither and what they determine.");
      }
    }
    checkImage(one, entries, data);
  }
}

/** Refuse names that determine one thing twice; and of a whole set, what lacks or stands without its pair. */
export function checkNames(names, data, isWhole) {
  const groups = new Map();
  for (const name of names) {
    const { determines } = data.quantities[name];
    if (groups.has(determines)) throw new InputError(`[${name}]`, `is given beside [${groups.get(determines)}]`, `Both determine ${determines}: keep one of them.`);
    groups.set(determines, name);
  }
  if (!isWhole) return;
  for (const needed of ["rho", "r"]) {
    if (groups.has(needed)) continue;
    const known = Object.keys(data.quantities).filter((name) => data.quantities[name].determines === needed);
    throw new InputError("the prior", `does not say what ${needed} is`, `Give one of ${known.map((name) => `[${name}]`).join(", ")}, or extend a set that has it.`);
  }
  for (const pair of data.paired) {
    const given = pair.filter((name) => names.includes(name));
    if (given.length === 1) throw new InputError(`[${given[0]}]`, `is given without [${pair.find((name) => name !== given[0])}]`, "Give both or neither.");
  }
}

/** Refuse a reparametrisation that leads outside the domain of the quantity that it determines. */
function checkImage({ name, remedy }, entries, data) {
  const inputs = inputsOf(name, Object.keys(entries), data);
  const n = 2 ** inputs.length;
  const draws = {};
  inputs.forEach((input, bit) => {
    const { reach } = entries[input].distribution;
    draws[input] = Float64Array.from({ length: n }, (_, corner) => reach[(corner >> bit) & 1]);
  });
  // monotone in each input, so that the corners decide
  for (const one of data.reparametrisations) if (inputs.includes(one.name)) draws[data.quantities[one.name].determines] = FORWARD[one.name](draws);
  const determined = data.quantities[name].determines;
  const { low, high } = data.quantities[determined];
  for (const image of [Math.min(...draws[determined]), Math.max(...draws[determined])]) {
    if (!(low <= image && image <= high)) throw new InputError(`[${name}]`, `makes ${determined} = ${inDigits(image, 4)} possible, outside its domain`, remedy);
  }
}

/** Reason why two quantities of a set cannot be correlated, and what to do about it; null where they can be. */
export function whyUncorrelated(between, entries, data) {
  for (const name of between) {
    const { determines } = data.quantities[name];
    const other = Object.keys(entries).find((key) => data.quantities[key].determines === determines && key !== name);
    if (!(name in entries)) {
      if (other) return [`names ${name}, but the set states ${other}`, `Correlate ${other}, which rises with ${name}.`];
      return [`names ${name}, which is not given`, `State [${name}], or take the correlation away.`];
    }
    const { distribution, isDefault } = entries[name];
    if (distribution.constant !== null) {
      return [`names ${name}, which is ${isDefault ? "left to its default" : "fixed"}`, `Give [${name}] a range, or take the correlation away.`];
    }
  }
  return null;
}
