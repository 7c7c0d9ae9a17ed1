import assert from "node:assert/strict";
import { test } from "node:test";
import { paint, spansOf } from "../../../assets/ui/log/ansi.js";
import { cutByQuery } from "../../../assets/ui/log/search.js";

const shown = (text, style, query = "") => paint(cutByQuery(text, query), style).map(({ text: part, hit, look }) => `${hit ? "*" : ""}${part}|${look}`);

test("a line without colours is one part", () => {
  assert.deepEqual(shown("plain", ""), ["plain|"]);
  assert.deepEqual(shown("plain", undefined), ["plain|"]);
  assert.deepEqual(shown("", "0:3:31"), []);
});

test("colours are laid over the text by the letter", () => {
  assert.deepEqual(shown("red and green", "0:3:31 8:5:1,32"), ["red|a31", " and |", "green|a1 a32"]);
  assert.deepEqual(shown("🙂 ok", "2:2:32"), ["🙂 |", "ok|a32"]);
});

test("a hit keeps its mark across colours", () => {
  assert.deepEqual(shown("abcdef", "2:2:31", "bcd"), ["a|", "*b|", "*cd|a31", "ef|"]);
});

test("what is not of the form, or unknown, is passed over", () => {
  assert.deepEqual(spansOf("0:3:31;x 1:2 0:1:<b> 0:1:999 3:1:4"), [{ from: 3, to: 4, look: "a4" }]);
  assert.deepEqual(shown("abc", "1:99:31"), ["a|", "bc|a31"]);
});
