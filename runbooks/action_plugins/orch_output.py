"""Write a job's output.json from inside the play: the common envelope around what the runbook found."""

from __future__ import annotations

import json
import os
import tempfile
from datetime import datetime, timezone
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

SCHEMA_VERSION = 1
_ARGUMENTS = frozenset(
    {
        "items",
        "items_path",
        "per_host",
        "counts",
        "changed",
        "warnings",
        "failure",
        "extra",
        "started_at",
        "snapshot_ref",
        "plan_sha256",
    }
)
_OPTIONAL = ("snapshot_ref", "plan_sha256", "failure")


class ActionModule(ActionBase):
    """`orch_output: {items: [...]}`, or `{per_host: <registered name>}` to collect one item from every target.

    With `items_path` the items are taken from a file, which is removed: for lists too long for a variable.
    """

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _VALID_ARGS = _ARGUMENTS

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Write the file and answer the counts; fails when the play was started without `orch`."""
        result = super().run(tmp, task_vars)
        variables = task_vars or {}
        orch = self._templar.template(variables.get("orch") or {})
        if not orch.get("output_path"):
            raise AnsibleActionFail("orch.output_path is not set: this play is meant to be run as a job")
        arguments = dict(self._task.args)
        if "per_host" in arguments:
            arguments = {**_collected(arguments.pop("per_host"), variables), **arguments}
        envelope = _envelope(orch, arguments)
        _write(orch["output_path"], envelope)
        return {**result, "changed": False, "counts": envelope["counts"], "warnings_listed": len(envelope["warnings"])}


def _envelope(orch: dict[str, Any], arguments: dict[str, Any]) -> dict[str, Any]:
    now = _now()
    items = _taken(arguments["items_path"]) if arguments.get("items_path") else list(arguments.get("items") or [])
    envelope = {
        "schema_version": SCHEMA_VERSION,
        "runbook": orch.get("runbook", ""),
        "version": orch.get("version", ""),
        "job_id": orch.get("job_id", ""),
        "mode": orch.get("mode", "apply"),
        "changed": bool(arguments.get("changed", False)),
        "counts": arguments.get("counts") or {"items": len(items)},
        "items": items,
        "warnings": list(arguments.get("warnings") or []),
        "started_at": arguments.get("started_at") or orch.get("started_at") or now,
        "finished_at": now,
    }
    optional = {key: arguments[key] for key in _OPTIONAL if arguments.get(key)}
    return {**envelope, **optional, **(arguments.get("extra") or {})}


def _taken(path: str) -> list[dict[str, Any]]:
    """The items of a file that a module has left beside the artifacts; it is none of them, and is gone then."""
    with open(path, encoding="utf-8") as file:  # noqa: PTH123
        items = json.load(file)
    os.unlink(path)  # noqa: PTH108
    return items


def _collected(name: str, variables: dict[str, Any]) -> dict[str, Any]:
    """One item per host of the group `targets`, from the result each host registered under `name`."""
    hostvars = variables["hostvars"]
    hosts = list(variables["groups"].get("targets", []))
    items = [_host_item(host, hostvars[host].get(name) or {}) for host in hosts]
    counts = {"hosts": len(items)}
    counts.update(
        {status: sum(item["status"] == status for item in items) for status in ("ok", "failed", "unreachable")}
    )
    bad = [item for item in items if item["status"] != "ok"]
    answer = {"items": items, "counts": counts, "warnings": _warnings(items), "started_at": _earliest(items)}
    if bad:
        code = "hosts_failed" if counts["failed"] else "unreachable"
        listed = "; ".join(f"{item['id']}: {item['error']['message']}" for item in bad[:5])
        more = f" and {len(bad) - 5} more" if len(bad) > 5 else ""  # noqa: PLR2004
        answer["failure"] = {"code": code, "message": f"{len(bad)} of {len(items)} hosts failed: {listed}{more}"}
    return answer


def _host_item(host: str, result: dict[str, Any]) -> dict[str, Any]:
    report = result.get("report")
    if report is not None and not result.get("failed") and not result.get("unreachable"):
        return {"id": host, "action": "noop", "status": "ok", "report": report}
    status = "unreachable" if result.get("unreachable") else "failed"
    message = " ".join(str(result.get("msg") or "the host gave no result").split())
    message = message.removeprefix("Task failed: ").removeprefix("Module failed: ")
    error = {"code": status, "message": message[:2000], "retryable": status == "unreachable"}
    return {"id": host, "action": "error", "status": status, "error": error}


def _warnings(items: list[dict[str, Any]]) -> list[str]:
    return [f"{item['id']}: {text}" for item in items for text in (item.get("report") or {}).get("warnings", [])]


def _earliest(items: list[dict[str, Any]]) -> str:
    return min(
        (item["report"]["collected_at"] for item in items if "collected_at" in item.get("report", {})), default=""
    )


def _now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _write(path: str, envelope: dict[str, Any]) -> None:
    """Whole or not at all: a reader never sees half of it."""
    folder = os.path.dirname(path)  # noqa: PTH120
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=folder, prefix=".output-", delete=False) as file:
        json.dump(envelope, file, ensure_ascii=False, allow_nan=False, default=str)
        file.write("\n")
    os.replace(file.name, path)  # noqa: PTH105
