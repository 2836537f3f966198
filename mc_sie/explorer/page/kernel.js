// The compiled kernel: memory for its arrays, and calls with typed arrays in place of pointers.

const PAGE_BYTES = 65536;

/**
 * A kernel of its own memory, for one thread.
 * @param {BufferSource} bytes kernel.wasm
 * @param {object} layout kernel.json
 * @returns {Promise<Kernel>}
 */
export async function loadKernel(bytes, layout) {
  const { instance } = await WebAssembly.instantiate(bytes, {});
  return new Kernel(instance.exports, layout);
}

/** Takes places in the module's memory one after another, and makes it larger where it must. */
class Places {
  constructor(memory, start) {
    this.memory = memory;
    this.next = start;
  }

  take(nBytes) {
    const place = Math.ceil(this.next / 64) * 64;
    this.next = place + nBytes;
    const missing = Math.ceil(this.next / PAGE_BYTES) - this.memory.buffer.byteLength / PAGE_BYTES;
    if (missing > 0) this.memory.grow(missing);
    return place;
  }
}

export class Kernel {
  constructor(exports, layout) {
    this.exports = exports;
    this.layout = layout;
    this.places = new Places(exports.memory, Number(exports.__heap_base.value));
    this.back = this.places.take(64); // where functions put their result and an exception
    this.work = this.places.take(layout.workspace_bytes);
    this.start = this.places.next;
    this.directions = layout.directions.map((row) => BigUint64Array.from(row, BigInt));
  }

  /** Forget the arrays of the call before. */
  clear() {
    this.places.next = this.start;
  }

  floats(n) {
    const place = this.places.take(8 * n);
    return { place, read: () => new Float64Array(this.exports.memory.buffer, place, n).slice() };
  }

  put(values) {
    const place = this.places.take(values.byteLength);
    new values.constructor(this.exports.memory.buffer, place, values.length).set(values);
    return place;
  }

  call(name, ...parameters) {
    const failed = this.exports[name](this.back, this.back + 16, ...parameters);
    if (failed) throw new Error(`the kernel failed in ${name}`);
  }

  /**
   * Coordinates of draws first to first + n - 1 of a replicate in one dimension, as sampling.points gives them.
   * @returns {Float64Array}
   */
  points(scheme, seed, replicate, dimension, first, n) {
    this.clear();
    const out = this.floats(n);
    const address = [BigInt(first), BigInt.asUintN(64, seed), BigInt(replicate), BigInt(dimension)];
    if (scheme === "sobol") {
      this.call("sobol", out.place, BigInt(n), ...address, this.put(this.directions[dimension]));
    } else {
      this.call("philox", out.place, BigInt(n), ...address);
    }
    return out.read();
  }

  /**
   * Outcomes of n draws.
   * @param {Float64Array} table one line of n numbers for each of layout.columns
   * @param {number[]} levels gains in OOM
   * @param {number[]} widths windows in months
   * @param {Int32Array} [statuses] of draws that may not be simulated, other than 0
   */
  simulate(table, n, levels, widths, statuses) {
    this.clear();
    const { numbers, codes } = this.layout;
    const inputs = [table, Float64Array.from(levels), Float64Array.from(widths)].map((values) => this.put(values));
    const months = this.floats(n * levels.length);
    const windows = this.floats(n * levels.length);
    const gains = this.floats(n * widths.length);
    const values = this.floats(n * numbers.length);
    const words = new Int32Array(n * codes.length);
    const status = codes.indexOf("status");
    if (statuses) for (let i = 0; i < n; i++) words[i * codes.length + status] = statuses[i];
    const wordsPlace = this.put(words);
    this.call(
      "simulate", ...inputs, this.work, months.place, windows.place, gains.place, values.place, wordsPlace,
      BigInt(n), BigInt(levels.length), BigInt(widths.length),
    );
    const read = new Int32Array(this.exports.memory.buffer, wordsPlace, words.length);
    return {
      months_to: months.read(),
      best_window_months: windows.read(),
      best_gain_ooms: gains.read(),
      numbers: byName(numbers, values.read(), n, Float64Array),
      codes: byName(codes, read, n, Int32Array),
    };
  }

  /**
   * Points of one trajectory.
   * @param {Float64Array} row a number for each of layout.columns
   * @returns {object} a Float64Array for each of layout.points, and the status (0 where it could be followed)
   */
  trajectory(row) {
    this.clear();
    const { columns, points, max_points: most } = this.layout;
    const fromScratch = row[columns.indexOf("mode")] === this.layout.from_scratch;
    const place = this.floats(most * points.length);
    const out = this.put(new Int32Array(2));
    this.call("follow", this.put(row), this.work, place.place, fromScratch ? 1n : 0n, out);
    const [n, status] = new Int32Array(this.exports.memory.buffer, out, 2);
    const table = new Float64Array(this.exports.memory.buffer, place.place, n * points.length);
    return { ...byName(points, table, n, Float64Array), status };
  }
}

/** Columns of a table that holds row after row. */
function byName(names, table, n, kind) {
  const columns = {};
  names.forEach((name, column) => {
    const values = new kind(n);
    for (let i = 0; i < n; i++) values[i] = table[i * names.length + column];
    columns[name] = values;
  });
  return columns;
}
