"""Carrying out the steps of a restore, so that at every moment it is known which of them are done."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Callable, Sequence

from ansible.module_utils.orch.n8n.faults import Fault
from ansible.module_utils.orch.n8n.matching import Step
from ansible.module_utils.orch.n8n.source import Server
from ansible.module_utils.orch.n8n.things import CREDENTIAL, VARIABLE, WORKFLOW, Thing
from ansible.module_utils.orch.upstream import UpstreamError

# After one of these the next call would fail too.
_ENDS_ALL = frozenset(
    (
        "auth_failed",
        "insufficient_scopes",
        "unreachable",
        "timeout",
        "rate_limited",
        "upstream_5xx",
        "tls",
        "cli_failed",
    )
)


@dataclass
class Progress:
    """By the number of a step: `errors` why it is not done, `ids` which id its thing has on the server.

    `off` are the workflows that do not run at the moment, `touched` the steps of which something was, or may have been,
    written.
    """

    errors: dict[int, tuple[str, str]] = field(default_factory=dict)
    ids: dict[int, str] = field(default_factory=dict)
    done: set[int] = field(default_factory=set)
    off: set[int] = field(default_factory=set)
    touched: set[int] = field(default_factory=set)
    ended_by: tuple[str, str] | None = None

    def note(self, number: int, error: UpstreamError | Fault, *, may_be_done: bool) -> None:
        """A step failed; some failures end the whole run."""
        if may_be_done:
            self.errors[number] = ("unknown", f"it is not known whether this was done: {error}")
            self.touched.add(number)
        elif number in self.touched:
            self.errors[number] = ("half_done", f"it is written in part: {error}")
        else:
            self.errors[number] = (error.code, str(error))
        if error.code in _ENDS_ALL:
            self.ended_by = (error.code, str(error))


def carry_out(server: Server, steps: Sequence[Step], *, with_active: bool) -> Progress:
    """Make the changes: what comes in by n8n's command line first, the rest by the API, thing by thing."""
    progress = Progress()
    if server.command:
        _load(server, CREDENTIAL, steps, progress)
        _stop(server, steps, progress)
        _load(server, WORKFLOW, steps, progress)
        _untag(server, steps, progress)
    for number, step in enumerate(steps):
        if progress.ended_by is None and not {number} & (progress.done | set(progress.errors)):
            _tried(progress, number, lambda step=step, number=number: _do(server, step, progress, number))
    _switch(server, steps, progress, with_active=with_active)
    return progress


def _stop(server: Server, steps: Sequence[Step], progress: Progress) -> None:
    """Switch off by the API what n8n's command line would only switch off in the database."""
    for number, step in enumerate(steps):
        if step.after and step.before and step.before.content.get("active") and progress.ended_by is None:
            _tried(progress, number, lambda id_=step.before.id: server.api.switch(id_, active=False))
            progress.off |= progress.done & {number}
            progress.done.discard(number)


def _load(server: Server, kind: str, steps: Sequence[Step], progress: Progress) -> None:
    """All of a kind in one transaction of n8n's."""
    mine = {number: step for number, step in enumerate(steps) if step.thing.kind == kind and step.after}
    wanted = {number: _under(step) for number, step in mine.items() if number not in progress.errors}
    if not wanted or progress.ended_by:
        return
    assert server.command
    try:
        server.command.load(kind, list(wanted.values()))
    except (UpstreamError, Fault) as error:
        for number in wanted:
            progress.note(number, error, may_be_done=getattr(error, "may_have_acted", False))
    else:
        progress.ids.update({number: one.id for number, one in wanted.items()})
        progress.done |= set(wanted)
        progress.off |= set(wanted)


def _untag(server: Server, steps: Sequence[Step], progress: Progress) -> None:
    """Take away by the API the tags that a workflow had: n8n's command line only adds some."""
    for number, step in enumerate(steps):
        if number in progress.done and step.thing.kind == WORKFLOW and step.before and step.after:
            names = step.after.content["tags"]
            if set(step.before.content["tags"]) - set(names):
                progress.touched.add(number)
                _tried(progress, number, lambda id_=step.before.id, names=names: server.api.tag(id_, names))


def _under(step: Step) -> Thing:
    """The thing under the id that it has on the server, if it is there."""
    one = step.thing
    return one._replace(id=step.before.id) if step.before else one


def _tried(progress: Progress, number: int, act: Callable[[], None]) -> None:
    try:
        act()
    except UpstreamError as error:
        progress.done.discard(number)
        progress.note(number, error, may_be_done=error.may_have_acted)
    else:
        progress.done.add(number)


def _do(server: Server, step: Step, progress: Progress, number: int) -> None:
    """One step by the API; raises UpstreamError."""
    one = step.thing
    if step.after is None:
        ids = server.api.variable_ids() if one.kind == VARIABLE else {}
        server.api.delete(one.kind, ids.get(one.id, one.id))
    elif one.kind == VARIABLE:
        server.api.set_variable(one, server.api.variable_ids().get(one.id, "") if step.before else "")
        progress.ids[number] = one.id
    else:
        _write_workflow(server, step, step.after, progress, number)


def _write_workflow(server: Server, step: Step, after: Thing, progress: Progress, number: int) -> None:
    if step.before is None:
        progress.ids[number] = server.api.create(after)
        progress.off.add(number)
        progress.touched.add(number)
    else:
        progress.ids[number] = step.before.id
        if set(step.fields) - {"tags", "active"}:
            server.api.update(step.before.id, after)
            progress.touched.add(number)
    tags = step.before.content["tags"] if step.before else []
    if after.content["tags"] != tags:
        server.api.tag(progress.ids[number], after.content["tags"])


def _switch(server: Server, steps: Sequence[Step], progress: Progress, *, with_active: bool) -> None:
    """Activate and deactivate, when all is there that a workflow may call; also what only stood still meanwhile."""
    for number, step in enumerate(steps):
        if step.after is None or step.thing.kind != WORKFLOW:
            continue
        is_done = number in progress.done
        before = bool(step.before and step.before.content["active"])
        wanted = bool(step.after.content["active"]) if with_active and is_done else before
        now = before and number not in progress.off
        if wanted != now and (is_done or number in progress.off):
            id_ = progress.ids[number] if is_done else _under(step).id
            _tried_switch(progress, number, lambda id_=id_, wanted=wanted: server.api.switch(id_, active=wanted))


def _tried_switch(progress: Progress, number: int, act: Callable[[], None]) -> None:
    """A workflow that cannot be switched keeps no other from it; what is in its way is its own affair."""
    try:
        act()
    except UpstreamError as error:
        progress.done.discard(number)
        progress.touched.add(number)
        progress.errors[number] = ("not_switched", f"it could not be switched on or off: {error}")
