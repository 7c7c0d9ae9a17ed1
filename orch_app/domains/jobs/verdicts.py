"""Who may run what where: the matrix of role, risk and environment, with what the runbook itself asks for."""

from collections.abc import Mapping
from typing import Any

from sqlmodel import Session

from orch_app.domains.access.actor import Actor
from orch_app.domains.access.launch_matrix import Verdict, verdict
from orch_app.domains.access.permissions import GRANTS, Permission, Role
from orch_app.domains.accounts.queries import has_other_admin
from orch_app.domains.jobs.states import Mode
from orch_app.domains.runbooks.approval_policy import approval_asked
from orch_app.domains.runbooks.models import Runbook
from orch_app.domains.runbooks.risks import risk_of
from orch_app.kit.errors import Forbidden
from orch_app.kit.settings import settings

STRENGTH = list(Role)  # weakest first
_ASKED = {"none": Verdict.ALLOW, "required": Verdict.APPROVAL, "required_other_person": Verdict.OTHER_PERSON}


def verdict_on(
    session: Session, actor: Actor, runbook: Runbook, environment: str, inputs: Mapping[str, Any] | None = None
) -> Verdict:
    """Role, risk and environment, and what the runbook asks for: the strictest wins. Machines are not judged.

    With `inputs` the risk is that of a run with these.
    """
    risk = runbook.risk if inputs is None else risk_of(runbook, inputs)
    return verdict_at(session, actor, runbook, environment, risk)


def verdict_at(session: Session, actor: Actor, runbook: Runbook, environment: str, risk: str) -> Verdict:
    """The same for a run of this risk."""
    if actor.role is None:
        return Verdict.ALLOW
    wanted = _asked_by(runbook, actor.role, environment)
    solo = _is_alone(session, actor)
    return verdict(actor.role, risk, environment, wanted, solo=solo)  # pyright: ignore[reportArgumentType]


def _is_alone(session: Session, actor: Actor) -> bool:
    """Whether the setting lets this admin go ahead: only while there is no other who could approve."""
    return actor.role is Role.ADMIN and settings().solo_admin and not has_other_admin(session, actor.user_id or "")


def role_for(runbook: Runbook, environment: str) -> Role:
    """The weakest role that may run it there, alone or with an approval."""
    allowed = (role for role in Role if Permission.RUNBOOKS_EXECUTE in GRANTS[role])
    return next((role for role in allowed if _asked_by(runbook, role, environment) is not Verdict.DENY), Role.ADMIN)


def _asked_by(runbook: Runbook, role: Role, environment: str) -> Verdict:
    """What the runbook says about this role: denied below its own least role, perhaps an approval above."""
    if STRENGTH.index(role) < STRENGTH.index(_least_role(runbook)):
        return Verdict.DENY
    return _ASKED[approval_asked(runbook, environment)]


def _least_role(runbook: Runbook) -> Role:
    return Role(runbook.meta.get("roles", {}).get("execute", Role.VIEWER))


def approver_of(runbook: Runbook) -> Role:
    """The weakest role that may approve a run of it."""
    return Role(runbook.meta.get("roles", {}).get("approve", Role.ADMIN))


def roles_up_to(role: Role) -> list[str]:
    """The role and all weaker ones."""
    return [one.value for one in STRENGTH[: STRENGTH.index(role) + 1]]


def require_verdict(
    session: Session, actor: Actor, runbook: Runbook, environment: str, mode: str = Mode.APPLY
) -> Verdict:
    """Let the actor run it there, at once or once it is approved, or refuse. A preview needs nobody's approval.

    Raises:
        Forbidden: the matrix or the runbook denies it.
    """
    found = verdict_on(session, actor, runbook, environment)
    if found is Verdict.DENY:
        role, least = actor.role.value if actor.role else actor.kind, _least_role(runbook).value
        message = (
            f"The role {role} may not run {runbook.name} in {environment}: its risk is {runbook.risk}, "
            f"and it asks for the role {least} at least."
        )
        raise Forbidden(message, "forbidden", permission=Permission.RUNBOOKS_EXECUTE, environment=environment)
    return Verdict.ALLOW if mode == Mode.PREVIEW else found
