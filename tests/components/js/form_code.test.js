import assert from "node:assert/strict";
import { test } from "node:test";
import { continued, indented, lineNumbers, readText } from "../../../assets/ui/form/code_text.js";

test("Tab puts blanks in at the caret and moves chosen lines", () => {
  assert.deepEqual(indented("ab", 1, 1, false), { text: "a  b", from: 3, to: 3 });
  assert.deepEqual(indented("a\n\nb", 0, 4, false), { text: "  a\n\n  b", from: 2, to: 8 });
});

test("Shift+Tab moves lines back, as far as they have blanks", () => {
  assert.deepEqual(indented("  a\n b", 3, 6, true), { text: "a\nb", from: 1, to: 3 });
  assert.deepEqual(indented("a", 1, 1, true), { text: "a", from: 1, to: 1 });
});

test("a new line begins as deep as the one before", () => {
  assert.deepEqual(continued("  a:b", 4, 4), { text: "  a:\n  b", from: 7, to: 7 });
});

test("every line has a number", () => {
  assert.equal(lineNumbers(""), "1");
  assert.equal(lineNumbers("a\nb\n"), "1\n2\n3");
});

test("a file must be text in UTF-8 and not too large", async () => {
  assert.deepEqual(await readText(new Blob(["olá"])), { text: "olá" });
  assert.deepEqual(await readText(new Blob(["olá"]), 3), { fault: "too_large", limit: 3 });
  assert.deepEqual(await readText(new Blob([new Uint8Array([0xff, 0xfe])])), { fault: "not_text" });
  assert.deepEqual(await readText(new Blob(["a\0b"])), { fault: "not_text" });
});
