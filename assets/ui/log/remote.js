// Reading the log over REST: single pages of it, and scans of the whole log through the server's own filters.

const SCAN = 5000;
const MOST = 50000;

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
 * Every line that matches, in order, told in portions: `tell(items, seenUpTo)`.
 * Stops at the end of the log or after 50,000 lines; returns the number it has read up to.
 */
export async function scan(url, { levels = [], host = "", q = "", after = 0 }, tell, signal) {
  const filters = [...levels.map((level) => ["level", level]), ["host", host], ["q", q], ["limit", SCAN]];
  let next = after;
  for (let found = 0; found < MOST; ) {
    const page = await ask(url, [["afterSeq", next], ...filters], signal);
    found += page.items.length;
    const end = page.items.length < SCAN && (page.lastSeq !== undefined || !page.items.length);
    next = end ? Math.max(page.lastSeq || 0, page.nextAfterSeq || 0, next) : page.nextAfterSeq;
    tell(page.items, next);
    if (end) break;
  }
  return next;
}
