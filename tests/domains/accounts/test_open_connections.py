"""Open websockets and streams: counted by login and by address, and given back however they end."""

from contextlib import ExitStack

import pytest

from orch_app.domains.accounts.open_connections import OpenConnections
from orch_app.kit.errors import TooMany
from orch_app.kit.settings import settings


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORCH_LOGIN_CONNECTIONS", "2")
    monkeypatch.setenv("ORCH_ADDRESS_CONNECTIONS", "3")
    settings.cache_clear()


@pytest.fixture
def kept() -> OpenConnections:
    return OpenConnections()


def test_a_login_keeps_as_many_as_it_may_wherever_it_is(kept: OpenConnections) -> None:
    with kept.one_more("ses_1", "192.0.2.1"), kept.one_more("ses_1", "192.0.2.2"):
        with pytest.raises(TooMany, match="This login keeps 2 live") as refused, kept.one_more("ses_1", "192.0.2.3"):
            pass
        assert (refused.value.code, refused.value.retry_after_s) == ("too_many_connections", 10)
        with kept.one_more("ses_2", "192.0.2.1"):
            """Another login goes on."""


def test_an_address_keeps_as_many_as_it_may_whoever_speaks_from_it(kept: OpenConnections) -> None:
    with kept.one_more("", "2001:db8::1"), kept.one_more("ses_1", "2001:db8::2"), kept.one_more("ses_2", "2001:db8::3"):
        with pytest.raises(TooMany, match="This address keeps 3"), kept.one_more("", "2001:db8::4"):
            pass
        with kept.one_more("", "2001:db8:0:1::1"):
            """A neighbour's network is another one."""


def test_what_ended_badly_no_longer_counts_and_what_was_refused_never_did(kept: OpenConnections) -> None:
    for _ in range(5):
        with pytest.raises(ZeroDivisionError), kept.one_more("ses_1", "192.0.2.1"):
            raise ZeroDivisionError
    with ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(kept.one_more("ses_1", "192.0.2.1"))
        for _ in range(5):
            with pytest.raises(TooMany), kept.one_more("ses_1", "192.0.2.1"):
                pass
        stack.enter_context(kept.one_more("ses_2", "192.0.2.1"))
    assert len(kept) == 0
