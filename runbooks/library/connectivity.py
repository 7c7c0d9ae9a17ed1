#!/usr/bin/python
"""Ansible module: probe a list of targets from the machine it runs on, all in one call, each judged by thresholds."""

from __future__ import annotations

import queue
import threading
import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.orch import egress, probes

DOCUMENTATION = r"""
module: connectivity
short_description: Probe targets by ICMP, TCP, HTTP, DNS and traceroute
description:
  - Every target gets a result; the module itself fails only when its parameters are wrong.
  - A host is looked up once, judged by the egress rules, and connected to by the address that was judged.
options:
  targets: {description: As the runbook's schema describes them., type: list, elements: dict, required: true}
  thresholds: {description: From which values on a target is warn or fail., type: dict, default: {}}
  count: {type: int, default: 4}
  timeout_s: {type: int, default: 2}
  interval_ms: {type: int, default: 200}
  max_hops: {type: int, default: 30}
  resolve: {type: bool, default: false}
  egress_allow: {description: Networks and names that may be reached although private., type: list, elements: str}
  egress_deny: {description: Endpoints of the product itself., type: list, elements: str}
  deadline_s: {description: After this time the targets left over count as failed., type: int, default: 600}
"""

AT_ONCE = 12
RETRYABLE = frozenset({"timeout", "unreachable", "name_not_found", "not_reached"})


def test_one(target: dict[str, Any], options: probes.Options, thresholds: dict[str, Any]) -> dict[str, Any]:
    """The target's result: status pass, warn or fail, with what was measured."""
    label = _label(target)
    base = {"id": label, "host": target["host"], "kind": target["kind"]}
    try:
        found = probes.KINDS[target["kind"]](target, options)
    except (probes.ProbeFailed, egress.Refused) as error:
        return {**base, **getattr(error, "found", {}), **_failed(error.code, str(error))}
    worst = max(
        judged(found, thresholds), default=("pass", ""), key=lambda entry: ("pass", "warn", "fail").index(entry[0])
    )
    if worst[0] == "fail":
        return {**base, **found, **_failed("threshold", worst[1])}
    return {**base, **found, "action": "noop", "status": worst[0], **({"note": worst[1]} if worst[1] else {})}


def _failed(code: str, message: str) -> dict[str, Any]:
    error = {"code": code, "message": message, "retryable": code in RETRYABLE}
    return {"action": "error", "status": "fail", "error": error}


def _label(target: dict[str, Any]) -> str:
    port = f" port {target['port']}" if target.get("port") else ""
    return f"{target['kind']} {target['host']}{port}{target.get('path', '')}"


def judged(found: dict[str, Any], thresholds: dict[str, Any]) -> list[tuple[str, str]]:
    """Each threshold that is passed, as (warn or fail, why)."""
    values = (
        ("loss", found.get("loss_pct"), "{:g} % of the requests were lost", "pct"),
        ("latency", found.get("avg_ms"), "it took {:g} ms", "ms"),
        ("tls", found.get("tls", {}).get("days_left"), "the certificate ends in {:g} days", "days"),
    )
    verdicts = []
    for name, value, text, unit in values:
        for level in ("warn", "fail"):
            limit = thresholds.get(f"{name}_{level}_{unit}")
            if None not in (value, limit) and (value <= limit if name == "tls" else value >= limit):
                verdicts.append((level, text.format(value)))
    return verdicts


def test_all(
    targets: list[dict[str, Any]], options: probes.Options, thresholds: dict[str, Any], until: float
) -> list[Any]:
    """A result per target in their order; targets without one when the time is up have failed."""
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    results: dict[int, dict[str, Any]] = {}
    done = threading.Semaphore(0)

    def work() -> None:
        for number in iter(lambda: _next(waiting), None):
            results[number] = test_one(targets[number], options, thresholds)
            done.release()

    for number in range(len(targets)):
        waiting.put(number)
    for _ in range(min(AT_ONCE, len(targets))):
        threading.Thread(target=work, daemon=True).start()
    for _ in targets:
        done.acquire(timeout=max(0.0, until - time.monotonic()))
    late = _failed("timeout", "the run's time was used up before this target was tested")
    finished = dict(results)
    return [
        finished.get(number) or {"id": _label(target), "host": target["host"], "kind": target["kind"], **late}
        for number, target in enumerate(targets)
    ]


def _next(waiting: queue.SimpleQueue[int]) -> int | None:
    try:
        return waiting.get_nowait()
    except queue.Empty:
        return None


def lines(results: list[dict[str, Any]]) -> list[str]:
    """One readable line per target."""
    return [f"{result['status'].upper():4} {result['id']}: {_measured(result)}" for result in results]


def _measured(result: dict[str, Any]) -> str:
    parts = (
        result.get("error", {}).get("message"),
        f"{result['received']} of {result['sent']} answered" if "loss_pct" in result else None,
        f"status {result['http_status']}" if "http_status" in result and "error" not in result else None,
        f"{result['avg_ms']:g} ms" if result.get("avg_ms") is not None else None,
        f"{len(result['hops'])} hops" if "hops" in result else None,
        ", ".join(result.get("addresses") or result.get("names") or []),
        f"certificate for {result['tls']['days_left']} more days" if "tls" in result else None,
        result.get("note"),
    )
    return "; ".join(part for part in parts if part)


def main() -> None:
    """Read the parameters, answer one result per target."""
    module = AnsibleModule(
        argument_spec={
            "targets": {"type": "list", "elements": "dict", "required": True},
            "thresholds": {"type": "dict", "default": {}},
            "count": {"type": "int", "default": 4},
            "timeout_s": {"type": "int", "default": 2},
            "interval_ms": {"type": "int", "default": 200},
            "max_hops": {"type": "int", "default": 30},
            "resolve": {"type": "bool", "default": False},
            "egress_allow": {"type": "list", "elements": "str", "default": []},
            "egress_deny": {"type": "list", "elements": "str", "default": []},
            "deadline_s": {"type": "int", "default": 600},
        },
        supports_check_mode=True,
    )
    given = module.params
    until = time.monotonic() + given["deadline_s"]
    results = test_all(given["targets"], probes.Options(given), given["thresholds"], until)
    bad = [result for result in results if result["status"] == "fail"]
    counts = {status: sum(result["status"] == status for result in results) for status in ("pass", "warn", "fail")}
    listed = "; ".join(f"{result['id']}: {result['error']['message']}" for result in bad)
    module.exit_json(
        changed=False,
        items=results,
        counts={"targets": len(results), **counts},
        warnings_found=[f"{result['id']}: {result['note']}" for result in results if result["status"] == "warn"],
        summary=lines(results),
        failure={"code": "targets_failed", "message": f"{len(bad)} of {len(results)} targets failed: {listed}"}
        if bad
        else {},
    )


if __name__ == "__main__":
    main()
