"""Which origins are ours."""

import pytest

from orch_app.kit import origins
from orch_app.kit.settings import Settings


@pytest.fixture
def bound_to(monkeypatch: pytest.MonkeyPatch):
    def bind(host: str, public_url: str = "") -> None:
        monkeypatch.setenv("ORCH_HOST", host)
        monkeypatch.setenv("ORCH_PUBLIC_URL", public_url)
        found = Settings()  # pyright: ignore[reportCallIssue]
        monkeypatch.setattr(origins, "settings", lambda: found)

    return bind


@pytest.mark.parametrize(
    ("bound", "origin", "host"),
    [
        ("127.0.0.1", "http://localhost:8000", "localhost:8000"),
        ("192.168.1.5", "http://192.168.1.5:8000", "192.168.1.5:8000"),
        ("::1", "http://[::1]:8000", "[::1]:8000"),
        ("0.0.0.0", "http://192.168.1.5:8000", "192.168.1.5:8000"),
        ("::", "http://[fd00::5]:8000", "[fd00::5]:8000"),
    ],
)
def test_own_pages_are_known(bound_to, bound: str, origin: str, host: str) -> None:
    bound_to(bound)
    assert origins.is_own(origin, host)
    assert origins.is_from_own_page({"origin": origin, "host": host})


@pytest.mark.parametrize(
    ("bound", "origin", "host"),
    [
        ("0.0.0.0", "http://evil.example:8000", "evil.example:8000"),
        ("0.0.0.0", "http://192.168.1.5:8001", "192.168.1.5:8001"),
        ("0.0.0.0", "http://192.168.1.6:8000", "192.168.1.5:8000"),
        ("0.0.0.0", "https://192.168.1.5:8000", "192.168.1.5:8000"),
        ("127.0.0.1", "http://192.168.1.5:8000", "192.168.1.5:8000"),
        ("192.168.1.5", "http://localhost:8000", "localhost:8000"),
    ],
)
def test_others_are_not(bound_to, bound: str, origin: str, host: str) -> None:
    bound_to(bound)
    assert not origins.is_own(origin, host)
    assert origins.is_from_foreign_page({"origin": origin, "host": host})


def test_an_accepted_origin_is_named_as_reflex_knows_it(bound_to) -> None:
    bound_to("0.0.0.0", "https://Jarvis.example.com:443/")
    assert origins.canonical("http://192.168.1.5:8000", "192.168.1.5:8000") in origins.settings().origins
    assert origins.canonical("https://jarvis.example.com", "x") == "https://Jarvis.example.com:443"
