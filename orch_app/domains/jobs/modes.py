"""Preview, apply, roll back: which of them a runbook offers, and that only a plan that was shown is applied."""

import re
from typing import NoReturn

from sqlmodel import Session, select

from orch_app.domains.jobs.models import Job
from orch_app.domains.jobs.orders import Order, Subject
from orch_app.domains.jobs.states import Mode, Status
from orch_app.domains.runbooks.models import Runbook
from orch_app.kit.errors import Conflict, Invalid, Problem

SHA256 = re.compile(r"[0-9a-f]{64}")


def check_mode(runbook: Runbook, order: Order) -> None:
    """Whether the runbook can be run like that.

    Raises:
        Invalid: at /mode or /expectPlan.
    """
    if order.mode not in list(Mode):
        _refuse("/mode", "enum", f"must be one of {', '.join(Mode)}")
    if order.mode == Mode.ROLLBACK and not order.rollback_of:
        _refuse("/mode", "rollback", "a job is rolled back: POST /v1/jobs/{id}/rollback")
    for feature, use in _features(order):
        if not runbook.meta.get("supports", {}).get(feature):
            _refuse("/mode", "not_supported", f"the runbook {runbook.name} {use}")
    if order.expect_plan:
        _check_expectation(runbook, order)


def _features(order: Order) -> list[tuple[str, str]]:
    """What of `supports` the order needs, each with the words for a runbook without it."""
    found = [("check", "has no preview")] if order.mode == Mode.PREVIEW else []
    return [*found, ("rollback", "cannot be rolled back")] if order.rollback_of else found


def _check_expectation(runbook: Runbook, order: Order) -> None:
    if order.mode == Mode.PREVIEW:
        _refuse("/expectPlan", "not_allowed", "a preview makes a plan; it expects none")
    if SHA256.fullmatch(order.expect_plan) is None:
        _refuse("/expectPlan", "pattern", "must be a SHA-256: 64 hexadecimal digits in small letters")
    if not runbook.meta.get("supports", {}).get("check"):
        _refuse("/expectPlan", "not_supported", f"the runbook {runbook.name} has no preview that could have shown it")


def needs_plan(runbook: Runbook) -> bool:
    """Whether what is approved is a plan: where a runbook that changes things can show one."""
    return bool(runbook.meta.get("mutates") and runbook.meta.get("supports", {}).get("check"))


def require_plan(runbook: Runbook, order: Order) -> None:
    """What somebody is to approve must have been shown. Schedules and pipelines see no plan: the approver names one.

    Raises:
        Invalid: the order expects no plan, and could.
    """
    if needs_plan(runbook) and not order.expect_plan and not order.origin_id:
        refuse_without_plan(runbook.name, "/expectPlan")


def refuse_without_plan(runbook: str, pointer: str) -> NoReturn:
    """Say that a preview is to be looked at first.

    Raises:
        Invalid: always, at the pointer.
    """
    message = f"What is approved is a plan: preview {runbook} first, look at it, and name it."
    fault = Problem(pointer, "required", "the planSha256 of a finished preview of exactly this")
    raise Invalid(message, "plan_required", errors=(fault,))


def require_preview(session: Session, plan_sha256: str, subject: Subject) -> None:
    """Only what a preview of the very same order has shown can be expected.

    Raises:
        Conflict: no finished preview of it gave that plan.
    """
    query = select(Job.id).where(
        Job.plan_sha256 == plan_sha256,
        Job.order_sha256 == subject.sha256,
        Job.run_mode == Mode.PREVIEW,
        Job.status == Status.SUCCESS,
    )
    if session.exec(query.limit(1)).first() is None:
        message = (
            "No finished preview of exactly this gave that plan: the runbook, its inputs, hosts, connections or the "
            "environment differ. Preview again and look at the new plan."
        )
        raise Conflict(message, "stale_plan")


def _refuse(pointer: str, code: str, detail: str) -> None:
    raise Invalid("It cannot be run like that.", "validation", errors=(Problem(pointer, code, detail),))
