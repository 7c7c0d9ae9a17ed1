import assert from "node:assert/strict";
import { test } from "node:test";
import { scan } from "../../../assets/ui/log/remote.js";

function serve(pages) {
  const asked = [];
  globalThis.fetch = async (url) => {
    asked.push(url);
    return { ok: true, json: async () => pages[asked.length - 1] };
  };
  return asked;
}

test("a scan asks on after a full page and stops at the end of the log", async () => {
  const full = Array.from({ length: 5000 }, (_, at) => ({ seq: at + 1 }));
  const asked = serve([
    { items: full, nextAfterSeq: 5000, lastSeq: 9000 },
    { items: [{ seq: 7000 }], nextAfterSeq: 7000, lastSeq: 9000 },
  ]);
  const found = [];
  const end = await scan("/logs", { levels: ["warning", "error"], q: "a b" }, (items) => found.push(...items));
  assert.equal(found.length, 5001);
  assert.equal(end, 9000);
  assert.deepEqual(asked, [
    "/logs?afterSeq=0&level=warning&level=error&q=a+b&limit=5000",
    "/logs?afterSeq=5000&level=warning&level=error&q=a+b&limit=5000",
  ]);
});
