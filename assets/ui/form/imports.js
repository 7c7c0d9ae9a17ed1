// Pure: text that somebody pastes or loads into a table: a zone file where the table takes one, else CSV or TSV.
import { besides, inRow } from "./columns.js";
import { readDelimited } from "./delimited.js";
import { isZone, readZone } from "./zone_text.js";

/** `{items, faults: [{line?, code, name?}], isWhole}`; `isWhole`: the text names its columns, so it is no block of cells. */
export function readTable(text, field) {
  if (!text.trim()) return { items: [], faults: [], isWhole: false };
  const known = new Map(field.columns.map((column) => [column.name, column]));
  if (field.import?.includes("zone") && isZone(text)) {
    const { items, faults } = readZone(text);
    return { items: items.map((row) => only(row, known)), faults, isWhole: true };
  }
  const { items, unknown, hasHeading } = readDelimited(text, field.columns, [...inRow(field), ...besides(field)]);
  return { items, faults: unknown.map((name) => ({ code: "column", name })), isWhole: hasHeading };
}

function only(row, known) {
  return Object.fromEntries(Object.entries(row).filter(([name]) => known.has(name)));
}

/** `NAME=value` lines as an env file has them; null when the text is no such thing. */
export function readPairs(text) {
  const lines = text.split(/\r?\n/).map((line) => line.trim()).filter((line) => line && !line.startsWith("#"));
  const parts = lines.map((line) => line.replace(/^export\s+/, "").match(/^([A-Za-z_][\w.-]*)\s*=\s*(.*)$/));
  if (!parts.length || parts.includes(null)) return null;
  return Object.fromEntries(parts.map(([, name, value]) => [name, value.replace(/^(["'])(.*)\1$/, "$2")]));
}
