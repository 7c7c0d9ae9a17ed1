"""Two other things that are done to a stack: back to what Swarm remembers of each service, and all its tasks anew."""

from __future__ import annotations

from typing import Any, Iterable, Mapping, Sequence

from ansible.module_utils.orch.stack import names
from ansible.module_utils.orch.stack.faults import Fault
from ansible.module_utils.orch.stack.judging import failure_of
from ansible.module_utils.orch.stack.live import Live
from ansible.module_utils.orch.stack.wanted import Wanted

_JOBS = ("ReplicatedJob", "GlobalJob")


def chosen(live: Live, services: Iterable[str]) -> list[str]:
    """Full names of the services of a stack that were named, all if none was; raises Fault for an unknown one."""
    if not live.services:
        raise Fault("not_found", f"there is no stack {live.stack}")
    asked = [name if name in live.services else names.scoped(name, live.stack) for name in services]
    unknown = [name for name in asked if name not in live.services]
    if unknown:
        raise Fault("not_found", f"the stack {live.stack} has no service {', '.join(unknown)}")
    return sorted(asked or live.services)


def previous(live: Live, services: Iterable[str], tasks: Sequence[dict[str, Any]] = ()) -> Wanted:
    """Every service as it was before its last update; those that Swarm remembers nothing of stay. Raises Fault.

    `tasks` tell, as far as Swarm remembers them, whether that version failed. After an update that was taken back, the
    version before is the one that did.
    """
    wanted, picked = Wanted({}), chosen(live, services)
    for name in picked:
        before = live.services[name].get("PreviousSpec")
        if before:
            wanted.services[name] = live.portable(before)
            wanted.warnings += _warned(name, failure_of(before["TaskTemplate"], tasks))
        else:
            said = "Swarm remembers no earlier version, so it stays as it is"
            wanted.warnings.append({"code": "no_previous", "message": said, "item": f"service {name}"})
    if not wanted.services:
        raise Fault("not_found", f"Swarm remembers no earlier version of any service of {live.stack}")
    return wanted


def _warned(name: str, error: str) -> list[dict[str, str]]:
    said = f"tasks of the version that this goes back to have failed before ({error}): see whether it is the wanted one"
    return [{"code": "has_failed", "message": said, "item": f"service {name}"}] if error else []


def restarted(live: Live, services: Iterable[str]) -> Wanted:
    """Every service as it is, with all its tasks anew; jobs are left alone, for that would run them. Raises Fault."""
    picked = [name for name in chosen(live, services) if not is_job(live.services[name]["Spec"])]
    return Wanted({name: anew(live.portable(live.services[name]["Spec"])) for name in picked})


def restarts(wanted: Wanted, live: Live) -> list[dict[str, Any]]:
    """The steps of a restart: the counter that starts tasks anew."""
    return [
        {
            "id": f"service {name}",
            "action": "update",
            "kind": "service",
            "name": name,
            "before": {"restarts": _counter(live.services[name]["Spec"])},
            "after": {"restarts": _counter(spec)},
            "fields": ["restarts"],
        }
        for name, spec in wanted.services.items()
    ]


def standing(goal: Wanted) -> list[str]:
    """Services of a goal that are to stand, whenever one looks: those that are no jobs."""
    return sorted(name for name, spec in goal.services.items() if not is_job(spec))


def is_job(spec: Mapping[str, Any]) -> bool:
    """Whether a service runs to an end and is done then."""
    return any(kind in (spec.get("Mode") or {}) for kind in _JOBS)


def _counter(spec: dict[str, Any]) -> int:
    return int(spec["TaskTemplate"].get("ForceUpdate") or 0)


def anew(spec: dict[str, Any]) -> dict[str, Any]:
    """The same spec in such a way that Swarm begins once more with all of its tasks."""
    return {**spec, "TaskTemplate": {**spec["TaskTemplate"], "ForceUpdate": _counter(spec) + 1}}
