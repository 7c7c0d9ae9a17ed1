"""The screen of containers: problems first, filters of the address, a refresh that moves nothing, the way to jobs."""

import asyncio
import json
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from orch_app.domains.access.actor import COMMAND_LINE
from orch_app.domains.access.permissions import Role
from orch_app.domains.containers import sights
from orch_app.state import containers
from orch_app.state.containers import ContainersState
from orch_app.state.containers_view import PAGE_SIZE
from orch_app.state.launch import LaunchState
from orch_app.state.session import ShellState
from tests.domains.containers.site import DB, WEB, Site, add, add_far_service
from tests.domains.jobs.orders import sync_runbooks
from tests.integrations.docker.samples import node_row, service_row, task_row
from tests.state.open_tab import OpenTab, signed_in, urls_of
from tests.state.sites import site
from tests.systems.engine import FakeContainer

__all__ = ["site"]


@pytest.fixture(autouse=True)
def _looks_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "REFRESH_S", 0.0)


def loaded(tab: OpenTab, address: str = "/containers") -> ContainersState:
    tab.go(address)
    asyncio.run(tab.send(ContainersState.load))
    return tab.state(ContainersState)


def refreshed(tab: OpenTab) -> ContainersState:
    """The page once `follow` has looked again."""
    page = tab.state(ContainersState)
    sights.KEPT.forget()

    async def until_read() -> None:
        before = page.read_at
        following = asyncio.create_task(tab.send(ContainersState.follow))
        while page.read_at == before and not following.done():  # noqa: ASYNC110 - nobody tells when a page was read
            await asyncio.sleep(0.01)
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following

    asyncio.run(until_read())
    return page


def names(page: ContainersState) -> list[str]:
    return [row["name"] for row in page.rows]


def at_docker(site: Site, **more: str) -> str:
    asked = "".join(f"&{name}={value}" for name, value in more.items())
    return f"/containers?endpoint={site.docker}{asked}"


def fill(site: Site, count: int) -> None:
    """So many containers that are well, beside the two that are not."""
    well = [FakeContainer(f"{number:012x}{0:052x}", f"c{number:04}") for number in range(1, count + 1)]
    site.engine.containers = [*well, *site.engine.containers[-2:]]


def test_every_endpoint_is_shown_with_problems_first(site: Site) -> None:
    fill(site, 1)
    page = loaded(signed_in(Role.OPERATOR))
    assert (page.phase, page.tab, page.total, page.problems) == ("ready", "containers", 8, 6)
    assert [(row["name"], row["opens"]) for row in page.rows][:1] == [("db", "problems")]
    assert [row["name"] for row in page.rows if row["opens"] == "well"] == ["c0001"]
    assert page.counts == {"containers": 8, "services": 0, "stacks": 3, "nodes": 0}
    assert {one["label"] for one in page.endpoints} == {"engine", "away", "closed", "swarm", "unknown"}


def test_what_is_wrong_with_an_endpoint_is_told_and_what_was_seen_there_is_marked(site: Site) -> None:
    page = loaded(signed_in(Role.OPERATOR))
    faults = {fault["name"]: (fault["code"], bool(fault["seenAt"])) for fault in page.faults}
    assert faults == {
        "away": ("upstream_unreachable", True),
        "closed": ("upstream_insufficient_scopes", False),
        "unknown": ("upstream_unreachable", False),
    }
    assert {row["endpointName"] for row in page.rows if row["isStale"]} == {"away"}


