// Pure: where each row of a virtual list begins, when rows may differ in height. A Fenwick tree over the differences from
// the usual height: measuring a row, finding a row by its position and the total are all O(log n), for any number of rows.

export class HeightIndex {
  constructor(usual) {
    this.usual = usual;
    this.clear();
  }

  /** Forget every measured height, keep the number of rows. */
  clear(usual = this.usual) {
    this.usual = usual;
    this.size = 1024;
    this.tree = new Int32Array(this.size + 1);
    this.extra = new Map();
    this.count = this.count || 0;
    this.#grow(this.count);
  }

  setCount(count) {
    this.#grow(count);
    this.count = count;
  }

  get total() {
    return this.offset(this.count);
  }

  height(row) {
    return this.usual + (this.extra.get(row) || 0);
  }

  isMeasured(row) {
    return this.extra.has(row);
  }

  /** Note a row's real height; returns how much it differs from what was believed. */
  measure(row, height) {
    const before = this.extra.get(row) || 0;
    const extra = Math.round(height) - this.usual;
    this.extra.set(row, extra);
    if (extra !== before) this.#add(row, extra - before);
    return extra - before;
  }

  /** Pixels above a row. */
  offset(row) {
    let sum = row * this.usual;
    for (let at = row; at > 0; at -= at & -at) sum += this.tree[at];
    return sum;
  }

  /** The row at a distance from the top. */
  rowAt(pixels) {
    let at = 0;
    let left = pixels;
    for (let step = this.size; step > 0; step >>= 1) {
      const next = at + step;
      if (next > this.size) continue;
      const span = step * this.usual + this.tree[next];
      if (span <= left) {
        at = next;
        left -= span;
      }
    }
    return Math.max(0, Math.min(at, this.count - 1));
  }

  #add(row, difference) {
    for (let at = row + 1; at <= this.size; at += at & -at) this.tree[at] += difference;
  }

  #grow(count) {
    if (count <= this.size) return;
    while (this.size < count) this.size *= 2;
    this.tree = new Int32Array(this.size + 1);
    for (const [row, extra] of this.extra) if (extra) this.#add(row, extra);
  }
}
