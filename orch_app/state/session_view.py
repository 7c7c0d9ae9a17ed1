"""What the frame around every page shows, read in one go: who is signed in, counts, news, and things to jump to."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlmodel import Session

from orch_app.domains.access.actor import Actor
from orch_app.domains.access.permissions import Permission
from orch_app.domains.accounts import queries as accounts
from orch_app.domains.inventory import queries as inventory
from orch_app.domains.inventory.wire import HostsQuery
from orch_app.domains.jobs import approvals
from orch_app.domains.jobs import queries as jobs
from orch_app.domains.jobs.models import Job
from orch_app.domains.jobs.states import Status
from orch_app.domains.runbooks import queries as runbooks
from orch_app.domains.runbooks.models import Runbook
from orch_app.kit.clock import now

NEWS_SINCE = timedelta(days=3)
NEWS = 20
FOUND = 8

Shown = dict[str, Any]


def read_me(session: Session, actor: Actor) -> Shown:
    """The one who is signed in, as the user menu and the settings show it."""
    person = accounts.get_me(session, actor)
    user = person.user
    name = user.name or user.email
    return {
        "id": user.id,
        "name": name,
        "email": user.email,
        "role": person.role.value,
        "initials": initials(name),
        "language": user.language,
        "theme": user.theme,
    }


def read_pulse(session: Session, actor: Actor, environment: str) -> Shown:
    """Live counts of the frame, and what the bell tells."""
    pulse = jobs.pulse(session, actor, environment)
    workers = jobs.list_workers(session, actor)
    failed = jobs.JobFilter((Status.ERROR.value,), environment=environment, created_after=now() - NEWS_SINCE)
    news = jobs.list_jobs(session, actor, failed, jobs.Page(NEWS))
    return {
        "workers": len(workers),
        "counts": {
            "jobs": pulse.running + pulse.queued,
            "approvals": approvals.count_waiting_for(session, actor, environment),
        },
        "bell": [_piece_of_news(job) for job in news],
    }


def find_everywhere(session: Session, actor: Actor, text: str) -> list[Shown]:
    """Entries of the palette: runbooks, hosts and jobs that mention the text."""
    hosts = inventory.list_hosts(session, actor, HostsQuery(q=text, limit=FOUND)).items
    found = jobs.list_jobs(session, actor, jobs.JobFilter(text=text), jobs.Page(FOUND)) if text else []
    return [
        *(_runbook_entry(runbook) for runbook in runbooks.list_runbooks(session, actor, text=text)[:FOUND]),
        *(
            {"label": host.name, "detail": host.address, "href": f"/hosts?q={host.name}", "icon": "server"}
            for host in hosts
        ),
        *(
            {
                "label": f"#{job.number} {job.runbook_name}",
                "detail": _where(job),
                "href": f"/jobs/{job.id}",
                "icon": "list",
            }
            for job in found
        ),
    ]


def initials(name: str) -> str:
    """One or two capitals for the round badge of a person."""
    words = name.replace("@", " ").replace(".", " ").split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper() if words else "?"


def summed(names: Sequence[str]) -> str:
    """Hosts of a job in one line: the first, and how many more."""
    return f"{names[0]} +{len(names) - 1}" if len(names) > 1 else "".join(names)


def _piece_of_news(job: Job) -> Shown:
    return {
        "title": f"{job.runbook_name} #{job.number}",
        "detail": _where(job),
        "href": f"/jobs/{job.id}",
        "at": (job.finished_at or job.created_at).isoformat(),
        "status": job.status,
    }


def _where(job: Job) -> str:
    return " · ".join(part for part in (summed(job.host_names), job.environment) if part)


def _runbook_entry(runbook: Runbook) -> Shown:
    return {
        "label": runbook.title or runbook.name,
        "labelPt": runbook.title_pt or runbook.title or runbook.name,
        "detail": runbook.name,
        "href": f"/runbooks?run={runbook.name}",
        "icon": "book",
    }


def granted(actor: Actor) -> dict[str, bool]:
    """Every permission with whether the actor has it, for what pages offer; services ask again."""
    return {permission.value: actor.may(permission) for permission in Permission}