def test_badges_say_how_a_container_is(site: Site) -> None:
    site.engine.containers += [
        FakeContainer("1" * 64, "fine", health="healthy"),
        FakeContainer("2" * 64, "plain"),
        FakeContainer("3" * 64, "over", state="exited"),
        FakeContainer("4" * 64, "loop", state="restarting"),
        FakeContainer("5" * 64, "soon", health="starting"),
    ]
    page = loaded(signed_in(Role.OPERATOR), at_docker(site))
    assert {row["name"]: row["badge"] for row in page.rows} == {
        "db": "crashed", "loop": "restarting", "web": "unhealthy",
        "fine": "healthy", "over": "exited", "plain": "up", "soon": "starting",
    }  # fmt: skip
    ages = {row["name"]: (row["ageS"], row["exitCode"]) for row in page.rows}
    assert (ages["db"], ages["web"], ages["loop"]) == ((300, 1), (7200, 0), (None, 0))


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"q": "db"}, ["db"]),
        ({"q": "SHOP app:1"}, ["web"]),
        ({"show": "problems"}, ["db", "web"]),
        ({"show": "nonsense"}, ["db", "web", "well"]),
        ({"stack": "shop"}, ["web"]),
        ({"node": "n2"}, ["web"]),
        ({"q": "nothing"}, []),
        ({"page": "9"}, ["db", "web", "well"]),
        ({"tab": "nonsense"}, ["db", "web", "well"]),
    ],
)
def test_the_filters_of_the_address(site: Site, asked: dict[str, str], found: list[str]) -> None:
    site.engine.containers.append(FakeContainer("1" * 64, "well"))
    page = loaded(signed_in(Role.OPERATOR), at_docker(site, **asked))
    assert (page.phase, names(page)) == ("ready", found)


def test_services_stacks_and_nodes_of_a_swarm(site: Site) -> None:
    site.engine.nodes = [node_row("n1", leader=True), node_row("n2", state="down")]
    site.engine.services = [
        service_row("s1", "shop_web", replicas=2, stack="shop"),
        service_row("s2", "shop_db", stack="shop"),
        service_row("s3", "shop_job", replicas=1, stack="shop", update="paused"),
    ]
    site.engine.tasks = [task_row(f"t{n}", f"s{n}", "n1") for n in (1, 2, 3)]
    tab = signed_in(Role.OPERATOR)
    page = loaded(tab, at_docker(site, tab="services", node="n2"))
    assert [(row["name"], row["badge"], row["running"], row["wanted"]) for row in page.rows] == [
        ("shop_job", "update_failed", 1, 1),
        ("shop_web", "short", 1, 2),
        ("shop_db", "fine", 1, 1),
    ]
    asyncio.run(tab.send(ContainersState.open, f"{site.docker}/s1"))
    facts = {fact["name"]: fact["items"] for fact in page.detail["facts"]}
    assert facts["tasks"] == ["shop_web.1 · n1 · running"]
    page = loaded(tab, at_docker(site, tab="nodes", stack="shop"))
    assert [(row["name"], row["badge"], row["role"]) for row in page.rows] == [
        ("n2", "lost", "worker"),
        ("n1", "fine", "leader"),
    ]
    page = loaded(tab, at_docker(site, tab="stacks"))
    assert [(row["name"], row["badge"], row["inError"]) for row in page.rows] == [("shop", "in_trouble", 3)]


def test_a_thousand_containers_come_in_pages(site: Site) -> None:
    fill(site, 1_000)
    page = loaded(signed_in(Role.OPERATOR), at_docker(site, page="3"))
    assert (page.page, len(page.rows), page.total, page.counts["containers"]) == (3, PAGE_SIZE, 1_002, 1_002)
    assert (names(page)[0], page.rows[0]["opens"]) == (f"c{2 * PAGE_SIZE - 1:04}", "well")


def test_a_refresh_shows_what_changed_and_moves_nothing(site: Site) -> None:
    fill(site, 3)
    tab = signed_in(Role.OPERATOR)
    assert names(loaded(tab, at_docker(site))) == ["db", "web", "c0001", "c0002", "c0003"]
    site.engine.containers[0].health = "healthy"
    assert [row["badge"] for row in refreshed(tab).rows][2] == "healthy"
    assert not tab.state(ContainersState).moved
    site.engine.containers[2].state, site.engine.containers[2].exit_code = "exited", 137
    site.engine.containers = [one for one in site.engine.containers if one.name != "c0001"]
    page = refreshed(tab)
    assert names(page) == ["db", "web", "c0001", "c0002", "c0003"]
    assert [row["badge"] for row in page.rows][2:] == ["gone", "up", "crashed"]
    assert (page.moved, page.total, page.problems) == (True, 4, 3)
    page = loaded(tab, at_docker(site))
    assert (names(page), page.moved) == (["c0003", "db", "web", "c0002"], False)


