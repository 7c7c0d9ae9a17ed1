"""What our code relies on, asked of n8n's double, and of a real n8n too where `ORCH_N8N` names its program."""

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.runbooks import modules
from tests.runbooks.n8n.site import BY_CLI, Site
from tests.systems.n8n import N8n, n8n, node, trigger
from tests.systems.n8n_container import n8n_container
from tests.systems.real_n8n import RealN8n, engine_around, real_n8n

PROGRAM = os.environ.get("ORCH_N8N", "")
KINDS = ["double", *(["real"] if PROGRAM else [])]
UpstreamError = modules.shared("upstream").UpstreamError
things = modules.shared("n8n.things")
HOOK = {**node("Hook", "n8n-nodes-base.webhook", path="orders", httpMethod="GET"), "webhookId": "hook-orders"}


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealN8n]:
    with real_n8n(Path(PROGRAM), tmp_path_factory.mktemp("n8n")) as server:
        yield server


@pytest.fixture(params=KINDS)
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """An empty server, with its container."""
    if request.param == "double":
        with n8n() as server, n8n_container(server) as engine:
            server.has_licence = False
            yield Site(server, engine, tmp_path)
        return
    server = request.getfixturevalue("real")
    with n8n() as unused, n8n_container(unused) as engine:
        engine_around(engine, server)
        yield emptied(Site(server, engine, tmp_path, key=server.key))  # pyright: ignore[reportArgumentType]


def emptied(site: Site) -> Site:
    with_api = api(site)
    for one in with_api.workflows():
        with_api.delete("workflow", one.id)
    return site


def api(site: Site, key: str = "") -> Any:
    """n8n's API as the modules use it."""
    reach = modules.shared("upstream").Reach(["127.0.0.0/8"], timeout_s=30)
    connection = {"url": site.server.url, "apiKey": key or site.key}
    return modules.shared("n8n.api").N8n(connection, reach, lambda _: None)


def made(site: Site, name: str, *nodes: dict[str, Any]) -> str:
    """A workflow, and its id."""
    content = {"name": name, "active": False, "nodes": list(nodes), "connections": {}, "settings": {}, "tags": []}
    return api(site).create(things.thing("workflow", "", content))


def names(site: Site) -> list[str]:
    return [f"{one.name}{'*' if one.content['active'] else ''}" for one in api(site).workflows()]


def refused(call: Any, *args: Any, **named: Any) -> tuple[str, int]:
    with pytest.raises(UpstreamError) as error:
        call(*args, **named)
    return error.value.code, error.value.status


def test_a_wrong_key_and_the_way_to_credentials(site: Site) -> None:
    assert refused(api(site, "wrong").workflows) == ("auth_failed", 401)
    assert refused(api(site).call, "GET", "/credentials")[1] == 405
    assert refused(api(site).variables) == ("insufficient_scopes", 403)


def test_pages_go_by_cursor(site: Site) -> None:
    for name in "abc":
        made(site, name, trigger())
    first = api(site).get("/workflows", limit=2)
    assert (len(first["data"]), bool(first["nextCursor"])) == (2, True)
    second = api(site).get("/workflows", limit=2, cursor=first["nextCursor"])
    assert (len(second["data"]), second["nextCursor"]) == (1, None)
    assert names(site) == ["a", "b", "c"]


def test_what_is_made_reads_back_as_it_was_meant_and_more_than_the_contract_has_is_refused(site: Site) -> None:
    id_ = made(site, "Orders", HOOK, node("Fetch", url="x"))
    (found,) = api(site).workflows()
    assert (found.id, found.content["nodes"], found.content["settings"]) == (id_, [HOOK, node("Fetch", url="x")], {})
    body = {"name": "x", "nodes": [], "connections": {}, "settings": {}, "pinData": {}}
    assert refused(Wild(site).call, "PUT", f"/workflows/{id_}", body=body) == ("validation", 400)


def test_settings_that_are_written_are_those_that_read_back(site: Site) -> None:
    id_ = made(site, "Orders", trigger())
    chosen = {"executionOrder": "v1", "timezone": "America/Sao_Paulo", "saveManualExecutions": True}
    (found,) = api(site).workflows()
    api(site).update(id_, found._replace(content={**found.content, "settings": chosen}))
    (again,) = api(site).workflows()
    assert again.content["settings"] == chosen


def test_a_workflow_stays_active_when_it_is_changed_and_needs_a_trigger_to_become_so(site: Site) -> None:
    idle, busy = made(site, "Idle", node("Only")), made(site, "Busy", HOOK)
    assert refused(api(site).switch, idle, active=True) == ("validation", 400)
    api(site).switch(busy, active=True)
    assert names(site) == ["Busy*", "Idle"]
    found = next(one for one in api(site).workflows() if one.id == busy)
    api(site).update(busy, found._replace(content={**found.content, "nodes": [HOOK, node("More")]}))
    assert names(site) == ["Busy*", "Idle"]
    api(site).switch(busy, active=False)
    assert names(site) == ["Busy", "Idle"]


