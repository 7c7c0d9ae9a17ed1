"""The page of webhooks: making one by its form, what it shows of what came, and that no secret comes near a state."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from orch_app.domains.access.actor import COMMAND_LINE
from orch_app.domains.access.permissions import Role
from orch_app.domains.accounts.sessions import Client
from orch_app.domains.hooks import deliveries, secret
from orch_app.domains.hooks.deliveries import Posted
from orch_app.domains.hooks.models import Hook
from orch_app.domains.sources.models import RunbookSource
from orch_app.kit.clock import now
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.ids import new_id
from orch_app.kit.queue import install_bell
from orch_app.kit.settings import settings
from orch_app.state.hook_form import HookFormState
from orch_app.state.hook_form_view import meant, written
from orch_app.state.hooks import HooksState
from tests.domains.hooks.conftest import SCHEMA
from tests.domains.hooks.messages import github
from tests.domains.jobs.orders import sync_runbooks
from tests.domains.runbooks.folders import write_runbook
from tests.state.open_tab import OpenTab, signed_in
from tests.systems.product import bound_to

PATH = "/webhooks"
PUSH = {"ref": "refs/heads/main", "after": "abc"}


@pytest.fixture(autouse=True)
def _catalogue(sqlite: None, tmp_path: Path) -> Iterator[None]:
    write_runbook(tmp_path / "runbooks", "deploy", schema=SCHEMA, play_tags=["config", "restart"])
    with bound_to(settings().data_dir, ORCH_RUNBOOKS_DIR=str(tmp_path / "runbooks")):
        install_bell(lambda _name, _payload: None, lambda: True)
        sync_runbooks(COMMAND_LINE)
        yield


def stored() -> list[Hook]:
    with reading() as session:
        return list(session.exec(select(Hook)))


def send(tab: OpenTab, handler: Any, *args: Any) -> Any:
    return asyncio.run(tab.send(handler, *args))


def loaded(tab: OpenTab) -> HooksState:
    send(tab, HooksState.load)
    return tab.state(HooksState)


def begun(tab: OpenTab, runbook: str = "deploy") -> HookFormState:
    """The form of a new webhook that starts a runbook."""
    send(tab, HookFormState.open_new)
    send(tab, HookFormState.choose_runbook, runbook)
    send(tab, HookFormState.give_name, "pushes")
    return tab.state(HookFormState)


def made(tab: OpenTab, **heeded: Any) -> Hook:
    """A webhook, by its form."""
    form = begun(tab)
    mapping = [{"input": "branch", "pointer": "ref", "removePrefix": "refs/heads/", "required": True}]
    send(tab, HookFormState.heed, {"events": ["push"], "conditions": [], "mapping": mapping, **heeded})
    send(tab, HookFormState.save)
    assert (form.is_open, form.fault_count) == (False, 0)
    (row,) = stored()
    return row


def test_without_a_webhook_the_page_is_empty_and_a_viewer_has_no_rights() -> None:
    assert loaded(signed_in(Role.OPERATOR, PATH)).phase == "empty"
    assert loaded(signed_in(Role.VIEWER, PATH)).phase == "forbidden"


def test_from_the_form_to_the_job_that_a_push_starts() -> None:
    tab = signed_in(Role.ADMIN, PATH)
    send(tab, HookFormState.open_new)
    form = begun(tab)
    assert [field["name"] for field in form.message] == ["events", "conditions", "mapping"]
    assert form.message[2]["columns"][0]["options"][0]["value"] == "branch"
    send(tab, HookFormState.fill_in, {"notify": True})
    send(tab, HookFormState.choose_tags, {"only": ["config", "nonsense"], "skip": ["restart"]})
    wanted = [{"pointer": "/ref", "equals": "refs/heads/main"}, {"pointer": "/forced", "equals": "false"}]
    mapping = [{"input": "branch", "pointer": "ref", "removePrefix": "refs/heads/"}]
    send(tab, HookFormState.heed, {"events": ["push"], "conditions": wanted, "mapping": mapping})
    events = send(tab, HookFormState.save)
    (row,) = stored()
    assert (row.mapping[0]["pointer"], row.conditions[1]["equals"], row.tags) == ("/ref", False, ["config"])
    assert len(events) == 2
    page = loaded(tab)
    send(tab, HooksState.open, row.id)
    assert (page.panel, page.one["target"], page.deliveries) == ("detail", "Demo", [])
    assert page.one["conditions"] == ["/ref = refs/heads/main", "/forced = false"]
    assert page.one["headers"][0] == "X-Hub-Signature-256"
    told = github(PUSH | {"forced": False}, secret=secret.opened(row))
    receipt = deliveries.receive(row.id, Posted(told.headers, told.body, Client("203.0.113.9", "", "r1")))
    send(tab, HooksState.reload)
    (came,) = page.deliveries
    assert (came["outcome"], came["href"], came["event"]) == ("launched", f"/jobs/{receipt.delivery.job_id}", "push")


def test_no_secret_and_no_trace_of_one_is_in_a_state() -> None:
    tab = signed_in(Role.ADMIN, PATH)
    row = made(tab)
    send(tab, HooksState.open, row.id)
    assert secret.opened(row) not in str(tab.root.dict())
    assert row.encrypted_secret not in str(tab.root.dict())


def test_what_is_missing_or_wrong_is_said_at_its_field_in_both_languages() -> None:
    tab = signed_in(Role.ADMIN, PATH)
    send(tab, HookFormState.open_new)
    send(tab, HookFormState.save)
    form = tab.state(HookFormState)
    assert (sorted(form.own_faults), form.fault_count) == (["/name", "/runbook"], 2)
    begun(tab)
    rows = [{"input": "unknown", "pointer": "/ref"}, {"input": "branch"}]
    send(tab, HookFormState.heed, {"mapping": rows, "conditions": [{"pointer": "/a"}]})
    send(tab, HookFormState.save)
    assert sorted(form.message_errors) == ["/conditions/0/equals", "/mapping/0/input", "/mapping/1/pointer"]
    assert form.message_errors_pt["/mapping/1/pointer"] == "É obrigatório."
    assert stored() == []


def test_a_name_that_is_taken_is_said_at_the_name() -> None:
    tab = signed_in(Role.ADMIN, PATH)
    made(tab)
    form = begun(tab)
    send(tab, HookFormState.save)
    assert (form.is_open, form.own_faults_pt["/name"]) == (True, "Este nome já existe.")


def test_one_of_another_system_names_its_headers_and_can_have_a_source_fetched() -> None:
    source_id = new_id("src")
    with unit_of_work() as session:
        session.add(RunbookSource(id=source_id, name="ops", kind="folder", created_at=now(), updated_at=now()))
    tab = signed_in(Role.ADMIN, PATH)
    send(tab, HookFormState.open_new)
    form = tab.state(HookFormState)
    assert form.sources == [{"value": source_id, "label": "ops"}]
    send(tab, HookFormState.choose_provider, "generic")
    send(tab, HookFormState.choose_action, "sync")
    assert [field["name"] for field in form.message][2:] == ["signatureHeader", "deliveryHeader", "timestampHeader"]
    send(tab, HookFormState.choose_source, source_id)
    send(tab, HookFormState.give_name, "fetch")
    send(tab, HookFormState.heed, {"timestampHeader": "X-Time"})
    send(tab, HookFormState.save)
    page = loaded(tab)
    assert (page.rows[0]["target"], page.rows[0]["headers"][2]) == ("ops", "X-Time")


def test_one_is_changed_switched_off_and_removed() -> None:
    tab = signed_in(Role.ADMIN, PATH)
    row = made(tab, conditions=[{"pointer": "/n", "equals": '"12"'}])
    form, page = tab.state(HookFormState), loaded(tab)
    send(tab, HookFormState.open_edit, row.id)
    assert (form.name, form.message_start["conditions"]) == ("pushes", [{"pointer": "/n", "equals": '"12"'}])
    send(tab, HookFormState.choose_provider, "gitlab")
    send(tab, HookFormState.give_name, "renamed")
    send(tab, HookFormState.save)
    send(tab, HooksState.toggle, row.id, False)
    (changed,) = stored()
    assert (changed.name, changed.provider, changed.is_enabled) == ("renamed", "github", False)
    assert changed.conditions == row.conditions
    send(tab, HooksState.ask_delete, row.id)
    send(tab, HooksState.delete)
    assert (page.phase, stored()) == ("empty", [])


def test_an_operator_looks_and_changes_nothing() -> None:
    row = made(signed_in(Role.ADMIN, PATH))
    tab = signed_in(Role.OPERATOR, PATH)
    page = loaded(tab)
    send(tab, HooksState.open, row.id)
    assert (page.panel, page.one["name"]) == ("detail", "pushes")
    for handler, *given in ((HooksState.toggle, row.id, False), (HooksState.delete,), (HookFormState.open_new,)):
        send(tab, handler, *given)
    assert (stored()[0].is_enabled, tab.state(HookFormState).is_open) == (True, False)


@pytest.mark.parametrize("value", ["refs/heads/main", "true", "12", "", "[1]", True, None, 12, "1.5"])
def test_a_value_of_a_condition_is_typed_and_read_again(value: Any) -> None:
    assert (meant(written(value)), type(meant(written(value)))) == (value, type(value))
