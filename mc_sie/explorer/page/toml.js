// TOML 1.0 in and out, but for dates: as much as a prior file can hold, and more.

import { InputError } from "./errors.js";

/** Longest text that is read, in characters. */
export const TOML_LENGTH_HIGH = 2_000_000;

const TOML_DEPTH_HIGH = 40;

const BARE_KEY = /[A-Za-z0-9_-]+/y;
const BLANKS = /[ \t]*/y;
const COMMENT = /#[^\x00-\x08\x0a-\x1f\x7f]*/y;
const TOML_NUMBER =
  /0x[0-9A-Fa-f](?:_?[0-9A-Fa-f])*|0b[01](?:_?[01])*|0o[0-7](?:_?[0-7])*|[+-]?(?:inf|nan|(?:0|[1-9](?:_?[0-9])*)(?:\.[0-9](?:_?[0-9])*)?(?:[eE][+-]?[0-9](?:_?[0-9])*)?)/y;
const TOML_DATE = /\d{4}-\d\d-\d\d|\d\d:\d\d/y;
const PLAIN_BASIC = /[^"\\\x00-\x08\x0a-\x1f\x7f]*/y;
const PLAIN_LITERAL = /[^'\x00-\x08\x0a-\x1f\x7f]*/y;
const PLAIN_BASIC_LINES = /[^"\\\x00-\x08\x0b-\x1f\x7f]*/y;
const PLAIN_LITERAL_LINES = /[^'\x00-\x08\x0b-\x1f\x7f]*/y;
const TOML_ESCAPES = { b: "\b", t: "\t", n: "\n", f: "\f", r: "\r", '"': '"', "\\": "\\" };

/**
 * What a TOML text says, as plain objects, arrays, texts, numbers and booleans.
 *
 * Refused beyond what is no TOML: dates, names that every JavaScript object has, texts over TOML_LENGTH_HIGH, and
 * nesting that no prior file has.
 *
 * @param {string} text
 * @returns {Object<string, any>}
 * @throws {InputError} whose place is a line
 */
export function parseToml(text) {
  if (text.length > TOML_LENGTH_HIGH) {
    const why = `has ${text.length} characters, more than ${TOML_LENGTH_HIGH}`;
    throw new InputError("line 1 and all that follow", why, "A prior file is some kilobytes long.");
  }
  const reader = new TomlReader(text.replace(/\r\n/g, "\n"));
  return reader.document();
}

/** A recursive-descent reader; its place in the text is `at`. */
class TomlReader {
  constructor(text) {
    this.text = text;
    this.at = 0;
    this.depth = 0;
    /** Tables that a heading, or dotted keys under an earlier heading, have defined: nothing may define them again. */
    this.defined = new WeakSet();
    /** Tables that dotted keys under the present heading have made: closed when the next heading begins. */
    this.dotted = [];
    /** Inline tables and arrays that are complete as they stand. */
    this.closed = new WeakSet();
  }

  document() {
    const root = {};
    let table = root;
    while (true) {
      this.skip(BLANKS);
      const char = this.text[this.at];
      if (char === "[") table = this.heading(root);
      else if (char !== undefined && char !== "#" && char !== "\n") this.pair(table, true);
      this.skip(BLANKS);
      this.skip(COMMENT);
      if (this.at >= this.text.length) return root;
      if (this.text[this.at] !== "\n") this.unexpected("Begin a new line after each key and value.");
      this.at += 1;
    }
  }

  fail(why, remedy = "", at = this.at) {
    let line = 1;
    for (let place = this.text.indexOf("\n"); place >= 0 && place < at; place = this.text.indexOf("\n", place + 1)) {
      line += 1;
    }
    throw new InputError(`line ${line}`, why, remedy);
  }

  unexpected(remedy) {
    if (this.at >= this.text.length) this.fail("ends too early", remedy);
    const char = String.fromCodePoint(this.text.codePointAt(this.at));
    this.fail(`has ${JSON.stringify(char)} where it cannot stand`, remedy);
  }

  /** The text that a sticky pattern finds here, passed over; empty where it finds none. */
  skip(pattern) {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found === null) return "";
    this.at += found[0].length;
    return found[0];
  }

  /** Passes over a text that may stand here. */
  took(part) {
    if (!this.text.startsWith(part, this.at)) return false;
    this.at += part.length;
    return true;
  }

  expect(part, remedy) {
    if (!this.took(part)) this.unexpected(remedy);
  }

  /** Blanks, newlines and comments within an array. */
  skipLines() {
    do {
      this.skip(BLANKS);
      this.skip(COMMENT);
    } while (this.took("\n"));
  }

  // --- Keys and tables

  /** The table that begins with a heading. */
  heading(root) {
    const start = this.at;
    const isArray = this.took("[[");
    if (!isArray) this.at += 1;
    const keys = this.keys();
    this.expect(isArray ? "]]" : "]", "A heading is [name] or [[name]].");
    for (const table of this.dotted) this.defined.add(table);
    this.dotted = [];
    const parent = keys.slice(0, -1).reduce((table, key) => this.inner(table, key, start), root);
    const last = keys[keys.length - 1];
    const table = isArray ? this.newRow(parent, last, start) : this.inner(parent, last, start);
    if (this.defined.has(table)) this.fail(`has the heading ${keys.join(".")} again`, "State each table once.", start);
    this.defined.add(table);
    return table;
  }

  /** The table of that name within a table, the last one of an array of tables; made where there is none. */
  inner(table, key, start) {
    if (!Object.hasOwn(table, key)) table[key] = {};
    let found = table[key];
    if (Array.isArray(found) && !this.closed.has(found)) found = found[found.length - 1];
    if (typeof found !== "object" || this.closed.has(found)) {
      this.fail(`has ${key} as a table, which has a value already`, "State each key once.", start);
    }
    return found;
  }

  /** A new last table of an array of tables. */
  newRow(table, key, start) {
    if (!Object.hasOwn(table, key)) table[key] = [];
    const rows = table[key];
    if (!Array.isArray(rows) || this.closed.has(rows)) {
      this.fail(`has ${key} as an array of tables, which is something else already`, "State each key once.", start);
    }
    rows.push({});
    return rows[rows.length - 1];
  }

  /** One key and its value, into a table. */
  pair(table, isStatement) {
    const start = this.at;
    const keys = this.keys();
    this.expect("=", "A key is followed by = and its value.");
    let target = table;
    for (const key of keys.slice(0, -1)) {
      const isNew = !Object.hasOwn(target, key);
      const isArray = Array.isArray(target[key]);
      target = this.inner(target, key, start);
      if (isArray || this.defined.has(target)) {
        this.fail(`adds to ${key}, which is defined elsewhere`, "State a table in one place.", start);
      }
      if (isNew && isStatement) this.dotted.push(target);
    }
    this.skip(BLANKS);
    const value = this.value();
    const last = keys[keys.length - 1];
    if (Object.hasOwn(target, last)) this.fail(`has ${last} again`, "State each key once.", start);
    target[last] = value;
  }

  /** A key with its dots, as a list. */
  keys() {
    const keys = [];
    do {
      this.skip(BLANKS);
      keys.push(this.key());
      if (keys.length + this.depth > TOML_DEPTH_HIGH) this.tooDeep();
      this.skip(BLANKS);
    } while (this.took("."));
    return keys;
  }

  key() {
    const start = this.at;
    const char = this.text[this.at];
    let key;
    if (char === '"') key = this.basicText();
    else if (char === "'") key = this.literalText();
    else key = this.skip(BARE_KEY);
    if (key === "" && this.at === start) this.unexpected("A key of letters, digits, - and _ stands here, or a text.");
    // Such a name reads as present in every table of a program that looks it up.
    if (key in {}) this.fail(`has the key ${JSON.stringify(key)}, which nothing here is called`, "Take it out.", start);
    return key;
  }

  tooDeep() {
    this.fail(`is nested more than ${TOML_DEPTH_HIGH} deep`, "No prior file needs that.");
  }

  // --- Values

  value() {
    const char = this.text[this.at];
    if (char === '"') return this.took('"""') ? this.basicLines() : this.basicText();
    if (char === "'") return this.took("'''") ? this.literalLines() : this.literalText();
    if (char === "[") return this.within(() => this.array());
    if (char === "{") return this.within(() => this.inlineTable());
    if (this.took("true")) return true;
    if (this.took("false")) return false;
    return this.number();
  }

  within(read) {
    this.depth += 1;
    if (this.depth > TOML_DEPTH_HIGH) this.tooDeep();
    const value = read();
    this.depth -= 1;
    this.closed.add(value);
    return value;
  }

  array() {
    const values = [];
    this.at += 1;
    this.skipLines();
    while (!this.took("]")) {
      values.push(this.value());
      this.skipLines();
      if (this.took("]")) break;
      this.expect(",", "Values of an array are separated by commas, and ] ends it.");
      this.skipLines();
    }
    return values;
  }

  inlineTable() {
    const table = {};
    this.at += 1;
    this.skip(BLANKS);
    if (this.took("}")) return table;
    while (true) {
      this.pair(table, false);
      this.skip(BLANKS);
      if (this.took("}")) return table;
      this.expect(",", "Pairs in { } are separated by commas, on one line, and } ends them.");
      this.skip(BLANKS);
    }
  }

  number() {
    TOML_DATE.lastIndex = this.at;
    if (TOML_DATE.test(this.text)) this.fail("has a date or a time", "Nothing in a prior file is one: write a text.");
    const word = this.skip(TOML_NUMBER).replace(/_/g, "");
    if (word === "") this.unexpected('A value stands here: a number, "text", true, false, [ ] or { }.');
    const size = word.replace(/^[+-]/, "");
    if (size === "nan") return NaN;
    const number = size === "inf" ? Infinity : Number(size);
    return word[0] === "-" ? -number : number;
  }

  // --- Texts

  basicText() {
    this.at += 1;
    let text = "";
    while (true) {
      text += this.skip(PLAIN_BASIC);
      if (this.took('"')) return text;
      if (this.took("\\")) text += this.escaped();
      else this.unexpected('The text is not closed with " on its line.');
    }
  }

  literalText() {
    this.at += 1;
    const text = this.skip(PLAIN_LITERAL);
    this.expect("'", "The text is not closed with ' on its line.");
    return text;
  }

  basicLines() {
    const start = this.at;
    this.took("\n");
    let text = "";
    while (true) {
      text += this.skip(PLAIN_BASIC_LINES);
      if (this.took('"""')) return text + this.lastQuotes('"');
      if (this.took('"')) text += '"';
      else if (this.took("\\")) text += this.joinedLines() ? "" : this.escaped();
      else if (this.at >= this.text.length) this.fail('begins a text with """ that never ends', "", start);
      else this.unexpected('Texts have no control characters: write \\u and four digits.');
    }
  }

  literalLines() {
    const start = this.at;
    this.took("\n");
    let text = "";
    while (true) {
      text += this.skip(PLAIN_LITERAL_LINES);
      if (this.took("'''")) return text + this.lastQuotes("'");
      if (this.took("'")) text += "'";
      else if (this.at >= this.text.length) this.fail("begins a text with ''' that never ends", "", start);
      else this.unexpected("Texts in single quotes have no control characters.");
    }
  }

  /** One or two quotes that belong to a text before the three that end it. */
  lastQuotes(quote) {
    let more = "";
    while (more.length < 2 && this.took(quote)) more += quote;
    return more;
  }

  /** Passes over a line's end after a backslash and all blanks behind it. */
  joinedLines() {
    const ahead = /[ \t]*\n[ \t\n]*/y;
    return this.skip(ahead) !== "";
  }

  escaped() {
    const char = this.text[this.at];
    this.at += 1;
    if (Object.hasOwn(TOML_ESCAPES, char)) return TOML_ESCAPES[char];
    const length = { u: 4, U: 8 }[char];
    const digits = length ? this.text.slice(this.at, this.at + length) : "";
    const code = parseInt(digits, 16);
    const isHex = digits.length === length && /^[0-9A-Fa-f]+$/.test(digits);
    if (!isHex || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
      const remedy = 'After \\ stands one of b t n f r " \\ u U; a text in single quotes has no escapes.';
      this.fail(`has the escape \\${char ?? ""}${digits}, which means nothing`, remedy, this.at - 1);
    }
    this.at += length;
    return String.fromCodePoint(code);
  }
}

// --- Out -----------------------------------------------------------------------------------------------------------

const LINE_LENGTH = 110;

/**
 * A TOML text that says what an object holds: tables of the object under headings, those within them in one line.
 * What is null or undefined is left out.
 *
 * @param {Object<string, any>} object
 * @returns {string}
 */
export function writeToml(object) {
  const plain = [];
  const sections = [];
  for (const [key, value] of Object.entries(object)) {
    if (value === null || value === undefined) continue;
    const name = keyToml(key);
    if (isTable(value)) sections.push(`[${name}]\n${pairsToml(value)}`);
    else if (Array.isArray(value) && value.length > 0 && value.every(isTable)) {
      for (const row of value) sections.push(`[[${name}]]\n${pairsToml(row)}`);
    } else plain.push(`${name} = ${lineToml(value)}\n`);
  }
  const first = plain.length > 0 ? [plain.join("")] : [];
  return [...first, ...sections].join("\n");
}

function isTable(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function pairsToml(table) {
  return statedPairs(table)
    .map(([key, value]) => `${keyToml(key)} = ${lineToml(value)}\n`)
    .join("");
}

function statedPairs(table) {
  return Object.entries(table).filter(([, value]) => value !== null && value !== undefined);
}

function keyToml(key) {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : textToml(key);
}

/** A value where lines may be broken: long texts at their own line ends, long arrays after each value. */
function lineToml(value) {
  if (typeof value === "string" && value.includes("\n")) {
    // \r would be read back as a line end; three quotes would end the text
    return `"""\n${value.split("\n").map(escapedToml).join("\n")}"""`;
  }
  const line = valueToml(value);
  if (!Array.isArray(value) || line.length <= LINE_LENGTH) return line;
  return `[\n${value.map((one) => `  ${valueToml(one)},\n`).join("")}]`;
}

function valueToml(value) {
  if (typeof value === "string") return textToml(value);
  if (typeof value === "number") return numberToml(value);
  if (typeof value === "boolean") return String(value);
  if (ArrayBuffer.isView(value)) return valueToml(Array.from(value));
  if (Array.isArray(value)) return `[${value.map(valueToml).join(", ")}]`;
  const pairs = statedPairs(value).map(([key, inner]) => `${keyToml(key)} = ${valueToml(inner)}`);
  return pairs.length > 0 ? `{ ${pairs.join(", ")} }` : "{}";
}

function textToml(text) {
  return `"${escapedToml(text).replace(/\n/g, "\\n")}"`;
}

/** A text with its line ends left, and everything else that cannot stand in quotes escaped. */
function escapedToml(text) {
  return text
    .replace(/["\\]/g, "\\$&")
    .replace(/[\x00-\x08\x0b-\x1f\x7f]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function numberToml(number) {
  if (Number.isNaN(number)) return "nan";
  if (!Number.isFinite(number)) return number > 0 ? "inf" : "-inf";
  if (Object.is(number, -0)) return "-0.0";
  // whole numbers beyond these would be read as ones of so many digits
  if (Number.isInteger(number) && Math.abs(number) > 2 ** 53) return number.toExponential();
  return String(number);
}
