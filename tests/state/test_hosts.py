"""The hosts page: list, form with its faults, deleting, and the dialog that verifies keys."""

import asyncio
from typing import Any

import pytest
from sqlmodel import select

from orch_app.domains.access.actor import Actor
from orch_app.domains.access.permissions import Role
from orch_app.domains.audit.models import AuditEntry
from orch_app.domains.inventory import connections, probes
from orch_app.domains.inventory.models import Host
from orch_app.domains.inventory.probes import Scan
from orch_app.domains.inventory.wire import NewConnection
from orch_app.integrations.ssh.keys import PublicKey
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.errors import Conflict
from orch_app.state.host_keys import HostKeysState
from orch_app.state.hosts import HostsState
from orch_app.state.hosts_view import labels_of, show_keys
from orch_app.state.session import ShellState
from tests.domains.inventory.samples import add_connection
from tests.state.open_tab import OpenTab, signed_in, urls_of
from tests.systems.people import audited

pytestmark = pytest.mark.usefixtures("sqlite")

FORM = {"name": "web-1", "address": "192.0.2.9", "port": "2222", "user": "", "labels": "role=web\ndc = sp"}


def add(tab: OpenTab, **changes: str) -> Any:
    asyncio.run(tab.send(HostsState.open_new))
    return asyncio.run(tab.send(HostsState.save, {**FORM, **changes}))


def loaded(tab: OpenTab) -> HostsState:
    asyncio.run(tab.send(HostsState.load))
    return tab.state(HostsState)


def test_a_host_is_added_by_its_form_and_then_shown():
    tab = signed_in(Role.ADMIN, "/hosts")
    add(tab)
    page = tab.state(HostsState)
    assert (page.panel, page.host["name"], page.host["port"]) == ("detail", "web-1", 2222)
    assert page.host["labels"] == ["role=web", "dc=sp"]
    assert [row["name"] for row in page.rows] == ["web-1"]
    assert len(audited("host.created")) == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [({"name": "localhost"}, "name"), ({"address": "no machine"}, "address"), ({"port": "70000"}, "port")],
)
def test_a_fault_is_told_at_its_field(change: dict[str, str], field: str):
    tab = signed_in(Role.ADMIN, "/hosts")
    add(tab, **change)
    assert tab.state(HostsState).faults == {field: field}
    assert tab.state(HostsState).panel == "form"


def test_a_taken_name_is_told_at_the_name():
    tab = signed_in(Role.ADMIN, "/hosts")
    add(tab)
    add(tab)
    assert tab.state(HostsState).faults == {"name": "name_taken"}


def test_saving_over_somebody_elses_change_is_refused():
    tab = signed_in(Role.ADMIN, "/hosts")
    add(tab)
    page = tab.state(HostsState)
    asyncio.run(tab.send(HostsState.open_edit, page.host["id"]))
    page.host = {**page.host, "version": 99}
    notice = asyncio.run(tab.send(HostsState.save, {**FORM, "name": "web-2"}))
    assert notice is not None
    assert loaded(tab).rows[0]["name"] == "web-1"


def test_filters_and_the_environment_narrow_the_list():
    tab = signed_in(Role.ADMIN, "/hosts")
    add(tab)
    add(tab, name="db-1")
    tab.go("/hosts?q=db")
    assert [row["name"] for row in loaded(tab).rows] == ["db-1"]
    asyncio.run(tab.send(ShellState.choose_environment, "prod"))
    assert loaded(tab).rows == []
    assert tab.state(HostsState).phase == "ready"


def test_nonsense_in_the_address_is_an_error_page_or_no_filter():
    tab = signed_in(Role.VIEWER, "/hosts?status=nonsense&connection=%27")
    assert loaded(tab).phase == "ready"
    tab.go("/hosts?sort=password")
    assert loaded(tab).problem["code"] == "unknown_sort"


def test_a_link_opens_the_form_only_for_those_who_may_add():
    assert loaded(signed_in(Role.OPERATOR, "/hosts?new=1")).panel == ""
    tab = signed_in(Role.ADMIN, "/hosts?new=1")
    assert loaded(tab).panel == "form"
    assert urls_of(asyncio.run(tab.send(HostsState.close))) == ["/hosts"]


def test_an_operator_can_neither_add_nor_delete():
    admin = signed_in(Role.ADMIN, "/hosts")
    add(admin)
    tab = signed_in(Role.OPERATOR, "/hosts")
    host_id = loaded(tab).rows[0]["id"]
    tab.state(HostsState).host = tab.state(HostsState).rows[0]
    for handler, args in ((HostsState.save, (FORM,)), (HostsState.delete, ()), (HostKeysState.open, (host_id,))):
        asyncio.run(tab.send(handler, *args))
    assert [row["name"] for row in loaded(tab).rows] == ["web-1"]
    assert len(audited("access.denied")) == 3


