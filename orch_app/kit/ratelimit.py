"""How often somebody may do something: counted in this process when alone, in Redis when several share the work.

Small limits are exact (a moving window); large ones are counted in two buckets, which is cheap and nearly exact.
When Redis is away the process counts by itself for a while: a limit that is a little loose beats no login at all.
"""

import time
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from threading import RLock

import redis
import structlog
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter, RateLimiter, SlidingWindowCounterRateLimiter

from orch_app.kit.settings import settings

EXACT_UP_TO = 100
PATIENCE_S = 5.0
MOST_REMEMBERED = 10_000
_log = structlog.get_logger("ratelimit")
_Storage = MemoryStorage | RedisStorage


@dataclass(frozen=True)
class Standing:
    """Where somebody stands with a limit: how many of how many are left, and in how many seconds that improves."""

    policy: str
    is_allowed: bool
    limit: int
    remaining: int
    reset_s: float
    window_s: int


@dataclass(frozen=True)
class Rule:
    """`amount` times in `window_s` seconds, under a name that clients see."""

    policy: str
    amount: int
    window_s: int

    @property
    def item(self) -> RateLimitItem:
        """The rule as the library writes it."""
        return _item(self.amount, self.window_s)


def rule_of(policy: str, text: str) -> Rule:
    """A rule as settings write it, such as `5/15minutes`.

    Raises:
        ValueError: it is written in another way.
    """
    item = parse(text)
    return Rule(policy, item.amount, item.get_expiry())


def hit(rule: Rule, *who: str) -> Standing:
    """Count one, unless there are too many already, and say where that leaves them."""
    return _ask(rule, who, counting=True)


def look(rule: Rule, *who: str) -> Standing:
    """Say where somebody stands without counting."""
    return _ask(rule, who, counting=False)


def clear(rule: Rule, *who: str) -> None:
    """Forget what was counted."""
    for storage in _storages():
        try:
            _limiter(rule, storage).clear(rule.item, rule.policy, *who)
        except redis.RedisError as error:
            _give_up_for_a_while(error)


def reset() -> None:
    """Forget everything that this process has counted and learnt; for tests."""
    _made_memory.cache_clear()
    _redis.cache_clear()
    _away_until.clear()


def _ask(rule: Rule, who: tuple[str, ...], *, counting: bool) -> Standing:
    for storage in _storages():
        try:
            return _standing(_limiter(rule, storage), rule, who, counting=counting)
        except redis.RedisError as error:
            _give_up_for_a_while(error)
    return _standing(_limiter(rule, _memory()), rule, who, counting=counting)


def _standing(limiter: RateLimiter, rule: Rule, who: tuple[str, ...], *, counting: bool) -> Standing:
    ask = limiter.hit if counting else limiter.test
    is_allowed = ask(rule.item, rule.policy, *who)
    stats = limiter.get_window_stats(rule.item, rule.policy, *who)
    reset_s = max(0.0, stats.reset_time - time.time())
    return Standing(rule.policy, is_allowed, rule.amount, max(0, stats.remaining), reset_s, rule.window_s)


def _limiter(rule: Rule, storage: _Storage) -> RateLimiter:
    return MovingWindowRateLimiter(storage) if rule.amount <= EXACT_UP_TO else SlidingWindowCounterRateLimiter(storage)


def _storages() -> list[_Storage]:
    url = settings().redis_url
    if url and time.monotonic() >= _away_until.get(url, 0):
        return [_redis(url)]
    return [_memory()]


_away_until: dict[str, float] = {}


def _give_up_for_a_while(error: redis.RedisError) -> None:
    _away_until[settings().redis_url] = time.monotonic() + PATIENCE_S
    _log.warning("ratelimit.redis_away", error=type(error).__name__)


@lru_cache(maxsize=64)
def _item(amount: int, window_s: int) -> RateLimitItem:
    return parse(f"{amount}/{window_s}seconds")


class _OneLock(defaultdict[str, RLock]):
    """The same lock for every key. The library drops a key's lock while others hold it, and then counts too few."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = RLock()

    def __missing__(self, key: str) -> RLock:
        return self._lock


class _Memory(MemoryStorage):
    """Counts in this process, exactly also under many threads, and forgets those who have not come back."""

    def __init__(self) -> None:
        super().__init__()
        self.locks = _OneLock()

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        with self.locks[key]:
            if len(self.events) > MOST_REMEMBERED:
                self.events = {name: entries for name, entries in self.events.items() if entries}
            return super().acquire_entry(key, limit, expiry, amount)


_making = RLock()


def _memory() -> _Memory:
    with _making:  # lru_cache alone lets two first callers make two, and each would count for itself
        return _made_memory()


@lru_cache(maxsize=1)
def _made_memory() -> _Memory:
    return _Memory()


@lru_cache(maxsize=1)
def _redis(url: str) -> RedisStorage:
    return RedisStorage(url, key_prefix="orch:limits", socket_timeout=1.0, socket_connect_timeout=1.0)
