"""Groups of hosts: who is in them, what they may not be, and that no group is ever in itself."""

from collections.abc import Sequence
from typing import Any

import pytest
from pydantic import ValidationError
from sqlmodel import select

from orch_app.domains.access.actor import Actor
from orch_app.domains.audit.models import AuditEntry
from orch_app.domains.inventory import group_queries, groups, hosts, queries
from orch_app.domains.inventory.group_wire import GroupAnswer, GroupChange, GroupsQuery, NewGroup
from orch_app.domains.inventory.grouping import direct_names, read_grouping
from orch_app.domains.inventory.models import Host, HostGroup
from orch_app.domains.inventory.provenance import Brought
from orch_app.domains.inventory.wire import HostChange, HostsQuery
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.errors import Conflict, Forbidden, Invalid, NotFound, StaleVersion
from tests.domains.inventory.samples import add_group, add_host

pytestmark = pytest.mark.usefixtures("database")
EDITION = Brought("prod-repository", is_trusted=True)


def change(actor: Actor, group_id: str, **fields: Any) -> HostGroup:
    with unit_of_work() as session:
        return groups.update(session, actor, group_id, GroupChange.model_validate(fields))


def shown(actor: Actor) -> dict[str, GroupAnswer]:
    with reading() as session:
        rows = group_queries.list_groups(session, actor, GroupsQuery()).items
        return {one.name: one for one in group_queries.show(session, actor, rows)}


def found(actor: Actor, *names: str) -> list[str]:
    with reading() as session:
        return [row.name for row in queries.list_hosts(session, actor, HostsQuery(group=list(names))).items]


def faults_of(refused: pytest.ExceptionInfo[Invalid]) -> list[tuple[str, str]]:
    return [(problem.pointer, problem.code) for problem in refused.value.errors]


@pytest.fixture
def fleet(admin: Actor) -> dict[str, Host]:
    return {name: add_host(admin, name) for name in ("web-1", "web-2", "db-1")}


def test_a_group_has_hosts_of_its_own_and_those_of_the_groups_in_it(admin: Actor, fleet: dict[str, Host]) -> None:
    add_group(admin, "web", hosts=[fleet["web-2"].id, fleet["web-1"].id])
    add_group(admin, "site", hosts=[fleet["web-1"].id, fleet["db-1"].id], children=["web"], variables={"zone": "b"})
    add_group(admin, "all", variables={"ntp": "192.0.2.1"})
    known = shown(admin)
    assert (known["web"].host_count, known["site"].host_count, known["all"].host_count) == (2, 3, 3)
    assert known["site"].hosts == sorted([fleet["web-1"].id, fleet["db-1"].id])
    assert (known["site"].variables, known["site"].children, known["all"].hosts) == ({"zone": "b"}, ["web"], [])
    assert (found(admin, "web"), found(admin, "site")) == (["web-1", "web-2"], ["db-1", "web-1", "web-2"])
    assert (len(found(admin, "all", "web")), found(admin, "nothing")) == (3, [])
    with reading() as session:
        assert read_grouping(session, admin, "stage").of(fleet["web-2"].id) == {"web", "site", "all"}
        assert direct_names(session, admin, [fleet["web-1"].id]) == {fleet["web-1"].id: ["site", "web"]}


def test_the_same_name_in_two_environments_is_two_groups(admin: Actor) -> None:
    other = add_host(admin, "web-9", environment="prod")
    add_group(admin, "web", environment="prod", hosts=[other.id])
    add_group(admin, "web")
    with reading() as session:
        wanted = HostsQuery(group=["web"], environment=["stage"])
        assert queries.list_hosts(session, admin, wanted).items == []
    with pytest.raises(Conflict) as taken:
        add_group(admin, "web")
    assert taken.value.code == "name_taken"


@pytest.mark.parametrize(
    "fields",
    [
        {"name": name}
        for name in ("", "1web", "a-b", "a b", "targets", "machines", "local", "ungrouped", "localhost", "x" * 64, "é")
    ]
    + [{"environment": "dev"}, {"hosts": ["x' OR 1"]}, {"children": ["a-b"]}, {"origin": "me"}],
)
def test_what_makes_no_sense_is_refused(fields: dict[str, Any]) -> None:
    good = {"name": "web", "environment": "stage"}
    NewGroup.model_validate(good)
    with pytest.raises(ValidationError):
        NewGroup.model_validate({**good, **fields})


def test_members_and_groups_in_it_are_there_once_and_of_the_same_environment(
    admin: Actor, fleet: dict[str, Host]
) -> None:
    foreign, own = add_host(admin, "far", environment="prod").id, fleet["web-1"].id
    add_group(admin, "web")
    with pytest.raises(Invalid) as refused:
        add_group(
            admin,
            "site",
            hosts=[own, own, foreign, "hst_01J9ZC5V0G3M5W6YQX4T2R8S7K"],
            children=["web", "web", "site", "nothing", "all"],
            variables={"ansible_host": "x"},
        )
    assert faults_of(refused) == [
        ("/children/1", "duplicate"),
        ("/children/2", "circle"),
        ("/children/3", "group_not_found"),
        ("/children/4", "group_not_found"),
        ("/hosts/1", "duplicate"),
        ("/hosts/2", "other_environment"),
        ("/hosts/3", "host_not_found"),
        ("/variables/ansible_host", "reserved"),
    ]


