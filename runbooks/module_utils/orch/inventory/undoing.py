"""What an import found before it changed anything, and the steps that take it back."""

from __future__ import annotations

from typing import Any, Iterator, Mapping, Sequence

from ansible.module_utils.orch.inventory.comparing import Step, There
from ansible.module_utils.orch.inventory.faults import Fault
from ansible.module_utils.orch.inventory.things import HOST

SCHEMA_VERSION = 1
RUNBOOK = "inventory_import"
View = Mapping[str, Any]


def document(name: str, environment: str, steps: Sequence[Step]) -> dict[str, Any]:
    """What is going to be changed, as it is and as it will be."""
    kept = [{"kind": one.kind, "name": one.name, "before": one.before, "after": one.after} for one in steps]
    head = {"schema_version": SCHEMA_VERSION, "runbook": RUNBOOK, "name": name, "environment": environment}
    return {**head, "steps": kept}


def steps(found: Any, name: str, there: There) -> list[Step]:
    """The steps back; what somebody has changed since stays, with a note. Raises Fault."""
    try:
        if (found["schema_version"], found["runbook"], found["name"]) != (SCHEMA_VERSION, RUNBOOK, name):
            raise Fault("validation", "this is no snapshot of an import of this name")
        kept = [(one["kind"], one["name"], one["before"], one["after"]) for one in found["steps"]]
    except (KeyError, TypeError):
        raise Fault("validation", "this is no snapshot of an import") from None
    back = [step for one in kept for step in _back(*one, name, there)]
    return sorted(back, key=lambda step: (step.kind != HOST, step.name))


def _back(kind: str, thing: str, before: View | None, after: View | None, name: str, there: There) -> Iterator[Step]:
    now = there.views(kind).get(thing)
    if _same(now, before):
        return
    if there.is_foreign(kind, thing, name):
        yield Step(kind, thing, None, _told(before), objection=f"there is another {kind} of this name now")
    elif not _same(now, after):
        current = _told(now)
        yield Step(kind, thing, current, current, note="it was changed after the run, and stays")
    else:
        yield Step(kind, thing, _told(now), _told(before))


def _same(one: View | None, other: View | None) -> bool:
    return _told(one) == _told(other)


def _told(view: View | None) -> dict[str, Any] | None:
    """Without what only the product decides: whether templates are worked out."""
    return None if view is None else {name: value for name, value in view.items() if name != "trusted"}
