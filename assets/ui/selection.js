// The chosen rows of the list on the page: known to this browser tab alone, and forgotten when the page is left.
import { useSyncExternalStore } from "react";
import { between } from "./table_rules.js";

const NOTHING = { chosen: new Set(), picking: false };
const listeners = new Set();
let state = NOTHING;
let last = "";

function put(next) {
  state = { ...state, ...next };
  listeners.forEach((each) => each());
}

function subscribe(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** `{chosen, picking}`: the ids, and whether a phone shows its check boxes. */
export function useSelection() {
  return useSyncExternalStore(subscribe, () => state, () => NOTHING);
}

/** Choose these rows, or take them away. */
export function choose(ids, on) {
  const chosen = new Set(state.chosen);
  ids.forEach((id) => (on ? chosen.add(id) : chosen.delete(id)));
  last = ids.length === 1 ? ids[0] : last;
  put({ chosen });
}

/** The same for every row from the one that was pressed last to this one. */
export function chooseTo(order, id, on) {
  choose(between(order, last, id), on);
  last = id;
}

/** Rows that are no longer listed are no longer chosen. */
export function keepOnly(ids) {
  const kept = ids.filter((id) => state.chosen.has(id));
  if (kept.length !== state.chosen.size) put({ chosen: new Set(kept) });
}

export function startPicking() {
  put({ picking: true });
}

export function clearSelection() {
  last = "";
  if (state !== NOTHING) put(NOTHING);
}