@pytest.mark.parametrize("chain", [("a", "b"), ("a", "b", "c")])
def test_no_group_is_in_itself_also_not_under_a_new_name(admin: Actor, chain: Sequence[str]) -> None:
    inner: list[str] = []
    for name in reversed(chain):
        add_group(admin, name, children=inner)
        inner = [name]
    last = shown(admin)[chain[-1]].id
    for fields in ({"children": ["a"]}, {"children": ["a"], "name": "fresh"}):
        with pytest.raises(Invalid) as refused:
            change(admin, last, **fields)
        assert faults_of(refused) == [("/children/0", "circle")]
    assert shown(admin)["a"].children == list(chain[1:2])
    change(admin, shown(admin)["a"].id, children=[])
    assert change(admin, last, children=["a"]).children == ["a"]


def test_the_group_of_every_host_lists_nobody_and_stands_nowhere(admin: Actor, fleet: dict[str, Host]) -> None:
    web = add_group(admin, "web", hosts=[fleet["web-1"].id])
    add_group(admin, "site", children=["web"])
    with pytest.raises(Invalid) as refused:
        change(admin, web.id, name="all")
    assert faults_of(refused) == [("/hosts", "means_all"), ("/name", "means_all")]
    with pytest.raises(Invalid) as refused:
        add_group(admin, "all", children=["web"])
    assert faults_of(refused) == [("/children", "means_all")]


def test_groups_that_hold_it_follow_a_new_name_and_let_it_go(admin: Actor, fleet: dict[str, Host]) -> None:
    web = add_group(admin, "web", hosts=[fleet["web-1"].id])
    add_group(admin, "site", children=["web"])
    before = shown(admin)["site"].version
    change(admin, web.id, name="www")
    assert (shown(admin)["site"].children, shown(admin)["site"].version) == (["www"], before + 1)
    with unit_of_work() as session:
        groups.delete(session, admin, web.id)
    assert (shown(admin)["site"].children, shown(admin)["site"].host_count, found(admin, "site")) == ([], 0, [])
    assert len(found(admin)) == 3


def test_a_host_that_is_removed_leaves_its_groups(admin: Actor, fleet: dict[str, Host]) -> None:
    add_group(admin, "web", hosts=[fleet["web-1"].id, fleet["web-2"].id])
    with unit_of_work() as session:
        hosts.delete(session, admin, fleet["web-1"].id)
    assert shown(admin)["web"].hosts == [fleet["web-2"].id]


def test_only_what_is_given_changes_and_only_for_who_has_seen_the_newest(admin: Actor, fleet: dict[str, Host]) -> None:
    web = add_group(admin, "web", hosts=[fleet["web-1"].id], variables={"a": 1})
    changed = change(admin, web.id, variables={"a": 2})
    assert (changed.variables, shown(admin)["web"].hosts, changed.version) == ({"a": 2}, [fleet["web-1"].id], 2)
    with unit_of_work() as session, pytest.raises(StaleVersion):
        groups.update(session, admin, web.id, GroupChange(), if_match='W/"old"')
    with unit_of_work() as session, pytest.raises(NotFound) as gone:
        groups.delete(session, admin, "grp_01J9ZC5V0G3M5W6YQX4T2R8S7K")
    assert gone.value.code == "host_group_not_found"


def test_what_a_person_rewrites_is_no_longer_trusted_text(admin: Actor) -> None:
    group = add_group(admin, "web", variables={"url": "{{ name }}"}, brought=EDITION)
    host = add_host(admin, "web-1", variables={"url": "{{ name }}"}, brought=EDITION)
    assert (group.is_trusted_text, group.origin, host.is_trusted_text, host.origin) == (True, EDITION.origin) * 2
    assert change(admin, group.id, name="www", variables={"url": "{{ name }}"}).is_trusted_text
    assert not change(admin, group.id, variables={"url": "{{ other }}"}).is_trusted_text
    assert not change(admin, group.id, variables={"url": "{{ name }}"}).is_trusted_text
    with unit_of_work() as session:
        assert hosts.update(session, admin, host.id, HostChange(user="ops")).is_trusted_text
        rewritten = hosts.update(session, admin, host.id, HostChange(variables={}))
        assert (rewritten.is_trusted_text, rewritten.origin) == (False, EDITION.origin)


def test_the_audit_log_tells_who_came_and_went_and_names_of_variables(admin: Actor, fleet: dict[str, Host]) -> None:
    web = add_group(admin, "web", hosts=[fleet["web-1"].id], variables={"old": "value-1"})
    change(admin, web.id, hosts=[fleet["web-2"].id], variables={"new": "value-2"})
    with unit_of_work() as session:
        groups.delete(session, admin, web.id)
    with reading() as session:
        rows = session.exec(select(AuditEntry).where(AuditEntry.target_id == web.id).order_by(AuditEntry.id)).all()
    assert [row.action for row in rows] == ["host_group.created", "host_group.changed", "host_group.deleted"]
    told = rows[1].metadata_json
    assert told["hosts"] == {"added": [fleet["web-2"].id], "removed": [fleet["web-1"].id]}
    assert told["variables"] == {"added": ["new"], "removed": ["old"], "changed": []}
    assert "value-" not in str([row.metadata_json for row in rows])


def test_who_may_read_hosts_reads_groups_and_who_may_write_them_writes(admin: Actor, viewer: Actor) -> None:
    web = add_group(admin, "web")
    assert list(shown(viewer)) == ["web"]
    for attempt in (lambda: add_group(viewer, "db"), lambda: change(viewer, web.id, name="db")):
        with pytest.raises(Forbidden):
            attempt()
    with unit_of_work() as session, pytest.raises(Forbidden):
        groups.delete(session, viewer, web.id)
