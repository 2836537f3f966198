// Prior files in and out, the command that gives the same number, and figures as files.

import { byId, make, say } from "./elements.js";
import { eventText, isChanged } from "./state.js";
import { writeToml } from "./toml.js";

const BYTES_HIGH = 2_000_000;
const PNG_SCALE = 2;

/** Give the browser a file to save. */
export function download(name, media, content) {
  const address = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type: media }));
  const anchor = make("a", { href: address, download: name });
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** Copy, and say so on the button; without a clipboard the text is offered for copying by hand. */
export async function copyText(text, button) {
  const before = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    say(button, "Copied");
  } catch {
    window.prompt("Copy this text:", text);
  }
  setTimeout(() => say(button, before), 1500);
}

/** Text of a file that the user chose; refused where it cannot be a prior file. */
export async function textOfFile(file) {
  if (file.size > BYTES_HIGH) throw new Error(`${file.name} is larger than ${BYTES_HIGH.toLocaleString("en-US")} bytes, so it is no prior file.`);
  return new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
}

/** The command that gives the number shown. */
export function commandOf(view, data, nDraws) {
  const set = data.sets[view.set];
  const file = set.isShipped && !isChanged(view) && (view.evidence || !set.hasEvidence) ? view.set : "mine.toml";
  return `mc-sie run ${file} --event '${eventText(view.event)}' --draws ${nDraws} --seed ${data.seed}`;
}

export function tomlOf(table) {
  return writeToml(table);
}

// --------------------------------------------------------------------------------------------- figures as files

/** Buttons that save a figure; `rowsOf` gives its numbers: a header and rows. */
export function saveButtons(name, rowsOf) {
  const box = document.querySelector(`.save[data-figure="${name}"]`);
  const button = (label, act) => make("button.small", { type: "button", text: label, "aria-label": `Save this figure as ${label}`, onclick: act });
  box.replaceChildren(
    button("PNG", () => savePng(name)),
    button("SVG", () => download(`${name}.svg`, "image/svg+xml", svgText(name))),
    button("CSV", () => download(`${name}.csv`, "text/csv", csvText(rowsOf()))),
  );
}

export function csvText(rows) {
  const cell = (value) => {
    const text = String(value ?? "");
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return `${rows.map((row) => row.map(cell).join(",")).join("\n")}\n`;
}

/** The figure as it stands, with its colours inside: a file has no style sheet of this page. */
function svgText(name) {
  const shown = byId(`figure-${name}`).querySelector("svg");
  if (!shown) return "";
  const copy = shown.cloneNode(true);
  const [originals, copies] = [shown, copy].map((root) => [root, ...root.querySelectorAll("*")]);
  originals.forEach((original, i) => {
    const style = getComputedStyle(original);
    for (const key of ["fill", "stroke", "stroke-width", "stroke-dasharray", "opacity", "fill-opacity", "stroke-opacity", "font", "text-anchor"]) {
      copies[i].style.setProperty(key, style.getPropertyValue(key));
    }
  });
  const { width, height } = shown.getBoundingClientRect();
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", width);
  copy.setAttribute("height", height);
  copy.style.setProperty("background", getComputedStyle(document.body).backgroundColor);
  return new XMLSerializer().serializeToString(copy);
}

function savePng(name) {
  const image = new Image();
  const text = svgText(name);
  image.addEventListener("load", () => {
    const canvas = make("canvas", { width: image.width * PNG_SCALE, height: image.height * PNG_SCALE });
    const brush = canvas.getContext("2d");
    brush.fillStyle = getComputedStyle(document.body).backgroundColor;
    brush.fillRect(0, 0, canvas.width, canvas.height);
    brush.drawImage(image, 0, 0, canvas.width, canvas.height);
    canvas.toBlob((blob) => download(`${name}.png`, "image/png", blob));
  });
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
}
