"""Choices over REST: offered to whoever may run the runbook, and refused at the launch when they are none."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from orch_app.domains.access.actor import COMMAND_LINE
from orch_app.domains.access.permissions import Role
from orch_app.domains.inventory import hosts
from orch_app.domains.inventory.wire import NewHost
from orch_app.kit.db import unit_of_work
from orch_app.kit.settings import settings
from tests.api.conftest import MakeClient
from tests.domains.jobs.orders import sync_runbooks
from tests.domains.runbooks.folders import SCHEMA, write_runbook
from tests.systems.product import bound_to

CHOICES = {"type": "string", "x-choices": {"source": "hosts"}}


@pytest.fixture
def web_1(database: str, tmp_path: Path) -> Iterator[str]:
    """The id of a host, and a runbook in whose form it can be chosen."""
    schema = {**SCHEMA, "properties": {"host": CHOICES, "many": {"type": "array", "items": CHOICES}, "word": {}}}
    write_runbook(tmp_path / "runbooks", schema=schema)
    with bound_to(tmp_path, settings().database_url, ORCH_RUNBOOKS_DIR=str(tmp_path / "runbooks")):
        sync_runbooks(COMMAND_LINE)
        with unit_of_work() as session:
            new = NewHost.model_validate({"name": "web-1", "address": "192.0.2.7", "environment": "stage"})
            host_id = hosts.create(session, COMMAND_LINE, new).id
        yield host_id


def test_choices_are_offered_for_a_field_and_for_an_item_of_a_list(web_1: str, make_client: MakeClient) -> None:
    person = make_client(Role.OPERATOR)
    for field in ("host", "many/0"):
        answer = person.post(f"/v1/runbooks/demo/choices/{field}", json={"q": "web"})
        assert answer.json() == {"items": [{"value": web_1, "label": "web-1", "hint": "192.0.2.7"}], "truncated": False}
    elsewhere = person.post("/v1/runbooks/demo/choices/host", json={"environment": "prod"})
    assert elsewhere.json() == {"items": [], "truncated": False}


def test_who_may_not_run_runbooks_is_told_nothing(web_1: str, make_client: MakeClient) -> None:
    assert make_client(Role.VIEWER).post("/v1/runbooks/demo/choices/host", json={}).status_code == 403


def test_a_field_without_choices_is_not_found(web_1: str, make_client: MakeClient) -> None:
    answer = make_client(Role.OPERATOR).post("/v1/runbooks/demo/choices/word", json={})
    assert (answer.status_code, answer.json()["code"]) == (404, "no_choices")


def test_what_is_no_choice_is_refused_at_its_place(web_1: str, make_client: MakeClient) -> None:
    person = make_client(Role.OPERATOR)
    unknown = "hst_00000000000000000000000000"
    refused = person.post("/v1/runbooks/demo/execute", json={"inputs": {"host": web_1, "many": [web_1, unknown]}})
    assert refused.status_code == 422
    assert [(fault["pointer"], fault["code"]) for fault in refused.json()["errors"]] == [("/many/1", "choice")]
    taken = person.post("/v1/runbooks/demo/execute", json={"inputs": {"host": web_1}})
    assert taken.status_code == 202
