"""The API as its own description has it: whatever fits the description, or nearly, is answered as the description says.

Deterministic: the same cases in every run. What would talk to a machine is called with ids of nothing.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.python.asgi import ASGIClient, get_client
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from orch_app.api import build, wrap
from orch_app.api.documents import OPEN_PATHS
from orch_app.domains.access.actor import Actor
from orch_app.domains.access.permissions import Role
from orch_app.domains.hooks import service as hooks
from orch_app.domains.hooks.wire import NewHook
from orch_app.domains.inventory import connections, groups, hosts
from orch_app.domains.inventory.group_wire import NewGroup
from orch_app.domains.inventory.wire import NewConnection, NewHost
from orch_app.domains.jobs import service, workers
from orch_app.domains.pipelines import runs
from orch_app.domains.pipelines import service as pipelines
from orch_app.domains.pipelines.definition import PipelineBody
from orch_app.domains.runbooks import presets
from orch_app.domains.schedules import blackouts
from orch_app.domains.schedules import service as schedules
from orch_app.domains.schedules.wire import NewBlackout, NewSchedule
from orch_app.domains.sources import queries as sources
from orch_app.domains.sources import service as sourcing
from orch_app.domains.sources import syncing
from orch_app.domains.sources.wire import NewSource
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.queue import install_bell
from orch_app.kit.rest import PROBLEM_TYPE
from tests.api.conftest import ORIGIN
from tests.domains.jobs.orders import launch_in, sync_runbooks
from tests.domains.sources.files import runbook_files
from tests.systems.asgi import TestClient
from tests.systems.people import PASSWORD, add_user, start_afresh
from tests.systems.product import bound_to

pytestmark = pytest.mark.integration  # not for a server that it needs, but for its length

EXAMPLES = 8
CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance]
ON_THE_NETWORK = {"/v1/hosts/{host_id}/scan-key", "/v1/connections/{connection_id}/test"}
APP: Any = wrap(build())
NIGHTLY = {"name": "nightly", "runbook": "host_report", "cron": "0 3 * * *"}
POSTED = {"name": "posted", "provider": "generic", "runbook": "host_report"}
CHAIN = {"name": "chain", "steps": [{"id": "only", "runbook": "host_report"}]}
PATIENCE_S = 120  # describing the whole API for the first time takes its while on a busy machine
SCHEMA = schemathesis.openapi.from_asgi("/v1/openapi.json", APP, timeout=PATIENCE_S)
SCHEMA.config.generation.max_examples = EXAMPLES
SCHEMA.config.generation.deterministic = True


@dataclass
class Api:
    """A script of an admin, and ids of things that exist, by the names of path parameters."""

    client: ASGIClient
    headers: dict[str, str]
    known: dict[str, str]


@pytest.fixture(scope="module")
def filled(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """An installation in which there is one of everything, and a living worker."""
    folder, ops = tmp_path_factory.mktemp("schemathesis"), tmp_path_factory.mktemp("ops")
    shutil.copy(migrated_sqlite, folder / "orch.db")
    limits = {"ORCH_API_LIMIT": "1000000/minute", "ORCH_EXECUTE_LIMIT": "1000000/minute", "ORCH_LEASE_S": "3600"}
    limits["ORCH_SOURCE_FOLDERS"] = str(ops)
    with pytest.MonkeyPatch.context() as patch, bound_to(folder, **limits), get_client(APP) as client:
        start_afresh(patch)
        install_bell(lambda _name, _payload: None, lambda: True)
        admin = add_user(Role.ADMIN)
        known = _one_of_everything(admin) | _one_source(admin, ops)
        yield Api(client, {"Authorization": f"Bearer {_token(admin)}"}, known)


def _token(actor: Actor) -> str:
    body = {"email": actor.name, "password": PASSWORD}
    return TestClient(APP, base_url=ORIGIN).post("/v1/auth/login", json=body).json()["accessToken"]


def _one_of_everything(admin: Actor) -> dict[str, str]:
    """The jobs have ended, for nobody should wait for them."""
    sync_runbooks(admin)
    user = add_user(Role.VIEWER)
    with unit_of_work() as session:
        key = NewConnection(type="ssh", name="key", environment="stage", payload={"user": "ops", "password": "x"})
        host = NewHost(name="web-1", address="192.0.2.1", environment="stage")
        found = {
            "connection_id": connections.create(session, admin, key).id,
            "host_id": hosts.create(session, admin, host).id,
            "group_id": groups.create(session, admin, NewGroup(name="web", environment="stage")).id,
            "job_id": launch_in(session, admin).id,
            "pipeline_id": pipelines.create(session, admin, PipelineBody.model_validate(CHAIN)).id,
        }
        nights = NewBlackout(name="nights", environment="stage", cron="0 0 * * *", duration_min=60)
        found["schedule_id"] = schedules.create(session, admin, NewSchedule.model_validate(NIGHTLY)).id
        found["hook_id"] = hooks.create(session, admin, NewHook.model_validate(POSTED))[0].id
        found["blackout_id"] = blackouts.create(session, admin, nights).id
        found["preset_id"] = presets.create(session, admin, "host_report", "usual", {}).id
        service.cancel(session, admin, found["job_id"])
        found["run_id"] = runs.start(session, admin, runs.RunOrder(found["pipeline_id"])).id
        runs.cancel(session, admin, found["run_id"])
        workers.register(session, workers.WorkerFacts("wrk_1", "w1", 4, "bwrap", "0"))
    elsewhere = {"container_id": "c" * 64, "field": "targets"}
    return {**found, **elsewhere, "user_id": user.user_id or "", "worker_id": "wrk_1", "name": "host_report"}


def _one_source(admin: Actor, folder: Path) -> dict[str, str]:
    """A source and what was fetched of it."""
    for path, text in runbook_files().items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    with unit_of_work() as session:
        source_id = sourcing.create(session, admin, NewSource(name="ops", kind="folder", path=str(folder))).id
        sourcing.request_sync(session, admin, source_id)
    syncing.sync_all_due()
    with reading() as session:
        newest = sources.show(session, admin, [sources.get_source(session, admin, source_id)])[0].newest
    assert newest
    return {"source_id": source_id, "edition_id": newest.id}


@SCHEMA.parametrize()
def test_every_answer_is_as_described(case: schemathesis.Case, filled: Api) -> None:
    if case.path not in ON_THE_NETWORK:
        aim(case, filled.known)
    answer = case.call_and_validate(session=filled.client, headers=filled.headers, checks=CHECKS)
    assert case.path in OPEN_PATHS or answer.status_code != 401, "an earlier call has signed us out"
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == [PROBLEM_TYPE]
        assert answer.json()["requestId"] == answer.headers["x-request-id"][0]


def aim(case: schemathesis.Case, known: dict[str, str]) -> None:
    """Let half of the generated ids be of things that exist; which half is decided by the id itself."""
    for name, value in dict(case.path_parameters).items():
        if len(str(value)) % 2:
            case.path_parameters[name] = known[name]
