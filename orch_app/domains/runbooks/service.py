"""Bringing the runbooks table to what the runbooks folder says."""

from dataclasses import dataclass

from sqlmodel import Session, select

from orch_app.domains.access.actor import Actor, require
from orch_app.domains.access.permissions import Permission
from orch_app.domains.audit.actions import Action
from orch_app.domains.audit.service import record
from orch_app.domains.runbooks.catalogue import BrokenRunbook, read_folder
from orch_app.domains.runbooks.contract import RunbookSpec
from orch_app.domains.runbooks.models import Runbook
from orch_app.kit.clock import now
from orch_app.kit.ids import new_id
from orch_app.kit.settings import settings
from orch_app.kit.wakeups import announce


@dataclass(frozen=True)
class SyncReport:
    """Names of what a synchronisation found."""

    added: list[str]
    changed: list[str]
    removed: list[str]
    broken: list[str]


def sync(session: Session, actor: Actor) -> SyncReport:
    """Read the runbooks folder and write what changed; a broken runbook is listed with its reason."""
    require(actor, Permission.RUNBOOKS_SYNC)
    found = read_folder(settings().runbooks_dir)
    rows = {row.name: row for row in session.exec(select(Runbook))}
    report = SyncReport([], [], [], [])
    for item in found:
        row = rows.pop(item.name, None)
        _note(report, item, row)
        session.add(_filled(row or Runbook(id=new_id("rbk"), name=item.name, synced_at=now()), item))
    for name, row in rows.items():
        session.delete(row)
        report.removed.append(name)
    if report.added or report.changed or report.removed:
        facts = {"added": report.added, "changed": report.changed, "removed": report.removed, "broken": report.broken}
        record(session, actor, Action.RUNBOOKS_SYNCED, metadata=facts)
    announce(session, "runbooks")
    return report


def _note(report: SyncReport, item: RunbookSpec | BrokenRunbook, row: Runbook | None) -> None:
    is_broken = isinstance(item, BrokenRunbook)
    if is_broken:
        report.broken.append(item.name)
    if row is None:
        report.added.append(item.name)
    elif (row.broken_reason != item.reason) if is_broken else (row.revision != item.revision):
        report.changed.append(item.name)


def _filled(row: Runbook, item: RunbookSpec | BrokenRunbook) -> Runbook:
    row.synced_at = now()
    if isinstance(item, BrokenRunbook):
        row.broken_reason = item.reason
        row.title = row.title or item.name
        return row
    row.broken_reason = ""
    row.version, row.revision, row.path = item.version, item.revision, str(item.folder)
    row.title, row.title_pt = item.title, item.title_pt
    row.description, row.description_pt = item.description, item.description_pt
    row.category, row.risk, row.readme = item.category, item.risk, item.readme
    row.input_schema, row.output_schema, row.meta = item.schema, item.output_schema, item.metadata
    return row
