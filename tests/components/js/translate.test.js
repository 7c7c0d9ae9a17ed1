import assert from "node:assert/strict";
import { test } from "node:test";
import { translateValue, translateWith } from "../../../assets/ui/translate.js";

const words = { "jobs.count.one": "{n} job", "jobs.count.other": "{n} jobs", "hi": "Hi {name}", "status.ok": "Fine" };

test("a count picks the plural form and is written as the language writes it", () => {
  assert.equal(translateWith(words, "en", "jobs.count", { n: 1 }), "1 job");
  assert.equal(translateWith(words, "en", "jobs.count", { n: 1200 }), "1,200 jobs");
  assert.equal(translateWith(words, "pt-BR", "jobs.count", { n: 0 }), "0 job");
});

test("an unknown key shows itself and an unknown placeholder stays", () => {
  assert.equal(translateWith(words, "en", "nope"), "nope");
  assert.equal(translateWith(words, "en", "hi", { other: 1 }), "Hi {name}");
});

test("an unknown value is shown as it is", () => {
  assert.equal(translateValue(words, "en", "status.", "ok"), "Fine");
  assert.equal(translateValue(words, "en", "status.", "melting"), "melting");
  assert.equal(translateValue(words, "en", "status.", undefined), "");
});
