// Which rows of a long table are drawn: those in sight, some around them, and the one that has the focus.
import { useCallback, useEffect, useLayoutEffect, useReducer, useRef } from "react";
import { HeightIndex } from "../log/height_index.js";

const USUAL = 41;
const USUAL_ON_A_PHONE = 148;
const AROUND = 600; // pixels above and below what is in sight

/** `{scroller, total, rows: [{at, top}], measured(at), show(at), hold(at)}` for `count` rows inside of one scrolling box. */
export function useRowWindow(count) {
  const scroller = useRef(null);
  const heights = useRef(null);
  const held = useRef(-1);
  const watcher = useRef(null);
  const [, redraw] = useReducer((turn) => turn + 1, 0);
  heights.current ||= new HeightIndex(globalThis.matchMedia("(max-width: 767px)").matches ? USUAL_ON_A_PHONE : USUAL);
  if (heights.current.count !== count) {
    heights.current.clear(); // a row that was added or taken away has moved all below it
    heights.current.setCount(count);
  }
  const measure = (rows) => {
    const moved = rows.filter((row) => row.isConnected).map((row) => heights.current.measure(Number(row.dataset.row), row.offsetHeight));
    if (moved.some(Boolean)) redraw();
  };
  useLayoutEffect(() => measure([...scroller.current.querySelectorAll("[data-row]")]), [count]);
  useEffect(() => {
    watcher.current = new ResizeObserver((changes) => measure(changes.map((change) => change.target)));
    for (const row of scroller.current?.querySelectorAll("[data-row]") || []) watcher.current.observe(row);
    return () => watcher.current.disconnect();
  }, []);
  useLayoutEffect(redraw, []); // the box has its height now
  useEffect(() => {
    const box = scroller.current;
    if (!box) return undefined;
    const onScroll = () => requestAnimationFrame(redraw);
    box.addEventListener("scroll", onScroll, { passive: true });
    return () => box.removeEventListener("scroll", onScroll);
  }, []);
  const measured = useCallback((element) => {
    if (element) watcher.current?.observe(element);
  }, []);
  const show = (at) => {
    const box = scroller.current;
    const top = heights.current.offset(at);
    const isInSight = top >= box.scrollTop && top + heights.current.height(at) <= box.scrollTop + box.clientHeight;
    if (!isInSight) box.scrollTop = Math.max(0, top - box.clientHeight / 3);
    redraw();
  };
  const hold = (at) => {
    held.current = at;
  };
  return { scroller, total: heights.current.total, rows: rowsInSight(scroller.current, heights.current, held.current), measured, show, hold };
}

function rowsInSight(box, heights, held) {
  if (!heights.count) return [];
  const from = box ? box.scrollTop : 0;
  const first = heights.rowAt(Math.max(0, from - AROUND));
  const last = heights.rowAt(from + (box?.clientHeight || AROUND) + AROUND);
  const found = [];
  for (let at = first; at <= last; at++) found.push(at);
  if (held >= 0 && held < heights.count && (held < first || held > last)) found.push(held);
  return found.sort((one, other) => one - other).map((at) => ({ at, top: heights.offset(at) }));
}
