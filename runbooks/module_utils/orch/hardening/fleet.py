"""All machines of one run: their looks put into one plan and one snapshot, and how each of them ended."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any, Iterable, Mapping

from ansible.module_utils.orch.plan import Plan, Stale, canonical, digest, write_whole

SNAPSHOT = "snapshot.json"
# What the tasks of the role `hardened_machine` register, in their order. A new server has its `first_start` before.
STEPS = ("look", "prepared", "entered", "closed", "confirmed", "restored", "joined", "seen_again")
_EXPLAINED = {
    "entered": "the administrator could not get in, so nothing was closed: ",
    "confirmed": "what was closed could not be confirmed, so it was opened again: ",
}
_LEFT_TO_THE_WATCHDOG = "what was closed could not be confirmed, and its own watchdog opens it again: "
_TELLING = ("prepared", "closed", "restored", "joined")
_LONGEST_ID = 256
Results = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class More:
    """What a runbook that does more than harden adds to the plan: items, facts, and what its snapshot remembers.

    A `failure` that it met before lets nobody go on. `target` is what it is about, the machines where it is empty.
    """

    items: tuple[Mapping[str, Any], ...] = ()
    noop: int = 0
    facts: Mapping[str, Any] = field(default_factory=dict)
    remembered: Mapping[str, Any] = field(default_factory=dict)
    failure: Mapping[str, str] = field(default_factory=dict)
    target: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    """What is run on the machines; `undo` is the snapshot of the run that is taken back."""

    runbook: str
    artifacts_dir: str
    expect_plan: str = ""
    is_preview: bool = False
    undo: Mapping[str, Any] | None = None
    more: More = More()


@dataclass
class Verdict:
    """How a run ended or goes on: `go` says that the machines may be changed."""

    go: bool = False
    plan_sha256: str = ""
    snapshot_ref: str = ""
    changed: bool = False
    items: list[dict[str, Any]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    services: list[dict[str, Any]] = field(default_factory=list)
    failure: dict[str, str] = field(default_factory=dict)
    hosts: list[dict[str, Any]] = field(default_factory=list)
    ended: dict[str, dict[str, Any]] = field(default_factory=dict)


def plan(run: Run, looks: Results) -> Verdict:
    """Write plan.json, and snapshot.json where something is going to be changed."""
    made = _plan(run, looks)
    made.write(run.artifacts_dir)
    verdict = Verdict(plan_sha256=made.sha256, counts=dict(made.document["summary"]), warnings=_warnings(looks))
    verdict.failure = dict(run.more.failure)
    try:
        made.expect(run.expect_plan)
    except Stale as stale:
        verdict.failure = {"code": stale.code, "message": str(stale)}
    if verdict.failure or run.is_preview or not any(item["action"] != "error" for item in made.changes):
        return verdict
    kept = {name: look["report"]["kept"] for name, look in looks.items() if "report" in look}
    head = {"schema_version": 1, "runbook": run.runbook, "target": made.document["target"]}
    document = canonical({**head, "machines": kept, **run.more.remembered})
    write_whole(os.path.join(run.artifacts_dir, SNAPSHOT), document)  # noqa: PTH118
    verdict.snapshot_ref, verdict.go = SNAPSHOT, True
    return verdict


def _plan(run: Run, looks: Results) -> Plan:
    """The items of the runbook's own, and then those of each machine."""
    target = dict(run.more.target) or _target(looks)
    head = {"runbook": run.runbook, "direction": "apply" if run.undo is None else "rollback", "target": target}
    items = [*map(dict, run.more.items), *(item for name in sorted(looks) for item in _planned(name, looks[name]))]
    state = [[item["id"], item["before"]] for item in items]
    warnings = [{"code": "machine", "message": text} for text in _warnings(looks)]
    made = Plan(head, items, state=state, warnings=warnings, facts=dict(run.more.facts))
    made.document["summary"]["noop"] += run.more.noop
    return made


def conclude(run: Run, planned: Mapping[str, Any], results: Mapping[str, Results], admin: str) -> Verdict:
    """How the machines ended. `results` holds for each what its steps registered, by their names in the role."""
    verdict = Verdict(**{name: planned[name] for name in ("plan_sha256", "snapshot_ref", "failure")})
    for name in sorted(results):
        _conclude_one(verdict, name, results[name], went=bool(planned["go"]))
        if run.undo is None and _report(results[name], "seen_again"):
            verdict.hosts.append({"name": name, "user": admin})
    verdict.warnings = _warnings({name: steps.get("look") or {} for name, steps in results.items()})
    verdict.counts = {**planned["counts"], "hosts": len(results), "failed": len(verdict.ended)}
    if verdict.ended and not verdict.failure:
        verdict.failure = _failure(verdict.ended, len(results))
    return verdict


