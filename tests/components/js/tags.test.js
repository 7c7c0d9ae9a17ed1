import assert from "node:assert/strict";
import { test } from "node:test";
import { pressed } from "../../../assets/ui/tag_rules.js";

test("a pressed tag comes and goes, and is never wanted and left out at once", () => {
  const first = pressed({ only: [], skip: ["b"] }, "only", "a");
  assert.deepEqual(first, { only: ["a"], skip: ["b"] });
  assert.deepEqual(pressed(first, "only", "a"), { only: [], skip: ["b"] });
  assert.deepEqual(pressed(first, "skip", "a"), { only: [], skip: ["b", "a"] });
  assert.deepEqual(pressed(first, "only", "b"), { only: ["a", "b"], skip: [] });
});
