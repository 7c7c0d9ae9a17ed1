// Pure: a pipeline's definition as it is edited. The document keeps its JSON types; fields show texts.

export const TYPES = ["string", "integer", "number", "boolean", "array", "object"];
const UNNAMED = /^(\w+?)-?(\d*)$/;

/** What a field shows of a value: texts as they are, anything else as JSON. */
export function textOf(value) {
  if (value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** The value that a text means in a field of this type; undefined leaves the field out. What is no JSON stays a text. */
export function valueOf(text, type) {
  if (text === "") return undefined;
  if (type === "string") return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A copy of an object with one member set, or left out when the value is undefined; the order stays. */
export function withMember(object, name, value) {
  const copy = { ...object, [name]: value };
  if (value === undefined) delete copy[name];
  return copy;
}

/** A copy of a list with one item replaced, or taken out when it is undefined. */
export function withItem(list, at, item) {
  return item === undefined ? list.filter((_, place) => place !== at) : list.map((old, place) => (place === at ? item : old));
}

/** A copy of a list with one item moved by so many places; beyond the ends nothing happens. */
export function moved(list, at, by) {
  const to = at + by;
  if (to < 0 || to >= list.length) return list;
  const copy = [...list];
  [copy[at], copy[to]] = [copy[to], copy[at]];
  return copy;
}

/** A name that none of these has: `step`, `step-2`, `step-3` ... */
export function freeName(wanted, taken) {
  if (!taken.includes(wanted)) return wanted;
  const stem = UNNAMED.exec(wanted)?.[1] || wanted;
  let number = 2;
  while (taken.includes(`${stem}-${number}`)) number += 1;
  return `${stem}-${number}`;
}

/** A new step behind the last one. */
export function newStep(steps, runbook) {
  const last = steps[steps.length - 1];
  const id = freeName("step", steps.map((step) => step.id));
  return { id, runbook, needs: last ? [{ step: last.id, on: "success" }] : [], join: "all", inputs: {}, hosts: [], connections: {}, tags: [], skipTags: [], limit: "", environment: "" };
}

/** The steps after one of them got another id: edges follow, and so do expressions that name it. */
export function renamed(steps, at, id) {
  const before = steps[at].id;
  const follow = (node) => {
    if (typeof node === "string") return node.replaceAll(`\${steps.${before}.`, `\${steps.${id}.`);
    if (Array.isArray(node)) return node.map(follow);
    if (node && typeof node === "object") return Object.fromEntries(Object.entries(node).map(([name, item]) => [name, follow(item)]));
    return node;
  };
  const others = steps.some((step, place) => place !== at && step.id === before);
  return steps.map((step, place) => {
    if (place === at) return { ...step, id };
    if (others || !before) return step;
    const needs = step.needs.map((edge) => (edge.step === before ? { ...edge, step: id } : edge));
    return { ...step, needs, inputs: follow(step.inputs), hosts: follow(step.hosts), connections: follow(step.connections) };
  });
}

/** The steps without one of them; edges from it go too. */
export function without(steps, at) {
  const { id } = steps[at];
  return steps.filter((_, place) => place !== at).map((step) => ({ ...step, needs: step.needs.filter((edge) => edge.step !== id) }));
}

/** The declared inputs as rows `{name, schema, required}`. */
export function inputRows(schema) {
  const required = schema.required || [];
  return Object.entries(schema.properties || {}).map(([name, child]) => ({ name, schema: child, required: required.includes(name) }));
}

/** The declaration with these rows; whatever else it says stays. */
export function withRows(schema, rows) {
  const required = rows.filter((row) => row.required).map((row) => row.name);
  const properties = Object.fromEntries(rows.map((row) => [row.name, row.required ? withMember(row.schema, "default", undefined) : row.schema]));
  return withMember({ ...schema, properties }, "required", required.length ? required : undefined);
}

/** Faults `{pointer, ...}` at a place or below it. */
export function faultsAt(faults, place) {
  return faults.filter((fault) => fault.pointer === place || fault.pointer.startsWith(`${place}/`));
}

/** The faults that belong to no step: those of the name, of the inputs, of the whole. */
export function faultsAround(faults) {
  return faults.filter((fault) => !/^\/steps\/\d+/.test(fault.pointer) && !/^\/(name|title|description)$/.test(fault.pointer));
}

/** What changes in a step with its runbook: tags stay that the new one offers, hosts where it works on some. */
export function withRunbook(step, runbook) {
  const offered = (tags) => (tags || []).filter((tag) => runbook.playTags.includes(tag));
  const scope = { tags: offered(step.tags), skipTags: offered(step.skipTags) };
  const worksOnHosts = runbook.target === "hosts" || runbook.target === "both";
  return { runbook: runbook.name, ...scope, ...(worksOnHosts ? {} : { hosts: [], limit: "" }) };
}
