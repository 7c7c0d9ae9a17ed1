import assert from "node:assert/strict";
import { test } from "node:test";
import { layoutTimeline, outcomeOf, tickStep } from "../../../assets/ui/timeline_layout.js";

const at = (second) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
const now = Date.UTC(2026, 0, 1, 0, 1, 40);
const task = (from, to, status = "SUCCESS", more = {}) => ({ name: "t", kind: "task", status, startedAt: from === null ? null : at(from), finishedAt: to === null ? null : at(to), hosts: [], ...more });

test("a finished job fills the width and shows no now", () => {
  const { rows, now: mark } = layoutTimeline([task(0, 10), task(10, 40)], now);
  assert.equal(mark, null);
  assert.deepEqual(rows.map((row) => row.place), [{ left: 0, width: 25 }, { left: 25, width: 75 }]);
});

test("a running task reaches to now and a pending one gets an estimated place behind it", () => {
  const { rows, now: mark } = layoutTimeline([task(0, 50), task(50, null, "RUNNING"), task(null, null, "PENDING", { estimateS: 20 })], now);
  assert.equal(rows[1].seconds, 50);
  assert.ok(Math.abs(rows[1].place.left + rows[1].place.width - mark) < 1e-9);
  assert.equal(rows[2].ghost, true);
  assert.ok(rows[2].place.left >= mark - 1e-9);
});

test("what is to come begins when the running task usually has ended", () => {
  const { rows, now: mark } = layoutTimeline([task(0, null, "RUNNING", { estimateS: 150 }), task(null, null, "PENDING", { estimateS: 50 })], now);
  assert.ok(Math.abs(rows[1].place.left / mark - 1.5) < 1e-9);
});

test("a play that has not begun reaches over the estimated places of its tasks", () => {
  const later = (name, kind, estimateS) => ({ name, kind, status: "PENDING", hosts: [], estimateS });
  const steps = [task(0, null, "RUNNING"), later("known", "play", 0), later("a", "task", 10), later("b", "task", 30), later("unknown", "play", 0), later("c", "task", 0)];
  const { rows } = layoutTimeline(steps, now);
  assert.deepEqual([rows[1].ghost, rows[1].seconds], [true, 40]);
  assert.equal(rows[1].place.left, rows[2].place.left);
  assert.ok(Math.abs(rows[1].place.left + rows[1].place.width - rows[3].place.left - rows[3].place.width) < 1e-9);
  assert.deepEqual([rows[4].ghost, rows[4].seconds, rows[4].place], [false, undefined, null]);
});

test("the worst host decides a task's outcome", () => {
  assert.equal(outcomeOf(task(0, 1, "SUCCESS", { hosts: [{ status: "ok", changed: true }, { status: "ok" }] })), "changed");
  assert.equal(outcomeOf(task(0, 1, "SUCCESS", { hosts: [{ status: "failed" }, { status: "ok" }] })), "failed");
  assert.equal(outcomeOf(task(0, 1, "SUCCESS", { hosts: [{ status: "skipped" }] })), "skipped");
});

test("at most seven grid lines are drawn", () => {
  for (const seconds of [3, 45, 190, 4000, 90000]) assert.ok(seconds / tickStep(seconds) <= 7);
});
