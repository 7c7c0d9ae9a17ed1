import assert from "node:assert/strict";
import { test } from "node:test";
import { linesOf, matching, said } from "../../../assets/ui/plan_lines.js";

const UPDATE = {
  action: "update",
  kind: "A",
  name: "www",
  before: { content: "198.51.100.7", ttl: 1 },
  after: { content: "203.0.113.24", ttl: 1 },
  fields: ["content"],
};
const NEW = { action: "create", kind: "TXT", name: "_acme", before: null, after: { content: "q3Xf" }, fields: ["content"] };
const GONE = { action: "delete", kind: "CNAME", name: "old", before: { content: "lb" }, after: null, fields: ["content"] };

test("an update shows both sides and marks what differs", () => {
  const [old, young] = linesOf(UPDATE);
  assert.deepEqual([old.sign, young.sign], ["-", "+"]);
  assert.deepEqual(old.words, [
    { name: "content", text: "198.51.100.7", isChanged: true },
    { name: "ttl", text: "1", isChanged: false },
  ]);
  assert.equal(young.words[0].text, "203.0.113.24");
});

test("what is new or gone has one side, with nothing marked", () => {
  assert.deepEqual(linesOf(NEW), [{ sign: "+", words: [{ name: "content", text: "q3Xf", isChanged: false }] }]);
  assert.deepEqual(linesOf(GONE).map((line) => line.sign), ["-"]);
});

test("of many fields only those that differ are told", () => {
  const many = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`field${n}`, n]));
  const [old, young] = linesOf({ action: "update", before: many, after: { ...many, field3: 33 }, fields: ["field3"] });
  assert.deepEqual(old.words, [{ name: "field3", text: "3", isChanged: true }]);
  assert.deepEqual(young.words, [{ name: "field3", text: "33", isChanged: true }]);
});

test("a field that only one side has stands on that side", () => {
  const [old, young] = linesOf({ action: "update", before: { a: 1 }, after: { a: 1, b: [2] }, fields: ["b"] });
  assert.deepEqual(old.words.map((word) => word.name), ["a"]);
  assert.deepEqual(young.words[1], { name: "b", text: "[2]", isChanged: true });
});

test("marks that reorder or hide are written out", () => {
  assert.equal(said("a\u202eb"), "a\\u202eb");
  assert.equal(said({ "\u200b": true }), '{"\\u200b":true}');
  assert.equal(said(undefined), "");
});

test("items are chosen by action and by any word of them", () => {
  const items = [UPDATE, NEW, GONE];
  assert.deepEqual(matching(items, [], ""), items);
  assert.deepEqual(matching(items, ["delete"], ""), [GONE]);
  assert.deepEqual(matching(items, [], " Q3XF "), [NEW]);
  assert.deepEqual(matching(items, ["create"], "www"), []);
});
