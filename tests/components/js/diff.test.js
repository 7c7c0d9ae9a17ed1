import assert from "node:assert/strict";
import { test } from "node:test";
import { counted, diffLines } from "../../../assets/ui/diff_lines.js";

const DIFF = ["--- a/site.yml", "+++ b/site.yml", "@@ -1,2 +1,2 @@", " - hosts: web", "---- a list of dashes", "++++ and of signs", ""].join("\n");

test("the two lines that name the files are left out, and lines that look like them are not", () => {
  assert.deepEqual(diffLines(DIFF).map((line) => line.kind), ["hunk", "", "old", "new", ""]);
  assert.deepEqual(diffLines("+one\n-two").map((line) => line.kind), ["new", "old"]);
});

test("what came and went is counted", () => {
  assert.deepEqual(counted(diffLines(DIFF)), { added: 1, removed: 1 });
});
