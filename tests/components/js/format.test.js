import assert from "node:assert/strict";
import { test } from "node:test";
import { durationText, numberText, offsetText, relativeText, sizeText, zonedText } from "../../../assets/ui/format.js";

const plain = (text) => text.replace(/\u00a0|\u202f/g, " ");

test("a duration is told by its two largest units", () => {
  assert.equal(plain(durationText("pt-BR", 134)), "2 min 14 s");
  assert.equal(plain(durationText("en", 3900)), "1 h 5 min");
  assert.equal(plain(durationText("pt-BR", 120)), "2 min");
  assert.equal(plain(durationText("pt-BR", 0.42)), "0,42 s");
  assert.equal(durationText("en", null), "—");
});

test("a moment is told relative to now", () => {
  const now = Date.parse("2026-11-21T12:00:00Z");
  assert.equal(plain(relativeText("pt-BR", now - 120_000, now)), "há 2 min");
  assert.equal(plain(relativeText("en", now - 7_200_000, now)), "2 h ago");
  assert.equal(plain(relativeText("en", now + 60_000, now)), "in 1 min");
});

test("sizes go up in thousands and numbers follow the language", () => {
  assert.equal(plain(sizeText("en", 239)), "239 B");
  assert.equal(plain(sizeText("en", 148_000_000)), "148 MB");
  assert.equal(plain(sizeText("pt-BR", 1_500)), "1,5 kB");
  assert.equal(numberText("pt-BR", 1128), "1.128");
});

test("an offset counts minutes, seconds and milliseconds", () => {
  assert.equal(offsetText(134_318, 0), "+2:14.318");
});

test("a moment is told as the clocks of another zone show it", () => {
  const moment = Date.parse("2026-11-23T12:00:00Z");
  assert.match(plain(zonedText("en", moment, "America/Sao_Paulo")), /Mon.*Nov 23.*09:00/);
  assert.match(plain(zonedText("pt-BR", moment, "Europe/Lisbon")), /seg.*23.*12:00/);
  assert.equal(zonedText("en", moment, "Europe/Atlantis"), zonedText("en", moment, "UTC"));
});
