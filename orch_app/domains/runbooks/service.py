"""Bringing the runbooks table to what the runbooks folder says, and to what each trusted source holds."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlmodel import Session, select

from orch_app.domains.access.actor import Actor, require
from orch_app.domains.access.permissions import Permission
from orch_app.domains.audit.actions import Action
from orch_app.domains.audit.service import record
from orch_app.domains.runbooks.catalogue import BrokenRunbook, read_folder
from orch_app.domains.runbooks.contract import RunbookSpec
from orch_app.domains.runbooks.models import Runbook
from orch_app.domains.runbooks.trees import KeptTree
from orch_app.kit.clock import now
from orch_app.kit.ids import new_id
from orch_app.kit.settings import settings
from orch_app.kit.wakeups import announce

Found = RunbookSpec | BrokenRunbook


@dataclass(frozen=True)
class SyncReport:
    """Names of what a synchronisation found; `taken` are of a source, and in the catalogue already from elsewhere."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Shelf:
    """Where runbooks stand: in a tree of a source, or in the product's own folder."""

    source_id: str = ""
    tree: KeptTree = field(default_factory=lambda: KeptTree("", ""))


OWN = Shelf()


def sync(session: Session, actor: Actor) -> SyncReport:
    """Read the runbooks folder and write what changed; a broken runbook is listed with its reason.

    A name that a source has brought belongs to the folder from then on.
    """
    require(actor, Permission.RUNBOOKS_SYNC)
    report = _bring(session, OWN, read_folder(settings().runbooks_dir), _rows(session))
    if report.added or report.changed or report.removed:
        facts = {"added": report.added, "changed": report.changed, "removed": report.removed, "broken": report.broken}
        record(session, actor, Action.RUNBOOKS_SYNCED, metadata=facts)
    announce(session, "runbooks")
    return report


def publish(session: Session, actor: Actor, shelf: Shelf, found: Sequence[Found]) -> SyncReport:
    """Put the runbooks of a source into the catalogue, instead of those that it had there; the caller audits it.

    A name that is in the catalogue from elsewhere stays what it is.
    """
    require(actor, Permission.SOURCES_TRUST)
    rows = _rows(session)
    taken = {name for name, row in rows.items() if row.source_id != shelf.source_id}
    report = _bring(session, shelf, [item for item in found if item.name not in taken], rows)
    report.taken.extend(item.name for item in found if item.name in taken)
    announce(session, "runbooks")
    return report


def _rows(session: Session) -> dict[str, Runbook]:
    return {row.name: row for row in session.exec(select(Runbook))}


def _bring(session: Session, shelf: Shelf, found: Sequence[Found], rows: dict[str, Runbook]) -> SyncReport:
    """Write what was found on a shelf, and remove what is no longer there."""
    report = SyncReport()
    for item in found:
        row = rows.pop(item.name, None)
        _note(report, item, row)
        row = _filled(row or Runbook(id=new_id("rbk"), name=item.name, synced_at=now()), item)
        session.add(_placed(row, shelf, item))
    for name, row in rows.items():
        if row.source_id == shelf.source_id:
            session.delete(row)
            report.removed.append(name)
    return report


def _placed(row: Runbook, shelf: Shelf, item: Found) -> Runbook:
    row.source_id, row.tree_id, row.tree_sha256 = shelf.source_id, shelf.tree.id, shelf.tree.sha256
    if not isinstance(item, BrokenRunbook):
        row.path = item.name if shelf.source_id else str(item.folder)
    return row


def _note(report: SyncReport, item: Found, row: Runbook | None) -> None:
    is_broken = isinstance(item, BrokenRunbook)
    if is_broken:
        report.broken.append(item.name)
    if row is None:
        report.added.append(item.name)
    elif (row.broken_reason != item.reason) if is_broken else (row.revision != item.revision):
        report.changed.append(item.name)


def _filled(row: Runbook, item: Found) -> Runbook:
    row.synced_at = now()
    if isinstance(item, BrokenRunbook):
        row.broken_reason = item.reason
        row.title = row.title or item.name
        return row
    row.broken_reason = ""
    row.version, row.revision = item.version, item.revision
    row.title, row.title_pt = item.title, item.title_pt
    row.description, row.description_pt = item.description, item.description_pt
    row.category, row.risk, row.readme = item.category, item.risk, item.readme
    row.input_schema, row.output_schema, row.meta = item.schema, item.output_schema, item.metadata
    return row
