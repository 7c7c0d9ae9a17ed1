import assert from "node:assert/strict";
import { test } from "node:test";
import { columnsOf, layoutGraph, leadsOn } from "../../../assets/ui/graph_layout.js";

const step = (id, ...needs) => ({ id, state: "PENDING", needs: needs.map((name) => ({ step: name, on: "success" })) });

test("a step stands right of all that it needs", () => {
  const columns = columnsOf([step("d", "b", "c"), step("a"), step("b", "a"), step("c", "b")]);
  assert.deepEqual(Object.fromEntries(columns), { a: 0, b: 1, c: 2, d: 3 });
});

test("steps of one column do not overlap, and a single one stands in the middle", () => {
  const { nodes, width, height, node } = layoutGraph([step("a"), step("b", "a"), step("c", "a"), step("d", "b", "c")]);
  const at = Object.fromEntries(nodes.map((place) => [place.step.id, place]));
  assert.ok(at.c.y - at.b.y >= node.height);
  assert.equal(at.a.y, at.d.y);
  assert.equal(at.a.y + node.height / 2, height / 2);
  assert.equal(at.d.x + node.width, width);
});

test("nothing lies outside of the picture", () => {
  const steps = [step("a"), step("b"), step("c"), step("d", "a"), step("e", "a", "c"), step("f", "e", "b")];
  const { nodes, width, height, node } = layoutGraph(steps);
  for (const { x, y } of nodes) assert.ok(x >= 0 && y >= 0 && x + node.width <= width && y + node.height <= height);
});

test("lines of neighbours do not cross", () => {
  const { nodes } = layoutGraph([step("a"), step("b"), step("x", "b"), step("y", "a")]);
  const at = Object.fromEntries(nodes.map((place) => [place.step.id, place]));
  assert.ok(at.y.y < at.x.y);
});

test("a line that passes a column goes by none of its steps", () => {
  const { nodes, edges, node } = layoutGraph([step("a"), step("b", "a"), step("c", "a"), step("d", "b", "a", "c")]);
  const { path } = edges.find((edge) => edge.key === "a>d");
  const column = nodes.find((place) => place.step.id === "b").x;
  const ys = [...path.matchAll(/(\S+) (\S+)(?=C|$)/g)].map(([, x, y]) => [Number(x), Number(y)]).filter(([x]) => x === column).map(([, y]) => y);
  assert.equal(ys.length, 1);
  for (const name of ["b", "c"]) {
    const { y } = nodes.find((place) => place.step.id === name);
    assert.ok(ys[0] < y || ys[0] > y + node.height);
  }
});

test("a circle, as a draft may have one, is drawn all the same", () => {
  assert.equal(layoutGraph([step("a", "b"), step("b", "a"), step("c", "c"), step("d", "nobody")]).nodes.length, 4);
  assert.deepEqual(layoutGraph([]), { width: 0, height: 76, nodes: [], edges: [], node: { width: 192, height: 76 } });
});

test("an edge leads on as the run has it", () => {
  const on = (kind, status) => leadsOn({ on: kind }, status);
  assert.deepEqual([on("success", "SUCCESS"), on("success", "ERROR"), on("failure", "CANCELED"), on("always", "ERROR")], [true, false, true, true]);
  assert.deepEqual([on("always", "SKIPPED"), on("always", "RUNNING"), on("success", "PENDING")], [false, null, null]);
});
