import assert from "node:assert/strict";
import { test } from "node:test";
import { PORTION, Scan } from "../../../assets/ui/log/remote.js";
import { isKnown } from "../../../assets/ui/log/search.js";

const answer = (page) => ({ ok: true, json: async () => page });

function serve(pages) {
  const asked = [];
  globalThis.fetch = async (url) => {
    asked.push(url);
    return answer(pages[asked.length - 1]);
  };
  return asked;
}

/** A server whose log has so many lines, each of which matches. */
function serveLines(total) {
  globalThis.fetch = async (url) => {
    const query = new URL(url, "http://x").searchParams;
    const after = Number(query.get("afterSeq"));
    const items = Array.from({ length: Math.min(Number(query.get("limit")), total - after) }, (_, at) => ({ seq: after + at + 1 }));
    return answer({ items, nextAfterSeq: after + items.length, lastSeq: total });
  };
}

test("a scan asks on after a full page and stops at the end of the log", async () => {
  const full = Array.from({ length: 5000 }, (_, at) => ({ seq: at + 1 }));
  const asked = serve([
    { items: full, nextAfterSeq: 5000, lastSeq: 9000 },
    { items: [{ seq: 7000 }], nextAfterSeq: 7000, lastSeq: 9000 },
  ]);
  const found = [];
  const scan = new Scan("/logs", { levels: ["warning", "error"], q: "a b" }, (items) => found.push(...items));
  await scan.goOn();
  assert.equal(found.length, 5001);
  assert.deepEqual([scan.upTo, scan.more, scan.failed], [9000, false, false]);
  assert.deepEqual(asked, [
    "/logs?afterSeq=0&level=warning&level=error&q=a+b&limit=5000",
    "/logs?afterSeq=5000&level=warning&level=error&q=a+b&limit=5000",
  ]);
});

test("a scan rests after a portion, says that more may follow, and goes on without a hole or a line twice", async () => {
  serveLines(PORTION + 7);
  const found = [];
  const scan = new Scan("/logs", {}, (items) => found.push(...items.map((line) => line.seq)));
  await Promise.all([scan.goOn(), scan.goOn()]);
  assert.deepEqual([found.length, scan.upTo, scan.more], [PORTION, PORTION, true]);
  await scan.goOn();
  assert.deepEqual([scan.upTo, scan.more], [PORTION + 7, false]);
  assert.deepEqual(found, Array.from({ length: PORTION + 7 }, (_, at) => at + 1));
  serveLines(PORTION + 9);
  await scan.reopen();
  assert.deepEqual(found.slice(-3), [PORTION + 7, PORTION + 8, PORTION + 9]);
});

test("a scan that ends with a full page knows that it is at the end", async () => {
  serveLines(PORTION);
  const scan = new Scan("/logs", {}, () => {});
  await scan.goOn();
  assert.deepEqual([scan.upTo, scan.more], [PORTION, false]);
});

test("a scan that failed is not at its end and can be tried again", async () => {
  globalThis.fetch = async () => ({ ok: false, status: 503 });
  const found = [];
  const scan = new Scan("/logs", {}, (items) => found.push(...items));
  await scan.goOn();
  assert.deepEqual([scan.failed, scan.more], [true, true]);
  serveLines(3);
  await scan.goOn();
  assert.deepEqual([scan.failed, scan.more, found.length], [false, false, 3]);
});

test("the next or previous hit is certain only where the lines up to it were looked at", () => {
  const hits = [10, 20, 900];
  assert.equal(isKnown(hits, 100, 10, 1), true);
  assert.equal(isKnown(hits, 100, 20, 1), false, "there may be one between 100 and 900");
  assert.equal(isKnown(hits, 100, 900, 1), false, "going round needs the end");
  assert.equal(isKnown(hits, 100, 20, -1), true);
  assert.equal(isKnown(hits, 100, 10, -1), false, "going round needs the end");
  assert.equal(isKnown(hits, 100, 900, -1), false, "there may be one between 100 and 900");
});