def test_tags_are_made_once_and_given(site: Site) -> None:
    id_ = made(site, "Orders", trigger())
    for wanted in (["prod", "shop"], ["shop"], []):
        api(site).tag(id_, wanted)
        assert [one.content["tags"] for one in api(site).workflows()] == [wanted]


def test_a_backup_comes_back_by_the_api_and_the_restore_can_be_undone(site: Site) -> None:
    orders, report = made(site, "Orders", HOOK, node("Fetch", url="x")), made(site, "Report", trigger())
    api(site).tag(orders, ["shop"])
    api(site).switch(orders, active=True)
    assert site.backup().failure == {}
    assert site.backup().would_change is False
    api(site).delete("workflow", report)
    before = next(one for one in api(site).workflows())
    api(site).update(orders, before._replace(content={**before.content, "nodes": [HOOK]}))
    done = site.restore()
    snapshot = site.artifacts / "snapshot.json"
    assert (done.failure, sorted(item["action"] for item in done.items)) == ({}, ["create", "update"])
    assert names(site) == ["Orders*", "Report"]
    assert site.restore().items == []
    assert site.restore(snapshot=snapshot).failure == {}
    (left,) = api(site).workflows()
    assert ([one["name"] for one in left.content["nodes"]], left.content["active"]) == (["Hook"], True)


def test_the_command_line_keeps_ids_and_what_it_brings_in_reads_back(site: Site) -> None:
    orders = made(site, "Orders", HOOK, node("Fetch", url="x"))
    api(site).tag(orders, ["shop"])
    api(site).switch(orders, active=True)
    kept = site.backup(**BY_CLI)
    assert kept.failure == {}
    assert kept.extra["backup"][0]["n8n_version"].startswith("1.")
    api(site).delete("workflow", orders)
    done = site.restore(**BY_CLI, activation="backup")
    assert done.failure == {}
    (found,) = api(site).workflows()
    assert (found.id, found.content["active"], found.content["tags"]) == (orders, True, ["shop"])
    assert site.restore(**BY_CLI, activation="backup").items == []


def test_a_credential_comes_back_encrypted_and_under_its_id(site: Site) -> None:
    made(site, "Orders", trigger())
    sent = {"name": "Shop", "type": "httpHeaderAuth", "data": {"name": "X-Shop", "value": "open-sesame"}}
    id_ = api(site).call("POST", "/credentials", body=sent).document["id"]
    assert site.backup(**BY_CLI).counts["credentials"] == 1
    assert "open-sesame" not in (site.artifacts / "snapshot.json").read_text()
    api(site).delete("credential", id_)
    done = site.restore(**BY_CLI, credentials=True)
    assert (done.failure, [item["id"] for item in done.items]) == ({}, [id_])
    assert site.restore(**BY_CLI, credentials=True).items == []
    api(site).delete("credential", id_)


def test_a_restore_test_brings_back_all_that_was_kept_in_an_n8n_without_anything(site: Site) -> None:
    made(site, "Orders", HOOK, node("Fetch", url="x"))
    sent = {"name": "Shop", "type": "httpHeaderAuth", "data": {"name": "X-Shop", "value": "open-sesame"}}
    id_ = api(site).call("POST", "/credentials", body=sent).document["id"]
    report = site.backup(**BY_CLI, restore_test=True)
    assert (report.failure, report.extra["restore_test"], site.engine.removed) == ({}, "passed", ["test0"])
    api(site).delete("credential", id_)


def test_the_whole_database_is_exported_and_nobody_reads_in_it(site: Site) -> None:
    made(site, "Orders", HOOK)
    assert site.backup(**BY_CLI, database="with_executions").failure == {}
    with zipfile.ZipFile(site.artifacts / "entities.zip") as archive:
        tables = {name: archive.read(name) for name in archive.namelist()}
    assert {"migrations.jsonl", "workflowentity.jsonl", "user.jsonl"} <= set(tables)
    assert not [name for name, rows in tables.items() if b"Orders" in rows or b"ada@example.com" in rows]


def test_both_ways_read_the_same(site: Site) -> None:
    made(site, "Orders", HOOK, node("Fetch", url="x"))
    site.backup()
    by_api = site.kept()["manifest"]["entries"]
    site.last = ""
    site.backup(**BY_CLI, credentials="none")
    assert site.kept()["manifest"]["entries"] == by_api


def test_an_empty_server_is_no_failure_of_the_command_line(site: Site) -> None:
    assert site.backup(**BY_CLI, credentials="none").failure == {}


class Wild:
    """Requests that break the contract, which the double would hold against our code."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def call(self, *args: Any, **named: Any) -> Any:
        try:
            return api(self.site).call(*args, **named)
        finally:
            if isinstance(self.site.server, N8n):
                self.site.server.violations.clear()
