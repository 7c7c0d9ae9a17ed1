"""Logs of containers: the part that was asked for, with secrets hidden and a limit; and tails that go on."""

import threading
from datetime import UTC, datetime

import pytest

from orch_app.domains.access.actor import Actor
from orch_app.domains.containers import logs
from orch_app.domains.containers.inspections import Source
from orch_app.domains.containers.logs import follow_events, follow_log, moment, read_log
from orch_app.integrations.docker.engine import LogWish
from orch_app.kit.errors import BadRequest, Forbidden, NotFound
from orch_app.kit.upstream_failures import UpstreamError
from tests.domains.containers.site import WEB, Site
from tests.systems.people import at

NOON = datetime(2026, 2, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize("through", ["docker", "portainer"])
def test_a_log_is_read_with_secrets_hidden(site: Site, operator: Actor, through: str) -> None:
    endpoint = site.docker if through == "docker" else site.endpoint(2)
    part = read_log(operator, Source(endpoint, WEB, "n2"), LogWish())
    assert [(line.source, line.text) for line in part.lines] == [
        ("stdout", "hello"),
        ("stderr", "login as app:***"),
        ("stdout", "key ***"),
    ]
    assert not part.is_cut


def test_a_container_is_found_by_its_name_and_its_terminal_is_known(site: Site, operator: Actor) -> None:
    site.engine.containers[0].tty = True
    part = read_log(operator, Source(site.docker, "web"), LogWish(tail=3))
    assert part.lines[0].text == "hello"
    assert {line.source for line in part.lines} == {"stdout"}


def test_an_agent_is_told_on_which_machine_the_container_is(site: Site, operator: Actor) -> None:
    read_log(operator, Source(site.endpoint(2), WEB, "n2"), LogWish())
    assert {headers.get("x-portaineragent-target") for headers in site.engine.headers} == {"n2"}


def test_more_than_the_limit_is_cut_and_said_so(site: Site, operator: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "MAX_BYTES", 2 * (logs.LINE_COSTS + 30))
    part = read_log(operator, Source(site.docker, WEB), LogWish())
    assert (len(part.lines), part.is_cut) == (2, True)


def test_a_log_is_followed_until_it_is_stopped(site: Site, operator: Actor) -> None:
    with follow_log(operator, Source(site.endpoint(2), WEB), LogWish(tail=1, follow=True)) as tail:
        assert next(tail.lines).text == "key ***"
        site.engine.containers[0].log.append((1, 9.0, "new: swordfish"))
        assert next(tail.lines).text == "new: ***"
        threading.Timer(0.1, tail.stop).start()
        with pytest.raises(UpstreamError):
            next(tail.lines)


def test_what_happens_is_followed(site: Site, operator: Actor) -> None:
    site.engine.events = [{"Type": "container", "Action": "die", "Actor": {"ID": WEB}, "timeNano": 0}]
    with follow_events(operator, site.endpoint(2)) as events:
        assert [(one.type, one.action) for one in events] == [("container", "die")]


def test_a_container_that_is_gone_is_not_found(site: Site, operator: Actor) -> None:
    with pytest.raises(NotFound):
        read_log(operator, Source(site.docker, "gone"), LogWish())


def test_an_endpoint_that_is_down_has_no_logs(site: Site, operator: Actor) -> None:
    with pytest.raises(UpstreamError):
        read_log(operator, Source(site.endpoint(3), WEB), LogWish())


def test_who_may_not_use_connections_reads_no_logs(site: Site, viewer: Actor) -> None:
    with pytest.raises(Forbidden):
        read_log(viewer, Source(site.docker, WEB), LogWish())
    with pytest.raises(Forbidden), follow_events(viewer, site.docker):
        pass


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("", ""),
        ("15m", f"{NOON.timestamp() - 900:.9f}"),
        ("2d", f"{NOON.timestamp() - 172_800:.9f}"),
        ("2026-02-02T12:00:00Z", f"{NOON.timestamp():.9f}"),
        ("2026-02-02T13:00:00.5+01:00", f"{NOON.timestamp() + 0.5:.9f}"),
    ],
)
def test_a_moment_is_a_time_or_a_span_before_now(text: str, seconds: str) -> None:
    with at(NOON):
        assert moment(text, "since") == seconds


@pytest.mark.parametrize("text", ["yesterday", "15", "-5m", "2026-13-01T00:00:00Z", "1e9", "999999d"])
def test_another_text_is_no_moment(text: str) -> None:
    with pytest.raises(BadRequest):
        moment(text, "since")
