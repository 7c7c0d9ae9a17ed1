"""Definitions of pipelines: made, changed, removed."""

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from orch_app.domains.access.actor import Actor, require
from orch_app.domains.access.permissions import Permission
from orch_app.domains.audit.actions import Action
from orch_app.domains.audit.service import record
from orch_app.domains.pipelines.checks import check
from orch_app.domains.pipelines.definition import PipelineBody
from orch_app.domains.pipelines.models import Pipeline
from orch_app.domains.pipelines.queries import get_pipeline
from orch_app.kit.clock import now
from orch_app.kit.errors import Conflict, Problem
from orch_app.kit.ids import new_id
from orch_app.kit.rest import check_match, etag
from orch_app.kit.wakeups import announce

TOPIC = "pipelines"


def create(session: Session, actor: Actor, body: PipelineBody) -> Pipeline:
    """Check and keep a new definition.

    Raises:
        Invalid: 422 with a pointer to each fault.
        Conflict: another pipeline has this name.
    """
    require(actor, Permission.PIPELINES_WRITE)
    check(session, body)
    at = now()
    row = Pipeline(
        id=new_id("ppl"),
        name=body.name,
        created_by=actor.user_id,
        created_by_name=actor.name,
        created_at=at,
        updated_at=at,
    )
    _put(session, row, body)
    _noted(session, actor, Action.PIPELINE_CREATED, row)
    return row


def update(
    session: Session, actor: Actor, pipeline_id: str, body: PipelineBody, *, if_match: str | None = None
) -> Pipeline:
    """Put another definition in the place of one; runs go on with the one they began with.

    Raises:
        NotFound: there is no such pipeline.
        StaleVersion: `if_match` is the ETag of an older version.
        Invalid: 422 with a pointer to each fault.
        Conflict: another pipeline has this name.
    """
    require(actor, Permission.PIPELINES_WRITE)
    row = get_pipeline(session, actor, pipeline_id, for_change=True)
    check_match(if_match, etag(row.id, row.version))
    check(session, body)
    row.version += 1
    row.updated_at = now()
    _put(session, row, body)
    _noted(session, actor, Action.PIPELINE_CHANGED, row)
    return row


def delete(session: Session, actor: Actor, pipeline_id: str, *, if_match: str | None = None) -> None:
    """Remove a definition; its runs and their reports stay, and a run that is not over goes on.

    Raises:
        NotFound: there is no such pipeline.
        StaleVersion: `if_match` is the ETag of an older version.
    """
    require(actor, Permission.PIPELINES_WRITE)
    row = get_pipeline(session, actor, pipeline_id, for_change=True)
    check_match(if_match, etag(row.id, row.version))
    session.delete(row)
    session.flush()
    _noted(session, actor, Action.PIPELINE_DELETED, row)


def _put(session: Session, row: Pipeline, body: PipelineBody) -> None:
    row.name, row.title, row.description = body.name, body.title, body.description
    row.document = body.document()
    session.add(row)
    try:
        session.flush()
    except IntegrityError as error:
        fault = Problem("/name", "duplicate", f"another pipeline is called {body.name}")
        raise Conflict(f"There is a pipeline {body.name} already.", "pipeline_exists", errors=(fault,)) from error


def _noted(session: Session, actor: Actor, action: Action, row: Pipeline) -> None:
    facts = {"name": row.name, "version": row.version, "steps": [step["id"] for step in row.document["steps"]]}
    record(session, actor, action, ("pipeline", row.id), metadata=facts)
    announce(session, TOPIC)
