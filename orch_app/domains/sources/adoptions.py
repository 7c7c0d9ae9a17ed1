"""Which plain playbooks of a source are runbooks: said by an admin, and heeded when the source is next fetched."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from orch_app.domains.access.actor import Actor, require
from orch_app.domains.access.permissions import Permission
from orch_app.domains.audit.actions import Action
from orch_app.domains.audit.service import record
from orch_app.domains.runbooks.contract import require_acceptable_metadata, require_variable_names
from orch_app.domains.runbooks.errors import RunbookBroken
from orch_app.domains.runbooks.schema_rules import require_acceptable
from orch_app.domains.sources import queries, service
from orch_app.domains.sources.models import SourceAdoption
from orch_app.domains.sources.wire import AdoptionBody
from orch_app.kit.clock import now
from orch_app.kit.errors import Invalid, NotFound, Problem
from orch_app.kit.wakeups import announce


def of_source(session: Session, actor: Actor, source_id: str) -> Sequence[SourceAdoption]:
    """The adopted playbooks of a source, by the name of their runbook.

    Raises:
        NotFound: there is no such source.
    """
    queries.get_source(session, actor, source_id)
    query = select(SourceAdoption).where(SourceAdoption.source_id == source_id)
    return session.exec(query.order_by(col(SourceAdoption.name))).all()


def put(session: Session, actor: Actor, source_id: str, name: str, body: AdoptionBody) -> SourceAdoption:
    """Make a playbook a runbook of this name, or change how, and have the source fetched; what comes is to be trusted.

    Raises:
        NotFound: there is no such source.
        Invalid: 422 at /name, /schema or another field: it would not be a good runbook.
    """
    require(actor, Permission.SOURCES_WRITE)
    source = queries.get_source(session, actor, source_id, for_change=True)
    meta = body.model_dump(exclude={"playbook", "input_schema"})
    _check(name, meta, body)
    row = session.get(SourceAdoption, (source_id, name)) or SourceAdoption(
        source_id=source_id, name=name, playbook="", updated_at=now()
    )
    row.playbook, row.meta, row.input_schema = body.playbook, meta, body.input_schema
    row.updated_at, row.updated_by_name = now(), actor.name
    session.add(row)
    facts = {"name": source.name, "runbook": name, "playbook": body.playbook}
    record(session, actor, Action.SOURCE_ADOPTED, ("source", source.id), metadata=facts)
    service.make_due(session, source)
    announce(session, "sources")
    return row


def remove(session: Session, actor: Actor, source_id: str, name: str) -> None:
    """Let a playbook be no runbook any more, once what is fetched then is trusted.

    Raises:
        NotFound: there is no such source, or no such playbook was adopted.
    """
    require(actor, Permission.SOURCES_WRITE)
    source = queries.get_source(session, actor, source_id, for_change=True)
    row = session.get(SourceAdoption, (source_id, name))
    if row is None:
        raise NotFound("No playbook of the source was adopted under this name.", "adoption_not_found")
    session.delete(row)
    facts = {"name": source.name, "runbook": name, "playbook": row.playbook}
    record(session, actor, Action.SOURCE_DISOWNED, ("source", source.id), metadata=facts)
    service.make_due(session, source)
    announce(session, "sources")


def _check(name: str, meta: dict[str, object], body: AdoptionBody) -> None:
    """What is wrong with it is said now, and not when somebody wonders why a runbook is broken."""
    try:
        require_acceptable_metadata({**meta, "name": name})
    except RunbookBroken as broken:
        raise _refused("", broken) from broken
    try:
        require_acceptable(body.input_schema, "schema", closed=True)
        require_variable_names(body.input_schema)
    except RunbookBroken as broken:
        raise _refused("/schema", broken) from broken


def _refused(pointer: str, broken: RunbookBroken) -> Invalid:
    message = "The playbook cannot be adopted like this."
    return Invalid(message, "validation", errors=(Problem(pointer, "runbook", broken.reason),))
