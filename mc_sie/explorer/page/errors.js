// Errors for people: where, why, and what would be accepted.

export class InputError extends Error {
  /**
   * @param {string} where the place, such as a key or a line
   * @param {string} why the end of a sentence that begins with the place
   * @param {string} [remedy] what would be accepted
   */
  constructor(where, why, remedy = "") {
    super(`${where} ${why}.${remedy ? ` ${remedy}` : ""}`);
    this.name = "InputError";
    this.where = where;
    this.why = why;
    this.remedy = remedy;
  }
}

/** A number to so many digits, as Python's %g has it. */
export function inDigits(number, digits = 6) {
  if (!Number.isFinite(number)) return String(number).replace("Infinity", "inf").replace("NaN", "nan");
  const [mantissa, exponent] = number.toExponential(digits - 1).split("e");
  if (exponent >= -4 && exponent < digits) return String(Number(number.toPrecision(digits)));
  const size = String(Math.abs(exponent)).padStart(2, "0");
  return `${Number(mantissa)}e${exponent < 0 ? "-" : "+"}${size}`;
}
