"""Whether an order may be run as it is: who asks, where, in which mode, with which inputs, hosts and connections."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlmodel import Session

from orch_app.domains.access.actor import Actor, require
from orch_app.domains.access.permissions import Permission
from orch_app.domains.inventory.grouping import read_grouping
from orch_app.domains.inventory.queries import hosts_of
from orch_app.domains.inventory.slots import check_slots
from orch_app.domains.inventory.targets import check_targets
from orch_app.domains.jobs import earlier, given_source, host_limit, modes
from orch_app.domains.jobs.orders import ENVIRONMENTS, Checked, Order
from orch_app.domains.jobs.play_tags import check_tags
from orch_app.domains.jobs.states import MAX_PRIORITY, Mode
from orch_app.domains.jobs.verdicts import require_verdict, verdict_on
from orch_app.domains.runbooks.choices.asking import Draft, faults
from orch_app.domains.runbooks.inputs import DEFAULT_INPUT_KB, check_inputs
from orch_app.domains.runbooks.models import Runbook
from orch_app.domains.runbooks.queries import get_runnable
from orch_app.kit.errors import Invalid, Problem

NOT_ON_HOSTS = ("This runbook does not work on hosts.", "Este runbook não trabalha em hosts.")


def check(session: Session, actor: Actor, order: Order) -> Checked:
    """Whether the actor may run this now; nothing is written.

    Raises:
        Forbidden, NotFound, Conflict, Invalid: as `service.launch`.
    """
    require(actor, Permission.RUNBOOKS_EXECUTE, environment=order.environment)
    check_environment(order.environment)
    _check_priority(actor, order.priority)
    runbook = get_runnable(session, actor, order.runbook)
    verdict = require_verdict(session, actor, runbook, order.environment, order.mode)
    modes.check_mode(runbook, order)
    check_tags(runbook, order.tags)
    inputs = _check_inputs(runbook, order.inputs)
    if order.mode != Mode.PREVIEW:
        verdict = verdict_on(session, actor, runbook, order.environment, inputs)
    _check_choices(session, actor, runbook, order, inputs)
    hosts = _resolve_hosts(session, actor, runbook, order)
    earlier.require_named(session, actor, runbook, inputs)
    if not order.rollback_of:
        given_source.require_trusted(session, actor, runbook, inputs)
    check_slots(session, actor, runbook.meta.get("connections", []), order.connections, order.environment)
    checked = Checked(order, runbook, inputs, hosts, verdict)
    if checked.needs_approval:
        modes.require_plan(runbook, order)
    if order.expect_plan:
        modes.require_preview(session, order.expect_plan, checked.subject)
    return checked


def check_environment(environment: str) -> None:
    if environment not in ENVIRONMENTS:
        fault = Problem("/environment", "enum", f"must be one of {', '.join(ENVIRONMENTS)}")
        raise Invalid("There is no such environment.", "validation", errors=(fault,))


def _check_priority(actor: Actor, priority: int) -> None:
    if abs(priority) > MAX_PRIORITY:
        fault = Problem("/priority", "range", f"must be from -{MAX_PRIORITY} to {MAX_PRIORITY}")
        raise Invalid("There is no such priority.", "validation", errors=(fault,))
    if priority > 0:
        require(actor, Permission.JOBS_PRIORITIZE)


def _check_inputs(runbook: Runbook, inputs: Mapping[str, Any]) -> dict[str, Any]:
    limit = runbook.meta.get("limits", {}).get("input_kb", DEFAULT_INPUT_KB)
    checked = check_inputs(runbook.input_schema, dict(inputs), max_kb=limit)
    _refuse_fields(checked.problems)
    return checked.values


def _check_choices(session: Session, actor: Actor, runbook: Runbook, order: Order, inputs: Mapping[str, Any]) -> None:
    """What is certainly none of the choices; the edge has asked other systems about them before (`look_up`).

    What takes an earlier job back has that job's inputs, whether they could still be chosen or not.
    """
    if not order.rollback_of:
        _refuse_fields(faults(session, actor, runbook, Draft(inputs, order.connections, order.environment)))


def _refuse_fields(problems: Sequence[Problem]) -> None:
    if problems:
        count = len(problems)
        message = f"{count} {'field is' if count == 1 else 'fields are'} not valid."
        raise Invalid(message, "validation", errors=tuple(problems))


def _resolve_hosts(session: Session, actor: Actor, runbook: Runbook, order: Order) -> list[tuple[str, str]]:
    """(id, name) of each chosen host; empty means localhost or no host at all."""
    target = runbook.meta.get("target", "localhost")
    if order.limit:
        return _limited(session, actor, order, target)
    if order.host_ids is None:
        if target == "hosts":
            _refuse_hosts("required", "this runbook works on hosts: choose at least one")
        return []
    if not order.host_ids:
        _refuse_hosts("minItems", "no host is named; leave `hosts` out to mean none")
    if target in {"none", "localhost"}:
        _refuse_hosts("not_allowed", "this runbook does not work on hosts")
    if len(set(order.host_ids)) != len(order.host_ids):
        _refuse_hosts("uniqueItems", "a host is named twice")
    return [(host.id, host.name) for host in check_targets(session, actor, order.host_ids, order.environment)]


def _limited(session: Session, actor: Actor, order: Order, target: str) -> list[tuple[str, str]]:
    """(id, name) of each host that the limit means now; of those that are named, if some are."""
    if target in {"none", "localhost"}:
        raise host_limit.refused("not_allowed", NOT_ON_HOSTS)
    pattern = host_limit.read_limit(order.limit)
    if order.host_ids is None:
        known = hosts_of(session, actor, order.environment)
    else:
        known = check_targets(session, actor, order.host_ids, order.environment)
    grouping = read_grouping(session, actor, order.environment)
    found = [host for host in known if pattern.matches(host.name, host.labels, grouping.of(host.id))]
    if not found:
        raise host_limit.refused("no_match", host_limit.NO_MATCH)
    return [(one.id, one.name) for one in check_targets(session, actor, [one.id for one in found], order.environment)]


def _refuse_hosts(code: str, detail: str) -> None:
    raise Invalid("The hosts are not acceptable.", "validation", errors=(Problem("/hosts", code, detail),))
