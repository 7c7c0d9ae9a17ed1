import assert from "node:assert/strict";
import { test } from "node:test";
import { completed, errorsBelow, errorsBeside, errorsByRow, errorsWithoutRow, initialValues, isRequired, isShown, pointerOf, toItems, toNumber, variantOf, withValue } from "../../../assets/ui/form/values.js";

test("numbers become numbers and anything else stays for the server to refuse", () => {
  assert.equal(toNumber("22", true), 22);
  assert.equal(toNumber("1,5", false), 1.5);
  assert.equal(toNumber("1.5", true), "1.5");
  assert.equal(toNumber("many", true), "many");
  assert.equal(toNumber("  ", true), undefined);
});

test("setting a value copies the way down and an empty value leaves no key", () => {
  const before = { targets: [{ host: "a", port: 1 }], count: 4 };
  const after = withValue(before, ["targets", 0, "port"], undefined);
  assert.deepEqual(after, { targets: [{ host: "a" }], count: 4 });
  assert.deepEqual(before.targets[0], { host: "a", port: 1 });
});

test("a form begins with the defaults and the rows it must have", () => {
  const fields = [
    { name: "count", kind: "integer", default: 4 },
    { name: "note", kind: "string" },
    { name: "dry", kind: "boolean", required: true },
    { name: "version", kind: "const", const: "v1", required: true },
    { name: "rows", kind: "table", minItems: 1, columns: [{ name: "kind", kind: "enum", default: "tcp" }] },
    { name: "scope", kind: "object", fields: [{ name: "x", kind: "string" }] },
    { name: "wait", kind: "object", fields: [{ name: "s", kind: "integer", default: 5 }] },
  ];
  assert.deepEqual(initialValues(fields), { count: 4, dry: false, version: "v1", rows: [{ kind: "tcp" }], wait: { s: 5 } });
});

test("an optional object that asks for something begins switched off", () => {
  const fields = [{ name: "pattern", kind: "string", required: true }, { name: "invert", kind: "boolean", default: false }];
  assert.deepEqual(initialValues([{ name: "grep", kind: "object", required: false, fields }]), {});
  assert.deepEqual(initialValues([{ name: "grep", kind: "object", required: true, fields }]), { grep: { invert: false } });
});

test("a sibling's value can make a field required", () => {
  const port = { name: "port", required: false, requiredWhen: [[{ path: ["kind"], in: ["tcp", "http"], absent: false }]] };
  assert.equal(isRequired(port, { kind: "tcp" }), true);
  assert.equal(isRequired(port, { kind: "icmp" }), false);
  assert.equal(isRequired(port, {}), false);
});

test("conditions reach into objects, may be turned around, and say what an absent value means", () => {
  const when = (test) => ({ required: false, requiredWhen: [[test]] });
  assert.equal(isRequired(when({ path: ["include", "secrets"], in: ["plain"], absent: false }), { include: { secrets: "plain" } }), true);
  assert.equal(isRequired(when({ path: ["include", "secrets"], in: ["plain"], absent: false }), {}), false);
  assert.equal(isRequired(when({ path: ["provider"], out: ["own"], absent: true }), {}), true);
  assert.equal(isRequired(when({ path: ["provider"], out: ["own"], absent: true }), { provider: "own" }), false);
  assert.equal(isRequired({ requiredWhen: [[{ path: ["a"], in: [1], absent: false }], [{ path: ["b"], in: [1], absent: false }]] }, { b: 1 }), true);
});

test("what is hidden is not sent, and constants are", () => {
  const fields = [
    { name: "kind", kind: "enum" },
    { name: "port", kind: "integer", showWhen: { kind: ["tcp"] } },
    { name: "path", kind: "string", hiddenWhen: [[{ path: ["kind"], in: ["tcp"], absent: false }]] },
    { name: "version", kind: "const", const: "v1", required: true },
    { name: "source", kind: "variant", variants: [{ fields: [{ name: "by", kind: "const", const: "git", required: true }, { name: "repo", kind: "string" }] }] },
  ];
  assert.equal(isShown(fields[1], { kind: "icmp" }), false);
  assert.deepEqual(completed(fields, { kind: "tcp", port: 1, path: "/" }), { kind: "tcp", port: 1, version: "v1" });
  assert.deepEqual(completed(fields, { kind: "icmp", port: 1, path: "/" }), { kind: "icmp", path: "/", version: "v1" });
  assert.deepEqual(completed(fields, { source: { repo: "x" } }), { version: "v1", source: { repo: "x", by: "git" } });
});

test("a value tells which of several shapes it has, by its names and its constants", () => {
  const shapes = [
    { fields: [{ name: "by", kind: "const", const: "file" }, { name: "text", kind: "code" }] },
    { fields: [{ name: "by", kind: "const", const: "git" }, { name: "repo", kind: "string" }, { name: "text", kind: "string" }] },
  ];
  assert.equal(variantOf(shapes, { text: "a" }), 0);
  assert.equal(variantOf(shapes, { by: "git", text: "a" }), 1);
  assert.equal(variantOf(shapes, { repo: "a" }), 1);
  assert.equal(variantOf(shapes, { other: "a" }), -1);
  assert.equal(variantOf(shapes, undefined), -1);
});

test("pointers escape slashes and tildes and errors are found below them", () => {
  assert.equal(pointerOf(["a/b", 0, "c~d"]), "/a~1b/0/c~0d");
  const errors = { "/rows/1/host": "no", "/rows/10/host": "ten", "/rows/1": "whole" };
  assert.deepEqual(errorsBelow(errors, "/rows/1"), [["/host", "no"], ["", "whole"]]);
  assert.deepEqual([...errorsByRow({ ...errors, "/rows": "all" }, "/rows")], [[1, [["/host", "no"], ["", "whole"]]], [10, [["/host", "ten"]]]]);
});

test("pasted lists become items of the right type", () => {
  assert.deepEqual(toItems("a, b\nc;", "string"), ["a", "b", "c"]);
  assert.deepEqual(toItems("1,2", "integer"), [1, 2]);
});

test("an error goes with the value that it was about", () => {
  const errors = { "/rows": "few", "/rows/1/ttl": "low", "/rows/10/ttl": "low", "/zone": "none" };
  assert.deepEqual(errorsBeside(errors, "/rows/1"), { "/rows": "few", "/rows/10/ttl": "low", "/zone": "none" });
  assert.deepEqual(errorsBeside(errors, "/rows"), { "/zone": "none" });
});

test("when a row goes the errors of later rows move up with them", () => {
  const errors = { "/rows": "few", "/rows/0/ttl": "low", "/rows/1/ttl": "high", "/rows/2/data/port": "none", "/zone": "none" };
  const left = { "/rows": "few", "/rows/0/ttl": "low", "/rows/1/data/port": "none", "/zone": "none" };
  assert.deepEqual(errorsWithoutRow(errors, "/rows", 1), left);
});
