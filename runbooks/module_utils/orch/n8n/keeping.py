"""One backup: look, compare with the last one, and keep what there is if it is another. The server is not changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Sequence

from ansible.module_utils.orch import plan
from ansible.module_utils.orch.n8n import bundle, database, doubts, source, things
from ansible.module_utils.orch.n8n.bundle import Bundle
from ansible.module_utils.orch.n8n.faults import Fault, told
from ansible.module_utils.orch.n8n.report import Report, keep
from ansible.module_utils.orch.n8n.source import Seen, Server
from ansible.module_utils.orch.n8n.things import CREDENTIAL, KINDS, VARIABLE, WORKFLOW, Thing
from ansible.module_utils.orch.upstream import UpstreamError


@dataclass(frozen=True)
class Order:
    """What is asked for. `earlier` is the last backup of this server by this method, `earlier_job` whose it is.

    `database` is whether the whole database is kept besides: none, without_executions, with_executions.
    """

    kinds: Sequence[str]
    artifacts_dir: str
    job: str
    earlier: Bundle | None = None
    earlier_job: str = ""
    expect_plan: str = ""
    allow_empty: bool = False
    is_preview: bool = False
    database: str = database.NONE


def kinds_of(inputs: dict[str, Any]) -> list[str]:
    """The kinds that the inputs include."""
    wanted = {WORKFLOW: True, VARIABLE: inputs["variables"], CREDENTIAL: inputs["credentials"] == "encrypted"}
    return [kind for kind in KINDS if wanted[kind]]


def run(server: Server, order: Order, test: Callable[[Bundle], None] | None = None) -> Report:
    """Do what is asked for; what goes wrong is in the report. `test` restores a bundle elsewhere, and raises Fault."""
    report = Report()
    try:
        _run(server, order, report, test)
    except UpstreamError as error:
        report.fail(error.code, f"{told(error)}. Nothing was kept; earlier backups stay")
    except Fault as fault:
        report.fail(fault.code, str(fault))
    except OSError as error:
        report.fail("snapshot_failed", f"the backup could not be written, so nothing was kept: {error.strerror}")
    report.counts["calls"] = server.api.calls
    return report


def _run(server: Server, order: Order, report: Report, test: Callable[[Bundle], None] | None) -> None:
    if order.database != database.NONE and server.command is None:
        raise Fault("validation", database.BY_CLI)
    seen = source.look(server, order.kinds)
    source.require_no_secret(server, seen.things)
    taken = Bundle(_target(server), seen.facts, seen.things)
    steps = compared(doubts.comparable(order.earlier, taken), taken.things)
    _tell(report, taken, steps)
    steps += database.steps(order.database)
    report.bind(_plan(taken, steps, seen, order), order.artifacts_dir, order.expect_plan)
    if report.failure:
        return
    if order.earlier_job and not order.allow_empty:
        doubts.require_plausible(order.earlier, taken)
    content = bundle.written(taken)
    if test:
        test(taken)
        report.extra["restore_test"] = "passed"
    _keep(taken, {bundle.FILE: content, **_database(server, order)}, order, report)


def _target(server: Server) -> dict[str, str]:
    """Each method has a row of backups of its own, so that one without credentials is never the last good one."""
    return {"kind": f"n8n_backup_{server.method}", "id": server.id, "name": server.name}


def _plan(taken: Bundle, steps: list[dict[str, Any]], seen: Seen, order: Order) -> plan.Plan:
    head = {"runbook": bundle.RUNBOOK, "direction": "apply", "target": dict(taken.target)}
    facts = {"content_sha256": taken.content_sha256, "key_fingerprint": taken.facts.key_fingerprint}
    return plan.Plan(head, steps, state=facts, warnings=[*seen.warnings, *_remarks(taken, order)], facts=facts)


def compared(before: Sequence[Thing], after: Sequence[Thing]) -> list[dict[str, Any]]:
    """The steps from one backup to the next, in their order."""
    old = {(one.kind, one.id): one for one in before}
    new = {(one.kind, one.id): one for one in after}
    pairs = [(old.get(key), new.get(key)) for key in {*old, *new}]
    return sorted((_step(*pair) for pair in pairs), key=lambda step: (step["kind"], step["name"], step["id"]))


def _step(before: Thing | None, after: Thing | None) -> dict[str, Any]:
    one = after or before
    assert one is not None
    action = "create" if before is None else "delete" if after is None else "update"
    same = before is not None and after is not None and before.content == after.content
    step = {"id": one.id, "action": "noop" if same else action, "kind": one.kind, "name": one.name}
    told = {"before": things.shown(before), "after": things.shown(after)}
    fields = plan.changed_fields(before.content, after.content) if before and after else []
    note = things.different_nodes(before, after)[:2000] if before and after and one.kind == WORKFLOW else ""
    return {**step, **told, "fields": fields, **({"note": note} if note else {})}


def _remarks(taken: Bundle, order: Order) -> list[dict[str, str]]:
    if order.earlier:
        return doubts.remarks(order.earlier, taken)
    return [{"code": "lost", "message": doubts.LOST}] if order.earlier_job else []


def _tell(report: Report, taken: Bundle, steps: list[dict[str, Any]]) -> None:
    actions = {(step["kind"], step["id"]): step["action"] for step in steps}
    manifest = bundle.manifest(taken)
    entries = [(entry, actions[entry["kind"], entry["id"]]) for entry in manifest["entries"]]
    report.items = [{**entry, "action": action} for entry, action in entries]
    report.items += [
        {"id": step["id"], "action": "delete", "kind": step["kind"], "name": step["name"], "bytes": 0, "sha256": ""}
        for step in steps
        if step["action"] == "delete"
    ]
    counts = manifest["counts"]
    report.counts = {"workflows": counts[WORKFLOW], "variables": counts[VARIABLE], "credentials": counts[CREDENTIAL]}
    report.counts["bytes"] = sum(one.size for one in taken.things)
    told = {name: manifest[name] for name in ("content_sha256", "key_fingerprint", "n8n_version", "method")}
    active = [entry["name"] for entry in manifest["entries"] if entry.get("active")]
    report.extra = {"backup": [{**told, "active": active, "kept_in": ""}]}


def _database(server: Server, order: Order) -> dict[str, bytes]:
    """The export of the whole database, where one is wished for; raises UpstreamError and Fault."""
    if order.database == database.NONE or order.is_preview or server.command is None:
        return {}
    return {database.FILE: database.taken(server.command, order.database)}


def _keep(taken: Bundle, files: dict[str, bytes], order: Order, report: Report) -> None:
    """Write the backup; one with the very content of the last is only named, not kept twice. A database always is."""
    is_same = _is_same(taken, order)
    report.would_change = not is_same or order.database != database.NONE
    if order.is_preview:
        return
    kept_in = order.earlier_job if is_same else order.job
    report.extra["backup"][0]["kept_in"] = kept_in
    manifest = {**bundle.manifest(taken), "kept_in": kept_in, "file": bundle.FILE}
    if is_same:
        del files[bundle.FILE]
    else:
        report.snapshot_ref = bundle.FILE
    if database.FILE in files:
        manifest["database"] = database.entry(files[database.FILE])
        report.items.append({**manifest["database"], "action": "create"})
    keep(order.artifacts_dir, files)
    report.written = bool(files)
    keep(order.artifacts_dir, {bundle.MANIFEST: plan.canonical(manifest)})


def _is_same(taken: Bundle, order: Order) -> bool:
    earlier = order.earlier
    return (
        earlier is not None
        and earlier.content_sha256 == taken.content_sha256
        and earlier.facts.key_fingerprint == taken.facts.key_fingerprint
        and set(taken.facts.kinds) <= set(earlier.facts.kinds)
    )
