// The engine behind LogView: takes batches in, reads missing pages, runs filters and search over the whole log.
import { useEffect, useRef, useState } from "react";
import { LineStore, PAGE } from "./line_store.js";
import { readLines, scan } from "./remote.js";
import { isWanted, mergeSorted } from "./search.js";

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

/** The lines of one job. A new `jobKey` starts from nothing. */
export function useStore({ jobKey, batch, total, redraw }) {
  const held = useRef(null);
  if (!held.current || held.current.key !== jobKey) held.current = { key: jobKey, store: new LineStore(), arrivals: [] };
  const { store, arrivals } = held.current;
  useEffect(() => {
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

/** Lines under a level or host filter: what the server finds in the whole log, then what arrives live. Null = no filter. */
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
    const stop = new AbortController();
    const found = { lines: [], upTo: 0, done: false };
    held.current = found;
    const take = (items, upTo) => {
      if (held.current !== found) return;
      found.lines.push(...items.filter((line) => isWanted(line, levels, host)));
      found.upTo = upTo;
      redraw();
    };
    const finish = () => {
      found.done = true;
      redraw();
    };
    if (url) scan(url, { levels, host }, take, stop.signal).then(finish, finish);
    else {
      take([...store.loaded()], store.total);
      finish();
    }
    return () => stop.abort();
  }, [store, key]);
  const current = on ? held.current : null;
  if (current?.done && current.upTo < store.total) {
    // Live lines after the scan: they are in the store's newest pages.
    for (let seq = current.upTo + 1; seq <= store.total; seq++) {
      const line = store.get(seq);
      if (line && isWanted(line, levels, host)) current.lines.push(line);
    }
    current.upTo = store.total;
  }
  return current;
}

/** Numbers of the lines that contain the query, over the whole log; live lines join in. */
export function useSearch({ store, url, query, redraw }) {
  const held = useRef({ hits: [], upTo: 0, more: false });
  const wanted = query.trim().toLowerCase();
  useEffect(() => {
    const found = { hits: [], upTo: 0, more: false };
    held.current = found;
    redraw();
    if (!wanted) return undefined;
    const stop = new AbortController();
    const local = () => [...store.loaded()].filter((line) => line.message.toLowerCase().includes(wanted)).map((line) => line.seq);
    found.hits = local();
    found.upTo = store.total;
    found.more = Boolean(url);
    const take = (items) => {
      found.hits = mergeSorted(found.hits, items.map((line) => line.seq));
      redraw();
    };
    const end = () => {
      found.more = false;
      redraw();
    };
    const timer = setTimeout(() => url && scan(url, { q: query.trim() }, take, stop.signal).then(end, end), SEARCH_WAIT_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [store, wanted]);
  const found = held.current;
  if (wanted && found.upTo < store.total) {
    const fresh = [];
    for (let seq = found.upTo + 1; seq <= store.total; seq++) if (store.get(seq)?.message.toLowerCase().includes(wanted)) fresh.push(seq);
    found.hits = mergeSorted(found.hits, fresh);
    found.upTo = store.total;
  }
  return found;
}

const PROBLEMS = ["warning", "error"];

/** Numbers of the warnings and errors of the whole log, read when first asked for: n and N go through them. */
export function useProblems({ store, url }) {
  const held = useRef(null);
  return async () => {
    if (held.current?.store !== store) held.current = { store, seqs: [], upTo: 0 };
    const found = held.current;
    const take = (items) => {
      found.seqs = mergeSorted(found.seqs, items.map((line) => line.seq));
    };
    if (url && found.upTo < store.total) {
      const after = found.upTo;
      found.upTo = store.total;
      await scan(url, { levels: PROBLEMS, after }, take).catch(() => take([...store.loaded()].filter((line) => PROBLEMS.includes(line.level))));
    }
    return found.seqs;
  };
}
