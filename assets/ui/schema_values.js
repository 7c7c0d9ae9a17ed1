// Pure: values of a schema form. They keep their JSON types; an empty optional field is left out.

/** Text of a number field as a number; what is no number stays text, so that the server can say so. */
export function toNumber(text, whole) {
  const clean = String(text).trim().replace(",", ".");
  if (clean === "") return undefined;
  const value = Number(clean);
  return Number.isNaN(value) || (whole && !Number.isInteger(value)) ? String(text).trim() : value;
}

/** A copy with `value` at a path of names and numbers; undefined takes the key away. */
export function withValue(values, path, value) {
  if (!path.length) return value;
  const [key, ...rest] = path;
  if (Array.isArray(values)) {
    const copy = [...values];
    copy[key] = withValue(copy[key], rest, value);
    return copy;
  }
  const copy = { ...(values || {}) };
  const next = withValue(copy[key], rest, value);
  if (next === undefined) delete copy[key];
  else copy[key] = next;
  return copy;
}

/** What a form begins with: the schema's defaults, false for required booleans, one row where a list must not be empty. */
export function initialValues(fields) {
  const values = {};
  for (const field of fields || []) {
    const value = initialValue(field);
    if (value !== undefined) values[field.name] = value;
  }
  return values;
}

export function initialValue(field) {
  if (field.default !== undefined) return structuredClone(field.default);
  if (field.kind === "boolean" && field.required) return false;
  if (field.kind === "table" && (field.minItems || 0) > 0) return Array.from({ length: field.minItems }, () => initialValues(field.columns));
  if (field.kind === "object") {
    const inner = initialValues(field.fields);
    return Object.keys(inner).length || field.required ? inner : undefined;
  }
  return undefined;
}

/** Whether `{sibling: [values]}` holds for the values beside a field; no condition always holds. */
export function holds(condition, siblings) {
  return Object.entries(condition || {}).every(([name, accepted]) => accepted.includes(siblings?.[name]));
}

export function isRequired(field, siblings) {
  return Boolean(field.required) || (field.requiredWhen !== undefined && holds(field.requiredWhen, siblings));
}

export function isShown(field, siblings) {
  return field.showWhen === undefined || holds(field.showWhen, siblings);
}

const escaped = (part) => String(part).replace(/~/g, "~0").replace(/\//g, "~1");

/** JSON pointer of a path. */
export function pointerOf(path) {
  return path.map((part) => `/${escaped(part)}`).join("");
}

/** Errors at or below a pointer, as `[rest, message]`. */
export function errorsBelow(errors, pointer) {
  return Object.entries(errors || {})
    .filter(([each]) => each === pointer || each.startsWith(`${pointer}/`))
    .map(([each, message]) => [each.slice(pointer.length), message]);
}

/** Title in a language. */
export function titleOf(field, language) {
  return (language === "pt-BR" ? field.titlePt : "") || field.title || field.name || "";
}

/** Texts of a chips field: split at commas and line breaks, trimmed, typed like the item. */
export function toItems(text, kind) {
  const parts = text.split(/[\n,;]/).map((part) => part.trim()).filter(Boolean);
  return kind === "integer" || kind === "number" ? parts.map((part) => toNumber(part, kind === "integer")) : parts;
}

/** Grid columns of an editable table, by what each column holds. */
export function gridColumns(columns) {
  const width = { enum: "minmax(108px, 132px)", boolean: "72px", integer: "88px", number: "96px" };
  return [...columns.map((column) => width[column.kind] || "minmax(136px, 1fr)"), "40px"].join(" ");
}
