// Pure: which fields of a row stand in the row itself, and which below it.

const WIDTHS = { enum: "minmax(88px, 116px)", boolean: "64px", integer: "80px", number: "88px" };
const NARROW = new Set(Object.keys(WIDTHS));
const LONG_TEXT = 500; // characters: a column that takes more is given more room

/** The columns of the row, in the order of the schema's own choice. */
export function inRow(field) {
  const byName = new Map(field.columns.map((column) => [column.name, column]));
  return (field.grid || []).map((name) => byName.get(name)).filter(Boolean);
}

/** What a row has besides. */
export function besides(field) {
  const shown = new Set(field.grid || []);
  return field.columns.filter((column) => !shown.has(column.name) && column.kind !== "const");
}

export function isNarrow(column) {
  return NARROW.has(column.kind) && !column.choices;
}

/** Grid columns by what each holds; then the buttons of the row. */
export function gridColumns(columns, buttons) {
  const text = (column) => ((column.maxLength || 0) > LONG_TEXT ? "minmax(128px, 2fr)" : "minmax(96px, 1fr)");
  const widths = columns.map((column) => (isNarrow(column) ? WIDTHS[column.kind] : text(column)));
  return [...widths, ...Array(buttons).fill("40px")].join(" ");
}

/** Whether a row says nothing yet: it is empty, or as a new row is. */
export function isBlank(row, fresh) {
  const names = Object.keys(row || {});
  return names.every((name) => JSON.stringify(row[name]) === JSON.stringify(fresh[name]));
}