def _target(looks: Results) -> dict[str, str]:
    names = ",".join(sorted(looks)) or "none"
    return {"kind": "hosts", "id": names if len(names) <= _LONGEST_ID else digest(names), "name": names[:_LONGEST_ID]}


def _planned(name: str, look: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    if "report" not in look:
        note = _said(look)
        empty = {"before": None, "after": None, "fields": [], "note": note}
        return [{"id": name, "action": "error", "kind": "machine", "name": name, **empty}]
    return [_of(name, item) for item in look["report"]["items"]]


def _of(name: str, item: Mapping[str, Any]) -> dict[str, Any]:
    return {**item, "id": f"{name}/{item['id']}", "name": f"{name}: {item['name']}"}


def _conclude_one(verdict: Verdict, name: str, steps: Results, *, went: bool) -> None:
    """The items of one machine: what was made or would be, and why the rest was not."""
    fault = _fault(steps, went=went)
    made = {f"{name}/{one}" for one in _made(steps)}
    wanted = [_of(name, item) for item in _report(steps, "look").get("items", []) if item["action"] != "noop"]
    verdict.items += [item for item in wanted if item["id"] in made or not went]
    verdict.changed = verdict.changed or bool(made)
    verdict.services += [{"machine": name, **told} for told in _told(steps)]
    if fault:
        verdict.ended[name] = fault
        error = {"code": fault["code"], "message": fault["msg"], "retryable": "unreachable" in fault}
        nothing = {"kind": "machine", "name": name, "before": None, "after": None, "fields": []}
        verdict.items.append({"id": name, "action": "error", **nothing, "error": error})


def _made(steps: Results) -> list[str]:
    """What was made and not taken back."""
    kept = ("prepared",) if _went_wrong(steps.get("confirmed") or {}) else ("prepared", "closed", "joined")
    return [one for step in kept for one in _report(steps, step).get("made", [])]


def _fault(steps: Results, *, went: bool) -> dict[str, Any]:
    """The first step that failed, in the words of `orch_settle`; empty where all went well."""
    for step in STEPS:
        result = steps.get(step) or {}
        if _went_wrong(result):
            return _told_of(step, result, is_open=bool(_report(steps, "restored")))
    left = [item["id"] for item in _report(steps, "seen_again").get("items", []) if item["action"] != "noop"]
    if went and left:
        return {"code": "verify_failed", "failed": True, "msg": f"not as wished afterwards: {', '.join(left)}"}
    first = steps.get("first_start") or {}
    if first.get("failed"):
        return {"code": "task_failed", "failed": True, "msg": f"its first start went wrong: {_said(first)}"}
    return {}


def _went_wrong(result: Mapping[str, Any]) -> bool:
    return bool(result.get("unreachable") or result.get("failed"))


def _told_of(step: str, result: Mapping[str, Any], *, is_open: bool) -> dict[str, Any]:
    """Only a machine that could not be looked at is out of reach; later it was there, and somebody could not get in."""
    explained = _EXPLAINED.get(step, "") if is_open or step != "confirmed" else _LEFT_TO_THE_WATCHDOG
    message = explained + _said(result)
    if step in _EXPLAINED:
        return {"code": "verify_failed", "failed": True, "msg": message}
    if result.get("unreachable"):
        return {"code": "unreachable", "unreachable": True, "msg": message}
    return {"code": str(result.get("code", "task_failed")), "failed": True, "msg": message}


def _said(result: Mapping[str, Any]) -> str:
    told = [str(result[name]) for name in ("msg", "stdout", "stderr") if result.get(name)]
    text = " ".join(" ".join(told or ["the machine gave no answer"]).split())
    return text.replace("Task failed: ", "").replace("Module failed: ", "")[:2000]


def _report(steps: Results, step: str) -> Mapping[str, Any]:
    return (steps.get(step) or {}).get("report") or {}


def _told(steps: Results) -> list[Mapping[str, Any]]:
    return [one for step in _TELLING for one in _report(steps, step).get("services", [])]


def _warnings(looks: Results) -> list[str]:
    return [f"{name}: {text}" for name in sorted(looks) for text in _report(looks, name).get("warnings", [])]


def _failure(ended: Mapping[str, Mapping[str, Any]], count: int) -> dict[str, str]:
    codes = {fault["code"] for fault in ended.values()}
    listed = "; ".join(f"{name}: {fault['msg']}" for name, fault in sorted(ended.items())[:5])
    code = codes.pop() if len(codes) == 1 else "hosts_failed"
    return {"code": code, "message": f"{len(ended)} of {count} machines failed: {listed}"}