def test_deleting_asks_first_and_is_audited():
    tab = signed_in(Role.ADMIN, "/hosts")
    add(tab)
    asyncio.run(tab.send(HostsState.ask_delete, tab.state(HostsState).host["id"]))
    assert tab.state(HostsState).panel == "delete"
    asyncio.run(tab.send(HostsState.delete))
    assert loaded(tab).phase == "empty"
    assert isinstance(audited("host.deleted")[0], AuditEntry)


def test_labels_are_read_from_lines_and_commas():
    assert labels_of("a=1, b = 2\n\nc") == {"a": "1", "b": "2", "c": ""}


KEY = PublicKey("ssh-ed25519", "SHA256:" + "a" * 43, "ssh-ed25519 AAAA")
WEAK = PublicKey("ssh-rsa", "SHA256:" + "b" * 43, "ssh-rsa AAAA")


def the_host() -> Host:
    with reading() as session:
        return session.exec(select(Host)).one()


def scanned(monkeypatch: pytest.MonkeyPatch, matches: bool | None) -> tuple[OpenTab, HostKeysState]:
    tab = signed_in(Role.ADMIN, "/hosts")
    add(tab)
    scan = Scan(the_host(), [WEAK, KEY], matches)
    monkeypatch.setattr(probes, "scan_key", lambda *_: scan)
    asyncio.run(tab.send(HostKeysState.open, tab.state(HostsState).host["id"]))
    asyncio.run(tab.send(HostKeysState.scan))
    return tab, tab.state(HostKeysState)


def test_the_strongest_key_is_offered_first(monkeypatch: pytest.MonkeyPatch):
    _, dialog = scanned(monkeypatch, None)
    assert (dialog.step, dialog.picked) == ("new", KEY.fingerprint)
    assert [key["label"] for key in show_keys([WEAK, KEY])] == ["ED25519", "RSA"]


def test_another_key_than_the_pinned_one_is_told_as_a_change(monkeypatch: pytest.MonkeyPatch):
    _, dialog = scanned(monkeypatch, matches=False)
    assert dialog.step == "changed"


def test_a_host_that_does_not_answer_says_so_in_the_dialog(monkeypatch: pytest.MonkeyPatch):
    tab, dialog = scanned(monkeypatch, None)

    def silent(*_: Any) -> Scan:
        raise Conflict("Nothing answers.", "host_unreachable")

    monkeypatch.setattr(probes, "scan_key", silent)
    asyncio.run(tab.send(HostKeysState.scan))
    assert (dialog.step, dialog.problem["code"]) == ("failed", "host_unreachable")


def test_a_closed_dialog_stays_closed_when_the_answer_comes_late(monkeypatch: pytest.MonkeyPatch):
    tab, dialog = scanned(monkeypatch, None)
    asyncio.run(tab.send(HostKeysState.close))
    asyncio.run(tab.send(HostKeysState.scan))
    assert dialog.step == ""


def test_pinning_names_the_key_that_was_looked_at(monkeypatch: pytest.MonkeyPatch):
    tab, dialog = scanned(monkeypatch, None)
    pinned: list[str] = []

    def pin(_actor: Actor, _host: str, fingerprint: str) -> str:
        pinned.append(fingerprint)
        return "the scan"

    monkeypatch.setattr(probes, "scan_and_pin", pin)
    asyncio.run(tab.send(HostKeysState.pick, WEAK.fingerprint))
    asyncio.run(tab.send(HostKeysState.pin))
    assert (pinned, dialog.step) == ([WEAK.fingerprint], "")


def test_what_was_open_when_somebody_left_is_closed_when_he_comes_back():
    tab = signed_in(Role.ADMIN, "/hosts")
    asyncio.run(tab.send(ShellState.enter))
    loaded(tab)
    add(tab)
    asyncio.run(tab.send(ShellState.enter))
    assert loaded(tab).panel == "detail"
    for path in ("/jobs", "/hosts"):
        tab.go(path)
        asyncio.run(tab.send(ShellState.enter))
    assert loaded(tab).panel == ""


def test_only_connections_that_open_hosts_are_offered(admin: Actor):
    with unit_of_work() as session:
        payload = {"apiToken": "token-of-a-zone"}
        new = NewConnection(type="cloudflare", name="zones", environment="stage", payload=payload)
        connections.create(session, admin, new)
    add_connection(admin, "web-deploy")
    page = loaded(signed_in(Role.ADMIN, "/hosts"))
    assert [offered["label"] for offered in page.connections] == ["web-deploy"]
