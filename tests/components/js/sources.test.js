import assert from "node:assert/strict";
import { test } from "node:test";
import { countOf, fitting, openAtFirst, pathTo, rowsOf, stateOf, toggled } from "../../../assets/ui/source_choice.js";

const leaf = (key) => ({ key, label: key, kind: "container", tone: "", children: [] });
const branch = (key, kind, ...children) => ({ key, label: key, kind, tone: "", children });
const web = branch("web", "service", leaf("web.1"), leaf("web.2"));
const shop = branch("shop", "stack", web, leaf("db"));
const tree = [branch("sp", "endpoint", shop, leaf("proxy")), branch("rj", "endpoint", leaf("cron"))];

const states = (chosen) => Object.fromEntries(["sp", "shop", "web", "web.1"].map((key) => [key, rowsOf(tree, { chosen: new Set(chosen), open: new Set(["sp", "shop", "web"]), query: "", most: 99 }).rows.find((row) => row.node.key === key).state]));

test("a branch means everything inside of it, and shows when only a part is chosen", () => {
  assert.deepEqual(states(["shop"]), { sp: "mixed", shop: "true", web: "true", "web.1": "true" });
  assert.deepEqual(states(["web.2"]), { sp: "mixed", shop: "mixed", web: "mixed", "web.1": "false" });
  assert.equal(stateOf(shop, new Set()), "false");
});

test("a branch that is ticked stands for what was chosen inside of it", () => {
  assert.deepEqual(toggled(tree, ["web.1", "cron"], "shop"), ["cron", "shop"]);
});

test("what leaves a chosen branch leaves the others of it chosen", () => {
  assert.deepEqual(toggled(tree, ["shop"], "shop"), []);
  assert.deepEqual(toggled(tree, ["shop", "cron"], "db"), ["cron", "web"]);
  assert.deepEqual(toggled(tree, ["sp"], "web.1"), ["proxy", "db", "web.2"]);
});

test("a choice that is not in the tree any more can be taken away", () => {
  assert.deepEqual(toggled(tree, ["gone", "db"], "gone"), ["db"]);
});

test("no more is chosen than an address holds", () => {
  assert.deepEqual(fitting(["web.1", "web.2", "db"], 11), ["web.1", "web.2"]);
  assert.deepEqual(fitting(["web.1", "web.2"], 10), ["web.1"]);
});

test("only what has a log is counted", () => {
  assert.equal(countOf(tree, new Set(["shop", "cron"])), 4);
  assert.equal(countOf(tree, new Set(["shop", "web.1"])), 3);
});

test("what is looked for is shown with what is around it, by all words of the way to it", () => {
  const found = rowsOf(tree, { chosen: new Set(), open: new Set(), query: "shop web.2", most: 99 });
  assert.deepEqual(found.rows.map((row) => [row.node.key, row.level, row.parent]), [["sp", 1, ""], ["shop", 2, "sp"], ["web", 3, "shop"], ["web.2", 4, "web"]]);
});

test("closed branches hide what is in them, and too many rows are counted", () => {
  const seen = (open, most) => rowsOf(tree, { chosen: new Set(), open: new Set(open), query: "", most });
  assert.deepEqual(seen([], 99).rows.map((row) => row.node.key), ["sp", "rj"]);
  assert.deepEqual([seen(["sp", "rj"], 3).rows.length, seen(["sp", "rj"], 3).more], [3, 2]);
});

test("at first a lone endpoint is open, and everything around what is chosen", () => {
  assert.deepEqual([...openAtFirst(tree, ["web.1"])], ["sp", "shop", "web"]);
  assert.deepEqual([...openAtFirst([tree[1]], [])], ["rj"]);
  assert.deepEqual([...openAtFirst(tree, [])], []);
  assert.deepEqual(pathTo(tree, "nowhere"), []);
});
