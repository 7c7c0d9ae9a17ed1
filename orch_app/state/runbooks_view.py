"""The catalogue as the screen shows it: plain rows made of runbooks and the history of their runs."""

from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from orch_app.domains.access.actor import Actor
from orch_app.domains.jobs import history
from orch_app.domains.jobs.models import Job
from orch_app.domains.runbooks import favourites
from orch_app.domains.runbooks.approval_policy import NONE, approvals_asked
from orch_app.domains.runbooks.models import Runbook
from orch_app.domains.runbooks.queries import list_runbooks
from orch_app.i18n import text
from orch_app.state.address import address

PATH = "/runbooks"
BROKEN = "broken"
FAVOURITES = "favourites"
Row = dict[str, Any]


@dataclass(frozen=True)
class Wanted:
    """What the address asks for; empty means all. The category may also be `favourites`, the risk `broken`."""

    category: str = ""
    text: str = ""
    risk: str = ""

    def link(self, **more: str) -> str:
        """This view of the catalogue with something more in its address."""
        return address(PATH, {"category": self.category, "q": self.text, "risk": self.risk, **more})


def read_catalogue(session: Session, actor: Actor, wanted: Wanted) -> dict[str, Any]:
    """Everything the page shows: rows, tabs in both languages, how many there are and when they were synchronised."""
    found, mine = list_runbooks(session, actor), favourites.names_of(session, actor)
    matching = [runbook for runbook in found if _matches(runbook, wanted, mine)]
    shown = sorted(matching, key=lambda runbook: runbook.name not in mine)
    histories = history.list_histories(session, actor, [runbook.name for runbook in shown])
    return {
        "rows": [
            {**_row(runbook, histories[runbook.name], wanted), "isFavourite": runbook.name in mine} for runbook in shown
        ],
        "tabs_pt": tabs(found, "pt-BR"),
        "tabs_en": tabs(found, "en"),
        "total": len(found),
        "broken": sum(bool(runbook.broken_reason) for runbook in found),
        "synced_at": max(runbook.synced_at for runbook in found).isoformat() if found else "",
    }


def tabs(found: Sequence[Runbook], language: str) -> list[Row]:
    """The categories that exist, by their name in this language, between the tab for all and that of the favourites."""
    counts = Counter(runbook.category for runbook in found if runbook.category)
    named = sorted((category_name(language, category), category) for category in counts)
    everything = {"value": "", "label": text(language, "runbooks.all")}
    starred = {"value": FAVOURITES, "label": text(language, "runbooks.favourites")}
    return [everything, *({"value": category, "label": label} for label, category in named), starred]


def category_name(language: str, category: str) -> str:
    """The name of a category; one that the catalogue of words does not know is told by its own."""
    key = f"category.{category}"
    known = text(language, key)
    return category.replace("_", " ").replace("-", " ").capitalize() if known == key else known


def _matches(runbook: Runbook, wanted: Wanted, mine: AbstractSet[str]) -> bool:
    words = f"{runbook.name} {runbook.title} {runbook.title_pt} {runbook.description} {runbook.description_pt}"
    tags = " ".join(runbook.meta.get("tags", []))
    risk = bool(runbook.broken_reason) if wanted.risk == BROKEN else wanted.risk in ("", runbook.risk)
    here = runbook.name in mine if wanted.category == FAVOURITES else wanted.category in ("", runbook.category)
    return risk and here and wanted.text.lower() in f"{words} {tags}".lower()


def _row(runbook: Runbook, past: history.RunHistory, wanted: Wanted) -> Row:
    return {
        "name": runbook.name,
        "title": runbook.title or runbook.name,
        "titlePt": runbook.title_pt or runbook.title or runbook.name,
        "category": category_name("en", runbook.category),
        "categoryPt": category_name("pt-BR", runbook.category),
        "version": runbook.version,
        "risk": "" if runbook.broken_reason else runbook.risk,
        "target": runbook.meta.get("target", ""),
        "needsApproval": any(asked != NONE for asked in approvals_asked(runbook).values()),
        "isBroken": bool(runbook.broken_reason),
        "brokenReason": runbook.broken_reason,
        "isEnabled": runbook.enabled,
        "statuses": past.statuses,
        "typicalS": past.typical_s,
        "href": wanted.link(run=runbook.name),
        "curlHref": wanted.link(run=runbook.name, show="curl"),
        "linkHref": address(PATH, {"run": runbook.name}),
        "historyHref": address("/jobs", {"runbook": runbook.name}),
        **_last(past.last),
    }


def _last(job: Job | None) -> Row:
    """The newest job of a runbook; empty texts when there is none."""
    if job is None:
        return {"lastStatus": "", "lastPhase": "", "lastAt": "", "lastHref": ""}
    moment = job.finished_at or job.started_at or job.created_at
    return {
        "lastStatus": job.status,
        "lastPhase": job.phase,
        "lastAt": moment.isoformat(),
        "lastHref": f"/jobs/{job.id}",
    }
