"""The life of an approval: one question, one answer, and whose answer counts. Nothing here asks the database."""

from datetime import datetime
from enum import StrEnum

from orch_app.domains.access.actor import Actor
from orch_app.domains.access.permissions import Role
from orch_app.domains.jobs.models import Approval
from orch_app.domains.jobs.verdicts import STRENGTH


class State(StrEnum):
    """Where a question stands; only one that waits can move, and only once."""

    WAITING = "waiting"
    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class Wanted(StrEnum):
    """Whose approval counts."""

    ANYONE = "required"
    OTHER_PERSON = "required_other_person"


class Objection(StrEnum):
    """Why an answer does not count."""

    DECIDED = "decided"
    TOO_LATE = "too_late"
    NOBODY = "nobody"
    ROLE = "role"
    SAME_PERSON = "same_person"


def objection(approval: Approval, answer: State, actor: Actor, moment: datetime) -> Objection | None:
    """Why this answer of this actor does not count at this moment; None when it does.

    Only people decide, never the command line or a worker. Who asked may say no to himself, and yes only where no other
    person is wanted.
    """
    if approval.state != State.WAITING:
        return Objection.DECIDED
    if approval.expires_at <= moment:
        return Objection.TOO_LATE
    if actor.user_id is None or actor.role is None:
        return Objection.NOBODY
    if STRENGTH.index(actor.role) < STRENGTH.index(Role(approval.approver_role)):
        return Objection.ROLE
    is_same = actor.user_id == approval.requested_by
    if answer is State.APPROVED and approval.wanted == Wanted.OTHER_PERSON and is_same:
        return Objection.SAME_PERSON
    return None
