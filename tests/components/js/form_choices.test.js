import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { addressOf, ask, chosenBy, dependencies, moved } from "../../../assets/ui/form/choices.js";

const usual = globalThis.fetch;
afterEach(() => {
  globalThis.fetch = usual;
});

test("a question depends on the inputs that its source and its parameters name", () => {
  const choices = { source: "{{provider}}.sizes", params: { location: "$.deep.location", kind: "@.kind", swarm: true, word: "plain" } };
  const values = { provider: "acme", deep: { location: "fsn1" }, rows: [{}, { kind: "a" }] };
  assert.equal(dependencies(choices, values, ["rows", 1, "name"]), JSON.stringify(["acme", "fsn1", "a"]));
  assert.equal(dependencies({ source: "hosts" }, values, ["host"]), "[]");
  assert.notEqual(dependencies(choices, { ...values, provider: "other" }, ["rows", 1, "name"]), dependencies(choices, values, ["rows", 1, "name"]));
});

test("a field has an address, whatever its name", () => {
  assert.equal(addressOf("/v1/runbooks/x/choices/", ["rows", 3, "a/b ~"]), "/v1/runbooks/x/choices/rows/3/a~1b%20~0");
});

test("typed text becomes the choice of that name or value, else itself in the field's type", () => {
  const items = [{ value: "z1", label: "Example.com" }, { value: 7, label: "seven" }];
  assert.equal(chosenBy("example.COM ", items, "string"), "z1");
  assert.equal(chosenBy("z1", items, "string"), "z1");
  assert.equal(chosenBy("7", items, "integer"), 7);
  assert.equal(chosenBy("8", items, "integer"), 8);
  assert.equal(chosenBy("other", items, "string"), "other");
  assert.equal(chosenBy("  ", items, "string"), undefined);
});

test("the keys go around the ends of the list", () => {
  assert.equal(moved(-1, 1, 3), 0);
  assert.equal(moved(-1, -1, 3), 2);
  assert.equal(moved(2, 1, 3), 0);
  assert.equal(moved(0, -1, 3), 2);
  assert.equal(moved(0, 1, 0), -1);
});

test("a refusal is told in the words of its first fault, and a lost connection as such", async () => {
  const answers = (status, body) => async () => ({ ok: status < 300, status, json: async () => body });
  globalThis.fetch = answers(200, { items: [], truncated: false });
  assert.deepEqual(await ask("/x", {}), { items: [], truncated: false });
  globalThis.fetch = answers(422, { code: "validation", detail: "whole", errors: [{ detail: "first", detailPt: "primeiro" }] });
  await assert.rejects(ask("/x", {}), { code: "validation", detail: "first", detailPt: "primeiro" });
  globalThis.fetch = answers(503, { code: "upstream_timeout", detail: "late" });
  await assert.rejects(ask("/x", {}), { code: "upstream_timeout", detail: "late", detailPt: "late" });
  globalThis.fetch = async () => {
    throw new TypeError("no network");
  };
  await assert.rejects(ask("/x", {}), { code: "offline" });
});
