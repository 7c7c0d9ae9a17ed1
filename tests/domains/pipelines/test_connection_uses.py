"""Pipelines, and runs under way, use the connections that their steps name."""

import pytest

from orch_app.domains.pipelines.connection_uses import find_uses
from orch_app.domains.pipelines.models import Pipeline, PipelineRun
from orch_app.kit.clock import now
from orch_app.kit.db import reading, unit_of_work

pytestmark = pytest.mark.usefixtures("database")


def document(connection: str) -> dict[str, object]:
    return {
        "steps": [{"id": "one", "runbook": "say", "connections": {"dns": connection}}, {"id": "two", "runbook": "say"}]
    }


def test_a_definition_and_a_run_under_way_use_what_they_name() -> None:
    at = now()
    with unit_of_work() as session:
        session.add(Pipeline(id="pip_1", name="deploy", document=document("con_a"), created_at=at, updated_at=at))
        session.add(
            Pipeline(id="pip_2", name="later", document=document("${inputs.dns}"), created_at=at, updated_at=at)
        )
        for number, status in enumerate(["RUNNING", "SUCCESS"], 1):
            run = PipelineRun(id=f"run_{number}", pipeline_name="deploy", number=number, status=status, created_at=at)
            run.document = document("con_b")
            session.add(run)
    with reading() as session:
        found = list(find_uses(session, ["con_a", "con_b"]))
    assert [(use.connection_id, use.kind, use.id, use.name, use.environment) for use in found] == [
        ("con_a", "pipeline", "pip_1", "deploy", ""),
        ("con_b", "run", "run_1", "deploy #1", "stage"),
    ]
