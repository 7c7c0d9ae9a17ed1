import assert from "node:assert/strict";
import { test } from "node:test";
import { HeightIndex } from "../../../assets/ui/log/height_index.js";
import { LineStore, PAGE } from "../../../assets/ui/log/line_store.js";
import { textOf } from "../../../assets/ui/log/saving.js";
import { cutByQuery, isWanted, mergeSorted, nextHit } from "../../../assets/ui/log/search.js";

const line = (seq, level = "info", host = "a") => ({ seq, level, host, task: "", ts: "2026-01-01T00:00:00Z", message: `m${seq}` });
const lines = (from, to) => Array.from({ length: to - from + 1 }, (_, at) => line(from + at));

test("row positions agree with a plain sum, however rows are measured and the list grows", () => {
  const index = new HeightIndex(20);
  const heights = [];
  let random = 7;
  for (let step = 0; step < 4000; step++) {
    random = (random * 1103515245 + 12345) % 2 ** 31;
    if (step % 3 === 0) {
      heights.push(20, 20);
      index.setCount(heights.length);
    }
    const row = random % heights.length;
    heights[row] = 20 + (random % 5) * 20;
    index.measure(row, heights[row]);
  }
  const offsets = [0];
  for (const height of heights) offsets.push(offsets[offsets.length - 1] + height);
  assert.equal(index.total, offsets[heights.length]);
  for (let row = 0; row < heights.length; row += 37) {
    assert.equal(index.offset(row), offsets[row]);
    assert.equal(index.rowAt(offsets[row]), row);
    assert.equal(index.rowAt(offsets[row] + heights[row] - 1), row);
  }
});

test("a repeated batch changes nothing and a late one is only missing until it is read", () => {
  const store = new LineStore();
  assert.equal(store.add(lines(1, 3)), 3);
  assert.equal(store.add(lines(2, 4)), 1);
  store.add(lines(8, 9));
  assert.equal(store.total, 9);
  assert.deepEqual(store.missingPages(1, 9), [0]);
  store.add(lines(5, 7));
  assert.deepEqual(store.missingPages(1, 9), []);
});

test("a page that was read and has holes is not asked for again", () => {
  const store = new LineStore();
  store.setTotal(PAGE * 3);
  store.markRead(1, store.total);
  assert.deepEqual(store.missingPages(1, store.total), [0, 2]);
  store.setTotal(PAGE * 3 + 1);
  assert.deepEqual(store.missingPages(PAGE + 1, PAGE * 3 + 1), [2, 3]);
});

test("far pages are let go, the newest stay, and counts remember every line once", () => {
  const store = new LineStore(10);
  for (let page = 0; page < 40; page++) store.add(lines(page * PAGE + 1, (page + 1) * PAGE));
  store.evict(0);
  assert.equal(store.pages.size, 10);
  assert.ok(store.get(40 * PAGE));
  assert.ok(store.get(1));
  assert.equal(store.get(20 * PAGE), undefined);
  store.add(lines(1, PAGE));
  assert.equal(store.counts.info, 40 * PAGE);
});

test("messages are cut around hits without regard to case", () => {
  assert.deepEqual(cutByQuery("Timeout, timeout", "TIME"), [
    { text: "Time", hit: true },
    { text: "out, ", hit: false },
    { text: "time", hit: true },
    { text: "out", hit: false },
  ]);
  assert.deepEqual(cutByQuery("x", ""), [{ text: "x", hit: false }]);
});

test("the next hit goes round at both ends", () => {
  assert.equal(nextHit([5, 9, 20], 9, 1), 2);
  assert.equal(nextHit([5, 9, 20], 20, 1), 0);
  assert.equal(nextHit([5, 9, 20], 5, -1), 2);
  assert.equal(nextHit([], 5, 1), -1);
  assert.deepEqual(mergeSorted([1, 5], [3, 5, 9]), [1, 3, 5, 9]);
});

test("lines about hosts that were not reached are counted among the errors and found by their own name", () => {
  const store = new LineStore();
  const line = (seq, level, message) => ({ seq, level, message, ts: "", host: "a" });
  const reached = line(1, "error", "fatal: FAILED! no");
  const unreached = line(2, "error", "fatal: UNREACHABLE! timed out");
  store.add([reached, unreached, line(3, "output", "fatal: UNREACHABLE! said a program")]);
  assert.deepEqual([store.counts.error, store.counts.unreachable], [2, 1]);
  assert.deepEqual([reached, unreached].map((each) => isWanted(each, ["unreachable"], "")), [false, true]);
});

test("a log that is trimmed keeps the newest lines, counts only those and finds the next of a level among them", () => {
  const store = new LineStore();
  store.add(Array.from({ length: 1200 }, (_, at) => line(at + 1, at % 100 === 99 ? "error" : "info")));
  store.trim(1000);
  assert.deepEqual([store.first, store.kept, store.total], [201, 1000, 1200]);
  assert.deepEqual([store.counts.error, store.counts.info], [10, 990]);
  assert.equal([...store.loaded()][0].seq, 201);
  assert.equal(store.nearest(["error"], 250, 1), 300);
  assert.equal(store.nearest(["error"], 250, -1), 1200);
  assert.equal(store.nearest(["error"], 1200, 1), 300);
  assert.equal(store.nearest(["warning"], 250, 1), 0);
  store.trim(500);
  assert.deepEqual([store.first, store.pages.has(0), store.get(701).seq], [701, false, 701]);
  store.trim(2000);
  assert.equal(store.first, 701);
});

test("lines are kept as a file with time and source", () => {
  assert.equal(textOf([line(1), { ...line(2), host: "shop_web.1" }]), "2026-01-01T00:00:00Z a m1\n2026-01-01T00:00:00Z shop_web.1 m2\n");
});
