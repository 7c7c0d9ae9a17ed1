import assert from "node:assert/strict";
import { test } from "node:test";
import { faultsByField, outcomeOfLogin, outcomeOfSetup, passwordRules, safePath, tokenFrom } from "../../../assets/ui/login_rules.js";
import { matchItems } from "../../../assets/ui/shortcuts.js";
import { badgeOf } from "../../../assets/ui/states.js";

test("after signing in only a path of this application is opened", () => {
  assert.equal(safePath("/jobs/12?tab=logs"), "/jobs/12?tab=logs");
  assert.equal(safePath(new URLSearchParams("next=/jobs%3Fq%3Da%2520b%26status%3DERROR").get("next")), "/jobs?q=a%20b&status=ERROR");
  for (const evil of ["//evil.example", "https://evil.example", "/\\evil.example", "/login", "/login/?next=/x", "", null, "/a b", "/\t/evil.example", "javascript:alert(1)", "evil.example", "/\\\\evil.example"]) assert.equal(safePath(evil), "");
});

test("answers of the server become states of the form", () => {
  assert.equal(outcomeOfLogin(200), "ok");
  assert.equal(outcomeOfLogin(401, "bad_credentials"), "credentials");
  assert.equal(outcomeOfLogin(403, "foreign_origin"), "address");
  assert.equal(outcomeOfSetup(403, "foreign_origin"), "address");
  assert.equal(outcomeOfSetup(403), "token");
  assert.equal(outcomeOfLogin(429), "limited");
  assert.equal(outcomeOfLogin(0), "server");
  assert.equal(outcomeOfLogin(503), "server");
});

test("a field shows its first fault, by code", () => {
  const fault = (pointer, code) => ({ pointer, code, detail: "in English" });
  assert.deepEqual(faultsByField([fault("/password", "too_common"), fault("/email", "email"), fault("/email", "other")]), { password: "too_common", email: "email" });
  assert.deepEqual(faultsByField(undefined), {});
});

test("the setup token comes from the fragment or the query", () => {
  assert.equal(tokenFrom({ hash: "#token=abc" }), "abc");
  assert.equal(tokenFrom({ search: "?token=q", hash: "" }), "q");
  assert.equal(tokenFrom({}), "");
});

test("password rules count characters and know the email", () => {
  const met = (...given) => passwordRules(...given).map(([, ok]) => ok);
  assert.deepEqual(met("correct horse", "correct horse", "ana@x.io"), [true, true, true]);
  assert.deepEqual(met("ana-is-the-admin", "other", "ana@x.io"), [true, false, false]);
  assert.deepEqual(met("", "", "ana@x.io"), [false, false, false]);
});

test("the palette ignores case and accents and needs every word", () => {
  const items = [{ label: "Conexões" }, { label: "host_report", detail: "runbook" }];
  assert.deepEqual(matchItems(items, "conexoes").map((item) => item.label), ["Conexões"]);
  assert.deepEqual(matchItems(items, "runbook host").map((item) => item.label), ["host_report"]);
});

test("a waiting job is named by its phase, a finished one by its status", () => {
  assert.deepEqual([badgeOf("PENDING", "waiting_lock").prefix, badgeOf("PENDING", "waiting_lock").tone], ["phase.", "warn"]);
  assert.equal(badgeOf("PENDING", "queued").prefix, "status.");
  assert.equal(badgeOf("ERROR", "finalizing").word, "ERROR");
});
