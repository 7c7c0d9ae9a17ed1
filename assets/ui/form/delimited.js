// Pure: text of CSV and TSV (RFC 4180, any of , ; tab) as rows of a table, each cell in the type of its column.
import { toItems, toNumber } from "./values.js";

const SEPARATORS = ["\t", ";", ","];
const TRUE = new Set(["true", "yes", "y", "sim", "s", "1", "x", "on"]);
const FALSE = new Set(["false", "no", "n", "não", "nao", "0", "-", "off"]);

/** Lines of cells; quotes may hold separators, line breaks and doubled quotes. */
export function cells(text, separator = separatorOf(text)) {
  const rows = [];
  let row = [];
  let cell = "";
  let quoted = false;
  const endCell = () => {
    row.push(cell.trim());
    cell = "";
  };
  const endRow = () => {
    endCell();
    if (row.some((each) => each !== "")) rows.push(row);
    row = [];
  };
  const source = text.replace(/^\uFEFF/, "").replace(/\r\n?/g, "\n");
  for (let at = 0; at < source.length; at++) {
    const letter = source[at];
    if (quoted) {
      if (letter !== '"') cell += letter;
      else if (source[at + 1] === '"') cell += source[++at];
      else quoted = false;
    } else if (letter === '"' && cell.trim() === "") {
      quoted = true;
      cell = "";
    } else if (letter === separator) endCell();
    else if (letter === "\n") endRow();
    else cell += letter;
  }
  endRow();
  return rows;
}

/** The separator that the first line has most of. */
export function separatorOf(text) {
  const line = text.split(/\r?\n/, 1)[0].replace(/"[^"]*"/g, "");
  const count = (separator) => line.split(separator).length;
  return SEPARATORS.reduce((best, each) => (count(each) > count(best) ? each : best));
}

/** A cell's text as a value of its column; undefined when it is empty, the text itself where it does not fit. */
export function cellValue(column, text) {
  if (text === "") return undefined;
  const named = [...(column.named || []), ...(column.options || [])].find((option) => [String(option.value), option.label, option.labelPt].some((word) => word?.toLowerCase() === text.toLowerCase()));
  if (named) return named.value;
  if (column.kind === "integer" || column.kind === "number") return toNumber(text, column.kind === "integer");
  if (column.kind === "boolean") return TRUE.has(text.toLowerCase()) ? true : FALSE.has(text.toLowerCase()) ? false : text;
  if (column.kind === "array") return toItems(text, column.item?.kind);
  if (column.kind === "json" || column.kind === "map" || column.kind === "object") return fromJson(text);
  return text;
}

function fromJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Letters and digits only, so that "Zone ID", "zone_id" and "zoneId" are the same. */
function plain(text) {
  return text.normalize("NFD").toLowerCase().replace(/[^a-z0-9]/g, "");
}

function columnNamed(columns, title) {
  return columns.find((column) => [column.name, column.title, column.titlePt].some((word) => word && plain(word) === plain(title)));
}

/** The columns that a first line names, null for those that are not known; null when it is no heading. */
export function headingOf(line, columns) {
  const found = line.map((title) => columnNamed(columns, title));
  const known = found.filter(Boolean).length;
  return known > 0 && known >= Math.ceil(line.length / 2) ? found.map((column) => column || null) : null;
}

/** Rows of a text: by its heading, else in the order of `shown`; `unknown` are headings that no column has. */
export function readDelimited(text, columns, shown) {
  const lines = cells(text);
  const heading = lines.length ? headingOf(lines[0], columns) : null;
  const order = heading || shown;
  const unknown = heading ? lines[0].filter((_, at) => !heading[at]) : [];
  const items = lines.slice(heading ? 1 : 0).map((line) => rowOf(line, order));
  return { items, unknown, hasHeading: heading !== null };
}

function rowOf(line, order) {
  const row = {};
  line.forEach((text, at) => {
    const value = order[at] ? cellValue(order[at], text) : undefined;
    if (value !== undefined) row[order[at].name] = value;
  });
  return row;
}

/** A block of cells written over a table, from a cell to the right and downwards; rows are added as needed. */
export function filledFrom(items, block, { row, column }, columns, fresh) {
  const filled = [...items];
  block.forEach((line, down) => {
    const at = row + down;
    const next = { ...(filled[at] || structuredClone(fresh)) };
    line.forEach((text, right) => {
      const target = columns[column + right];
      if (!target) return;
      const value = cellValue(target, text);
      if (value === undefined) delete next[target.name];
      else next[target.name] = value;
    });
    filled[at] = next;
  });
  return filled;
}
