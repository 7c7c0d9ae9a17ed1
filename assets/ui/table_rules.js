// Pure rules of tables: which rows lie between two, and what a kept view says. No React, so `node --test` can run them.

/** A table as everybody sees it who arranged nothing. */
export const PLAIN = { hidden: [], compact: false };

/** What was kept, as a view; nonsense is the plain one. */
export function viewOf(text) {
  try {
    const { hidden, compact } = JSON.parse(text) || {};
    return { hidden: Array.isArray(hidden) ? hidden.map(String) : [], compact: compact === true };
  } catch {
    return PLAIN;
  }
}

/** The ids from one row to another, both included, in the order they stand; only the second when the first is gone. */
export function between(order, from, to) {
  const ends = [order.indexOf(from), order.indexOf(to)].sort((a, b) => a - b);
  return ends[0] < 0 ? [to] : order.slice(ends[0], ends[1] + 1);
}

const PLACE = ["page", "cursor"];
const MOST_VIEWS = 20;

/** The filters of an address in one order, without the place in the list: what makes two views the same. */
export function filtersOf(search) {
  const params = new URLSearchParams(search);
  PLACE.forEach((name) => params.delete(name));
  params.sort();
  return params.toString();
}

/** Kept views, `{name, query}` each; nonsense is left out. */
export function viewsOf(text) {
  try {
    const found = JSON.parse(text);
    return Array.isArray(found) ? found.filter((view) => typeof view?.name === "string" && typeof view?.query === "string").slice(0, MOST_VIEWS) : [];
  } catch {
    return [];
  }
}

/** The views with one more; a name that exists already means the new filters from now on. */
export function withView(views, name, query) {
  return [...views.filter((view) => view.name !== name), { name, query }].sort((a, b) => a.name.localeCompare(b.name)).slice(0, MOST_VIEWS);
}
