// Choices that the server knows: which inputs a question depends on, how it is asked, and what typed text means.
import { toNumber } from "./values.js";

/** What the answer depends on, as text: another one is another question. `path` leads to the field. */
export function dependencies(choices, values, path) {
  const named = [...(choices.source || "").matchAll(/\{\{([^}]+)\}\}/g)].map(([, name]) => `$.${name}`);
  const places = [...named, ...Object.values(choices.params || {}).filter((each) => /^[$@]\./.test(each))];
  return JSON.stringify(places.map((place) => meant(place, values, path)));
}

function meant(place, values, path) {
  const [start, ...names] = place.split(".");
  const whole = start === "$" ? names : [...path.slice(0, -1), ...names];
  return whole.reduce((value, name) => value?.[name], values) ?? null;
}

/** Where the choices of a field are asked for. */
export function addressOf(base, path) {
  return base + path.map((part) => encodeURIComponent(String(part).replace(/~/g, "~0").replace(/\//g, "~1"))).join("/");
}

/** `{items, truncated}`; what went wrong is thrown as `{code, detail, detailPt}`. */
export async function ask(address, body, signal) {
  let answer;
  try {
    answer = await fetch(address, { method: "POST", signal, credentials: "same-origin", headers: { "Content-Type": "application/json", Accept: "application/json" }, body: JSON.stringify(body) });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw Object.assign(new Error("offline"), { code: "offline", detail: "", detailPt: "" });
  }
  const told = await answer.json().catch(() => ({}));
  if (answer.ok) return told;
  const first = told.errors?.[0] || {};
  const detail = first.detail || told.detail || "";
  throw Object.assign(new Error(detail), { code: told.code || "", detail, detailPt: first.detailPt || detail });
}

/** What a text means that nobody picked from the list: the choice of that name or value, nothing, or the text itself. */
export function chosenBy(text, items, kind) {
  const clean = text.trim();
  if (!clean) return undefined;
  const same = items.find((item) => String(item.value) === clean) || items.find((item) => item.label.toLowerCase() === clean.toLowerCase());
  if (same) return same.value;
  return kind === "integer" || kind === "number" ? toNumber(clean, kind === "integer") : clean;
}

/** The next place in a list of so many, around its ends; -1 is none. */
export function moved(at, step, count) {
  if (!count) return -1;
  return at < 0 ? (step > 0 ? 0 : count - 1) : (at + step + count) % count;
}
