"""What a restore means for a server: whether the backup fits it, what has to be done, and what to look out for."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Sequence

from ansible.module_utils.orch.n8n import api, matching, undoing
from ansible.module_utils.orch.n8n.bundle import Bundle
from ansible.module_utils.orch.n8n.faults import Fault
from ansible.module_utils.orch.n8n.matching import Rules, Step
from ansible.module_utils.orch.n8n.source import Seen, Server
from ansible.module_utils.orch.n8n.things import CREDENTIAL, KINDS, VARIABLE, WORKFLOW, Thing, listed

ANOTHER_KEY = "the backup is of a server with another encryption key; no credential comes along"
SAME_KEY = "Leave them out, or give the server and its connection the key of the backup"
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True)
class Order:
    """What is asked for. `undo` is the snapshot of the run that is taken back, otherwise `kept` the backup.

    `kept_by` is the job of the backup; without `kept` it is one whose backup is gone.
    """

    artifacts_dir: str
    kinds: Sequence[str] = (WORKFLOW,)
    names: Sequence[str] = ()
    with_active: bool = False
    max_changes: int = 100
    expect_plan: str = ""
    is_preview: bool = False
    kept: Bundle | None = None
    kept_by: str = ""
    undo: Any = None


@dataclass
class Meant:
    """What a comparison ended in."""

    steps: list[Step] = field(default_factory=list)
    warnings: list[dict[str, str]] = field(default_factory=list)

    def warn(self, code: str, message: str) -> None:
        """Note what somebody should look at."""
        self.warnings.append({"code": code, "message": message[:2000]})

    @property
    def changes(self) -> list[Step]:
        """The steps that change something."""
        return [step for step in self.steps if step.action != "noop"]


def kinds_of(inputs: dict[str, Any]) -> list[str]:
    """The kinds that the inputs ask for."""
    wanted = {WORKFLOW: True, VARIABLE: inputs["variables"], CREDENTIAL: inputs["credentials"]}
    return [kind for kind in KINDS if wanted[kind]]


def of(order: Order, server: Server, seen: Seen, rules: Rules) -> Meant:
    """What has to be done on a server that is as it was seen; raises Fault."""
    meant = Meant()
    if order.undo is not None:
        meant.steps, changed = undoing.steps(order.undo, server.id, seen.things, rules)
        for remark in changed:
            meant.warn("changed_since", remark)
        return meant
    kept = _backup(order)
    _require_kinds(order.kinds, kept, seen)
    wanted, missing = matching.chosen(kept.things, order.kinds, order.names)
    if missing:
        raise Fault("not_found", f"the backup has no workflow {listed(missing)}")
    _require_fitting_key(kept, wanted, seen, meant)
    meant.steps = matching.steps(wanted, seen.things, rules)
    _warn(server, meant)
    _warn_of_an_older_server(kept, seen, meant)
    return meant


def _backup(order: Order) -> Bundle:
    """The backup; raises Fault where there is none."""
    if order.kept is None:
        gone = f"the backup of job {order.kept_by} is gone or damaged; name another one"
        none = "there is no backup that could be restored: none was given, and none is kept"
        raise Fault("not_found", gone if order.kept_by else none)
    return order.kept


def _require_kinds(kinds: Sequence[str], kept: Bundle, seen: Seen) -> None:
    """What is asked for is in the backup, and can be compared with what is there; raises Fault."""
    lacking, hidden = ([f"{kind}s" for kind in kinds if kind not in facts.kinds] for facts in (kept.facts, seen.facts))
    if lacking:
        raise Fault("not_found", f"the backup was made without {listed(lacking)}; leave them out, or name another")
    if hidden:
        raise Fault("insufficient_scopes", f"the licence or the API key of this server does not allow {listed(hidden)}")


def _require_fitting_key(kept: Bundle, wanted: Sequence[Thing], seen: Seen, meant: Meant) -> None:
    """Credentials that another key encrypted would come in, and be of no use to anybody; raises Fault."""
    ours, theirs = seen.facts.key_fingerprint, kept.facts.key_fingerprint
    if not any(one.kind == CREDENTIAL for one in wanted):
        if ours and theirs and ours != theirs:
            meant.warn("another_key", ANOTHER_KEY)
        return
    if ours != theirs or not ours:
        said = "differ" if ours and theirs else "are not both known"
        keys = f"the encryption keys of backup (fingerprint {theirs or '?'}) and server ({ours or '?'}) {said}"
        raise Fault("key_mismatch", f"{keys}: its credentials could not be decrypted. {SAME_KEY}")


def _warn(server: Server, meant: Meant) -> None:
    steps = meant.changes
    if server.command is None:
        _warn_of_the_api(meant, [step for step in steps if step.after and step.thing.kind == WORKFLOW])
    if any(step.after and step.after.content.get("archived") for step in steps):
        meant.warn("archived", "what was archived comes back as not archived")


def _warn_of_the_api(meant: Meant, steps: Sequence[Step]) -> None:
    left = sorted({name for step in steps for name in api.left_out(step.thing)})
    if left:
        meant.warn("left_out", f"n8n's API does not take {listed(left)}; the method cli does")
    if any(step.action == "create" for step in steps):
        meant.warn("new_ids", "workflows that are made by the API get new ids; their webhooks stay the same")
    stay = sorted({name for step in meant.steps for name in matching.settings_that_stay(step)})
    if stay:
        meant.warn("settings_stay", f"n8n's API takes no setting away: {listed(stay)} stay where they are set now")
    for name in matching.referring(meant.steps):
        meant.warn("old_id", f"{name} calls a workflow by an id that it will not have; choose it again there")


def _warn_of_an_older_server(kept: Bundle, seen: Seen, meant: Meant) -> None:
    """Nodes may be newer than the server, which then takes them and cannot run them."""
    theirs, ours = kept.facts.n8n_version, seen.facts.n8n_version
    if theirs and ours and _numbers(ours) < _numbers(theirs):
        meant.warn("older_server", f"the backup is of n8n {theirs}, the server is {ours}: it may lack newer nodes")


def _numbers(version: str) -> list[int]:
    return [int(number) for number in _NUMBER.findall(version)]
