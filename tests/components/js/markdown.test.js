import assert from "node:assert/strict";
import { test } from "node:test";
import { blocks, pieces } from "../../../assets/ui/markdown_blocks.js";

test("headings, paragraphs, lists, tables and code are told apart", () => {
  const text = "## When\nOne line\nand its rest.\n\n- a\n  goes on\n- b\n\n1. first\n\n| part | says |\n|---|---|\n| `x` | y |\n\n```sh\n- not a list\n```\nend";
  assert.deepEqual(blocks(text), [
    { kind: "heading", text: "When" },
    { kind: "text", text: "One line and its rest." },
    { kind: "list", isOrdered: false, items: ["a goes on", "b"] },
    { kind: "list", isOrdered: true, items: ["first"] },
    { kind: "table", head: ["part", "says"], rows: [["`x`", "y"]] },
    { kind: "code", text: "- not a list" },
    { kind: "text", text: "end" },
  ]);
});

test("emphasis and code are pieces, and links are their words", () => {
  assert.deepEqual(pieces("see `a*b`, **now**, [here](javascript:alert(1))"), [
    { kind: "", text: "see " },
    { kind: "code", text: "a*b" },
    { kind: "", text: ", " },
    { kind: "strong", text: "now" },
    { kind: "", text: ", " },
    { kind: "", text: "here" },
    { kind: "", text: ")" },
  ]);
});

test("HTML stays text, and whatever comes the end is reached", () => {
  assert.deepEqual(blocks("<script>x</script>"), [{ kind: "text", text: "<script>x</script>" }]);
  for (const odd of ["", null, "|", "```", "-", "#", "| a |", "|--|", "\n\n", "1."]) assert.ok(Array.isArray(blocks(odd)));
});
