"""What a server was like before a restore, and the steps that take the restore back."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

from ansible.module_utils.orch.n8n import things
from ansible.module_utils.orch.n8n.faults import Fault
from ansible.module_utils.orch.n8n.matching import Rules, Step
from ansible.module_utils.orch.n8n.things import Thing

SCHEMA_VERSION = 1
RUNBOOK = "n8n_restore"


def document(target: Mapping[str, Any], steps: Sequence[Step], live: Sequence[Thing]) -> dict[str, Any]:
    """The things that will be changed as they are, what will be made, and the ids of all that is there."""
    return {
        "schema_version": SCHEMA_VERSION,
        "runbook": RUNBOOK,
        "target": dict(target),
        "known": sorted([one.kind, one.id] for one in live),
        "steps": [{"before": _kept(step.before), "after": _kept(step.after)} for step in steps],
    }


def _kept(one: Thing | None) -> dict[str, Any] | None:
    return None if one is None else {"kind": one.kind, "id": one.id, "content": one.content}


def _read(kept: Mapping[str, Any] | None) -> Thing | None:
    return None if kept is None else things.thing(str(kept["kind"]), str(kept["id"]), dict(kept["content"]))


def steps(found: Any, target_id: str, live: Sequence[Thing], rules: Rules) -> tuple[list[Step], list[str]]:
    """The steps that undo a restore, and what somebody has changed since; raises Fault."""
    known, pairs = _document(found, target_id)
    since = [one for one in live if (one.kind, one.id) not in known]
    made: list[Step] = []
    changed: list[str] = []
    for before, after in pairs:
        step, remark = _changed_back(before, after, live, rules) if before else _unmade(after, since, rules)
        if step:
            made.append(step)
            since = [one for one in since if one is not step.before]
        changed += [remark] if remark else []
    return sorted(made, key=lambda step: step.thing.order), changed


def _document(found: Any, target_id: str) -> tuple[set[tuple[str, str]], list[tuple[Thing | None, Thing | None]]]:
    """What was there before the restore, kinds and ids, and before and after of its steps; raises Fault."""
    try:
        if (found["schema_version"], found["runbook"]) != (SCHEMA_VERSION, RUNBOOK):
            raise Fault("validation", "this is no snapshot of a restore")
        if found["target"]["id"] != target_id:
            raise Fault("validation", f"this is the snapshot of another server: {str(found['target']['name'])[:100]}")
        known = {(str(kind), str(id_)) for kind, id_ in found["known"]}
        return known, [(_read(step["before"]), _read(step["after"])) for step in found["steps"]]
    except (KeyError, TypeError, ValueError):
        raise Fault("validation", "this is no snapshot of a restore") from None


def _changed_back(before: Thing, after: Thing | None, live: Sequence[Thing], rules: Rules) -> tuple[Step | None, str]:
    """A thing gets its old content, with a remark where it is not what the restore left."""
    now = next((one for one in live if (one.kind, one.id) == (before.kind, before.id)), None)
    if now is None:
        return Step(None, before), ""
    fields = rules.different(now, before)
    touched = fields and after is not None and _by_content(rules).different(now, after)
    remark = f"{now.kind} {now.name} was changed after the run; this takes that back as well" if touched else ""
    return (Step(now, before, fields) if fields else None), remark


def _unmade(after: Thing | None, since: Sequence[Thing], rules: Rules) -> tuple[Step | None, str]:
    """A thing that the restore made goes, if nobody has changed it."""
    assert after is not None
    made = [one for one in since if (one.kind, one.name) == (after.kind, after.name)]
    same = [one for one in made if not _by_content(rules).different(one, after)]
    if same:
        return Step(same[0], None), ""
    return None, f"{after.kind} {after.name} was changed after the run that made it, and stays" if made else ""


def _by_content(rules: Rules) -> Rules:
    """Whether a thing is active says nothing about who wrote it."""
    return Rules(rules.by_api, with_active=False)
