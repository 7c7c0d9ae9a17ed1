"""The connections page: secrets go in and never come out, faults at their fields, deleting blocked while used."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from orch_app.domains.access.actor import COMMAND_LINE
from orch_app.domains.access.permissions import Role
from orch_app.domains.inventory import connections, hosts, probes, queries
from orch_app.domains.inventory.probes import ProbeResult
from orch_app.domains.inventory.wire import NewHost
from orch_app.integrations.identity import Identity
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.upstream_failures import PROBLEMS
from orch_app.state.connection_probe import ConnectionProbeState
from orch_app.state.connections import ConnectionsState
from orch_app.state.connections_view import SENTENCES, payload_of
from tests.state.open_tab import OpenTab, signed_in
from tests.systems.keys import make_key

pytestmark = pytest.mark.usefixtures("sqlite")

PASSWORD = "s3cret of the machines"
FORM = {"name": "lab", "user": "root", "password": PASSWORD, "jumpHost.port": "22"}


@pytest.fixture(scope="session")
def private_key(tmp_path_factory: pytest.TempPathFactory) -> str:
    return make_key(tmp_path_factory.mktemp("key"), "ed25519")


def loaded(tab: OpenTab) -> ConnectionsState:
    asyncio.run(tab.send(ConnectionsState.load))
    return tab.state(ConnectionsState)


def add(tab: OpenTab, **changes: str) -> Any:
    begin(tab, "ssh")
    return asyncio.run(tab.send(ConnectionsState.save, {**FORM, **changes}))


def begin(tab: OpenTab, kind: str) -> None:
    """Choose what a new connection is to be of."""
    loaded(tab)
    asyncio.run(tab.send(ConnectionsState.open_new))
    assert tab.state(ConnectionsState).panel == "types"
    asyncio.run(tab.send(ConnectionsState.choose_type, kind))
    assert tab.state(ConnectionsState).panel == "form"


def edit(tab: OpenTab, *replaced: str, **values: str) -> None:
    row = loaded(tab).rows[0]
    asyncio.run(tab.send(ConnectionsState.open, row["id"]))
    for name in replaced:
        asyncio.run(tab.send(ConnectionsState.replace_secret, name))
    asyncio.run(tab.send(ConnectionsState.save, {"name": "lab", "user": "root", "jumpHost.port": "22", **values}))


def opened(tab: OpenTab) -> Any:
    with reading() as session:
        return connections.ssh_secret(queries.get_connection(session, COMMAND_LINE, loaded(tab).rows[0]["id"]))


def test_a_connection_is_kept_and_its_secret_is_nowhere_in_the_tab():
    tab = signed_in(Role.ADMIN, "/connections")
    add(tab)
    assert opened(tab).password == PASSWORD
    asyncio.run(tab.send(ConnectionsState.open, loaded(tab).rows[0]["id"]))
    assert PASSWORD not in json.dumps(tab.root.dict(), default=str)
    assert list(tab.state(ConnectionsState).connection["set_at"]) == ["password"]


def test_the_list_says_who_made_and_who_changed_it_last():
    add(signed_in(Role.ADMIN, "/connections", email="ana@example.org"))
    tab = signed_in(Role.ADMIN, "/connections", email="rui@example.org")
    edit(tab, user="deploy")
    row = loaded(tab).rows[0]
    assert (row["type"], row["status"], row["tested_at"]) == ("ssh", "untested", "")
    assert (row["created_by"], row["changed_by"]) == ("ana@example.org", "rui@example.org")
    assert row["changed_at"] > row["created_at"]


def test_what_was_not_replaced_stays():
    tab = signed_in(Role.ADMIN, "/connections")
    add(tab)
    edit(tab, user="deploy")
    assert (opened(tab).user, opened(tab).password) == ("deploy", PASSWORD)


def test_a_replaced_secret_is_the_new_one():
    tab = signed_in(Role.ADMIN, "/connections")
    add(tab)
    edit(tab, "password", password="another")
    assert opened(tab).password == "another"


def test_a_secret_that_is_replaced_by_nothing_is_cleared(private_key: str):
    tab = signed_in(Role.ADMIN, "/connections")
    add(tab, privateKey=private_key)
    edit(tab, "password", password="")
    assert opened(tab).password == ""
    assert opened(tab).private_key


def test_a_jump_host_is_kept_and_taken_away_again():
    tab = signed_in(Role.ADMIN, "/connections")
    add(tab, **{"jumpHost.address": "192.0.2.1"})
    assert opened(tab).jump_host.address == "192.0.2.1"
    edit(tab, **{"jumpHost.address": ""})
    assert opened(tab).jump_host is None


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        ({"password": ""}, {"privateKey": "required"}),
        ({"privateKey": "nonsense"}, {"privateKey": "not_a_private_key"}),
        ({"jumpHost.address": "no machine"}, {"jumpHost.address": "host"}),
        ({"jumpHost.address": "192.0.2.1", "jumpHost.port": "x"}, {"jumpHost.port": "invalid"}),
        ({"name": ""}, {"name": "name"}),
    ],
)
def test_a_fault_is_told_at_its_field(change: dict[str, str], faults: dict[str, str]):
    tab = signed_in(Role.ADMIN, "/connections")
    add(tab, **change)
    assert tab.state(ConnectionsState).faults == faults
    assert tab.state(ConnectionsState).panel == "form"


def test_a_used_connection_names_what_uses_it_instead_of_being_deleted():
    tab = signed_in(Role.ADMIN, "/connections")
    add(tab)
    connection_id = loaded(tab).rows[0]["id"]
    with unit_of_work() as session:
        new = NewHost(name="web-1", address="192.0.2.9", environment="stage", connection_id=connection_id)
        hosts.create(session, COMMAND_LINE, new)
    loaded(tab)
    asyncio.run(tab.send(ConnectionsState.ask_delete, connection_id))
    assert [use["name"] for use in tab.state(ConnectionsState).uses] == ["web-1"]
    asyncio.run(tab.send(ConnectionsState.delete))
    assert len(loaded(tab).rows) == 1


def test_a_viewer_is_told_which_permission_is_missing():
    page = loaded(signed_in(Role.VIEWER, "/connections"))
    assert (page.phase, page.problem["permission"]) == ("forbidden", "connections:read")


def test_an_operator_may_look_and_test_and_not_change():
    add(signed_in(Role.ADMIN, "/connections"))
    tab = signed_in(Role.OPERATOR, "/connections")
    connection_id = loaded(tab).rows[0]["id"]
    asyncio.run(tab.send(ConnectionProbeState.open, connection_id))
    assert tab.state(ConnectionProbeState).step == "choose"
    asyncio.run(tab.send(ConnectionsState.open, connection_id))
    asyncio.run(tab.send(ConnectionsState.save, {**FORM, "name": "mine"}))
    assert loaded(tab).rows[0]["name"] == "lab"


@pytest.mark.parametrize(
    ("code", "said"), [("auth_failed", "auth_failed"), ("", "The machine refused the user, key or password.")]
)
def test_the_outcome_of_a_test_is_shown_by_its_word_or_as_the_machine_said_it(
    monkeypatch: pytest.MonkeyPatch, code: str, said: str
):
    tab = signed_in(Role.ADMIN, "/connections")
    add(tab)
    result = ProbeResult("auth_failed", "The machine refused the user, key or password.", code, 42)
    monkeypatch.setattr(probes, "probe_connection", lambda *_: result)
    asyncio.run(tab.send(ConnectionProbeState.open, loaded(tab).rows[0]["id"]))
    asyncio.run(tab.send(ConnectionProbeState.start))
    asyncio.run(tab.send(ConnectionProbeState.probe))
    page = tab.state(ConnectionProbeState)
    assert (page.step, page.result["code"], page.result["ms"]) == ("done", "auth_failed", 42)
    assert page.result["said"] == said


PORTAINER = {"name": "console", "url": "https://portainer.example.org:9443", "apiKey": "ptr_t0ken", "tlsVerify": True}


def test_a_connection_of_another_type_has_the_form_of_its_type():
    tab = signed_in(Role.ADMIN, "/connections")
    begin(tab, "portainer")
    assert [field["name"] for field in tab.state(ConnectionsState).fields] == ["url", "apiKey", "tlsVerify"]
    assert tab.state(ConnectionsState).fields[2]["value"] == "true"
    asyncio.run(tab.send(ConnectionsState.save, PORTAINER))
    row = loaded(tab).rows[0]
    assert (row["type"], row["user"], row["is_open"]) == ("portainer", PORTAINER["url"], False)
    assert "ptr_t0ken" not in json.dumps(tab.root.dict(), default=str)


def test_a_certificate_that_is_not_checked_is_said_for_as_long_as_it_is_so():
    tab = signed_in(Role.ADMIN, "/connections")
    begin(tab, "portainer")
    asyncio.run(tab.send(ConnectionsState.save, {**PORTAINER, "tlsVerify": False}))
    row = loaded(tab).rows[0]
    assert row["is_open"]
    asyncio.run(tab.send(ConnectionsState.open, row["id"]))
    assert tab.state(ConnectionsState).fields[2]["value"] == "false"
    asyncio.run(tab.send(ConnectionsState.save, {**PORTAINER, "apiKey": ""}))
    assert not loaded(tab).rows[0]["is_open"]


@pytest.mark.parametrize(
    ("kind", "given", "faults"),
    [
        ("cloudflare", {"apiToken": "a b"}, {"apiToken": "token"}),
        ("cloudflare", {}, {"apiToken": "missing"}),
        ("n8n", {"apiKey": "k", "url": "nowhere"}, {"url": "url"}),
        ("docker", {"url": "tcp://10.0.0.5"}, {"url": "url_port"}),
    ],
)
def test_a_fault_of_any_type_has_a_sentence_of_its_own(kind: str, given: dict[str, str], faults: dict[str, str]):
    tab = signed_in(Role.ADMIN, "/connections")
    begin(tab, kind)
    asyncio.run(tab.send(ConnectionsState.save, {"name": "x", **given}))
    assert tab.state(ConnectionsState).faults == faults


def test_a_system_is_asked_at_once_and_says_who_the_connection_is(monkeypatch: pytest.MonkeyPatch):
    tab = signed_in(Role.ADMIN, "/connections")
    begin(tab, "hetzner")
    asyncio.run(tab.send(ConnectionsState.save, {"name": "cloud", "token": "t0ken-1"}))
    identity = Identity("project with 3 servers", ("Permissions: Read",), ("Permissions: Write",))
    result = ProbeResult("insufficient_scopes", "It may do less.", "missing_rights", 7, identity)
    monkeypatch.setattr(probes, "probe_connection", lambda *_: result)
    asyncio.run(tab.send(ConnectionProbeState.open, loaded(tab).rows[0]["id"]))
    assert tab.state(ConnectionProbeState).step == "trying"
    asyncio.run(tab.send(ConnectionProbeState.probe))
    page = tab.state(ConnectionProbeState)
    assert (page.step, page.hosts, page.result["is_login"]) == ("done", [], False)
    shown = (page.result["identity"], page.result["granted"], page.result["missing"])
    assert shown == ("project with 3 servers", ["Permissions: Read"], ["Permissions: Write"])


@pytest.mark.parametrize("language", ["pt-BR", "en"])
def test_every_failure_of_a_system_and_every_fault_of_a_field_has_its_sentence(language: str):
    known = json.loads(Path(f"orch_app/i18n/{language}.json").read_text("utf-8"))
    codes = {*PROBLEMS, "ok", "egress_refused", "name_not_found", "no_host_key", "wrong_connection_type"}
    assert {f"connections.answer.{code}" for code in codes} <= known.keys()
    assert {f"connections.error.{code}" for code in SENTENCES} <= known.keys()


def test_no_word_of_the_form_is_missing_in_either_language():
    words = {
        language: json.loads(Path(f"orch_app/i18n/{language}.json").read_text("utf-8")) for language in ("pt-BR", "en")
    }
    fields = [field for kind in loaded(signed_in(Role.ADMIN, "/connections")).types for field in kind["fields"]]
    assert all(field["title"] and field["titlePt"] for field in fields)
    assert all("connections.error.invalid" in catalogue for catalogue in words.values())


def test_blanks_around_a_secret_are_kept_and_around_other_texts_not() -> None:
    fields = [
        {"name": name, "kind": kind, "secret": name != "user"}
        for name, kind in (("user", "text"), ("password", "password"), ("becomePassword", "password"))
    ]
    values = {"user": " root ", "password": " two  words\t", "becomePassword": ""}
    assert payload_of(values, fields, kept=[], is_new=True) == {"user": "root", "password": " two  words\t"}


def test_a_new_secret_is_tested_once_it_was_saved():
    tab = signed_in(Role.ADMIN, "/connections")
    begin(tab, "hetzner")
    asyncio.run(tab.send(ConnectionsState.test_when_saved, True))
    asyncio.run(tab.send(ConnectionsState.save, {"name": "cloud"}))
    assert tab.state(ConnectionsState).faults == {"token": "missing"}
    assert asyncio.run(tab.send(ConnectionProbeState.open_saved)) is None
    asyncio.run(tab.send(ConnectionsState.save, {"name": "cloud", "token": "t0ken-1"}))
    follows: Any = asyncio.run(tab.send(ConnectionProbeState.open_saved))
    assert follows.handler.fn.__name__ == ConnectionProbeState.open.fn.__name__
    assert asyncio.run(tab.send(ConnectionProbeState.open_saved)) is None


def test_what_is_only_saved_is_not_tested():
    tab = signed_in(Role.ADMIN, "/connections")
    begin(tab, "hetzner")
    asyncio.run(tab.send(ConnectionsState.test_when_saved, True))
    asyncio.run(tab.send(ConnectionsState.test_when_saved, False))
    asyncio.run(tab.send(ConnectionsState.save, {"name": "cloud", "token": "t0ken-1"}))
    assert len(loaded(tab).rows) == 1
    assert asyncio.run(tab.send(ConnectionProbeState.open_saved)) is None
