"""The list of what waits for an approval, as the screen shows it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from orch_app.domains.access.actor import Actor
from orch_app.domains.jobs import approvals
from orch_app.domains.jobs.models import Approval, Job
from orch_app.domains.runbooks.queries import list_runbooks
from orch_app.kit.pages import PageQuery
from orch_app.state.address import page_href
from orch_app.state.jobs_view import titles_of

PAGE_SIZE = 50
EVERYBODY = "all"
PARAMETERS = ("who", "cursor")
Shown = dict[str, Any]


@dataclass(frozen=True)
class Wanted:
    """Whose list, of which environment (empty for both), from where on."""

    everybody: bool
    environment: str
    cursor: str

    @classmethod
    def of(cls, asked: Mapping[str, str], environment: str) -> "Wanted":
        """From the address and the tab; what nobody offers is one's own list."""
        return cls(asked["who"] == EVERYBODY, environment, asked["cursor"])


def read_list(session: Session, actor: Actor, wanted: Wanted) -> Shown:
    """A page of the list, oldest first.

    Raises:
        BadRequest: a cursor of another list.
    """
    page = PageQuery(limit=PAGE_SIZE, cursor=wanted.cursor)
    found, questions = approvals.read_waiting(
        session, actor, page, mine=not wanted.everybody, environment=wanted.environment
    )
    titles = titles_of(list_runbooks(session, actor))
    asked = {"who": EVERYBODY if wanted.everybody else ""}
    return {
        "rows": [_row(job, questions[job.id], titles.get(job.runbook_name)) for job in found.items],
        "is_everybodys": wanted.everybody,
        "next_href": page_href("/approvals", asked, found.next_cursor),
        "previous_href": page_href("/approvals", asked, found.prev_cursor),
    }


def _row(job: Job, approval: Approval, titles: tuple[str, str] | None) -> Shown:
    english, portuguese = titles or (job.runbook_name, job.runbook_name)
    return {
        "id": job.id,
        "href": f"/jobs/{job.id}",
        "number": f"#{job.number}",
        "title": english,
        "titlePt": portuguese,
        "runbook": job.runbook_name,
        "environment": job.environment,
        "mode": job.run_mode,
        "askedBy": approval.requested_by_name,
        "askedAt": approval.requested_at.isoformat(),
        "reason": job.request_reason,
        "role": approval.approver_role,
        "expiresAt": approval.expires_at.isoformat(),
    }
