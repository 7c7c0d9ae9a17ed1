import assert from "node:assert/strict";
import { test } from "node:test";
import * as draft from "../../../assets/ui/pipeline_draft.js";

const step = (id, more = {}) => ({ id, runbook: "r", needs: [], join: "all", inputs: {}, hosts: [], connections: {}, environment: "", ...more });

test("values keep their types, expressions and nonsense stay texts", () => {
  assert.deepEqual([draft.valueOf("5", "integer"), draft.valueOf("5", "string"), draft.valueOf("true", "boolean")], [5, "5", true]);
  assert.deepEqual(draft.valueOf('["${inputs.a}"]', "array"), ["${inputs.a}"]);
  assert.deepEqual([draft.valueOf("${inputs.a}", "integer"), draft.valueOf("{oh", "object"), draft.valueOf("", "string")], ["${inputs.a}", "{oh", undefined]);
  assert.deepEqual([draft.textOf(5), draft.textOf("5"), draft.textOf(undefined), draft.textOf([1])], ["5", "5", "", "[1]"]);
});

test("a new step hangs on the last one and has a name of its own", () => {
  const first = draft.newStep([], "a");
  const second = draft.newStep([first], "b");
  assert.deepEqual([first.id, first.needs, second.id, second.needs], ["step", [], "step-2", [{ step: "step", on: "success" }]]);
});

test("a renamed step is followed by edges and expressions", () => {
  const steps = [step("a"), step("b", { needs: [{ step: "a", on: "always" }], inputs: { x: ["${steps.a.output.y} ${steps.ab.output.y}"] }, hosts: "${steps.a.output.h}" })];
  const [first, second] = draft.renamed(steps, 0, "c");
  assert.equal(first.id, "c");
  assert.deepEqual(second.needs, [{ step: "c", on: "always" }]);
  assert.deepEqual([second.inputs, second.hosts], [{ x: ["${steps.c.output.y} ${steps.ab.output.y}"] }, "${steps.c.output.h}"]);
});

test("while two steps have one name, a change of one takes nothing from the other", () => {
  const steps = [step("a"), step("a"), step("b", { needs: [{ step: "a", on: "success" }] })];
  assert.deepEqual(draft.renamed(steps, 1, "c")[2].needs, [{ step: "a", on: "success" }]);
});

test("a removed step takes its edges along", () => {
  const steps = [step("a"), step("b", { needs: [{ step: "a", on: "success" }] })];
  assert.deepEqual(draft.without(steps, 0), [step("b")]);
});

test("steps change places within the list only", () => {
  assert.deepEqual([draft.moved([1, 2], 0, 1), draft.moved([1, 2], 0, -1), draft.moved([1, 2], 1, 1)], [[2, 1], [1, 2], [1, 2]]);
});

test("rows of inputs give back the declaration that they came from", () => {
  const schema = { type: "object", additionalProperties: false, required: ["a"], properties: { a: { type: "string", title: "A" }, b: { type: "integer", default: 3 } } };
  assert.deepEqual(draft.withRows(schema, draft.inputRows(schema)), schema);
  const rows = draft.inputRows(schema).map((row) => ({ ...row, required: row.name === "b" }));
  assert.deepEqual(draft.withRows(schema, rows), { ...schema, required: ["b"], properties: { a: { type: "string", title: "A" }, b: { type: "integer" } } });
});

test("faults are told at their step, or around", () => {
  const faults = ["/steps/1/id", "/steps/10/id", "/inputsSchema", "/name", ""].map((pointer) => ({ pointer }));
  assert.deepEqual(draft.faultsAt(faults, "/steps/1"), [{ pointer: "/steps/1/id" }]);
  assert.deepEqual(draft.faultsAround(faults), [{ pointer: "/inputsSchema" }, { pointer: "" }]);
});

test("with another runbook stays what that one can heed", () => {
  const before = step("a", { hosts: ["h"], limit: "web*", tags: ["x", "y"], skipTags: ["z"] });
  const some = { name: "some", target: "hosts", playTags: ["y"] };
  assert.deepEqual(draft.withRunbook(before, some), { runbook: "some", tags: ["y"], skipTags: [] });
  const none = { name: "none", target: "localhost", playTags: [] };
  assert.deepEqual(draft.withRunbook(before, none), { runbook: "none", tags: [], skipTags: [], hosts: [], limit: "" });
});
