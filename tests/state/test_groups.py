"""The tab of groups on the hosts page: list, form with its faults, deleting; and groups in the form of an order."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from orch_app.domains.access.actor import Actor
from orch_app.domains.access.permissions import Role
from orch_app.domains.inventory.models import Host
from orch_app.kit.errors import Invalid
from orch_app.state import groups
from orch_app.state.groups import GroupsState
from orch_app.state.groups_view import matching
from orch_app.state.hosts import HostsState
from orch_app.state.launch_view import groups_of, limited, with_group
from orch_app.state.session import ShellState
from orch_app.state.variables_view import read_variables, variables_text
from tests.domains.inventory.samples import add_group, add_host
from tests.state.open_tab import OpenTab, signed_in
from tests.systems.people import audited

pytestmark = pytest.mark.usefixtures("sqlite")

FORM = {"name": "web", "variables": "http_port: 80\n"}


@pytest.fixture
def hosts(admin: Actor) -> dict[str, Host]:
    return {name: add_host(admin, name) for name in ("web-1", "web-2")}


def send(tab: OpenTab, *event: Any) -> Any:
    return asyncio.run(tab.send(*event))


def add(tab: OpenTab, *host_ids: str, **changes: str) -> GroupsState:
    send(tab, GroupsState.open_new)
    for host_id in host_ids:
        send(tab, GroupsState.choose_host, host_id, True)
    send(tab, GroupsState.save, {**FORM, **changes})
    return tab.state(GroupsState)


def test_a_group_is_added_by_its_form_and_then_shown(hosts: dict[str, Host]):
    tab = signed_in(Role.ADMIN, "/hosts")
    page = add(tab, hosts["web-2"].id)
    assert (page.panel, page.group["name"], page.group["hostNames"]) == ("detail", "web", ["web-2"])
    assert (page.group["variableText"], page.group["count"]) == ("http_port: 80\n", 1)
    assert [(row["name"], row["variables"]) for row in page.rows] == [("web", 1)]
    assert len(audited("host_group.created")) == 1
    send(tab, HostsState.load)
    assert tab.state(HostsState).groups == ["web"]
    assert {row["name"]: row["groups"] for row in tab.state(HostsState).rows} == {"web-1": [], "web-2": ["web"]}


@pytest.mark.parametrize(
    ("change", "place", "about"),
    [
        ({"name": "web-servers"}, "name", ""),
        ({"name": "targets"}, "name", ""),
        ({"variables": "a: [1"}, "variables", ""),
        ({"variables": "- a"}, "variables", ""),
        ({"variables": "a: 1\na: 2"}, "variables", ""),
        ({"variables": "a: &x [1]\nb: *x"}, "variables", ""),
        ({"variables": "ok: 1\nansible_host: x"}, "variables", "ansible_host"),
    ],
)
def test_a_fault_is_told_at_its_field(change: dict[str, str], place: str, about: str):
    page = add(signed_in(Role.ADMIN, "/hosts"), **change)
    assert [(fault["place"], fault["about"]) for fault in page.faults] == [(place, about)]
    assert (page.panel, page.rows, len(page.faults_at[place])) == ("form", [], 1)


def test_a_taken_name_and_a_circle_are_told(admin: Actor):
    add_group(admin, "inner")
    outer = add_group(admin, "outer", children=["inner"])
    tab = signed_in(Role.ADMIN, "/hosts")
    assert [fault["place"] for fault in add(tab, name="outer").faults] == ["name"]
    send(tab, GroupsState.load)
    inner = next(row for row in tab.state(GroupsState).rows if row["name"] == "inner")
    send(tab, GroupsState.open_edit, inner["id"])
    assert tab.state(GroupsState).offered == ["outer"]
    send(tab, GroupsState.choose_child, "outer")
    send(tab, GroupsState.save, {"name": "inner", "variables": ""})
    assert [(fault["place"], fault["about"]) for fault in tab.state(GroupsState).faults] == [("children", "")]
    send(tab, GroupsState.open_edit, outer.id)
    send(tab, GroupsState.choose_child, "inner")
    send(tab, GroupsState.save, {"name": "outer", "variables": ""})
    assert tab.state(GroupsState).group["children"] == []


def test_a_group_is_removed_after_a_question(admin: Actor):
    group = add_group(admin, "web")
    tab = signed_in(Role.ADMIN, "/hosts")
    send(tab, GroupsState.ask_delete, group.id)
    send(tab, GroupsState.delete)
    page = tab.state(GroupsState)
    assert (page.panel, page.rows, page.phase) == ("", [], "empty")


def test_the_environment_and_a_text_narrow_the_list(admin: Actor):
    for name in ("web", "db"):
        add_group(admin, name)
    tab = signed_in(Role.VIEWER, "/hosts")
    send(tab, GroupsState.find, "WE")
    assert [row["name"] for row in tab.state(GroupsState).rows] == ["web"]
    send(tab, ShellState.choose_environment, "prod")
    send(tab, GroupsState.load)
    assert (tab.state(GroupsState).rows, tab.state(GroupsState).phase) == ([], "ready")


def test_a_viewer_looks_and_changes_nothing(admin: Actor):
    group = add_group(admin, "web")
    tab = signed_in(Role.VIEWER, "/hosts")
    send(tab, GroupsState.open_detail, group.id)
    assert tab.state(GroupsState).panel == "detail"
    for event in ((GroupsState.open_new,), (GroupsState.open_edit, group.id), (GroupsState.save, FORM)):
        send(tab, *event)
        assert tab.state(GroupsState).panel == "detail"


def test_a_host_has_its_variables_in_its_form(admin: Actor):
    host = add_host(admin, "web-1", variables={"b": 2, "a": {"deep": [True]}})
    tab = signed_in(Role.ADMIN, "/hosts")
    send(tab, HostsState.load)
    send(tab, HostsState.open_edit, host.id)
    page = tab.state(HostsState)
    assert page.variables == "b: 2\na:\n  deep:\n  - true\n"
    form = {"name": "web-1", "address": "10.0.0.5", "port": "22", "python": "python3", "variables": "orch: 1"}
    send(tab, HostsState.save, form)
    assert page.faults == {"python": "python"}
    send(tab, HostsState.save, form | {"python": "/usr/bin/python3.12"})
    assert [fault["about"] for fault in page.variable_faults] == ["orch"]
    send(tab, HostsState.save, form | {"python": "", "variables": '{"c": 3}'})
    assert (page.panel, page.variables) == ("detail", "c: 3\n")


def test_variables_come_back_as_they_were_written():
    written = {
        "text": "no",
        "number": "0123",
        "on": True,
        "day": "2024-01-01",
        "lines": "a\nb\n",
        "deep": [{"é": None}],
    }
    assert read_variables(variables_text(written)) == written
    assert read_variables("day: 2024-01-01\n80: port") == {"day": "2024-01-01", "80": "port"}
    assert (variables_text({}), read_variables(" "), read_variables("# nothing")) == ("", {}, {})
    with pytest.raises(Invalid):
        read_variables("a" * 300_000)


def shown(name: str, *groups: str, fault: str = "") -> dict[str, Any]:
    return {"id": name, "name": name, "address": "10.0.0.5", "labels": [], "groups": list(groups), "fault": fault}


def test_a_group_is_chosen_whole_and_let_go_whole():
    fleet = [
        shown("a", "web", "site"),
        shown("b", "web", "site"),
        shown("c", "site"),
        shown("d", "web", fault="no_key"),
    ]
    assert groups_of(fleet, ["a", "b"]) == [
        {"name": "site", "count": 3, "isChosen": False},
        {"name": "web", "count": 2, "isChosen": True},
    ]
    assert with_group(fleet, ["c"], "web") == ["c", "a", "b"]
    assert with_group(fleet, ["b", "c", "a"], "web") == ["c"]
    assert (limited("site,!web", fleet, []), limited("web", fleet, ["a", "c"])) == (1, 1)


def test_hosts_that_are_chosen_stay_in_sight():
    fleet = [shown(f"h{number}") for number in range(300)]
    found = matching(fleet, "h1", ["h7"])
    assert ([host["id"] for host in found[:2]], len(found)) == (["h7", "h1"], 100)


def test_what_others_change_is_shown_without_asking(admin: Actor, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(groups, "LOOK_S", 0.01)
    tab = signed_in(Role.OPERATOR, "/hosts")
    send(tab, GroupsState.load)
    page = tab.state(GroupsState)
    add_group(admin, "live")

    async def until_shown() -> None:
        following = asyncio.create_task(tab.send(GroupsState.follow))
        while not page.rows and not following.done():  # noqa: ASYNC110 - nobody tells when a page was read
            await asyncio.sleep(0.01)
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following

    asyncio.run(until_shown())
    assert ([row["name"] for row in page.rows], page.phase) == (["live"], "ready")
