"""Websockets and streams of the REST API end with the login behind them, with a code that says so."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest
from playwright.sync_api import Browser, expect
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from tests.e2e.house import HOST, House, Login
from tests.e2e.looks import open_tab
from tests.e2e.raw_tab import PATIENCE_S, closed

End = Callable[[House, Login], None]
OF_BROWSERS = [
    (House.sign_out, 4401, "unauthorized"),
    (House.expire, 4401, "unauthorized"),
    (House.promote, 4403, "role_changed"),
]
OF_SCRIPTS = [
    (House.disable, 4401, "unauthorized"),
    (House.revoke_family, 4401, "unauthorized"),
    (House.promote, 4403, "role_changed"),
]
CASES = [("browser", *case) for case in OF_BROWSERS] + [("script", *case) for case in OF_SCRIPTS]


@contextmanager
def opened(house: House, path: str, headers: dict[str, str]) -> Iterator[ClientConnection]:
    rest = {name: value for name, value in headers.items() if name != "Origin"}
    origin = Origin(headers["Origin"]) if "Origin" in headers else None
    url = house.product.url.replace("http", "ws") + path
    with connect(url, origin=origin, additional_headers=rest, open_timeout=PATIENCE_S, proxy=None) as socket:
        yield socket


@pytest.mark.parametrize(("kind", "end", "code", "reason"), CASES, ids=lambda value: getattr(value, "__name__", value))
def test_what_is_open_ends_with_the_login(house: House, kind: str, end: End, code: int, reason: str) -> None:
    login = house.newcomer(f"{kind}-{end.__name__.replace('_', '-')}", by_script=kind == "script")
    headers = login.headers
    stream = f"{house.product.url}/v1/jobs/{house.job_id}/logs/stream"
    with (
        opened(house, "/v1/ws", headers) as everything,
        opened(house, f"/v1/ws/jobs/{house.job_id}", headers) as one_job,
        httpx.stream("GET", stream, headers=headers, timeout=PATIENCE_S) as events,
    ):
        told = events.iter_lines()
        assert next(told) == "event: status"
        assert json.loads(str(one_job.recv(PATIENCE_S)))["status"] == "PENDING"
        end(house, login)
        assert closed(everything) == code
        assert closed(one_job) == code
        assert [line for line in told if line][1:] == ["event: closed", f'data: {{"reason":"{reason}"}}']
    assert one_job.close_reason == reason
    if code == 4401:
        with pytest.raises(InvalidStatus) as refused, opened(house, "/v1/ws", headers):
            pass
        assert refused.value.response.status_code == 401


@pytest.mark.parametrize("path", ["/v1/ws", "/v1/ws/jobs/{job}"])
def test_pages_of_others_get_no_websocket(house: House, path: str) -> None:
    headers = {"Cookie": f"orch_session={house.cookies['admin']}", "Origin": "https://example.org"}
    with pytest.raises(InvalidStatus) as refused, opened(house, path.format(job=house.job_id), headers):
        pass
    assert refused.value.response.status_code == 403


def test_pages_of_others_may_not_read_a_stream(house: House) -> None:
    headers = {"Cookie": f"orch_session={house.cookies['admin']}", "Origin": "https://example.org"}
    stream = f"{house.product.url}/v1/jobs/{house.job_id}/logs/stream"
    with httpx.stream("GET", stream, headers=headers, timeout=PATIENCE_S) as answer:
        assert "access-control-allow-origin" not in answer.headers
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"


def test_a_page_leads_to_the_login_by_itself_when_its_session_ends(browser: Browser, house: House) -> None:
    watcher = house.newcomer("watcher")
    with open_tab(browser, house.product, as_user=watcher.email) as tab:
        page = tab.open("/hosts")
        expect(page.get_by_text(HOST).first).to_be_visible()
        house.disable(watcher)
        expect(page).to_have_url(re.compile("/login/?[?]next=/hosts"))
        expect(page.get_by_text(HOST)).to_have_count(0)


def test_a_login_that_lives_keeps_its_connections(house: House) -> None:
    """Somebody else's end is not one's own."""
    stayer, other = house.newcomer("stayer"), house.newcomer("other")
    with opened(house, "/v1/ws", stayer.headers) as mine, opened(house, "/v1/ws", other.headers) as theirs:
        house.sign_out(other)
        assert closed(theirs) == 4401
        mine.ping().wait(PATIENCE_S)
        with pytest.raises(TimeoutError):
            mine.recv(3)
