// What somebody arranged for himself or herself: kept in this browser under the user's id. No secret ever goes here.
import { useSyncExternalStore } from "react";

const values = new Map();
const listeners = new Set();

function read(key, parse) {
  if (!values.has(key)) {
    let text = null;
    try {
      text = localStorage.getItem(key);
    } catch {
      // Private mode may forbid storage: everything is then as nobody has arranged it.
    }
    values.set(key, parse(text ?? "null"));
  }
  return values.get(key);
}

function subscribe(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** `[value, keep]` under a key; `parse` makes the value of the kept text, `plain` is what the exported page shows. */
export function useKept(key, parse, plain) {
  const value = useSyncExternalStore(subscribe, () => read(key, parse), () => plain);
  const keep = (next) => {
    values.set(key, next);
    try {
      localStorage.setItem(key, JSON.stringify(next));
    } catch {
      // see read: it then lasts for this page only.
    }
    listeners.forEach((each) => each());
  };
  return [value, keep];
}
