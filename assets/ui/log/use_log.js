// The engine behind LogView: takes batches in, reads missing pages, runs filters and search over the whole log.
import { useEffect, useRef, useState } from "react";
import { LineStore, PAGE } from "./line_store.js";
import { readLines, Scan } from "./remote.js";
import { isKnown, isWanted, lowerBound, mergeSorted, nextHit } from "./search.js";

const SEARCH_WAIT_MS = 250;
const LOAD_WAIT_MS = 40;

/** Draw again at most once per frame, however many batches arrive. */
export function useRedraw() {
  const [, setTick] = useState(0);
  const frame = useRef(0);
  useEffect(() => () => cancelAnimationFrame(frame.current), []);
  return useRef(() => {
    if (frame.current) return;
    frame.current = requestAnimationFrame(() => {
      frame.current = 0;
      setTick((tick) => tick + 1);
    });
  }).current;
}

/**
 * The lines of one log. A new `jobKey` starts from nothing. With `most` there is no history to read: only the newest lines
 * are kept, and `onGap` hears that some never came.
 */
export function useStore({ jobKey, batch, total, most, onGap, redraw }) {
  const held = useRef(null);
  if (!held.current || held.current.key !== jobKey) held.current = { key: jobKey, store: new LineStore(), arrivals: [] };
  const { store, arrivals } = held.current;
  useEffect(() => {
    if (most && batch?.lines?.length && batch.start > store.total + 1) {
      if (!held.current.hasGap) onGap?.();
      held.current.hasGap = true;
      return;
    }
    store.setTotal(total || 0);
    if (batch?.lines?.length) {
      const lines = batch.lines[0].seq === undefined ? batch.lines.map((line, at) => ({ ...line, seq: batch.start + at })) : batch.lines;
      store.add(lines);
      arrivals.push([Date.now(), lines.length]);
      while (arrivals.length && arrivals[0][0] < Date.now() - 3000) arrivals.shift();
    }
    redraw();
  }, [store, batch, total]);
  const rate = () => Math.round(arrivals.filter(([at]) => at > Date.now() - 3000).reduce((sum, [, count]) => sum + count, 0) / 3);
  return { store, rate };
}

/** Reads pages that are looked at and not here. `want(from, to)` may be called at every scroll. */
export function usePages({ store, url, redraw }) {
  const [failed, setFailed] = useState(false);
  const held = useRef({ timer: 0, busy: new Set(), range: [1, 1] });
  useEffect(() => {
    held.current.busy = new Set();
    setFailed(false);
    return () => clearTimeout(held.current.timer);
  }, [store]);
  const load = async (page) => {
    const { busy } = held.current;
    busy.add(page);
    try {
      const answer = await readLines(url, page * PAGE + 1, PAGE);
      store.setTotal(answer.lastSeq || 0);
      store.add(answer.items);
      store.markRead(page, store.total);
      setFailed(false);
    } catch {
      setFailed(true);
    } finally {
      busy.delete(page);
      redraw();
    }
  };
  const want = (from, to) => {
    held.current.range = [from, to];
    store.evict(Math.floor((from - 1) / PAGE));
    if (!url || held.current.timer) return;
    held.current.timer = setTimeout(() => {
      held.current.timer = 0;
      const [first, last] = held.current.range;
      const pages = store.missingPages(first, last).filter((page) => !held.current.busy.has(page));
      pages.slice(0, 2).forEach(load);
    }, LOAD_WAIT_MS);
  };
  const retry = () => {
    setFailed(false);
    want(...held.current.range);
  };
  return { want, failed, retry };
}

/**
 * Lines under a level or host filter: what the server finds in the whole log, then what arrives live. Null = no filter.
 * `scan.more` says that the lines end at `scan.upTo`, before the log does: `scan.goOn()` when they are looked at.
 */
