"""Sources of runbooks as the screen shows them: what was fetched of each, and what trusting that would change."""

import json
import re
from collections.abc import Sequence

from sqlmodel import Session

from orch_app.domains.access.actor import Actor
from orch_app.domains.sources import adoptions, queries
from orch_app.domains.sources.changes import Difference, FileChange
from orch_app.domains.sources.models import SourceAdoption
from orch_app.domains.sources.wire import Candidate, EditionAnswer, SourceAnswer, SourcesQuery
from orch_app.kit.pages import PageQuery
from orch_app.state.address import address
from orch_app.state.session_view import Shown

MOST = 200
EARLIER = 20
SHORT = 10
LONGEST_NAME = 40
NOT_IN_NAMES = re.compile(r"[^a-z0-9_.-]+")
NO_SOURCE: Shown = {
    "id": "", "name": "", "kind": "git", "place": "", "path": "", "connectionId": "", "refKind": "branch", "ref": "",
    "subfolder": "", "everyMin": 0, "trustsItself": False, "state": "new", "fault": "", "faultCode": "",
    "refusal": "", "newestId": "", "newest": "", "subject": "", "trustedId": "", "trusted": "", "trustedBy": "",
    "syncedAt": "", "version": 0,
}  # fmt: skip
NO_EDITION: Shown = {
    "id": "", "name": "", "subject": "", "author": "", "fetchedAt": "", "trustedAt": "", "trustedBy": "", "refusal": "",
    "broken": [], "runbooks": [], "leftOut": [], "taken": [],
}  # fmt: skip
NO_PLAYBOOK: Shown = {"path": "", "hosts": "", "variables": [], "runbook": "", "isGone": False}


def read_sources(session: Session, actor: Actor) -> list[Shown]:
    """The rows of the list, by name."""
    page = queries.list_sources(session, actor, SourcesQuery(limit=MOST))
    return [show_source(answer) for answer in queries.show(session, actor, page.items)]


def read_detail(session: Session, actor: Actor, source_id: str) -> Shown:
    """What was fetched of one source, newest first, and its plain playbooks.

    Raises:
        NotFound: there is no such source.
    """
    page = queries.list_editions(session, actor, source_id, PageQuery(limit=EARLIER))
    found = [EditionAnswer.of(row) for row in page.items]
    candidates = found[0].candidates if found else []
    adopted = adoptions.of_source(session, actor, source_id)
    return {"editions": [show_edition(one) for one in found], "playbooks": show_playbooks(candidates, adopted)}


def show_source(answer: SourceAnswer) -> Shown:
    """A row of the list."""
    newest, trusted = answer.newest, answer.trusted
    return {
        "id": answer.id,
        "name": answer.name,
        "kind": answer.kind,
        "place": answer.path or f"{answer.ref_kind} {answer.ref}",
        "path": answer.path,
        "connectionId": answer.connection_id or "",
        "refKind": answer.ref_kind,
        "ref": answer.ref,
        "subfolder": answer.subfolder,
        "everyMin": answer.every_min,
        "trustsItself": answer.trusts_itself,
        "state": answer.state,
        "fault": answer.fault,
        "faultCode": answer.fault_code,
        "refusal": newest.refusal if newest else "",
        "newestId": newest.id if newest else "",
        "newest": _named(newest),
        "subject": newest.subject if newest else "",
        "trustedId": trusted.id if trusted else "",
        "trusted": _named(trusted),
        "trustedBy": trusted.trusted_by if trusted else "",
        "syncedAt": answer.synced_at.isoformat() if answer.synced_at else "",
        "version": answer.version,
    }


def show_edition(one: EditionAnswer) -> Shown:
    """What was fetched at one time."""
    return {
        "id": one.id,
        "name": _named(one),
        "subject": one.subject,
        "author": one.author,
        "fetchedAt": one.fetched_at.isoformat(),
        "trustedAt": one.trusted_at.isoformat() if one.trusted_at else "",
        "trustedBy": one.trusted_by,
        "refusal": one.refusal,
        "broken": [f"{runbook.name}: {runbook.reason}" for runbook in one.runbooks if runbook.reason],
        "runbooks": [runbook.name for runbook in one.runbooks if not runbook.reason],
        "leftOut": one.left_out,
        "taken": one.taken,
    }


def show_playbooks(candidates: Sequence[Candidate], adopted: Sequence[SourceAdoption]) -> list[Shown]:
    """Plain playbooks: first those that are runbooks already, by the runbook's name, then those that could be."""
    known = {one.path: one for one in candidates}
    taken = {row.playbook for row in adopted}
    rows = [_playbook(row.playbook, known.get(row.playbook), row.name) for row in adopted]
    return rows + [_playbook(path, one, "") for path, one in known.items() if path not in taken]


def show_difference(found: Difference) -> list[Shown]:
    """Each file that differs, as the drawer lists it."""
    return [_file(one) for one in found.files]


def show_inventories(source: Shown, places: Sequence[str]) -> list[Shown]:
    """Each inventory of a source, with the address of the form that imports it."""
    return [{"path": path, "href": _import_of(source, path)} for path in places]


def _import_of(source: Shown, path: str) -> str:
    name = NOT_IN_NAMES.sub("-", source["name"].lower()).strip("-.")[:LONGEST_NAME]
    inputs = {"from": "source", **({"name": name} if name else {}), "source": source["id"], "path": path}
    return address("/runbooks", {"run": "inventory_import", "inputs": json.dumps(inputs, separators=(",", ":"))})


def _playbook(path: str, one: Candidate | None, runbook: str) -> Shown:
    hosts, variables = (", ".join(one.hosts), one.variables) if one else ("", [])
    return {"path": path, "hosts": hosts, "variables": variables, "runbook": runbook, "isGone": one is None}


def _file(one: FileChange) -> Shown:
    return {"path": one.path, "change": one.change, "diff": one.diff, "note": one.note}


def _named(edition: EditionAnswer | None) -> str:
    """An edition in a few characters: its commit, or what names its files where it has none."""
    return (edition.commit_id or edition.tree_sha256)[:SHORT] if edition else ""
