"""Fetching what is due: by one worker at a time for each source, whoever asked for it, and whatever becomes of it.

A source that is due is claimed by moving its next moment to the end of a lease; if the worker dies, it is due again
then. Between the claim and the end nothing is locked. Only the latest claim may write; where a source trusts itself,
what came is trusted in the transaction that writes it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from sqlmodel import Session, col, select, update

from orch_app.domains.access.actor import worker_actor
from orch_app.domains.audit.actions import Action
from orch_app.domains.audit.service import record
from orch_app.domains.inventory.connections import open_payload
from orch_app.domains.inventory.types import GitPayload
from orch_app.domains.runbooks import trees
from orch_app.domains.runbooks.errors import RunbookBroken
from orch_app.domains.runbooks.service import Found
from orch_app.domains.sources import editions, fetching, trusting
from orch_app.domains.sources.editions import Judged
from orch_app.domains.sources.models import RunbookSource, SourceAdoption, SourceEdition
from orch_app.kit.clock import now
from orch_app.kit.db import moment_ms, reading, unit_of_work
from orch_app.kit.errors import Conflict, Invalid, NotFound, Unavailable
from orch_app.kit.file_tree import TreeRefused
from orch_app.kit.upstream_failures import UpstreamError
from orch_app.kit.wakeups import announce

SYNCER = worker_actor("sources")
LEASE_MS = 5 * 60 * 1000
AGAIN_MS = 60 * 1000
MINUTE_MS = 60 * 1000
MOST_A_LOOK = 50
MAX_FAULT = 500
_log = structlog.get_logger("sources")


@dataclass(frozen=True)
class Held:
    """A source that this process is fetching, as it was when it was claimed."""

    source: RunbookSource
    fence: int


@dataclass(frozen=True)
class Fault:
    """Why nothing was fetched: a word for programs and a sentence for people. `is_ours`: it is soon tried again."""

    code: str
    detail: str
    is_ours: bool = False


def sync_all_due() -> int:
    """Fetch whatever is due, one after another; says how many there were."""
    with reading() as session:
        if session.exec(_due(moment_ms(session))).first() is None:
            return 0
    for done in range(MOST_A_LOOK):
        held = _claim()
        if held is None:
            return done
        _sync(held)
    return MOST_A_LOOK


def _claim() -> Held | None:
    """The source that has been due for longest, for this process alone until the lease is over."""
    with unit_of_work() as session:
        moment = moment_ms(session)
        row = session.exec(_due(moment).with_for_update(skip_locked=True)).first()
        if row is None:
            return None
        row.sync_due_at, row.sync_fence, row.is_syncing = moment + LEASE_MS, row.sync_fence + 1, True
        session.add(row)
        announce(session, "sources")
        return Held(row, row.sync_fence)


def _due(moment: int):  # noqa: ANN202 - a SQL statement
    due = select(RunbookSource).where(col(RunbookSource.sync_due_at) <= moment)
    return due.order_by(col(RunbookSource.sync_due_at), col(RunbookSource.id)).limit(1)


def _sync(held: Held) -> None:
    try:
        fetched = fetching.fetch(held.source, _opened(held.source))
        _settle(held, editions.judge(held.source, fetched, _adoptions(held.source)))
    except (UpstreamError, Invalid, TreeRefused, NotFound, Conflict, RunbookBroken, OSError) as error:
        _fail(held, _fault(error))
    except Unavailable as error:  # the database or the store
        _log.warning("source.away", source=held.source.id, detail=error.detail)
        _fail(held, Fault(error.code, error.detail, is_ours=True))
    except Exception:  # noqa: BLE001 - one source must not keep the others from being fetched
        _log.exception("source.failed", source=held.source.id)
        _fail(held, Fault("internal", "The product met a fault of its own in this source; the worker's log has it."))


def _opened(source: RunbookSource) -> GitPayload | None:
    if source.kind != "git":
        return None
    with unit_of_work() as session:
        payload = open_payload(session, SYNCER, source.connection_id or "")
    if not isinstance(payload, GitPayload):
        raise Conflict("The connection of this source is not of type git.", "wrong_connection_type")
    return payload


def _adoptions(source: RunbookSource) -> Sequence[SourceAdoption]:
    with reading() as session:
        query = select(SourceAdoption).where(SourceAdoption.source_id == source.id)
        return session.exec(query.order_by(col(SourceAdoption.name))).all()


def _settle(held: Held, judged: Judged) -> None:
    """Write what was fetched, unless it is what was fetched last; a source that trusts itself is trusted with it."""
    with reading() as session:
        newest = session.get(SourceEdition, held.source.newest_id) if held.source.newest_id else None
    is_known = newest is not None and _names(newest) == _names(judged.row)
    found: list[Found] = [] if is_known else editions.keep(judged)
    with unit_of_work() as session:
        row = _still_held(session, held)
        if row is not None:
            _finish(session, row)
            if not is_known:
                _add(session, row, judged.row, found)
    if row is None and not is_known:
        trees.forget(judged.row.id)


def _names(edition: SourceEdition) -> tuple[str, str, str, list[dict[str, Any]]]:
    """What makes it the edition it is."""
    return edition.commit_id, edition.tree_sha256, edition.refusal, edition.candidates_json


def _add(session: Session, row: RunbookSource, edition: SourceEdition, found: list[Found]) -> None:
    session.add(edition)
    row.newest_id = edition.id
    session.flush()
    facts = {"name": row.name, "edition": edition.id, "commit": edition.commit_id, "refusal": edition.refusal}
    metadata = facts | {"tree": edition.tree_sha256}
    record(session, SYNCER, Action.SOURCE_SYNCED, ("source", row.id), metadata=metadata)
    if not edition.refusal and (row.trusts_itself or _is_trusted_already(session, row, edition)):
        trusting.put(session, SYNCER, row, edition, found)
    editions.prune(session, row)


def _is_trusted_already(session: Session, row: RunbookSource, edition: SourceEdition) -> bool:
    """Another commit with the very same runbooks: there is nothing to look at."""
    trusted = session.get(SourceEdition, row.trusted_id) if row.trusted_id else None
    return trusted is not None and trusted.tree_sha256 == edition.tree_sha256


def _finish(session: Session, row: RunbookSource) -> None:
    moment = moment_ms(session)
    row.sync_due_at = moment + row.every_min * MINUTE_MS if row.every_min else None
    row.is_syncing, row.synced_at, row.fault_code, row.fault = False, now(), "", ""
    session.add(row)
    announce(session, "sources")


def _fail(held: Held, fault: Fault) -> None:
    """Say why nothing came of it. What failed the same way before is not written into the audit log again."""
    with unit_of_work() as session:
        row = _still_held(session, held)
        if row is None:
            return
        is_new = row.fault_code != fault.code
        _finish(session, row)
        row.fault_code, row.fault = fault.code, fault.detail[:MAX_FAULT]
        if fault.is_ours:
            row.sync_due_at = moment_ms(session) + AGAIN_MS
        if is_new:
            facts = {"name": row.name, "code": fault.code}
            target = ("source", row.id)
            record(session, SYNCER, Action.SOURCE_SYNC_FAILED, target, result="failed", metadata=facts)


def _still_held(session: Session, held: Held) -> RunbookSource | None:
    """The source, locked, if nobody has claimed or removed it meanwhile."""
    same = (col(RunbookSource.id) == held.source.id, col(RunbookSource.sync_fence) == held.fence)
    taken = update(RunbookSource).where(*same).values(is_syncing=False).returning(col(RunbookSource.id))
    if session.exec(taken.execution_options(synchronize_session=False)).scalar_one_or_none() is None:
        return None
    return session.get_one(RunbookSource, held.source.id)


def _fault(error: Exception) -> Fault:
    if isinstance(error, UpstreamError):
        return Fault(error.kind, error.detail)
    if isinstance(error, TreeRefused):
        return Fault("too_large", f"It cannot be taken: {error}.")
    if isinstance(error, RunbookBroken):
        return Fault("validation", error.reason)
    if isinstance(error, OSError):
        return Fault("unreadable", f"The folder cannot be read: {error.strerror or type(error).__name__}.")
    return Fault(getattr(error, "code", "error"), getattr(error, "detail", "") or str(error))
