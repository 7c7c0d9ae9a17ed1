#!/usr/bin/python
"""Ansible module: the log of a container, of a service or of a whole stack, merged by time, with secrets hidden."""

from __future__ import annotations

import hashlib
import os
import time
from datetime import datetime
from typing import Any, Iterable

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.orch.connections import NoConnection
from ansible.module_utils.orch.engine import log_lines
from ansible.module_utils.orch.engine.access import Access, Engine
from ansible.module_utils.orch.engine.inventory import STACKS
from ansible.module_utils.orch.engine.log_lines import BadPattern, Line
from ansible.module_utils.orch.engine.redaction import LineRedactor, secret_values
from ansible.module_utils.orch.plan import write_whole
from ansible.module_utils.orch.upstream import UpstreamError

DOCUMENTATION = r"""
module: engine_logs
short_description: Read and merge logs of containers
description:
  - Reads only. Every source gets an item; lines go to a file, at most 20 MiB of them.
options:
  portainer: {description: The file of the connection in the slot portainer, or empty., type: path, default: ""}
  docker: {description: The file of the connection in the slot docker, or empty., type: path, default: ""}
  endpoint_id: {description: Portainer's number of the endpoint; 0 for a Docker connection., type: int, default: 0}
  target: {description: One of container_id, service_id and stack_name., type: dict, required: true}
  tail: {type: int, default: 200}
  since: {description: A time of RFC 3339 or a span such as 15m., type: str, default: ""}
  until: {description: A time of RFC 3339., type: str, default: ""}
  timestamps: {type: bool, default: true}
  grep: {description: pattern, invert and ignore_case., type: dict, default: {}}
  redact: {type: bool, default: true}
  file: {description: Where the lines go; empty for nowhere., type: path, default: ""}
  egress_allow: {description: Networks and names that may be reached although private., type: list, elements: str}
  egress_deny: {description: Endpoints of the product itself., type: list, elements: str}
"""

SHOWN = 200
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
LEVELS = ("error", "warning", "info", "debug", "other")


class Source:
    """One log: where it is, what it is called, and what is known to be secret in it."""

    def __init__(self, path: str, name: str, kind: str) -> None:
        self.path, self.name, self.kind = path, name, kind
        self.machine = ""
        self.has_terminal = False
        self.secrets: list[str] = []
        self.tasks: dict[str, str] = {}


def sources(engine: Engine, target: dict[str, Any]) -> list[Source]:
    """The logs that the target has; raises UpstreamError."""
    if target.get("container_id"):
        return [_container(engine, {"Id": target["container_id"]})]
    services = _services(engine)
    if target.get("service_id"):
        wanted = target["service_id"]
        chosen = [row for row in services if wanted in (row["ID"], row["Spec"]["Name"])]
        if not chosen:
            raise UpstreamError("not_found", f"there is no service {wanted}")
        return [_service(engine, row) for row in chosen]
    name = target["stack_name"]
    found = [_service(engine, row) for row in services if (row["Spec"].get("Labels") or {}).get(STACKS[0]) == name]
    rows = engine.get("/containers/json", all=1)
    found += [_container(engine, row) for row in rows if (row.get("Labels") or {}).get(STACKS[1]) == name]
    if not found:
        raise UpstreamError("not_found", f"there is no stack {name}")
    return found


def _services(engine: Engine) -> list[dict[str, Any]]:
    try:
        return engine.get("/services")
    except UpstreamError as error:
        if error.status == 503:  # noqa: PLR2004 - this engine manages no Swarm
            return []
        raise


def _container(engine: Engine, row: dict[str, Any]) -> Source:
    machine = ((row.get("Portainer") or {}).get("Agent") or {}).get("NodeName", "")
    about = engine.get(f"/containers/{row['Id']}/json", machine)
    source = Source(f"/containers/{about['Id']}/logs", about["Name"].lstrip("/"), "container")
    config = about.get("Config") or {}
    source.machine, source.has_terminal = machine, bool(config.get("Tty"))
    source.secrets = secret_values(config.get("Env") or [])
    return source


def _service(engine: Engine, row: dict[str, Any]) -> Source:
    name = row["Spec"]["Name"]
    source = Source(f"/services/{row['ID']}/logs", name, "service")
    template = (row["Spec"].get("TaskTemplate") or {}).get("ContainerSpec") or {}
    source.has_terminal = bool(template.get("TTY"))
    source.secrets = secret_values(template.get("Env") or [])
    tasks = [task for task in engine.get("/tasks") if task.get("ServiceID") == row["ID"]]
    source.tasks = {task["ID"]: f"{name}.{task.get('Slot') or task.get('NodeID', '')}" for task in tasks}
    return source


def read(engine: Engine, source: Source, given: dict[str, Any]) -> list[Line]:
    """The lines of one source, in order, with secrets hidden if so wished; raises UpstreamError."""
    asked: dict[str, Any] = {"stdout": 1, "stderr": 1, "timestamps": 1, "tail": given["tail"]}
    asked.update({name: seconds(given[name]) for name in ("since", "until") if given[name]})
    if source.kind == "service":
        asked["details"] = 1
    content = engine.read(source.path, source.machine, **asked)
    found: Iterable[Line] = log_lines.lines(content, source.name, has_terminal=source.has_terminal)
    if source.kind == "service":
        found = log_lines.by_task(found, source.tasks)
    return _hidden(found, source.secrets) if given["redact"] else list(found)


