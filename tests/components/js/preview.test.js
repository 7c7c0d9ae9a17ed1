import assert from "node:assert/strict";
import { test } from "node:test";
import { firstBytes, laidOut } from "../../../assets/ui/preview_text.js";

const bytes = (text) => new TextEncoder().encode(text);

const answering = (...chunks) => {
  const told = { canceled: false };
  const stream = new ReadableStream({
    pull(controller) {
      if (chunks.length) controller.enqueue(bytes(chunks.shift()));
      else controller.close();
    },
    cancel() {
      told.canceled = true;
    },
  });
  return [{ body: stream }, told];
};

test("no more is read than is shown", async () => {
  const [answer, told] = answering("abc", "def", "ghi", "jkl");
  const { bytes: found, isCut } = await firstBytes(answer, 5);
  assert.equal(new TextDecoder().decode(found), "abcde");
  assert.equal(isCut, true);
  await new Promise((resolve) => setTimeout(resolve));
  assert.equal(told.canceled, true);
});

test("a file that fits is shown whole", async () => {
  const [answer] = answering("abc", "de");
  const { bytes: found, isCut } = await firstBytes(answer, 5);
  assert.deepEqual([new TextDecoder().decode(found), isCut], ["abcde", false]);
});

test("whole JSON is laid out, anything else stays as it is", () => {
  assert.equal(laidOut(bytes('{"a":[1]}'), "output.json", false).text, '{\n  "a": [\n    1\n  ]\n}');
  assert.equal(laidOut(bytes('{"a":[1'), "output.json", true).text, '{"a":[1');
  assert.equal(laidOut(bytes("{no json"), "x.json", false).text, "{no json");
  assert.equal(laidOut(bytes('{"a":1}\n{"a":2}\n'), "logs.ndjson", false).text, '{"a":1}\n{"a":2}\n');
});

test("a letter that was cut in two is left away", () => {
  assert.equal(laidOut(bytes("não").subarray(0, 2), "x.txt", true).text, "n");
});

test("marks that deceive are written out, and markup is only text", () => {
  assert.equal(laidOut(bytes("a\u202eb\u001b[31m\tc\n"), "x.txt", false).text, "a\\u202eb\\u001b[31m\tc\n");
  assert.equal(laidOut(bytes("<img src=x onerror=alert(1)>"), "x.html", false).text, "<img src=x onerror=alert(1)>");
});

test("what is no text is not shown", () => {
  assert.deepEqual(laidOut(new Uint8Array([31, 139, 0, 1]), "a.txt", false), { text: "", isBinary: true });
});
