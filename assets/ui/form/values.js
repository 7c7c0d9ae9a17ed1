// Pure: the values of a form. They keep their JSON types; an empty optional field is left out.

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

/** What a form begins with: the schema's defaults, false for required booleans, the rows that a list must have. */
export function initialValues(fields) {
  const values = {};
  for (const field of fields || []) {
    const value = initialValue(field);
    if (value !== undefined) values[field.name] = value;
  }
  return values;
}

export function initialValue(field) {
  if (field.kind === "const") return field.required ? field.const : undefined;
  if (field.default !== undefined) return structuredClone(field.default);
  if (field.kind === "boolean" && field.required) return false;
  if (field.kind === "table" && (field.minItems || 0) > 0) return Array.from({ length: field.minItems }, () => initialValues(field.columns));
  if (field.kind === "object" && !isSwitched(field)) {
    const inner = initialValues(field.fields);
    return Object.keys(inner).length || field.required ? inner : undefined;
  }
  return undefined;
}

/** An object that may be left out, but that asks for something once it is there: it is switched on and off as a whole. */
export function isSwitched(field) {
  return !field.required && field.requiredWhen === undefined && field.fields.some((each) => each.required && each.kind !== "const");
}

/** Whether a test of a condition holds for the object that has the field. */
function passes(test, siblings) {
  let value = siblings;
  for (const name of test.path) value = value === null || typeof value !== "object" ? undefined : value[name];
  if (value === undefined) return test.absent;
  return test.in ? test.in.includes(value) : !test.out.includes(value);
}

/** Whether any alternative of a condition holds; see orch_app/domains/runbooks/conditions.py. */
export function holds(condition, siblings) {
  return condition.some((tests) => tests.every((test) => passes(test, siblings)));
}

export function isRequired(field, siblings) {
  return Boolean(field.required) || (field.requiredWhen !== undefined && holds(field.requiredWhen, siblings));
}

export function isShown(field, siblings) {
  if (field.kind === "const") return false;
  if (field.hiddenWhen !== undefined && holds(field.hiddenWhen, siblings)) return false;
  return Object.entries(field.showWhen || {}).every(([name, accepted]) => accepted.includes(siblings?.[name]));
}

/** Which of several shapes a value has: the constants agree and no name is foreign; -1 when none, or nothing is there. */
export function variantOf(variants, value) {
  const names = Object.keys(value || {});
  if (!names.length) return -1;
  return variants.findIndex((variant) => {
    const known = new Map(variant.fields.map((field) => [field.name, field]));
    const agrees = (name) => known.has(name) && (known.get(name).kind !== "const" || known.get(name).const === value[name]);
    return names.every(agrees);
  });
}

/** What is sent: fields that are not shown are left out, and the constants of what is there are filled in. */
export function completed(fields, values) {
  if (values === null || typeof values !== "object" || Array.isArray(values)) return values;
  const hidden = fields.filter((field) => field.kind !== "const" && !isShown(field, values)).map((field) => field.name);
  const found = Object.fromEntries(Object.entries(values).filter(([name]) => !hidden.includes(name)));
  for (const field of fields) {
    if (field.kind === "const" && field.required && found[field.name] === undefined) found[field.name] = field.const;
    if (found[field.name] !== undefined) found[field.name] = completedOne(field, found[field.name]);
  }
  return found;
}

function completedOne(field, value) {
  if (field.kind === "object") return completed(field.fields, value);
  if (field.kind === "table") return Array.isArray(value) ? value.map((row) => completed(field.columns, row)) : value;
  if (field.kind === "variant") return completed(field.variants[Math.max(0, variantOf(field.variants, value))].fields, value);
  return value;
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

/** The same for every row of a list: row number -> `[rest, message]` of all that is wrong in it. */
export function errorsByRow(errors, pointer) {
  const found = new Map();
  for (const [rest, message] of errorsBelow(errors, pointer)) {
    const [, row, ...below] = rest.split("/");
    if (row === undefined) continue;
    const at = Number(row);
    found.set(at, [...(found.get(at) || []), [below.map((part) => `/${part}`).join(""), message]]);
  }
  return found;
}

/** The errors that are left once the value at a pointer is another one. */
export function errorsBeside(errors, pointer) {
  return Object.fromEntries(Object.entries(errors || {}).filter(([each]) => each !== pointer && !each.startsWith(`${pointer}/`)));
}

/** The errors that are left once a row of the list at a pointer is gone: those of later rows move up with them. */
export function errorsWithoutRow(errors, pointer, at) {
  const moved = [...errorsByRow(errors, pointer)].filter(([row]) => row !== at).flatMap(([row, found]) => found.map(([rest, message]) => [`${pointer}/${row > at ? row - 1 : row}${rest}`, message]));
  const own = (errors || {})[pointer];
  return { ...errorsBeside(errors, pointer), ...(own === undefined ? {} : { [pointer]: own }), ...Object.fromEntries(moved) };
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
