// Presets: each shipped set as a card with its name, the probability of record and one sentence.

import { percentOf } from "./answer.js";
import { byId, make } from "./elements.js";
import { isChanged } from "./state.js";

/** The set that the page opened with, then those with a probability of record, the largest first. */
function ordered(data) {
  const place = ([name, set]) => (name === data.start ? 2 : (set.prob ?? 1.5));
  return Object.entries(data.sets).sort((a, b) => place(b) - place(a));
}

/** Make the cards; `onChoose` gets the name of a set. */
export function createCards(data, onChoose) {
  const cards = ordered(data).map(([name, set]) => {
    const percent = typeof set.prob === "number" ? percentOf(set.prob, set.se) : "";
    const element = make(
      "button.card", { type: "button", "data-set": name, "aria-pressed": "false", onclick: () => onChoose(name) },
      make("span.card-prob", { text: percent }), make("span.card-title", { text: set.title }),
      make("span.card-sentence", { text: set.sentence ?? "" }), make("span.card-state"),
    );
    return { name, element };
  });
  byId("cards").replaceChildren(...cards.map((card) => card.element));
  return {
    update(view) {
      for (const { name, element } of cards) {
        element.setAttribute("aria-pressed", String(name === view.set));
        element.querySelector(".card-state").textContent = isChanged(view, name) ? "with your changes" : "";
      }
    },
  };
}
