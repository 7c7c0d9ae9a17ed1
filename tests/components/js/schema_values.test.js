import assert from "node:assert/strict";
import { test } from "node:test";
import { errorsBelow, initialValues, isRequired, pointerOf, toItems, toNumber, withValue } from "../../../assets/ui/schema_values.js";

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
    { name: "rows", kind: "table", minItems: 1, columns: [{ name: "kind", kind: "enum", default: "tcp" }] },
    { name: "scope", kind: "object", fields: [{ name: "x", kind: "string" }] },
  ];
  assert.deepEqual(initialValues(fields), { count: 4, dry: false, rows: [{ kind: "tcp" }] });
});

test("a sibling's value can make a field required", () => {
  const port = { name: "port", required: false, requiredWhen: { kind: ["tcp", "http"] } };
  assert.equal(isRequired(port, { kind: "tcp" }), true);
  assert.equal(isRequired(port, { kind: "icmp" }), false);
});

test("pointers escape slashes and tildes and errors are found below them", () => {
  assert.equal(pointerOf(["a/b", 0, "c~d"]), "/a~1b/0/c~0d");
  const errors = { "/rows/1/host": "no", "/rows/10/host": "ten", "/rows/1": "whole" };
  assert.deepEqual(errorsBelow(errors, "/rows/1"), [["/host", "no"], ["", "whole"]]);
});

test("pasted lists become items of the right type", () => {
  assert.deepEqual(toItems("a, b\nc;", "string"), ["a", "b", "c"]);
  assert.deepEqual(toItems("1,2", "integer"), [1, 2]);
});
