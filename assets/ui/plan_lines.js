// Pure: what a plan is going to do, as lines that a person compares. Its shape is runbooks/plan.schema.json's.
import { plainly } from "./preview_text.js";

/** Items drawn at once. */
export const PAGE = 200;

/** The actions that change something, in the order people ask about them, and what cannot be done. */
export const ACTIONS = ["create", "update", "delete", "error"];

/** An update of more fields than this tells only those that differ. */
const FEW = 8;

/** A value on one line, with nothing in it that hides or reorders. */
export function said(value) {
  return plainly(typeof value === "string" ? value : JSON.stringify(value) ?? "");
}

/** What stood there and what will: `[{sign, words: [{name, text, isChanged}]}]`, at most one line of each sign. */
export function linesOf({ action, before, after, fields }) {
  const changed = new Set(action === "update" ? fields : []);
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  const told = changed.size && names.length > FEW ? names.filter((name) => changed.has(name)) : names;
  const line = (sign, side) => ({
    sign,
    words: told
      .filter((name) => name in side)
      .map((name) => ({ name, text: said(side[name]), isChanged: changed.has(name) })),
  });
  return [before && line("-", before), after && line("+", after)].filter(Boolean);
}

/** The items of these actions (all when none is chosen) in whose kind, name or values the text occurs. */
export function matching(items, actions, text) {
  const wanted = text.trim().toLowerCase();
  return items.filter(
    (item) =>
      (!actions.length || actions.includes(item.action)) &&
      (!wanted || `${item.kind} ${item.name} ${said(item.before)} ${said(item.after)}`.toLowerCase().includes(wanted)),
  );
}
