"""Limits are kept in this process, across processes through Redis, and loosely while Redis is away."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from orch_app.kit import ratelimit
from orch_app.kit.ratelimit import Rule, rule_of

EXACT, COARSE = Rule("small", 3, 900), Rule("large", 150, 900)


@pytest.fixture(params=["memory", "redis"])
def counted(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where it is counted; gives back somebody whom no other test knows."""
    url = request.getfixturevalue("redis_url") if request.param == "redis" else ""
    monkeypatch.setattr(ratelimit, "settings", lambda: SimpleNamespace(redis_url=url))
    ratelimit.reset()
    return uuid.uuid4().hex


@pytest.mark.parametrize("rule", [EXACT, COARSE])
def test_so_many_and_no_more(counted: str, rule: Rule) -> None:
    standings = [ratelimit.hit(rule, counted) for _ in range(rule.amount + 2)]
    assert [standing.is_allowed for standing in standings] == [True] * rule.amount + [False] * 2
    assert [standings[0].remaining, standings[-1].remaining] == [rule.amount - 1, 0]
    assert 0 < standings[-1].reset_s <= rule.window_s
    assert ratelimit.hit(rule, counted, "somebody else").is_allowed


def test_looking_does_not_count_and_clearing_forgets(counted: str) -> None:
    for _ in range(5):
        assert ratelimit.look(EXACT, counted).remaining == 3
    for _ in range(3):
        ratelimit.hit(EXACT, counted)
    assert not ratelimit.look(EXACT, counted).is_allowed
    ratelimit.clear(EXACT, counted)
    assert ratelimit.look(EXACT, counted).remaining == 3


def test_many_at_once_are_counted_one_by_one(counted: str) -> None:
    with ThreadPoolExecutor(20) as pool:
        allowed = list(pool.map(lambda _: ratelimit.hit(EXACT, counted).is_allowed, range(40)))
    assert sum(allowed) == 3


def test_those_who_have_not_come_back_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ratelimit, "MOST_REMEMBERED", 10)
    memory = ratelimit._Memory()
    memory.events = {f"gone{number}": [] for number in range(20)}
    memory.acquire_entry("here", 3, 900)
    assert list(memory.events) == ["here"]


def test_processes_that_share_redis_share_the_count(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ratelimit, "settings", lambda: SimpleNamespace(redis_url=redis_url))
    who = uuid.uuid4().hex
    for _ in range(3):
        ratelimit.reset()  # as another process would begin
        assert ratelimit.hit(EXACT, who).is_allowed
    ratelimit.reset()
    assert not ratelimit.hit(EXACT, who).is_allowed


def test_while_redis_is_away_the_process_counts_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ratelimit, "settings", lambda: SimpleNamespace(redis_url="redis://127.0.0.1:1/0"))
    ratelimit.reset()
    assert [ratelimit.hit(EXACT, "x").is_allowed for _ in range(4)] == [True, True, True, False]
    ratelimit.clear(EXACT, "x")
    assert ratelimit.look(EXACT, "x").is_allowed


def test_rules_are_read_as_settings_write_them() -> None:
    assert rule_of("login", "5/15minutes") == Rule("login", 5, 900)
    assert rule_of("api", "1200/minute") == Rule("api", 1200, 60)
    with pytest.raises(ValueError, match="parse"):
        rule_of("x", "often")
