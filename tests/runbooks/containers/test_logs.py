"""Logs: of a container, a service and a stack, told apart, merged, searched, hidden and limited."""

import hashlib
from typing import Any

import pytest

from orch_app.kit import secret_shapes
from tests.integrations.docker.samples import node_row, service_row, task_row
from tests.runbooks import modules
from tests.runbooks.containers.site import DB, WEB, Site
from tests.systems.engine import FakeContainer

LOG = [(1, 0.0, "INFO started"), (2, 2.0, "ERROR no such table"), (1, 4.0, "login swordfish")]


def read(site: Site, kind: str = "portainer", **changes: Any) -> dict[str, Any]:
    given = {"endpoint_id": 2 if kind == "portainer" else 0, "tail": 200, "since": "", "until": "", "timestamps": False}
    given |= {"grep": {}, "redact": True, "file": str(site.folder / "containers.log"), "target": {"container_id": WEB}}
    return modules.library("engine_logs").collected({**site.through(kind), **given, **changes})


def content(site: Site) -> str:
    return (site.folder / "containers.log").read_text("utf-8")


@pytest.fixture(autouse=True)
def _with_logs(site: Site) -> None:
    site.engine.containers[0].log = list(LOG)


@pytest.mark.parametrize("kind", ["portainer", "docker"])
def test_a_container_is_read_with_secrets_hidden_and_everything_counted(site: Site, kind: str) -> None:
    found = read(site, kind)
    assert content(site) == "INFO started\nERROR no such table\nlogin ***\n"
    assert found["counts"] == {
        "lines": 3, "bytes": 43, "error": 1, "warning": 0, "info": 1, "debug": 0, "other": 1,
    }  # fmt: skip
    assert found["log"]["sha256"] == hashlib.sha256(content(site).encode()).hexdigest()
    assert found["log"]["first_at"] < found["log"]["last_at"]
    assert found["summary"][-1] == "login ***"
    assert found["items"] == [
        {"id": f"/containers/{WEB}", "kind": "container", "name": "web", "action": "noop", "lines": 3}
    ]


def test_a_terminal_has_no_headers(site: Site) -> None:
    site.engine.containers[0].tty = True
    read(site, timestamps=True)
    assert content(site).splitlines()[0].endswith("Z INFO started")


def test_a_service_is_named_by_its_tasks(site: Site) -> None:
    site.engine.nodes, site.engine.tasks = [node_row("n1")], [task_row("t1", "s1", "n1")]
    site.engine.services = [service_row("s1", "shop_web", env=["API_TOKEN=swordfish"])]
    labels = {"com.docker.swarm.task.id": "t1"}
    log = [(1, 1.0, "hello"), (1, 2.0, "swordfish")]
    site.engine.containers.append(FakeContainer("c" * 64, "x", labels=labels, log=log))
    found = read(site, target={"service_id": "shop_web"})
    assert content(site) == "hello\n***\n"
    assert found["items"][0]["kind"] == "service"
    site.engine.services.append(service_row("s2", "shop_db", stack="shop"))
    site.engine.services[0]["Spec"]["Labels"] = {"com.docker.stack.namespace": "shop"}
    read(site, target={"stack_name": "shop"})
    assert content(site) == "shop_web.1 | hello\nshop_web.1 | ***\n"


def test_a_stack_of_compose_is_merged_by_time(site: Site) -> None:
    for container in site.engine.containers:
        container.labels = {"com.docker.compose.project": "blog"}
    site.engine.containers[1].log = [(1, 1.0, "first"), (2, 3.0, "second")]
    found = read(site, target={"stack_name": "blog"})
    assert [line.partition(" | ")[::2] for line in content(site).splitlines()] == [
        ("web", "INFO started"),
        ("db", "first"),
        ("web", "ERROR no such table"),
        ("db", "second"),
        ("web", "login ***"),
    ]
    assert {item["id"] for item in found["items"]} == {f"/containers/{WEB}", f"/containers/{DB}"}


@pytest.mark.parametrize(
    ("grep", "lines"),
    [
        ({"pattern": "error|table"}, ["ERROR no such table"]),
        ({"pattern": "error", "ignore_case": False}, []),
        ({"pattern": "^(INFO|ERROR)", "invert": True}, ["login ***"]),
    ],
)
def test_lines_are_searched(site: Site, grep: dict[str, Any], lines: list[str]) -> None:
    read(site, grep=grep)
    assert content(site).splitlines() == lines


@pytest.mark.parametrize("pattern", ["(", "(?=a)", r"(a)\1", "(?<!x)y"])
def test_a_pattern_that_cannot_be_searched_is_refused(site: Site, pattern: str) -> None:
    assert read(site, grep={"pattern": pattern})["failure"]["code"] == "validation"


def test_a_search_that_takes_too_long_is_given_up(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modules.shared("engine.log_lines"), "GREP_S", 0.2)
    site.engine.containers[0].log = [(1, 0.0, "a" * 60 + "!")]
    failure = read(site, grep={"pattern": "^(a+)+$"})["failure"]
    assert failure["code"] == "validation"
    assert "took longer" in failure["message"]


def test_more_than_the_limit_is_cut_and_said_so(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modules.shared("engine.log_lines"), "MAX_BYTES", 20)
    found = read(site)
    assert (content(site), found["log"]["truncated"], found["counts"]["lines"]) == ("INFO started\n", True, 1)


def test_only_a_part_of_the_time(site: Site) -> None:
    read(site, since="2026-02-02T02:40:01Z", until="2026-02-02T02:40:03Z")
    assert content(site) == "ERROR no such table\n"


def test_a_span_is_counted_from_now() -> None:
    seconds = modules.library("engine_logs").seconds
    assert (seconds("15m", 1000.0), seconds("2h", 10_000.0)) == ("100", "2800")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"target": {"container_id": "gone"}}, "not_found"),
        ({"target": {"service_id": "gone"}}, "not_found"),
        ({"target": {"stack_name": "gone"}}, "not_found"),
        ({"endpoint_id": 0}, "validation"),
        ({"endpoint_id": 4}, "insufficient_scopes"),
        ({"endpoint_id": 3}, "upstream_5xx"),
        ({"since": "2026-99-99T00:00:00Z"}, "validation"),
    ],
)
def test_what_cannot_be_read_says_why(site: Site, changes: dict[str, Any], code: str) -> None:
    assert read(site, **changes)["failure"]["code"] == code


def test_nothing_is_kept_where_nothing_is_wished(site: Site) -> None:
    found = read(site, file="")
    assert not (site.folder / "containers.log").exists()
    assert found["summary"][0] == "INFO started"


def test_modules_hide_what_the_product_hides() -> None:
    redaction = modules.shared("engine.redaction")
    for name in ("SHAPES", "SECRET_NAME", "KEY_BEGINS", "KEY_ENDS", "MASK"):
        assert getattr(redaction, name) == getattr(secret_shapes, name)
    lines = ["a", "-----BEGIN PRIVATE KEY-----", "MIIabc", "-----END PRIVATE KEY-----", "token=abcdef swordfish"]
    ours, product = redaction.LineRedactor(["swordfish"]), secret_shapes.LineRedactor(["swordfish"])
    assert [ours.line(line) for line in lines] == [product.line(line) for line in lines]
