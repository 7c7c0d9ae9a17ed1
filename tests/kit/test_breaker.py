"""A system that failed several calls in a row is left alone, then tried by one call at a time."""

import threading

import pytest

from orch_app.kit.breaker import BROKEN_AFTER, PAUSE_S, Breaker, breaker_of


class Clock:
    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def broken(clock: Clock) -> Breaker:
    breaker = Breaker(clock)
    for _ in range(BROKEN_AFTER):
        assert breaker.admit() == 0
        breaker.failed()
    return breaker


def test_calls_are_refused_after_failures_in_a_row(broken: Breaker, clock: Clock) -> None:
    assert broken.admit() == PAUSE_S
    clock.at += PAUSE_S - 1
    assert broken.admit() == 1


def test_a_success_in_between_begins_the_count_again(clock: Clock) -> None:
    breaker = Breaker(clock)
    for _ in range(BROKEN_AFTER - 1):
        breaker.failed()
    breaker.succeeded()
    breaker.failed()
    assert breaker.admit() == 0


def test_after_the_pause_one_call_goes_ahead_and_others_wait(broken: Breaker, clock: Clock) -> None:
    clock.at += PAUSE_S
    assert broken.admit() == 0
    assert broken.admit() == PAUSE_S


def test_when_that_call_succeeds_everybody_may_call(broken: Breaker, clock: Clock) -> None:
    clock.at += PAUSE_S
    broken.admit()
    broken.succeeded()
    assert [broken.admit(), broken.admit()] == [0, 0]


def test_when_that_call_fails_the_pause_begins_again(broken: Breaker, clock: Clock) -> None:
    clock.at += PAUSE_S
    broken.admit()
    clock.at += 5
    broken.failed()
    assert broken.admit() == PAUSE_S


def test_a_call_that_never_comes_back_blocks_nobody_for_longer_than_a_pause(broken: Breaker, clock: Clock) -> None:
    clock.at += PAUSE_S
    broken.admit()
    clock.at += PAUSE_S
    assert broken.admit() == 0


def test_of_many_threads_one_goes_ahead(broken: Breaker, clock: Clock) -> None:
    clock.at += PAUSE_S
    admitted: list[float] = []
    threads = [threading.Thread(target=lambda: admitted.append(broken.admit())) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(admitted) == [0, *[PAUSE_S] * 31]


def test_one_system_has_one_breaker() -> None:
    assert breaker_of("a.example:443") is breaker_of("a.example:443")
    assert breaker_of("a.example:443") is not breaker_of("b.example:443")