export function useFilter({ store, url, levels, host, redraw }) {
  const held = useRef(null);
  const key = levels.join() + host;
  const on = levels.length > 0 || host !== "";
  useEffect(() => {
    if (!on) {
      held.current = null;
      redraw();
      return undefined;
    }
    const found = { lines: [], scan: null };
    found.scan = new Scan(url, { levels, host }, (items) => {
      if (held.current !== found) return;
      found.lines.push(...items);
      redraw();
    });
    held.current = found;
    found.scan.goOn();
    redraw();
    return () => found.scan.stop();
  }, [store, key]);
  const current = on ? held.current : null;
  if (current && !current.scan.more && current.scan.upTo < store.total) joinLive(current, store, (line) => isWanted(line, levels, host));
  if (current) current.floor = letGo(current, store.first);
  return current;
}

/** How many of the lines that were found are not kept any more; of those only the numbers stay. */
function letGo({ lines, floor = 0 }, first) {
  let at = floor;
  for (; at < lines.length && lines[at].seq < first; at++) lines[at] = { seq: lines[at].seq };
  return at;
}

/** Lines that came after a scan had ended: they are in the store's newest pages; if one is not, the scan goes on. */
function joinLive({ lines, scan }, store, isFit) {
  scan.upTo = Math.max(scan.upTo, store.first - 1);
  for (; scan.upTo < store.total; scan.upTo++) {
    const line = store.get(scan.upTo + 1);
    if (!line) {
      scan.reopen();
      return;
    }
    if (isFit(line)) lines.push(line);
  }
}

/** What n and N go to: the nearest number in a direction, when it is certain; the scan reads on until it is. */
async function settledHit(found, from, step) {
  const { scan } = found;
  while (scan?.more && !isKnown(found.hits, scan.upTo, from, step)) {
    await scan.goOn();
    if (scan.failed || scan.stopping.signal.aborted) break;
  }
  return found.hits[nextHit(found.hits, from, step)];
}

/** Numbers of the lines that contain the query, over the whole log; live lines join in. */
export function useSearch({ store, url, query, redraw }) {
  const nothing = () => ({ hits: [], upTo: 0, scan: null });
  const held = useRef(nothing());
  const wanted = query.trim().toLowerCase();
  useEffect(() => {
    const found = nothing();
    held.current = found;
    redraw();
    if (!wanted) return undefined;
    found.hits = [...store.loaded()].filter((line) => line.message.toLowerCase().includes(wanted)).map((line) => line.seq);
    found.upTo = store.total;
    found.scan = new Scan(url, { q: query.trim() }, (items) => {
      found.hits = mergeSorted(found.hits, items.map((line) => line.seq));
      redraw();
    });
    const timer = setTimeout(() => found.scan.goOn().then(redraw), SEARCH_WAIT_MS);
    return () => {
      clearTimeout(timer);
      found.scan.stop();
    };
  }, [store, wanted]);
  const found = held.current;
  if (wanted && found.upTo < store.total) {
    const fresh = [];
    for (let seq = Math.max(found.upTo + 1, store.first); seq <= store.total; seq++) if (store.get(seq)?.message.toLowerCase().includes(wanted)) fresh.push(seq);
    found.hits = mergeSorted(found.hits, fresh);
    found.upTo = store.total;
  }
  if (found.hits[0] < store.first) found.hits = found.hits.slice(lowerBound(found.hits, store.first));
  return { hits: found.hits, more: Boolean(found.scan?.more), step: (from, step) => settledHit(found, from, step) };
}

const PROBLEMS = ["warning", "error"];

/** Warnings and errors of the whole log, read when first asked for, or of what is here: n and N go through them. */
export function useProblems({ store, url }) {
  const held = useRef(null);
  return (from, step) => {
    if (!url) return store.nearest(PROBLEMS, from, step);
    if (held.current?.store !== store) {
      const found = { store, hits: [], scan: null };
      found.scan = new Scan(url, { levels: PROBLEMS }, (items) => {
        found.hits = mergeSorted(found.hits, items.map((line) => line.seq));
      });
      held.current = found;
    }
    const { scan } = held.current;
    if (scan.upTo < store.total) scan.reopen();
    return settledHit(held.current, from, step);
  };
}
