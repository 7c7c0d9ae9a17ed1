"""Editions: what was fetched, judged, kept and forgotten. A tree in the store has the id of its edition."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog
from sqlmodel import Session, col, select

from orch_app.domains.runbooks import trees
from orch_app.domains.runbooks.catalogue import BrokenRunbook, read_folder
from orch_app.domains.runbooks.models import Runbook
from orch_app.domains.runbooks.service import Found
from orch_app.domains.runbooks.trees import KeptTree
from orch_app.domains.sources import requirements
from orch_app.domains.sources.adopting import adopt, candidates
from orch_app.domains.sources.fetching import Fetched
from orch_app.domains.sources.layout import RUNBOOKS, lay_out
from orch_app.domains.sources.models import RunbookSource, SourceAdoption, SourceEdition
from orch_app.kit.clock import now
from orch_app.kit.db import reading
from orch_app.kit.errors import Unavailable
from orch_app.kit.file_tree import Counted, pack, sha256_of
from orch_app.kit.ids import new_id
from orch_app.kit.queue import enqueue

FORGET_TASK = "sources.forget"
KEPT = 20
MOST_LEFT_OUT = 100
NOTHING = (
    f"There is no runbook in it: a runbook is a folder with a runbook.yaml, at the top or below {RUNBOOKS}/. There is "
    "no inventory at its top either."
)
_log = structlog.get_logger("sources")


@dataclass(frozen=True)
class Judged:
    """An edition that nobody has kept yet, and its archive."""

    row: SourceEdition
    packed: bytes


def judge(source: RunbookSource, fetched: Fetched, adoptions: Iterable[SourceAdoption] = ()) -> Judged:
    """The edition that was fetched: laid out and packed, with the reason why it cannot be trusted, if there is one.

    `adoptions` are the plain playbooks of it that are made into runbooks.

    Raises:
        TreeRefused: with what they share put into each, the runbooks are too many files, or too large.
    """
    adopted = {one.name: adopt(fetched.files, one) for one in adoptions}
    laid, counted = lay_out(fetched.files, adopted), Counted(trees.LIMITS)
    for path, file in laid.tree.items():
        counted.take(path, len(file.content))
    packed = pack(laid.tree)
    row = SourceEdition(
        id=new_id("edt"),
        source_id=source.id,
        commit_id=fetched.commit_id,
        author=fetched.author,
        subject=fetched.subject,
        committed_at=fetched.committed_at,
        tree_sha256=sha256_of(packed),
        files=len(laid.tree),
        size=sum(len(file.content) for file in laid.tree.values()),
        refusal=requirements.fault_in(laid.requirements) if laid.tree else NOTHING,
        candidates_json=[one.to_json() for one in candidates(fetched.files)],
        left_out_json=fetched.left_out[:MOST_LEFT_OUT],
        fetched_at=now(),
    )
    return Judged(row, packed)


def keep(judged: Judged) -> list[Found]:
    """Keep the tree of an edition, note the runbooks in it and give them back.

    Raises:
        Unavailable: the store does not answer.
        RunbookBroken: this machine cannot unpack it.
    """
    found = runbooks_in(trees.keep(judged.row.id, judged.packed))
    judged.row.runbooks_json = [_about(item) for item in found]
    return found


def runbooks_in(tree: KeptTree) -> list[Found]:
    """The runbooks of a tree, broken ones too.

    Raises:
        RunbookBroken: the tree is gone or damaged.
        Unavailable: the store does not answer.
    """
    return list(read_folder(folder_of(tree)))


def folder_of(tree: KeptTree) -> Path:
    """Where a tree lies on this machine."""
    return trees.unpacked(tree)


def prune(session: Session, source: RunbookSource) -> None:
    """Forget all but the newest editions of a source; what is trusted stays."""
    query = select(SourceEdition).where(SourceEdition.source_id == source.id).order_by(col(SourceEdition.id).desc())
    rows: Sequence[SourceEdition] = session.exec(query.offset(KEPT)).all()
    for row in rows:
        if row.id != source.trusted_id:
            session.delete(row)
            enqueue(session, FORGET_TASK, edition_id=row.id)


def forget(edition_id: str) -> None:
    """Remove the tree of an edition that is gone; where the store does not answer it stays, and harms nobody."""
    with reading() as session:
        if session.get(SourceEdition, edition_id) is not None:
            return
    try:
        trees.forget(edition_id)
    except Unavailable as error:
        _log.warning("source.tree_left", edition=edition_id, detail=error.detail)


def sweep_machine() -> list[str]:
    """Remove from this machine the trees that no edition and no runbook has any more."""
    with reading() as session:
        known = {*session.exec(select(SourceEdition.tree_sha256)), *session.exec(select(Runbook.tree_sha256))}
    return trees.sweep(known)


def _about(item: Found) -> dict[str, str]:
    if isinstance(item, BrokenRunbook):
        return {"name": item.name, "version": "", "reason": item.reason}
    return {"name": item.name, "version": item.version, "reason": ""}
