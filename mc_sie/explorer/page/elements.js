// Elements made in one call. Text is always text: nothing that comes from a file or a link is read as markup.

/**
 * An element.
 * @param {string} tag such as "p" or "p.reading"
 * @param {object} [given] attributes; on... are listeners, `text` the content
 * @param {...(Node|string)} children
 */
export function make(tag, given = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const made = document.createElement(name);
  if (classes.length) made.className = classes.join(" ");
  for (const [key, value] of Object.entries(given)) {
    if (key === "text") made.textContent = value;
    else if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

export function byId(id) {
  return document.getElementById(id);
}

/** Put text, but only where it differs: readers of the screen hear every change. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Options of a select: [value, words]. */
export function fillSelect(select, options, chosen) {
  const key = JSON.stringify(options);
  if (select.dataset.options !== key) {
    select.replaceChildren(...options.map(([value, words]) => make("option", { value, text: words })));
    select.dataset.options = key;
  }
  select.value = chosen;
}