def test_who_has_just_come_sees_the_list_as_it_is_now(site: Site) -> None:
    """What somebody else saw a moment ago is shown at first, and gives way to what is seen next."""
    fill(site, 1)
    tab = signed_in(Role.OPERATOR)
    assert len(loaded(tab, at_docker(site)).rows) == 3
    fill(site, 2)
    assert len(loaded(tab, at_docker(site)).rows) == 3
    assert (len(refreshed(tab).rows), tab.state(ContainersState).moved) == (4, False)
    fill(site, 3)
    assert (len(refreshed(tab).rows), tab.state(ContainersState).moved) == (4, True)


def test_a_page_that_has_become_empty_says_so_and_stays_current(site: Site) -> None:
    fill(site, PAGE_SIZE)
    tab = signed_in(Role.OPERATOR)
    assert (loaded(tab, at_docker(site, page="2")).page, len(tab.state(ContainersState).rows)) == (2, 2)
    fill(site, 1)
    page = refreshed(tab)
    assert (page.moved, page.total, [row["badge"] for row in page.rows]) == (True, 3, ["gone", "gone"])


def test_the_first_problem_of_a_calm_list_appears_by_itself(site: Site) -> None:
    site.engine.containers = [FakeContainer("1" * 64, "well")]
    tab = signed_in(Role.OPERATOR)
    page = loaded(tab, at_docker(site, show="problems"))
    assert (page.rows, page.only_problems, page.total) == ([], True, 0)
    site.engine.containers[0].health = "unhealthy"
    assert (names(refreshed(tab)), page.moved) == (["well"], False)


def test_the_drawer_tells_everything_but_secrets_and_stays_true(site: Site) -> None:
    site.engine.containers[0].check_says = "no answer for swordfish"
    tab = signed_in(Role.OPERATOR)
    page = loaded(tab, at_docker(site))
    asyncio.run(tab.send(ContainersState.open, f"{site.docker}/{WEB[:12]}"))
    facts = {fact["name"]: fact["text"] or fact["items"] for fact in page.detail["facts"]}
    assert (page.detail["name"], facts["says"], facts["ports"]) == (
        "web", "Up 2 hours (unhealthy)", ["8080 → 80/tcp"],
    )  # fmt: skip
    assert facts["labels"] == ["api.token=***", "com.docker.stack.namespace=shop"]
    closer = {fact["name"]: fact["text"] or fact["items"] for fact in page.detail["closer"]}
    assert (closer["check_says"], closer["variables"]) == ("no answer for ***", ["DB_PASSWORD", "MODE"])
    assert not page.detail["wasOutOfMemory"]
    site.engine.containers[0].health = "healthy"
    assert refreshed(tab).detail["badge"] == "healthy"
    assert page.detail["closer"]
    site.engine.containers.clear()
    assert refreshed(tab).detail["name"] == "web"
    asyncio.run(tab.send(ContainersState.close))
    assert page.detail == {}


def test_a_container_that_has_gone_meanwhile_is_told_in_the_drawer(site: Site) -> None:
    tab = signed_in(Role.OPERATOR)
    page = loaded(tab, at_docker(site))
    site.engine.containers.clear()
    asyncio.run(tab.send(ContainersState.open, f"{site.docker}/{WEB[:12]}"))
    assert (page.detail["name"], page.detail["trouble"]) == ("web", "container_not_found")


def test_what_was_seen_last_is_not_looked_at_closely(site: Site) -> None:
    tab = signed_in(Role.OPERATOR)
    page = loaded(tab)
    asyncio.run(tab.send(ContainersState.open, f"{site.endpoint(3)}/{WEB[:12]}"))
    assert (page.detail["isStale"], page.detail["closer"], page.detail["trouble"]) == (True, [], "")


