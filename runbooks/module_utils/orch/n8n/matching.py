"""Which thing of a backup is which thing of a server, and what has to be done so that they are the same."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Sequence

from ansible.module_utils.orch.n8n import api, things
from ansible.module_utils.orch.n8n.links import as_linked
from ansible.module_utils.orch.n8n.things import WORKFLOW, Thing
from ansible.module_utils.orch.plan import changed_fields

# What a way of writing cannot bring back, and therefore does not compare.
NOT_BY_API = ("pinData", "archived")
NOT_BY_CLI = ("archived",)


@dataclass(frozen=True)
class Step:
    """One thing before and after, None where there is none. `after` carries the id that it has in the backup."""

    before: Thing | None
    after: Thing | None
    fields: Sequence[str] = ()
    objection: str = ""

    @property
    def thing(self) -> Thing:
        """As it will be, or as it was when it goes."""
        found = self.after or self.before
        assert found is not None
        return found

    @property
    def action(self) -> str:
        """create, update, delete or noop."""
        if self.before is None:
            return "create"
        if self.after is None:
            return "delete"
        return "update" if self.fields else "noop"

    @property
    def item(self) -> dict[str, Any]:
        """As plan and output tell it."""
        one = self.thing
        id_ = self.before.id if self.before else one.id
        note = things.different_nodes(self.before, self.after)[:2000] if self.before and self.after else ""
        shown = {"before": things.shown(self.before), "after": things.shown(self.after)}
        item = {"id": id_, "action": self.action, "kind": one.kind, "name": one.name[:500], **shown}
        return {**item, "fields": list(self.fields), **({"note": note} if note and self.action == "update" else {})}


@dataclass(frozen=True)
class Rules:
    """How things are compared: whether by the API alone, and whether being active matters.

    The API adds settings to those that are there and takes none away, so these are not compared.
    """

    by_api: bool
    with_active: bool

    def different(self, before: Thing, after: Thing) -> list[str]:
        """The fields that would be written on a server that has `before`."""
        live, wanted = self._written(before), self._written(after)
        if after.kind == WORKFLOW:
            wanted = {**wanted, "nodes": as_linked(wanted["nodes"], live["nodes"])}
        if after.kind == WORKFLOW and self.by_api:
            live = {**live, "settings": {name: live["settings"].get(name) for name in wanted["settings"]}}
        return changed_fields(live, wanted)

    def _written(self, one: Thing) -> dict[str, Any]:
        if one.kind != WORKFLOW:
            return one.content
        left_out = (*(NOT_BY_API if self.by_api else NOT_BY_CLI), *(() if self.with_active else ("active",)))
        content = {name: value for name, value in one.content.items() if name not in left_out}
        return {**content, **api.body(one)} if self.by_api else content


def steps(wanted: Sequence[Thing], live: Sequence[Thing], rules: Rules) -> list[Step]:
    """What brings the wanted things to the server, in their order; what else is there stays."""
    found = [_step(one, _counterpart(one, wanted, live), rules) for one in wanted]
    return sorted(found, key=lambda step: step.thing.order)


def _step(after: Thing, before: Thing | None, rules: Rules) -> Step:
    if before is None:
        return Step(None, after)
    fields = rules.different(before, after)
    is_archived = bool(fields and before.content.get("archived"))
    objection = f"{before.name} is archived in n8n, where nothing can change it; unarchive it first"
    return Step(before, after, fields, objection if is_archived else "")


def _counterpart(one: Thing, wanted: Sequence[Thing], live: Sequence[Thing]) -> Thing | None:
    """The one with its id; otherwise a workflow of its name, where both sides have only one that could be meant."""
    same_kind = [other for other in live if other.kind == one.kind]
    by_id = next((other for other in same_kind if other.id == one.id), None)
    if by_id or one.kind != WORKFLOW:
        return by_id
    taken = {other.id for other in wanted}
    namesakes = [other for other in same_kind if other.name == one.name and other.id not in taken]
    names = Counter(other.name for other in wanted if other.kind == WORKFLOW)
    return namesakes[0] if len(namesakes) == 1 and names[one.name] == 1 else None


def chosen(kept: Sequence[Thing], kinds: Sequence[str], names: Sequence[str]) -> tuple[list[Thing], list[str]]:
    """The things that are meant, workflows by id or name, and which of these are not there."""
    of_kinds = [one for one in kept if one.kind in kinds]
    if not names:
        return of_kinds, []
    wanted = set(names)
    found = [one for one in of_kinds if one.kind != WORKFLOW or wanted & {one.id, one.name}]
    known = {text for one in found if one.kind == WORKFLOW for text in (one.id, one.name)}
    return found, sorted(wanted - known)


def referring(found: Sequence[Step]) -> list[str]:
    """Workflows that name the id of one which will be made anew under another id, such as a sub-workflow."""
    made = {step.thing.id for step in found if step.action == "create" and step.thing.kind == WORKFLOW}
    wanted = [step.after for step in found if step.after and step.after.kind == WORKFLOW]
    return sorted(one.name for one in wanted if made & set(_texts([one.content["nodes"], one.content["settings"]])))


def settings_that_stay(step: Step) -> list[str]:
    """Settings of a workflow on the server that the backup does not have."""
    if step.before is None or step.after is None or step.thing.kind != WORKFLOW:
        return []
    return sorted(set(step.before.content["settings"]) - set(step.after.content["settings"]))


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for inner in value.values() for text in _texts(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in _texts(inner)]
    return [value] if isinstance(value, str) else []
