// Reading the log over REST: single pages of it, and scans of the whole log through the server's own filters.

const AT_ONCE = 5000;
/** A scan rests after so many matches, and goes on when somebody wants more of them. */
export const PORTION = 50000;

async function ask(url, params, signal) {
  const query = new URLSearchParams();
  for (const [name, value] of params) if (value !== "" && value !== undefined) query.append(name, value);
  const answer = await fetch(`${url}?${query}`, { signal, credentials: "same-origin", headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`log answered ${answer.status}`);
  return answer.json();
}

/** Lines `from`..`from + count - 1`. */
export function readLines(url, from, count, signal) {
  return ask(url, [["afterSeq", from - 1], ["limit", count]], signal);
}

/**
 * Every line that matches, in order, told page by page. `upTo` is the line it has looked at last; `more` says that matches
 * may follow: it rests after a portion of them, or because it `failed`, until `goOn` is called.
 */
export class Scan {
  constructor(url, { levels = [], host = "", q = "", after = 0 }, tell) {
    this.url = url;
    this.filters = [...levels.map((level) => ["level", level]), ["host", host], ["q", q], ["limit", AT_ONCE]];
    this.tell = tell;
    this.upTo = after;
    this.more = Boolean(url);
    this.failed = false;
    this.stopping = new AbortController();
    this.running = null;
  }

  /** Read another portion; whoever asks meanwhile waits for the same one. */
  goOn() {
    if (!this.more || this.stopping.signal.aborted) return Promise.resolve();
    this.running ||= this.#portion().finally(() => {
      this.running = null;
    });
    return this.running;
  }

  /** The log has grown: look at what came after the end. */
  reopen() {
    this.more = Boolean(this.url);
    return this.goOn();
  }

  stop() {
    this.stopping.abort();
  }

  async #portion() {
    this.failed = false;
    try {
      for (let found = 0; this.more && found < PORTION; ) found += await this.#page();
    } catch {
      if (this.stopping.signal.aborted) return;
      this.failed = true;
      this.tell([]);
    }
  }

  async #page() {
    const page = await ask(this.url, [["afterSeq", this.upTo], ...this.filters], this.stopping.signal);
    this.more = page.items.length === AT_ONCE && page.nextAfterSeq < page.lastSeq;
    this.upTo = this.more ? page.nextAfterSeq : Math.max(page.lastSeq || 0, page.nextAfterSeq || 0, this.upTo);
    this.tell(page.items);
    return page.items.length;
  }
}