def test_whoever_comes_back_finds_no_drawer_of_the_last_visit(site: Site) -> None:
    tab = signed_in(Role.OPERATOR)
    asyncio.run(tab.send(ShellState.enter))
    loaded(tab, at_docker(site))
    asyncio.run(tab.send(ContainersState.open, f"{site.docker}/{WEB[:12]}"))
    tab.go("/jobs")
    asyncio.run(tab.send(ShellState.enter))
    tab.go("/containers")
    asyncio.run(tab.send(ShellState.enter))
    assert loaded(tab).detail == {}


@pytest.mark.parametrize(
    ("role", "runbooks"),
    [
        (Role.OPERATOR, {"container_restart", "stack_restart"}),
        (Role.ADMIN, {"container_restart", "container_stop", "container_remove", "stack_restart"}),
    ],
)
def test_each_role_is_offered_what_it_may_ask_for(site: Site, role: Role, runbooks: set[str]) -> None:
    assert loaded(signed_in(role)).orders == {"stage": [], "prod": []}
    sync_runbooks(COMMAND_LINE)
    orders = loaded(signed_in(role, email="second@example.com")).orders
    assert {place: set(names) for place, names in orders.items()} == {"stage": runbooks, "prod": runbooks}


@pytest.mark.parametrize("through", ["docker", "portainer"])
def test_an_action_leads_to_the_form_of_its_runbook_filled_in(site: Site, through: str) -> None:
    sync_runbooks(COMMAND_LINE)
    endpoint = site.docker if through == "docker" else site.endpoint(2)
    tab = signed_in(Role.OPERATOR)
    loaded(tab)
    (url,) = urls_of(asyncio.run(tab.send(ContainersState.order, "container_restart", f"{endpoint}/{DB[:12]}")))
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert (asked["run"], asked["environment"]) == ("container_restart", "stage")
    tab.go(url)
    asyncio.run(tab.send(LaunchState.open))
    form: Any = tab.state(LaunchState)
    assert (form.environment, form.chosen) == (
        "stage", {through: site.docker if through == "docker" else site.portainer},
    )  # fmt: skip
    assert json.loads(asked["inputs"]) == {
        "endpoint_id": 0 if through == "docker" else 2, "containers": [DB[:12]], "machine": "",
    }  # fmt: skip
    assert form.start["containers"] == [DB[:12]]
    add_far_service(site)
    sights.KEPT.forget()
    (url,) = urls_of(asyncio.run(tab.send(ContainersState.order, "stack_restart", f"{endpoint}/shop")))
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    where = {} if through == "docker" else {"endpoint_id": 2}
    assert (asked["run"], json.loads(asked["inputs"])) == ("stack_restart", {"stack_name": "shop", **where})


def test_what_somebody_may_not_ask_for_leads_nowhere(site: Site) -> None:
    sync_runbooks(COMMAND_LINE)
    tab = signed_in(Role.OPERATOR)
    loaded(tab)
    for runbook, key in (
        ("container_remove", f"{site.docker}/{DB[:12]}"),
        ("container_restart", "nowhere"),
        ("container_restart", f"{site.endpoint(3)}/{DB[:12]}"),
        ("stack_restart", f"{site.docker}/shop"),
        ("host_report", f"{site.docker}/{DB[:12]}"),
    ):
        assert asyncio.run(tab.send(ContainersState.order, runbook, key)) is None


def test_without_any_connection_the_page_is_empty(database: str) -> None:
    assert loaded(signed_in(Role.OPERATOR)).phase == "empty"


def test_only_the_environment_of_the_switch(site: Site) -> None:
    add("docker", "other", "prod", url="unix:///nowhere/docker.sock")
    tab = signed_in(Role.OPERATOR)
    asyncio.run(tab.send(ShellState.choose_environment, "prod"))
    page = loaded(tab)
    assert ([one["label"] for one in page.endpoints], page.rows) == (["other"], [])


def test_a_viewer_is_told_which_role_sees_containers(database: str) -> None:
    page = loaded(signed_in(Role.VIEWER))
    assert (page.phase, page.problem["role"]) == ("forbidden", "operator")
