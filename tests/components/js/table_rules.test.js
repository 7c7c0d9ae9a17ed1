import assert from "node:assert/strict";
import { test } from "node:test";
import { isTyping } from "../../../assets/ui/shortcuts.js";
import { between, filtersOf, PLAIN, viewOf, viewsOf, withView } from "../../../assets/ui/table_rules.js";

test("a box that is ticked takes no text, so shortcuts go on working", () => {
  assert.equal(isTyping({ tagName: "INPUT", type: "checkbox" }), false);
  assert.equal(isTyping({ tagName: "INPUT", type: "text" }), true);
  assert.equal(isTyping({ tagName: "TEXTAREA" }), true);
  assert.equal(isTyping({ tagName: "DIV" }), false);
});

test("a range goes in both directions and holds both ends", () => {
  const order = ["a", "b", "c", "d"];
  assert.deepEqual(between(order, "b", "d"), ["b", "c", "d"]);
  assert.deepEqual(between(order, "d", "b"), ["b", "c", "d"]);
  assert.deepEqual(between(order, "gone", "b"), ["b"]);
});

test("a kept view is read again, and nonsense is the plain one", () => {
  assert.deepEqual(viewOf('{"hidden":["hosts"],"compact":true}'), { hidden: ["hosts"], compact: true });
  assert.deepEqual(viewOf('{"hidden":7}'), PLAIN);
  assert.deepEqual(viewOf("null"), PLAIN);
  assert.deepEqual(viewOf("{"), PLAIN);
});

test("two addresses with the same filters are the same view, wherever in the list", () => {
  assert.equal(filtersOf("?status=ERROR&page=3&q=a+b"), filtersOf("?q=a%20b&status=ERROR"));
  assert.equal(filtersOf("?page=2"), "");
});

test("a view is kept under its name, and the name again means the new filters", () => {
  const one = withView([], "Failed", "status=ERROR");
  assert.deepEqual(withView(one, "Failed", "status=ERROR&since=24h"), [{ name: "Failed", query: "status=ERROR&since=24h" }]);
  assert.deepEqual(withView(one, "All of ana", "user=ana").map((view) => view.name), ["All of ana", "Failed"]);
  assert.deepEqual(viewsOf(JSON.stringify(one)), one);
  assert.deepEqual(viewsOf('[1,{"name":"x"}]'), []);
  assert.deepEqual(viewsOf("null"), []);
});
