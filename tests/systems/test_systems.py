"""The servers that other tests rely on are real, private and reachable, and the guard around them holds."""

import socket
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from redis import Redis
from redis.exceptions import AuthenticationError
from sqlalchemy import create_engine, text

from tests.systems import network_guard, tiers
from tests.systems.network_guard import NetworkRefusedError
from tests.systems.postgres import PostgresServer


def test_postgres_gives_every_test_an_empty_database(postgres_server: PostgresServer):
    with postgres_server.database() as first, postgres_server.database() as second:
        with psycopg.connect(first) as connection:
            connection.execute("CREATE TABLE t (id int)")
        with psycopg.connect(second) as connection:
            found = connection.execute("SELECT to_regclass('t')").fetchone()
    assert found == (None,)


def test_postgres_refuses_a_wrong_password(postgres_url: str):
    user_and_password, where = postgres_url.split("@")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(f"{user_and_password}x@{where}")


def test_redis_knows_only_the_named_user(redis_url: str):
    with Redis.from_url(redis_url) as client:
        assert client.ping()
    where = redis_url.split("@")[1]
    with Redis.from_url(f"redis://{where}") as stranger, pytest.raises(AuthenticationError):
        stranger.ping()


def test_database_url_is_taken_by_sqlalchemy(database_url: str):
    engine = create_engine(database_url)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT 1")).scalar() == 1
    engine.dispose()


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "::1", "10.98.0.11", "10.99.0.12", "localhost", "0.0.0.0", None, b"localhost"]
)
def test_this_machine_and_the_test_networks_are_allowed(host: object):
    assert network_guard.is_allowed(host)


@pytest.mark.parametrize("host", ["192.0.2.1", "10.97.0.1", "169.254.169.254", "example.org", "2001:db8::1"])
def test_everything_else_is_refused(host: str):
    assert not network_guard.is_allowed(host)


def connect():
    with socket.socket() as one:
        one.connect(("192.0.2.1", 80))


def look_up():
    socket.getaddrinfo("example.org", 443)


def send():
    with socket.socket(type=socket.SOCK_DGRAM) as one:
        one.sendto(b"x", ("192.0.2.1", 53))


@pytest.mark.parametrize("leave", [connect, look_up, send])
def test_a_way_off_this_machine_is_refused(leave: Callable[[], None]):
    with pytest.raises(NetworkRefusedError):
        leave()
    assert network_guard.refused
    network_guard.refused.clear()


def test_unix_sockets_stay_allowed(tmp_path: Path):
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(str(tmp_path / "s"))
        server.listen(1)
        client.connect(str(tmp_path / "s"))


def test_a_test_belongs_to_the_tier_of_what_it_uses(request: pytest.FixtureRequest):
    assert request.node.get_closest_marker("unit")
    assert tiers.tier_of(request.node) == "unit"


class Marked:
    """As much of a test as its order asks for."""

    def __init__(self, *marks: str) -> None:
        self.marks = set(marks)

    def get_closest_marker(self, name: str) -> str | None:
        return name if name in self.marks else None


def test_every_process_begins_with_its_share_of_the_long_tests_and_the_tiers_stay_in_order():
    quick = [Marked("e2e") for _ in range(7)]
    long = [Marked("e2e", "long") for _ in range(2)]
    cheap = [Marked("unit") for _ in range(3)]
    found = tiers.in_order([*quick[:5], *long, *cheap, *quick[5:]], 3)  # pyright: ignore[reportArgumentType]
    assert found[:3] == cheap
    assert [one in long for one in found[3:]] == [True, False, False, True, *[False] * 5]
    assert [one for one in found if one in quick] == quick


@pytest.mark.parametrize(("tier", "ci", "tries"), [("unit", "true", 0), ("e2e", "true", 1), ("e2e", "", 0)])
def test_what_is_not_alone_with_itself_is_tried_again_in_ci_only(
    monkeypatch: pytest.MonkeyPatch, tier: str, ci: str, tries: int
):
    monkeypatch.setenv("CI", ci)
    item, added = Marked(tier), list[pytest.MarkDecorator]()
    monkeypatch.setattr(item, "add_marker", added.append, raising=False)
    tiers.mark(item)  # pyright: ignore[reportArgumentType]
    assert [mark.kwargs for mark in added] == [{"reruns": 1, "rerun_except": ["BrokenPromiseError"]}] * tries
