"""Pipelines whose jobs will open connections: definitions, and runs that have not ended, as they were when they began.

A connection that an expression names is known when its step begins, not before.
"""

from collections.abc import Collection, Iterator
from typing import Any

from sqlmodel import Session, select

from orch_app.domains.inventory.uses import ConnectionUse, uses_in
from orch_app.domains.pipelines.definition import steps_of
from orch_app.domains.pipelines.models import Pipeline, PipelineRun

_UNDER_WAY = "RUNNING"


def find_uses(session: Session, connection_ids: Collection[str]) -> Iterator[ConnectionUse]:
    """Definitions and runs under way that name one of these connections in a step."""
    for pipeline in session.exec(select(Pipeline)).all():
        for connection_id in _named(pipeline.document, connection_ids):
            yield ConnectionUse(connection_id, "pipeline", pipeline.id, pipeline.name, "")
    for run in session.exec(select(PipelineRun).where(PipelineRun.status == _UNDER_WAY)).all():
        for connection_id in _named(run.document, connection_ids):
            name = f"{run.pipeline_name} #{run.number}"
            yield ConnectionUse(connection_id, "run", run.id, name, run.environment)


def _named(document: dict[str, Any], connection_ids: Collection[str]) -> set[str]:
    return {found for step in steps_of(document) for found in uses_in(step.connections, connection_ids)}
