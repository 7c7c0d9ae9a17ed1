// LogView: a job's log of any length, live. Only the visible rows exist; the log itself lives in the sparse store.
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { numberText } from "../format.js";
import { Icon } from "../icons.jsx";
import { copyText } from "../notices.jsx";
import { isTyping } from "../shortcuts.js";
import { useText } from "../text.js";
import { HeightIndex } from "./height_index.js";
import { HoleLine, LogLine, WaitingLine } from "./log_line.jsx";
import { LogToolbar } from "./log_toolbar.jsx";
import { saveLines } from "./saving.js";
import { lowerBound } from "./search.js";
import { useFilter, usePages, useProblems, useRedraw, useSearch, useStore } from "./use_log.js";

const ROW = 20;
const PHONE_ROW = 24;
const OVERSCAN = 12;
const PAD = 8;
const NEAR_END = 32;
const PIN_TRIES = 8;

const isPhone = () => typeof window !== "undefined" && window.matchMedia("(max-width: 767px)").matches;
const lineInHash = () => Number(/^#L(\d+)$/.exec(location.hash)?.[1] || 0);

/** What the reader chose; a phone wraps by default. */
function useView() {
  const [view, setView] = useState({ levels: [], host: "", wrap: false, relative: false, colours: true, follow: true });
  const change = useCallback((part) => setView((before) => ({ ...before, ...part })), []);
  useEffect(() => {
    if (isPhone()) change({ wrap: true });
  }, []);
  return [view, change];
}

/** f, n and N, while nobody types and no dialog is open. */
function useKeys(onFollow, onStep) {
  const acts = useRef({});
  acts.current = { f: onFollow, n: () => onStep(1), N: () => onStep(-1) };
  useEffect(() => {
    const onKey = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || document.querySelector("dialog[open]")) return;
      acts.current[event.key]?.();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
}

/** Scrolling of the virtual rows: which are visible, where they are, staying at the end. Rows before `floor` are gone. */
function useRows({ count, floor, view, change, resetKey, redraw }) {
  const box = useRef(null);
  const inner = useRef(null);
  const heights = useRef(null);
  const size = useRef({ width: 0, height: 480 });
  const seen = useRef(0);
  const pin = useRef({ row: -1, tries: 0 });
  const floorSeen = useRef(-1);
  if (!heights.current) heights.current = new HeightIndex(ROW);
  const index = heights.current;
  useMemo(() => {
    index.clear(isPhone() ? PHONE_ROW : ROW);
    floorSeen.current = -1;
  }, [view.wrap, resetKey]);
  index.setCount(count);
  const base = index.offset(floor);
  const topOf = (row) => index.offset(row) - base;
  const whole = index.total - base;

  useEffect(() => {
    const watch = new ResizeObserver(([entry]) => {
      const { width, height } = entry.contentRect;
      if (Math.abs(width - size.current.width) > 1) index.clear(isPhone() ? PHONE_ROW : ROW);
      size.current = { width, height };
      redraw();
    });
    watch.observe(box.current);
    return () => watch.disconnect();
  }, []);

  const middleOf = (row) => Math.max(0, topOf(row) + PAD + index.height(row) / 2 - box.current.clientHeight / 2);
  useLayoutEffect(() => {
    const scroller = box.current;
    // Rows that were let go took their height along: what is read stays where it is.
    let above = floorSeen.current < 0 ? 0 : index.offset(floorSeen.current) - base;
    floorSeen.current = floor;
    let changed = false;
    let waiting = false;
    for (const row of inner.current.children) {
      const at = Number(row.dataset.row);
      if (row.dataset.waiting !== undefined) waiting = true;
      if (row.dataset.waiting !== undefined || index.isMeasured(at) || !row.offsetHeight) continue;
      const top = topOf(at);
      const difference = index.measure(at, row.offsetHeight);
      if (!difference) continue;
      changed = true;
      if (top + PAD < scroller.scrollTop) above += difference;
    }
    if (view.follow) {
      inner.current.style.height = `${index.total - index.offset(floor) + 2 * PAD}px`;
      scroller.scrollTop = scroller.scrollHeight;
      seen.current = scroller.scrollTop;
    } else if (pin.current.tries > 0) {
      // A jump lands on estimated heights; it is corrected while the rows around its target are being measured.
      if (!waiting) pin.current.tries -= 1;
      scroller.scrollTop = middleOf(pin.current.row);
      seen.current = scroller.scrollTop;
      if (!waiting) redraw();
    } else if (above) {
      scroller.scrollTop += above;
      seen.current = scroller.scrollTop;
    }
    if (changed) redraw();
  });

  const onScroll = () => {
    const scroller = box.current;
    const atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_END;
    const up = scroller.scrollTop < seen.current - 1;
    const moved = up || scroller.scrollTop > seen.current + 1;
    seen.current = scroller.scrollTop;
    if (!moved) {
      redraw();
      return;
    }
    pin.current.tries = 0;
    if (view.follow && up && !atEnd) change({ follow: false });
    if (!view.follow && atEnd && !up) change({ follow: true });
    redraw();
  };
  const scrollTo = (row) => {
    change({ follow: false });
    pin.current = { row, tries: PIN_TRIES };
    redraw();
  };
  const top = base + (view.follow ? Math.max(0, whole - size.current.height) : Math.max(0, (box.current?.scrollTop || 0) - PAD));
  const first = Math.max(floor, index.rowAt(top) - OVERSCAN);
  const last = Math.min(count, index.rowAt(top + size.current.height) + 1 + OVERSCAN);
  return { box, inner, topOf, whole, onScroll, scrollTo, first, last, middle: Math.min(count, index.rowAt(top + size.current.height / 2) + 1) };
}

/** The line in the address (#L123): read on arrival, set by a click on a number. */
function useSelected(onArrive) {
  const [selected, setSelected] = useState(0);
  useEffect(() => {
    const arrive = () => {
      const line = lineInHash();
      setSelected(line);
      if (line) onArrive(line);
    };
    arrive();
    window.addEventListener("hashchange", arrive);
    return () => window.removeEventListener("hashchange", arrive);
  }, []);
  const pick = useCallback((event, seq) => {
    event.preventDefault();
    const url = new URL(location.href);
    url.hash = `L${seq}`;
    history.replaceState(history.state, "", url);
    setSelected(seq);
  }, []);
  return [selected, setSelected, pick];
}

function Footer({ live, store, middle, rate, numberOf, most }) {
  const t = useText();
  const place = most ? t(store.first > 1 ? "log.kept_of" : "log.kept", { n: store.kept, total: store.total }) : t("log.line_of", { n: numberOf(middle), total: store.total });
  return (
    <div className="log-f">
      <span className="row">
        <i className={live ? "live" : "live off"} hidden={!live} aria-hidden="true" />
        {t(live ? "log.live" : "log.ended")}
      </span>
      <span>{place}</span>
      {live && rate > 0 ? <span className="no-phone">{t("log.rate", { n: rate })}</span> : null}
      <span className="grow" />
      <span className="row no-phone">
        <kbd>f</kbd>
        {t(most ? "log.pause_short" : "log.follow").toLowerCase()}
      </span>
      <span className="row no-phone">
        <kbd>n</kbd>
        {t("log.next_short")}
      </span>
    </div>
  );
}

/** `most` makes it a tail of many sources: so many lines are kept, twice as many while it is paused, and none is read again. */
export function LogView({ jobKey, batch, total, live, historyUrl, counts, downloads, emptyText, banner, goTo, onLine, most = 0, label, onGap }) {
  const t = useText();
  const redraw = useRedraw();
  const [view, change] = useView();
  const [query, setQuery] = useState("");
  const [current, setCurrent] = useState(0);
  const paused = useRef(0);
  const target = useRef(0);
  const { store, rate } = useStore({ jobKey, batch, total, most, onGap, redraw });
  if (most) store.trim(view.follow ? most : 2 * most);
  const pages = usePages({ store, url: historyUrl, redraw });
  const filter = useFilter({ store, url: historyUrl, levels: view.levels, host: view.host, redraw });
  const search = useSearch({ store, url: historyUrl, query, redraw });
  const problems = useProblems({ store, url: historyUrl });

  const hole = filter?.scan.more ? filter.lines.length : -1;
  const count = filter ? filter.lines.length + (hole < 0 ? 0 : 1) : store.total;
  const lineAt = (row) => (filter ? filter.lines[row] : store.get(row + 1));
  const rowOf = (seq) => (filter ? lowerBound(filter.lines.map((line) => line.seq), seq) : seq - 1);
  const numberOf = (row) => (filter ? filter.lines[Math.max(0, Math.min(row, filter.lines.length) - 1)]?.seq || 0 : row);
  const floor = filter ? filter.floor : store.first - 1;
  const rows = useRows({ count, floor, view, change, resetKey: `${jobKey}|${view.levels}|${view.host}`, redraw });

  const canShow = (seq) => seq <= (hole < 0 ? store.total : filter.scan.upTo);
  const goToLine = (seq) => {
    target.current = seq;
    if (canShow(seq)) {
      target.current = 0;
      rows.scrollTo(rowOf(seq));
    } else change({ follow: false });
  };
  const [selected, setSelected, pick] = useSelected(goToLine);
  useEffect(() => {
    if (!target.current) return;
    if (canShow(target.current)) goToLine(target.current);
    else if (hole >= 0 && !filter.scan.failed) filter.scan.goOn();
  });
  useEffect(() => {
    if (!goTo) return;
    setSelected(goTo);
    goToLine(goTo);
  }, [goTo]);
  useEffect(() => {
    if (!filter) pages.want(rows.first + 1, rows.last);
    else if (hole >= 0 && rows.last > hole && !filter.scan.failed) filter.scan.goOn();
  });
  useEffect(() => {
    paused.current = store.total;
  }, [view.follow]);

  const onStep = async (step) => {
    const from = current || numberOf(rows.middle);
    const seq = await (query.trim() ? search.step : problems)(from, step);
    if (!seq) return;
    setCurrent(seq);
    setSelected(seq);
    goToLine(seq);
    if (onLine) onLine(seq);
  };
  const onFollow = () => change({ follow: !view.follow });
  const onSearch = (text) => {
    setQuery(text);
    setCurrent(0);
  };
  useKeys(onFollow, onStep);
  const onCopy = useCallback((line) => copyText(line.message), []);

  const shown = [];
  for (let row = rows.first; row < rows.last; row++) {
    const line = lineAt(row);
    const top = rows.topOf(row) + PAD;
    if (row === hole) {
      const text = t(filter.scan.failed ? "log.load_failed" : "log.hole", { n: filter.lines.length, line: filter.scan.upTo });
      shown.push(<HoleLine key="hole" row={row} top={top} text={text} failed={filter.scan.failed} retryText={t("action.retry")} onRetry={() => filter.scan.goOn()} />);
      continue;
    }
    shown.push(
      line ? (
        <LogLine key={line.seq} line={line} row={row} top={top} first={row === floor} query={query.trim()} here={line.seq === current} selected={line.seq === selected} start={view.relative ? store.started || Date.parse(line.ts) : 0} plain={!view.colours} onPick={pick} onCopy={onCopy} copyLabel={t("log.copy_line", { n: line.seq })} lineLabel={t("log.line", { n: line.seq })} />
      ) : (
        <WaitingLine key={`w${row}`} seq={filter ? 0 : row + 1} row={row} top={top} />
      ),
    );
  }
  const waiting = view.follow ? 0 : store.total - paused.current;
  const at = search.hits.length ? Math.max(0, lowerBound(search.hits, current || 0)) : 0;
  const merged = { ...store.counts, ...(counts || {}) };
  for (const level of Object.keys(store.counts)) merged[level] = Math.max(merged[level] || 0, store.counts[level]);
  const name = label || t("log.label");
  const onSave = () => saveLines(filter ? filter.lines.slice(floor) : [...store.loaded()]);
  const width = Math.min(18, Math.max(8, ...[...store.hosts].map((host) => host.length)));
  return (
    <section className={most ? "log full tail" : "log full"} data-theme="dark" aria-label={name} style={{ "--h-w": `${width * 7 + 28}px`, "--n-w": `${Math.max(3, String(store.total).length) * 7.3 + 32}px` }}>
      <LogToolbar search={{ query, hits: search.hits, at: Math.min(at, Math.max(0, search.hits.length - 1)), more: search.more }} onSearch={onSearch} onStep={onStep} view={view} change={change} counts={merged} hosts={[...store.hosts].sort()} downloads={downloads || []} onFollow={onFollow} isTail={most > 0} onSave={onSave} />
      {banner ? (
        <div className="log-b" role="status">
          <Icon name="offline" size={14} />
          {banner}
        </div>
      ) : null}
      {pages.failed ? (
        <div className="log-b" role="alert">
          <Icon name="warning" size={14} />
          {t("log.load_failed")}
          <button type="button" className="lk" onClick={pages.retry}>
            {t("action.retry")}
          </button>
        </div>
      ) : null}
      <div ref={rows.box} className={view.wrap ? "lines wrapped" : "lines"} role="log" aria-live="off" aria-label={name} tabIndex={0} onScroll={rows.onScroll} hidden={count <= floor}>
        <div ref={rows.inner} className="lines-in" style={{ height: rows.whole + 2 * PAD }}>
          {shown}
        </div>
      </div>
      {count > floor ? null : <div className="log-e">{filter ? t("log.filtered_empty") : emptyText || t("log.empty")}</div>}
      {waiting > 0 && live ? (
        <button type="button" className="log-new" onClick={() => change({ follow: true })}>
          <Icon name="download" size={14} />
          {t("log.new_lines", { n: waiting })}
        </button>
      ) : null}
      <Footer most={most} live={live} store={store} middle={rows.last ? Math.min(count, view.follow ? count : rows.middle) : 0} rate={rate()} numberOf={numberOf} />
      <span className="sr" role="status">
        {live ? "" : numberText(t.language, store.total)}
      </span>
    </section>
  );
}
