"""The screen of logs: the tree to choose from, what the address chooses, and lines that come numbered, once each."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from orch_app.domains.access.permissions import Role
from orch_app.domains.containers import sights
from orch_app.domains.containers.sights import look
from orch_app.domains.containers.tails import REFUSED
from orch_app.state import container_logs
from orch_app.state.container_logs import ContainerLogsState
from orch_app.state.container_logs_view import choices_of, show_sources, silent_of, wanted_of
from orch_app.state.containers_view import short_name
from orch_app.state.session import ShellState
from tests.domains.containers.site import Site, add_far_service
from tests.state.open_tab import OpenTab, signed_in
from tests.state.sites import site
from tests.systems.engine import FakeContainer

__all__ = ["site"]
PATIENCE_S = 20.0
TASK = "abcdefghijklmnopqrstuvwxy"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container_logs, "FLUSH_S", 0.01)
    monkeypatch.setattr(container_logs, "LOOK_S", 0.05)


def came_to(tab: OpenTab, address: str) -> ContainerLogsState:
    """The page as on_load leaves it before anything is heard."""
    tab.go(address)
    for handler in (ShellState.enter, ContainerLogsState.enter, ContainerLogsState.load):
        asyncio.run(tab.send(handler))
    return tab.state(ContainerLogsState)


def followed(tab: OpenTab, until: Callable[[ContainerLogsState, list[str]], bool]) -> list[dict[str, Any]]:
    """Every line that came while the page was followed, until something is so."""
    page, lines = tab.state(ContainerLogsState), list[dict[str, Any]]()

    def note() -> bool:
        new = [line for line in page.batch["lines"] if not lines or line["seq"] > lines[-1]["seq"]]
        lines.extend(dict(line) for line in new)
        return until(page, [line["message"] for line in lines])

    async def follow() -> None:
        following = asyncio.create_task(tab.send(ContainerLogsState.follow))
        await _until(lambda: note() or following.done())
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following

    asyncio.run(follow())
    return lines


async def _until(is_so: Callable[[], bool]) -> None:
    async def wait() -> None:
        while not is_so():  # noqa: ASYNC110 - nobody tells when a batch has come
            await asyncio.sleep(0.002)

    await asyncio.wait_for(wait(), PATIENCE_S)


def test_the_tree_holds_endpoints_stacks_services_and_containers(site: Site) -> None:
    labels = {"com.docker.stack.namespace": "shop", "com.docker.swarm.service.name": "shop_api"}
    site.engine.containers += [
        FakeContainer("1" * 64, f"shop_api.1.{TASK}", labels=labels),
        FakeContainer("2" * 64, "other", state="exited"),
    ]
    page = came_to(signed_in(Role.OPERATOR), "/logs")
    tree = {node["label"]: node for node in page.tree}
    assert {name: node["tone"] for name, node in tree.items()} == {
        "engine": "", "swarm": "", "away": "bad", "closed": "bad", "unknown": "bad",
    }  # fmt: skip
    shop, db, other = tree["engine"]["children"]
    api, web = shop["children"]
    assert [(node["label"], node["kind"], node["tone"]) for node in (shop, api, web, db, other)] == [
        ("shop", "stack", "bad"),
        ("api", "service", ""),
        ("web", "container", "bad"),
        ("db", "container", "bad"),
        ("other", "container", "off"),
    ]
    assert [leaf["label"] for leaf in api["children"]] == ["shop_api.1"]
    assert tree["away"]["children"] == []
    assert (page.phase, page.chosen) == ("ready", [])


def test_a_choice_means_an_endpoint_a_stack_a_service_or_a_container(site: Site, operator: Any) -> None:
    labels = {"com.docker.compose.project": "shop", "com.docker.compose.service": "api"}
    site.engine.containers.append(FakeContainer("1" * 64, "shop-api-1", labels=labels))
    found = look(operator)

    def meant(*choices: str) -> set[str]:
        return {one.label for one in wanted_of(found, choices)}

    at = site.docker
    assert meant(at) == {"db", "web", "shop-api-1"}
    assert meant(f"{at}/stack:shop") == {"web", "shop-api-1"}
    assert meant(f"{at}/service:shop:api") == {"shop-api-1"}
    assert meant(f"{at}/c:db", f"{at}/c:gone", "nonsense", f"{site.endpoint(3)}/c:web") == {"db"}
    assert len(wanted_of(found, [at, f"{at}/stack:shop"])) == 3


def test_a_service_on_other_machines_is_one_source_and_its_lines_name_the_tasks(site: Site) -> None:
    add_far_service(site)
    local = {"com.docker.stack.namespace": "shop", "com.docker.swarm.service.name": "shop_api"}
    site.engine.containers.append(FakeContainer("1" * 64, f"shop_api.2.{TASK}", labels=local, log=[(1, 0.2, "twice?")]))
    tab = signed_in(Role.OPERATOR)
    page = came_to(tab, f"/logs?source={site.docker}/stack:shop")
    shop = next(node for node in page.tree if node["label"] == "engine")["children"][0]
    assert [(node["label"], node["kind"], len(node["children"])) for node in shop["children"]] == [
        ("api", "service", 1),
        ("web", "container", 0),
    ]
    lines = followed(tab, lambda _page, said: len(said) == 5)
    assert [(line["host"], line["message"]) for line in lines if line["host"] != "web"] == [
        ("shop_api.1", "far: ***"),
        ("shop_api.1", "ERROR: far away"),
    ]
    assert {source["leaf"] for source in page.sources} == {
        f"{site.docker}/service:shop:shop_api",
        f"{site.docker}/c:web",
    }


def test_an_endpoint_that_falls_silent_keeps_what_was_meant_there_and_is_named(site: Site, operator: Any) -> None:
    choices = [f"{site.docker}/c:web", f"{site.endpoint(3)}/c:web"]
    before = wanted_of(look(operator), choices)
    assert silent_of(look(operator), choices) == ["away"]
    site.engine.broken = True
    sights.KEPT.forget()
    assert wanted_of(look(operator), choices, before) == before
    assert silent_of(look(operator), choices) == ["engine", "away"]


def test_every_source_has_a_colour_of_its_own_and_keeps_it(site: Site, operator: Any) -> None:
    wanted = wanted_of(look(operator), [site.docker])
    hues: dict[str, int] = {}
    shown = show_sources(wanted, hues, {wanted[1].key: REFUSED})
    assert [(one["label"], one["hue"], one["trouble"]) for one in shown] == [("db", 1, ""), ("web", 2, REFUSED)]
    assert [one["hue"] for one in show_sources(wanted[1:], hues, {})] == [2]


def test_lines_come_numbered_in_order_with_source_level_and_colour(site: Site) -> None:
    site.engine.containers[1].log = [(2, 0.5, "ERROR at once")]
    tab = signed_in(Role.OPERATOR)
    came_to(tab, f"/logs?source={site.docker}/c:db,{site.endpoint(2)}/stack:shop")
    lines = followed(tab, lambda _page, said: len(said) == 4)
    assert [(line["seq"], line["host"], line["level"], line["message"]) for line in lines] == [
        (1, "web", "info", "hello"),
        (2, "db", "error", "ERROR at once"),
        (3, "web", "info", "login as app:***"),
        (4, "web", "info", "key ***"),
    ]
    assert len({line["hue"] for line in lines}) == 2


def test_a_container_that_is_new_is_heard_too(site: Site) -> None:
    tab = signed_in(Role.OPERATOR)
    page = came_to(tab, f"/logs?source={site.docker}/stack:shop")
    assert followed(tab, lambda _page, said: len(said) == 3)
    labels = {"com.docker.stack.namespace": "shop"}
    site.engine.containers.append(FakeContainer("1" * 64, "newcomer", labels=labels, log=[(1, 9.0, "here I am")]))
    sights.KEPT.forget()
    lines = followed(tab, lambda _page, said: "here I am" in said)
    assert lines[-1]["host"] == "newcomer"
    assert {source["label"] for source in page.sources} == {"web", "newcomer"}


def test_who_loses_the_connection_goes_on_and_who_comes_anew_begins_anew(site: Site) -> None:
    tab, address = signed_in(Role.OPERATOR), f"/logs?source={site.docker}/c:web"
    page = came_to(tab, address)
    followed(tab, lambda _page, said: len(said) == 3)
    stream = page.stream
    site.engine.containers[0].log.append((1, 5.0, "meanwhile"))
    came_to(tab, address)
    lines = followed(tab, lambda _page, said: "meanwhile" in said)
    assert (page.stream, lines[-1]["seq"]) == (stream, 4)
    came_to(tab, "/jobs")
    came_to(tab, address)
    assert page.stream != stream
    assert len(followed(tab, lambda _page, said: len(said) == 4)) == 4


def test_a_browser_that_lost_the_first_lines_gets_them_again(site: Site) -> None:
    tab = signed_in(Role.OPERATOR)
    page = came_to(tab, f"/logs?source={site.docker}/c:web")
    followed(tab, lambda _page, said: len(said) == 3)
    asyncio.run(tab.send(ContainerLogsState.begin_again))
    assert (page.last_seq, page.batch["lines"]) == (0, [])
    assert len(followed(tab, lambda _page, said: len(said) == 3)) == 3


def test_what_cannot_be_heard_is_counted(site: Site) -> None:
    tab = signed_in(Role.OPERATOR)
    page = came_to(tab, f"/logs?source={site.docker}/c:web,{site.endpoint(3)}")
    followed(tab, lambda _page, said: len(said) == 3)
    assert (page.interrupted, page.left_out, page.silent) == (0, 0, ["away"])
    site.engine.broken = True
    site.engine.ends.set()
    followed(tab, lambda page, _said: page.interrupted == 1)


def test_choices_are_each_taken_once_and_not_too_many() -> None:
    assert choices_of("a,b,,a") == ["a", "b"]
    assert len(choices_of(",".join(map(str, range(500))))) == 100


@pytest.mark.parametrize(
    ("name", "service", "short"),
    [
        (f"shop_web.1.{TASK}", "shop_web", "shop_web.1"),
        ("shop-web-1", "web", "shop-web-1"),
        ("a.b.c", "", "a.b.c"),
        ("web.local", "web", "web.local"),
    ],
)
def test_the_name_of_a_task_is_shortened(name: str, service: str, short: str, site: Site, operator: Any) -> None:
    labels = {"com.docker.swarm.service.name": service} if service else {}
    site.engine.containers = [FakeContainer("1" * 64, name, labels=labels)]
    (row,) = next(sight for sight in look(operator) if sight.seen.name == "engine").containers
    assert short_name(row) == short


def test_without_any_connection_the_page_is_empty(database: str) -> None:
    assert came_to(signed_in(Role.OPERATOR), "/logs").phase == "empty"


def test_a_viewer_is_told_which_role_reads_logs(database: str) -> None:
    page = came_to(signed_in(Role.VIEWER), "/logs")
    assert (page.phase, page.problem["role"], page.tree) == ("forbidden", "operator", [])