def _hidden(found: Iterable[Line], known: list[str]) -> list[Line]:
    redactors: dict[str, LineRedactor] = {}
    kept = list(found)
    for line in kept:
        redactor = redactors.setdefault(f"{line.source} {line.stream}", LineRedactor(known))
        line.text = redactor.line(line.text)
    return kept


def seconds(text: str, now: float | None = None) -> str:
    """Seconds since 1970 of a time or of a span before now; raises BadPattern."""
    if text[-1:] in UNITS and text[:-1].isdigit():
        return str(int((time.time() if now is None else now) - int(text[:-1]) * UNITS[text[-1]]))
    try:
        return f"{datetime.fromisoformat(text.replace('Z', '+00:00')).timestamp():.6f}"
    except ValueError:
        raise BadPattern(f"{text} is neither a time such as 2026-02-02T02:40:00Z nor a span such as 15m") from None


def collected(given: dict[str, Any]) -> dict[str, Any]:
    """What the module answers."""
    try:
        access = Access(given["portainer"], given["docker"], given["egress_allow"], given["egress_deny"])
        engine = access.engine(given["endpoint_id"])
        found = sources(engine, given["target"])
        logs, items = _read_all(engine, found, given)
        lines = _wanted(log_lines.merged(logs), given["grep"])
    except (NoConnection, UpstreamError, BadPattern) as error:
        return {"items": [], "counts": {"sources": 0, "lines": 0}, "failure": _said(error), "warnings_found": []}
    several = len(found) > 1 or len({line.source for log in logs for line in log}) > 1  # one service has many tasks
    return {**_written(lines, given, several=several), **_summed(items)}


def _read_all(
    engine: Engine, found: list[Source], given: dict[str, Any]
) -> tuple[list[list[Line]], list[dict[str, Any]]]:
    logs, items = [], []
    for source in found:
        item = {"id": source.path.rpartition("/")[0], "kind": source.kind, "name": source.name}
        try:
            logs.append(read(engine, source, given))
        except UpstreamError as error:
            items.append(
                {**item, "action": "error", "lines": 0, "error": {**_said(error), "retryable": error.is_passing}}
            )
        else:
            items.append({**item, "action": "noop", "lines": len(logs[-1])})
    return logs, items


def _wanted(lines: Iterable[Line], grep: dict[str, Any]) -> list[Line]:
    if not grep.get("pattern"):
        return list(lines)
    wanted = log_lines.matching(
        grep["pattern"], invert=bool(grep.get("invert")), ignore_case=bool(grep.get("ignore_case", True))
    )
    return log_lines.searched(lines, wanted)


def _written(lines: list[Line], given: dict[str, Any], *, several: bool) -> dict[str, Any]:
    content, kept, is_cut = log_lines.written(lines, timestamps=given["timestamps"], prefixes=several)
    if given["file"]:
        write_whole(given["file"], content)
    levels = [log_lines.level_of(line.text) for line in lines[:kept]]
    times = [line.at for line in lines[:kept] if line.at]
    return {
        "counts": {"lines": kept, "bytes": len(content), **{level: levels.count(level) for level in LEVELS}},
        "log": {
            "file": os.path.basename(given["file"]),  # noqa: PTH119
            "sha256": hashlib.sha256(content).hexdigest(),
            "first_at": min(times, default=""),
            "last_at": max(times, default=""),
            "truncated": is_cut,
        },
        "summary": content.decode("utf-8", "replace").splitlines()[-SHOWN:],
    }


def _summed(items: list[dict[str, Any]]) -> dict[str, Any]:
    bad = [item for item in items if item["action"] == "error"]
    failure = {} if len(bad) < len(items) else {name: bad[0]["error"][name] for name in ("code", "message")}
    warnings = [f"{item['name']}: {item['error']['message']}" for item in bad]
    return {"items": items, "failure": failure, "warnings_found": warnings}


def _said(error: Exception) -> dict[str, str]:
    return {"code": str(getattr(error, "code", "validation")), "message": str(error)}


def main() -> None:
    """Read the parameters, answer an item for each source."""
    module = AnsibleModule(
        argument_spec={
            "portainer": {"type": "path", "default": ""},
            "docker": {"type": "path", "default": ""},
            "endpoint_id": {"type": "int", "default": 0},
            "target": {"type": "dict", "required": True},
            "tail": {"type": "int", "default": 200},
            "since": {"type": "str", "default": ""},
            "until": {"type": "str", "default": ""},
            "timestamps": {"type": "bool", "default": True},
            "grep": {"type": "dict", "default": {}},
            "redact": {"type": "bool", "default": True},
            "file": {"type": "path", "default": ""},
            "egress_allow": {"type": "list", "elements": "str", "default": []},
            "egress_deny": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    module.exit_json(changed=False, **collected(module.params))


if __name__ == "__main__":
    main()
