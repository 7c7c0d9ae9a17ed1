// Pure: a sparse cache of a job's log. Lines are numbered from 1 without gaps; only some pages are in memory, any page can be
// read again. Live batches go in by their number, so a lost or repeated batch does no harm.

import { UNREACHABLE, isUnreachable } from "./search.js";

export const PAGE = 500;
export const LEVELS = ["", "debug", "info", "ok", "changed", "skipped", "warning", "error", "task"];
const CODES = Object.fromEntries(LEVELS.map((level, code) => [level, code]));

export class LineStore {
  constructor(keepPages = 80) {
    this.keepPages = keepPages;
    this.pages = new Map();
    this.asked = new Map();
    this.total = 0;
    this.first = 1;
    this.levels = new Uint8Array(4096);
    this.counts = Object.fromEntries([...LEVELS, UNREACHABLE].map((level) => [level, 0]));
    this.hosts = new Set();
    this.started = 0;
  }

  get(seq) {
    return this.pages.get(Math.floor((seq - 1) / PAGE))?.[(seq - 1) % PAGE];
  }

  /** Lines exist up to this number, whether they are here or not. */
  setTotal(total) {
    if (total > this.total) this.total = total;
  }

  /** Put lines in. Returns how many were new to this reader. */
  add(lines) {
    let fresh = 0;
    for (const line of lines) {
      const page = Math.floor((line.seq - 1) / PAGE);
      if (!this.pages.has(page)) this.pages.set(page, []);
      this.pages.get(page)[(line.seq - 1) % PAGE] = line;
      fresh += this.#note(line);
      if (line.seq > this.total) this.total = line.seq;
    }
    return fresh;
  }

  /** Keep the newest lines only: what is older can not be read again and counts no more. */
  trim(most) {
    const first = Math.max(this.first, this.total - most + 1);
    for (let seq = this.first; seq < first; seq++) if (this.levels[seq]) this.counts[LEVELS[this.levels[seq]]]--;
    this.first = first;
    for (const page of [...this.pages.keys()]) if ((page + 1) * PAGE < first) this.pages.delete(page);
  }

  /** How many lines are here, of a log that is trimmed. */
  get kept() {
    return this.total - this.first + 1;
  }

  /** The line of one of these levels nearest to another, in a direction, going round at the ends; 0 when there is none. */
  nearest(levels, from, step) {
    const wanted = new Set(levels.map((level) => CODES[level]));
    for (let away = 1; away <= this.kept; away++) {
      const place = (from - this.first + step * away) % this.kept;
      const seq = this.first + (place < 0 ? place + this.kept : place);
      if (wanted.has(this.levels[seq])) return seq;
    }
    return 0;
  }

  /** Pages between two line numbers that are not complete and were not asked for in vain. */
  missingPages(from, to) {
    const missing = [];
    const last = Math.min(to, this.total);
    for (let page = Math.floor((from - 1) / PAGE); page * PAGE < last; page++) {
      if (page >= 0 && this.#isMissing(page, Math.max(from, page * PAGE + 1), Math.min(last, (page + 1) * PAGE))) missing.push(page);
    }
    return missing;
  }

  /** Remember that a page was read when the log had `total` lines, so that numbers which do not exist are not asked for again. */
  markRead(page, total) {
    this.asked.set(page, total);
  }

  /** Let go of the pages farthest from the one being looked at; the newest stay. */
  evict(page) {
    if (this.pages.size <= this.keepPages) return;
    const newest = Math.floor((this.total - 1) / PAGE) - 4;
    const far = [...this.pages.keys()].filter((each) => each < newest).sort((a, b) => Math.abs(b - page) - Math.abs(a - page));
    for (const each of far.slice(0, this.pages.size - this.keepPages)) {
      this.pages.delete(each);
      this.asked.delete(each);
    }
  }

  /** Every line in memory, in order. */
  *loaded() {
    for (const page of [...this.pages.keys()].sort((a, b) => a - b)) for (const line of this.pages.get(page)) if (line && line.seq >= this.first) yield line;
  }

  #isMissing(page, from, to) {
    const lines = this.pages.get(page);
    const readUpTo = this.asked.get(page) || 0;
    for (let seq = from; seq <= to; seq++) if (!lines?.[(seq - 1) % PAGE] && seq > readUpTo) return true;
    return false;
  }

  #note(line) {
    if (line.seq >= this.levels.length) {
      const larger = new Uint8Array(Math.max(line.seq + 1, this.levels.length * 2));
      larger.set(this.levels);
      this.levels = larger;
    }
    if (line.host) this.hosts.add(line.host);
    if (line.seq === 1) this.started = Date.parse(line.ts);
    if (this.levels[line.seq]) return 0;
    this.levels[line.seq] = CODES[line.level] || CODES.info;
    this.counts[LEVELS[this.levels[line.seq]]]++;
    if (isUnreachable(line)) this.counts[UNREACHABLE]++;
    return 1;
  }
}
